//! The instances of a replay, and what they measure.

use super::{Model, ReplayOptions, Replayed, Series};
use crate::measure::{Fleet, Instance, Measured, Phase, Reading, delta};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::quantity::TimeSpan;
use std::collections::BTreeMap;

/// The instances, oldest first, each with its number and its beginning.
pub(super) struct World {
    instances: Vec<(u64, Option<DateTime<Utc>>)>,
    next: u64,
}

impl World {
    /// So many that are ready from the beginning.
    pub(super) fn new(count: u32) -> Self {
        Self { instances: (0..u64::from(count)).map(|number| (number, None)).collect(), next: count.into() }
    }

    /// The youngest go first.
    pub(super) fn scale(&mut self, count: u32, now: DateTime<Utc>) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.instances.truncate(count);
        while self.instances.len() < count {
            self.instances.push((self.next, Some(now)));
            self.next += 1;
        }
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.instances.len()).unwrap_or(u32::MAX)
    }

    fn is_ready(began: Option<DateTime<Utc>>, now: DateTime<Utc>, ready_after: TimeSpan) -> bool {
        began.is_none_or(|began| began + delta(ready_after) <= now)
    }

    pub(super) fn fleet(&self, now: DateTime<Utc>, ready_after: TimeSpan) -> Fleet {
        let one = |&(number, began): &(u64, Option<DateTime<Utc>>)| {
            let ready = Self::is_ready(began, now, ready_after);
            // Those of the beginning have been there for long.
            let started = began.unwrap_or(now - TimeDelta::days(1));
            let since = if ready { started + delta(ready_after) } else { started };
            Instance { id: number.to_string(), phase: Phase::Running, started: Some(started), ready, since }
        };
        Fleet { wanted: self.count(), instances: self.instances.iter().map(one).collect() }
    }

    fn ready(&self, now: DateTime<Utc>, ready_after: TimeSpan) -> Vec<u64> {
        let ready = self.instances.iter().filter(|(_, began)| Self::is_ready(*began, now, ready_after));
        ready.map(|(number, _)| *number).collect()
    }

    pub(super) fn readings(
        &self,
        series: &Series,
        now: DateTime<Utc>,
        options: &ReplayOptions,
    ) -> BTreeMap<String, Reading> {
        let ready = self.ready(now, options.ready_after);
        let one = |name: &String| {
            let reading = match series.at(name, now, options.stale_after) {
                None => Reading::Missing { reason: "the series has no sample here".to_owned() },
                // A query asks for the whole, whoever does the work.
                Some(measured) if options.model == Model::Recorded || name.starts_with("promql:") => {
                    Reading::Whole(measured)
                }
                Some(measured) => {
                    let share = measured.value / f64::from(u32::try_from(ready.len()).unwrap_or(u32::MAX).max(1));
                    let values = ready.iter().map(|id| (id.to_string(), Measured { value: share, at: now }));
                    Reading::Instances { values: values.collect(), window: TimeSpan(0) }
                }
            };
            (name.clone(), reading)
        };
        series.names().map(one).collect()
    }

    /// Counts the time until the next round.
    pub(super) fn account(
        &self,
        replayed: &mut Replayed,
        series: &Series,
        now: DateTime<Utc>,
        options: &ReplayOptions,
    ) {
        let interval = options.interval.0.max(1_000_000);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of an interval are exact")]
        let hours = interval as f64 / 3.6e9;
        replayed.instance_hours += f64::from(self.count()) * hours;
        let Some(objective) = &options.objective else { return };
        let violation = replayed.violation.get_or_insert_default();
        let Some(load) = series.at(&objective.metric, now, options.stale_after) else { return };
        let ready = self.ready(now, options.ready_after).len();
        let most = f64::from(u32::try_from(ready).unwrap_or(u32::MAX)) * objective.most;
        if load.value > most {
            violation.0 += interval;
        }
    }
}
