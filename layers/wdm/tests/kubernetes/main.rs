//! The workload manager against real Kubernetes clusters, which
//! `hansa-test-systems` starts. One binary, so that it is linked once and one
//! cluster with a node serves all tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "a failing set-up fails the test, and a test tells its story in one piece"
)]

#[path = "../shared/mod.rs"]
mod shared;

mod charts;
mod clusters;
mod containers;
mod entrances;
mod jobs;
mod manifests;
mod many;
mod output;
mod refusals;
mod usage;
mod volumes;
mod world;
