//! The workload manager over real engines: Docker, and Podman's socket. Each
//! test has an engine of its own, and ends with nothing left in it by the
//! engine's own listing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "a failing set-up fails the test, and a test tells its story in one piece"
)]

#[path = "../shared/mod.rs"]
mod shared;

mod clashes;
mod copying;
mod endings;
mod keeping;
mod many;
mod output;
mod room;
mod running;
mod secured;
mod steps;
