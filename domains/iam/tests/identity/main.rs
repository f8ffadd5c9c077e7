//! Who people are, from the outside of the room: real keys, real HTTP, real databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "clippy takes only the functions marked as tests for tests"
)]

mod browser;
mod codeflow;
mod device;
mod forged;
mod giving;
mod hanging;
mod issuer;
mod leaving;
mod revocation;
mod server;
mod tokens;
