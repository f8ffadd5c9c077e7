//! The workload manager against real processes, real files, real ports and a
//! real database. One binary, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a failing set-up fails the test, and a test tells its story in one piece"
)]

#[path = "../shared/mod.rs"]
mod shared;

mod endings;
mod health;
mod isolation;
mod keeping;
mod output;
mod ports;
mod removal;
mod room;
