//! From what is counted to what is used: processor time of the last seconds,
//! counters' increase. In memory: a broker that has just started knows nothing
//! for a round or two, and then nothing shrinks.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_scaling::{Measured, increase_per_second};
use hansa_wdm::{CpuUsage, Usage};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Processor time is that of the last seconds: long enough to be even, short
/// enough to be told in time.
pub(super) const WINDOW: TimeDelta = TimeDelta::seconds(5);
/// What nobody asked for so long is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::minutes(5);

/// Recent counts.
#[derive(Debug, Default)]
pub(crate) struct Sampler(Mutex<BTreeMap<ApplicationId, Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// Microseconds of processor time, oldest first.
    time: BTreeMap<WorkloadId, VecDeque<(DateTime<Utc>, u64)>>,
    /// The last value of each counter, by its series.
    counters: BTreeMap<(WorkloadId, String), Measured>,
    at: Option<DateTime<Utc>>,
}

impl Sampler {
    /// Processors that a workload used in the last seconds. None: not known yet.
    pub(super) fn processors(&self, of: (ApplicationId, WorkloadId), usage: &Usage) -> Option<Measured> {
        let micros = match usage.cpu {
            CpuUsage::Total { micros } => micros,
            CpuUsage::Rate { milli } => return Some(Measured { value: ratio(milli, 1_000), at: usage.at }),
        };
        self.counts(of.0, usage.at, |counts| {
            let times = counts.time.entry(of.1).or_default();
            // A run that began anew counts from zero.
            if times.back().is_some_and(|(at, last)| *last > micros || *at >= usage.at) {
                times.clear();
            }
            times.push_back((usage.at, micros));
            while times.get(1).is_some_and(|(at, _)| usage.at - *at >= WINDOW) {
                times.pop_front();
            }
            let (begun, first) = *times.front()?;
            let passed = (usage.at - begun).num_microseconds().filter(|passed| *passed >= 250_000)?;
            Some(Measured { value: ratio(micros - first, passed.unsigned_abs()), at: usage.at })
        })
    }

    /// What a counter increased by in a second. None: not known yet.
    pub(super) fn increase(&self, of: (ApplicationId, WorkloadId), name: &str, now: Measured) -> Option<Measured> {
        self.counts(of.0, now.at, |counts| {
            let before = counts.counters.insert((of.1, name.to_owned()), now)?;
            increase_per_second(before, now)
        })
    }

    /// Forgets workloads that are no more, and applications that nobody asks about.
    pub(super) fn keep(&self, application: ApplicationId, living: &[WorkloadId], now: DateTime<Utc>) {
        self.counts(application, now, |counts| {
            counts.time.retain(|id, _| living.contains(id));
            counts.counters.retain(|(id, _), _| living.contains(id));
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, counts| counts.at.is_some_and(|at| now - at < FORGOTTEN));
    }

    fn counts<T>(&self, of: ApplicationId, now: DateTime<Utc>, look: impl FnOnce(&mut Counts) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = all.entry(of).or_default();
        counts.at = Some(now);
        look(counts)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    float(part) / float(whole)
}

/// Counts as numbers to calculate with.
#[expect(clippy::cast_precision_loss, reason = "what is measured needs no more than 52 bits")]
pub(super) const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_of_the_last_seconds() {
        let sampler = Sampler::default();
        let of = (ApplicationId(uuid::Uuid::nil()), WorkloadId(uuid::Uuid::nil()));
        let at = |second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let usage =
            |second, micros| Usage { cpu: CpuUsage::Total { micros }, memory_bytes: 0, network: None, at: at(second) };
        let value = |second, micros| sampler.processors(of, &usage(second, micros)).map(|it| it.value);
        assert_eq!(value(0, 1_000_000), None);
        assert_eq!(value(1, 1_500_000), Some(0.5));
        assert_eq!(value(2, 3_500_000), Some(1.25));
        // What is older than the window counts no more.
        assert_eq!(value(7, 3_500_000), Some(0.0));
        // It was started again.
        assert_eq!(value(8, 10), None);
        assert_eq!(value(9, 1_000_010), Some(1.0));
        sampler.keep(of.0, &[], at(9));
        assert_eq!(value(10, 1_500_010), None);
    }
}
