//! When which health check is due. In memory: a broker that has just started
//! checks everything at once, and a check that changes nothing writes nothing.

use crate::lifecycle::Workload;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{WorkloadId, resource_model::HealthCheck};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The next check of each workload, and the run that it is for.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    next: Mutex<HashMap<WorkloadId, (u64, DateTime<Utc>)>>,
}

impl Agenda {
    /// The check that is due now. From here on the next one counts, so that
    /// two who look at once don't both make it.
    pub(super) fn take(&self, workload: &Workload, now: DateTime<Utc>) -> Option<HealthCheck> {
        let (id, run) = (workload.spec.id, workload.progress.run);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(check) = workload.check() else {
            next.remove(&id);
            return None;
        };
        let due = next.get(&id).is_none_or(|(of, at)| *of != run || *at <= now);
        if !due {
            return None;
        }
        let interval = TimeDelta::from_std(check.interval.duration()).unwrap_or(TimeDelta::MAX);
        next.insert(id, (run, now.checked_add_signed(interval).unwrap_or(DateTime::<Utc>::MAX_UTC)));
        Some(check.clone())
    }

    /// The workload has gone.
    pub(super) fn forget(&self, id: WorkloadId) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
