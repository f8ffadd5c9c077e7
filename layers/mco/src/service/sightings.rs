//! Since when partners' workloads work, by this broker's own clock: a partner's
//! may go wrong. In memory: a broker that has just started begins to count anew,
//! and what is replaced stays a moment longer.

use crate::model::Workload;
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, WorkloadId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

type Times = BTreeMap<WorkloadId, DateTime<Utc>>;

/// When each was first seen to work.
#[derive(Debug, Default)]
pub(super) struct Sightings(Mutex<BTreeMap<ApplicationId, Times>>);

impl Sightings {
    /// Takes note of what works now, and answers since when.
    pub(super) fn update(&self, application: ApplicationId, seen: &[Workload], now: DateTime<Utc>) -> Times {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.remove(&application).unwrap_or_default();
        let works = seen.iter().filter(|workload| !workload.is_here() && workload.state.is_fulfilled());
        let times: Times =
            works.map(|workload| (workload.id, before.get(&workload.id).copied().unwrap_or(now))).collect();
        if !times.is_empty() {
            all.insert(application, times.clone());
        }
        times
    }

    pub(super) fn forget(&self, application: ApplicationId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&application);
    }
}
