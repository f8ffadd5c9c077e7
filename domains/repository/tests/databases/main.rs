//! The repository on both real databases.

mod event_log;
