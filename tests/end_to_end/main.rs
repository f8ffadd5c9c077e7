//! The whole of it from outside: the real binary, real processes, real
//! databases. One program, so that it is linked once.
//!
//! Each test has a broker, a folder and ports of its own, so that all may run
//! at the same time. `HANSA_KILL_ROUNDS` says how often the kill test kills,
//! `HANSA_TEST_BINARY` names another binary to test, such as a release build.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a set-up that fails has to fail the test"
)]

mod adoption;
mod alerts;
mod audit;
mod billing;
mod blue_green;
mod broken_input;
mod carbon;
mod command_line;
mod configuration;
mod control_characters;
mod crowd;
mod defence;
mod deferred;
mod demonstration;
mod discovery;
mod disk_full;
mod faults;
mod federation;
mod foreign_provider;
mod green;
mod guest;
mod harness;
mod judges;
mod kill;
mod locked_database;
mod lost_hosts;
mod machines;
mod made_clusters;
mod maintenance;
mod moving;
mod newcomer;
mod offers;
mod openapi;
mod operations_page;
mod outlandish;
mod policy;
mod preconditions;
mod refusals;
mod rollback;
mod rollout;
mod scaling;
mod secrets;
mod service_accounts;
mod service_levels;
mod sla;
mod systems;
mod taken_ports;
mod tosca;
mod usage;
