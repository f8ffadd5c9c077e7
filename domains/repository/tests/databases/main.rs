//! The repository on both real databases.

mod event_log;
mod failures;
mod idempotency_keys;
mod migrations;
mod operations;
mod transactions;
mod work_model;
mod work_queue;
