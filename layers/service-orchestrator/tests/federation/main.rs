//! Brokers in one process: one plans over the others' offers and orders
//! from them, without a network between them but with real processes, files,
//! ports and databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a failing set-up fails the test, and a test tells its story in one piece"
)]

mod blue_green;
mod broker;
mod catalogue;
mod holds;
mod leftovers;
mod losing;
mod moving;
mod orders;
mod three;
mod tiers;
mod volumes;
mod wire;
