//! Starts real systems for the tests of connectors: each in a temporary folder
//! and on free ports, and ended with the value that stands for it.
//!
//! A system whose programs are not installed is skipped, loudly, or fails the
//! test where `HANSA_TEST_<SYSTEM>=required` says that it has to be there; `.ci/run`
//! sets that for all that it has installed.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a failing set-up fails the test")]
#![allow(clippy::missing_panics_doc, reason = "so does every function here")]

mod ironic;
mod keystone;
mod nova;
mod program;
mod python;

pub use ironic::{Ironic, IronicSettings};
pub use keystone::{ACCESS_TOKEN, ADMIN_PASSWORD, Keystone};
pub use nova::Nova;
pub use program::{Program, free_port, wanted};
