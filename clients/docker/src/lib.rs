//! Speaks to Docker Engines, and to what answers like one (Podman's socket).
//!
//! Two layers have a connector to engines: one brings containers onto them, one
//! looks at what they have. What both need is here: where an engine is, how it
//! is opened, how long an answer may take, and what its errors mean.
//!
//! This crate doesn't know what a workload is, and makes nothing in an engine.

mod address;
mod connect;
mod error;
mod login;

pub use address::Address;
pub use connect::{ANSWER, Engine, QUICK, WORK};
pub use error::Troubles;
pub use login::{Login, Logins};
