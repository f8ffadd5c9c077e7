//! The measurements of the last minutes, in memory: bounded, and those of each tenant apart.

mod limits;
mod shelves;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use limits::is_label;
pub use limits::{RecordError, SeriesCounts, SeriesLimits};
pub(crate) use stream::{Sample, is_end};

use crate::Labels;
use chrono::{DateTime, Utc};
use shelves::{Place, Shelves};
use std::{
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};
use stream::Stream;

/// For how long after its last sample a series still has that value, as in Prometheus; beyond, it is idle.
pub(crate) const LOOKBACK: Duration = Duration::from_mins(5);
/// Which series are wanted, and of which time: from and to in milliseconds, both included.
pub(crate) struct Selection<'s> {
    /// Only of this metric.
    pub(crate) metric: Option<&'s str>,
    /// Only those of which this holds.
    pub(crate) matches: &'s dyn Fn(&Labels) -> bool,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A series that was found, and its samples, the oldest first; its ends are among them.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) labels: Labels,
    /// Its labels without the name of the metric.
    pub(crate) bare: Labels,
    pub(crate) samples: Vec<Sample>,
}

/// The measurements of the last minutes. Shared by reference between threads.
#[derive(Debug, Default)]
pub struct Series {
    limits: SeriesLimits,
    shelves: RwLock<Shelves>,
}

impl Series {
    /// Without any measurement yet.
    #[must_use]
    pub fn new(limits: SeriesLimits) -> Self {
        Self { limits, shelves: RwLock::default() }
    }

    /// Records a sample of the series with these labels, which a query of this tenant sees and no other.
    ///
    /// `at` is the broker's own time, not one that was told from outside.
    ///
    /// # Errors
    /// What is refused is counted: names that are none, too many or too long
    /// labels, a sample that is not newer than the last, no room for another series.
    pub fn record(
        &self,
        tenant: &str,
        metric: &str,
        labels: &Labels,
        at: DateTime<Utc>,
        value: f64,
    ) -> Result<(), RecordError> {
        let mut shelves = self.write();
        let recorded = shelves.record(&self.limits, (tenant, metric, labels), at.timestamp_millis(), value);
        let counts = &mut shelves.counts;
        *if recorded.is_ok() { &mut counts.recorded } else { &mut counts.refused } += 1;
        recorded
    }

    /// Says that a series ends: from `at` on it has no value. One that isn't there is none.
    pub fn end(&self, tenant: &str, metric: &str, labels: &Labels, at: DateTime<Utc>) {
        self.end_where(tenant, at, |stream| {
            stream.labels.metric() == Some(metric) && stream.labels.but(&[]) == *labels
        });
    }

    /// Says that all series end that have these labels, such as those of one instance.
    pub fn end_all(&self, tenant: &str, having: &Labels, at: DateTime<Utc>) {
        self.end_where(tenant, at, |stream| having.iter().all(|(name, value)| stream.labels.get(name) == Some(value)));
    }

    /// Says that all series end of which this holds and that have no sample of this time.
    pub(crate) fn end_unseen(&self, tenant: &str, which: impl Fn(&Labels) -> bool, at: DateTime<Utc>) {
        let now = at.timestamp_millis();
        self.end_where(tenant, at, |stream| stream.last().is_some_and(|(last, _)| last < now) && which(&stream.labels));
    }

    /// How much is kept.
    pub(crate) const fn limits(&self) -> &SeriesLimits {
        &self.limits
    }

    /// Takes away all that is known of a tenant.
    pub fn forget(&self, tenant: &str) {
        self.write().forget(tenant);
    }

    /// Whether there is any series of a metric.
    #[must_use]
    pub fn has(&self, tenant: &str, metric: &str) -> bool {
        self.read().streams(tenant, Some(metric)).next().is_some()
    }

    /// How much is there, and what happened since the start.
    #[must_use]
    pub fn counts(&self) -> SeriesCounts {
        self.read().counts
    }

    /// What is there of each selection. `charge` is told of series that are looked at
    /// and of samples that are taken, and may end it. While patterns are compared,
    /// which may take long, others record.
    pub(crate) fn select<E>(
        &self,
        tenant: &str,
        selections: &[Selection<'_>],
        mut charge: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<Vec<Vec<Found>>, E> {
        let mut wanted: Vec<Vec<(Place, Labels)>> = {
            let shelves = self.read();
            let each = selections.iter().map(|one| shelves.streams(tenant, one.metric));
            each.map(|all| all.map(|(place, stream)| (place, stream.labels.clone())).collect()).collect()
        };
        for (series, selection) in wanted.iter_mut().zip(selections) {
            let mut all = Vec::new();
            for one in series.drain(..) {
                charge(1, 0)?;
                if (selection.matches)(&one.1) {
                    all.push(one);
                }
            }
            *series = all;
        }
        let shelves = self.read();
        let mut found = Vec::with_capacity(selections.len());
        for (series, selection) in wanted.into_iter().zip(selections) {
            let mut all = Vec::new();
            for (place, labels) in series {
                let stream = shelves.again(tenant, labels.metric().unwrap_or_default(), &place);
                let Some(samples) = stream.map(|stream| stream.between(selection.from, selection.to)) else { continue };
                charge(0, samples.len())?;
                if samples.len() > 0 {
                    let samples = samples.collect();
                    all.push(Found { labels, bare: place.labels, samples });
                }
            }
            found.push(all);
        }
        Ok(found)
    }

    fn end_where(&self, tenant: &str, at: DateTime<Utc>, ends: impl Fn(&Stream) -> bool) {
        let mut shelves = self.write();
        shelves.end(tenant, at.timestamp_millis(), ends);
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelves> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner)
    }
}
