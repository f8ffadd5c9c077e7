//! Brokers that become partners and trade offers, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "clippy takes only the functions marked as tests for tests"
)]

mod hostile;
mod messages;
mod offers;
mod partners;
mod support;
