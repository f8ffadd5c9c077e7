//! What callers use: the log is followed, operators announce maintenance, people
//! ask how promises stand, faults are seen to, and alert rules are asked.
//!
//! Whoever may do what is for the caller to decide: a scope of projects is an
//! argument wherever it matters.

mod alert;
#[cfg(test)]
mod alert_tests;
mod announce;
mod delivered;
#[cfg(test)]
mod delivered_tests;
mod fault;
#[cfg(test)]
mod fault_tests;
mod follow;
mod list;
mod notification;
#[cfg(test)]
mod notification_tests;
#[cfg(test)]
mod tests;

pub use announce::NewAnnouncement;
pub use delivered::{Delivered, Part};
pub use fault::{FaultAct, FaultCount, FaultQuery, Whose};
pub use follow::Followed;
pub use hansa_repository::page::{Page, PageRequest};
pub use list::{BreachQuery, StandingQuery};
pub use notification::NewSubscription;

use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};
use std::sync::Arc;

/// The measuring of promises by one broker. Clones share the database.
#[derive(Debug, Clone)]
pub struct Assurance {
    database: Database,
    clock: SharedClock,
    ids: SharedIds,
    board: Arc<alert::Board>,
}

impl Assurance {
    /// Over this database.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, ids: SharedIds) -> Self {
        Self { database, clock, ids, board: Arc::default() }
    }
}
