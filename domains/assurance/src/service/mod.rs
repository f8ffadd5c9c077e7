//! What callers use: the log is followed, operators announce maintenance, people
//! ask how promises stand, and faults are seen to.
//!
//! Whoever may do what is for the caller to decide: a scope of projects is an
//! argument wherever it matters.

mod announce;
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
pub use fault::{FaultAct, FaultCount, FaultQuery, Whose};
pub use follow::Followed;
pub use hansa_repository::page::{Page, PageRequest};
pub use list::{BreachQuery, StandingQuery};
pub use notification::NewSubscription;

use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};

/// The measuring of promises by one broker. Clones share the database.
#[derive(Debug, Clone)]
pub struct Assurance {
    database: Database,
    clock: SharedClock,
    ids: SharedIds,
}

impl Assurance {
    /// Over this database.
    #[must_use]
    pub const fn new(database: Database, clock: SharedClock, ids: SharedIds) -> Self {
        Self { database, clock, ids }
    }
}
