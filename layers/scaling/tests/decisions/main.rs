//! Decisions of whole policies, seen from outside; recorded series; and what
//! holds for any policy and any measurement.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that can't go on says so by falling"
)]

mod check;
mod combined;
mod properties;
mod recorded;
mod replayed;
mod shared;
