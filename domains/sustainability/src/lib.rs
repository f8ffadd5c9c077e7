//! Sustainability: what work draws and emits, and how it would emit less.
//!
//! The rules are pure: values go in, values come out. Time is an argument, sums are
//! whole numbers and don't depend on their order. `service` follows the event log
//! and keeps what they need and what comes out in the database. Only [`feed`], which
//! fetches a series, speaks to anybody. Knows no layer.

pub mod advice;
pub mod carbon;
mod course;
pub mod energy;
mod error;
pub mod feed;
pub mod forecast;
pub mod intensity;
pub mod quantity;
pub mod service;
pub mod shift;
mod store;
mod table;

pub use error::SustainabilityError;
pub use store::MIGRATIONS;
