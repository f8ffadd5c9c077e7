//! Starts real systems for the tests of connectors: each in a temporary folder
//! and on free ports, and ended with the value that stands for it.
//!
//! A system whose programs are not installed is skipped, loudly, or fails the
//! test where `HANSA_TEST_<SYSTEM>=required` says that it has to be there; `.ci/run`
//! sets that for all that it has installed.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a failing set-up fails the test")]
#![allow(clippy::missing_panics_doc, reason = "so does every function here")]

mod cut;
mod libvirt;
mod moto;
mod page;
mod program;
mod python;
mod redfish;

pub use cut::cut_after;
pub use libvirt::Libvirt;
pub use moto::Moto;
pub use page::serve;
pub use program::{Program, free_port, wanted};
pub use redfish::{REDFISH_USER, Redfish};
