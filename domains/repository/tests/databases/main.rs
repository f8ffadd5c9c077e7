//! The repository on both real databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "clippy takes only the functions marked as tests for tests"
)]

mod catalogue;
mod event_log;
mod failures;
mod idempotency_keys;
mod migrations;
mod offers;
mod operations;
mod partner;
mod systems;
mod transactions;
mod work_model;
mod work_queue;
