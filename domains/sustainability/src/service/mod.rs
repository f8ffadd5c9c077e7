//! What callers use: the log is followed, meters and people tell what they know,
//! and anybody asks what was drawn and emitted, and how it would be less.
//!
//! Whoever may do what is for the caller to decide: a project, or a scope of
//! projects, is an argument everywhere.

mod advice;
mod book;
mod coming;
mod compare;
mod count;
mod error;
mod follow;
mod jobs;
mod limit;
mod moved;
mod readings;
mod report;
mod savings;
mod stated;
#[cfg(test)]
mod tests;

pub use advice::{Advice, AdviceQuery};
pub use coming::ComingIntensity;
pub use compare::PROCESSOR_HOUR;
pub use error::ServiceError;
pub use follow::Followed;
pub use jobs::{JobChoice, JobQuery};
pub use limit::{CarbonLimit, LimitNews};
pub use moved::MoveSaving;
pub use readings::{NewReading, Taken};
pub use report::{Dimension, Figures, Query, Report, Row};
pub use savings::{JobSaving, SavingsQuery};
pub use stated::{Format, SeriesInfo, SeriesName, Values, time_zone};

use crate::energy::Coefficients;
use hansa_ontology::SiteId;
use hansa_repository::{Database, ambient::SharedClock, catalogue::CatalogueService};
use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
};

/// What holds for all that is counted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The zone of the grid at sites, as series name it. A series that bears a site's
    /// own id goes first; where there is no zone the site's country is its zone.
    pub zones: BTreeMap<SiteId, String>,
    /// What is drawn where there is no meter.
    pub coefficients: Coefficients,
}

/// The sustainability of one broker. Clones share the database.
#[derive(Debug, Clone)]
pub struct Sustainability {
    database: Database,
    clock: SharedClock,
    catalogue: CatalogueService,
    options: Arc<Options>,
    /// Another number whenever a series changed.
    version: Arc<AtomicU64>,
}

impl Sustainability {
    /// The sustainability in this database; `catalogue` is that of the same one.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, catalogue: CatalogueService, options: Options) -> Self {
        // What an earlier process counted is never taken for a count of this one.
        let version = Arc::new(AtomicU64::new(clock.now().timestamp_micros().unsigned_abs()));
        Self { database, clock, catalogue, options: Arc::new(options), version }
    }
}
