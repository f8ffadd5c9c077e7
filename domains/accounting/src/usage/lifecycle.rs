//! From the events of a thing's life to records: what ran, cut at UTC hours and
//! at changes of what it costs.
//!
//! Events are taken in the order of their numbers, not of their clocks. A clock
//! that goes back is held until it has caught up, and one that is ahead of `now`
//! is held at `now`; so no second is counted twice, and none is negative.

use super::{Meter, PlanId, Resource, Source, Standing, Subject, UsageRecord};
use crate::{AccountingError, Interval};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, OfferId, ProjectId, ProviderId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Something that happened to a thing that is metered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleEvent {
    /// Its number in its log: greater is later, and no other event has it.
    pub sequence: u64,
    /// When, by the clock of who wrote it.
    pub at: DateTime<Utc>,
    /// To what.
    pub resource: Resource,
    /// What.
    pub change: Change,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It began to run.
    Started(Terms),
    /// It runs on, on other terms: another plan, another size.
    Changed(Terms),
    /// It was seen to run.
    Seen,
    /// It ended.
    Stopped,
}

/// Whose a running thing is, and what it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Who delivers it.
    pub provider: ProviderId,
    /// Who pays.
    pub project: ProjectId,
    /// For which application.
    pub application: Option<ApplicationId>,
    /// By which offer it was rented.
    pub offer: Option<OfferId>,
    /// At which prices.
    pub plan: PlanId,
    /// Each meter, and what it counts in each second: 1 of `machine-seconds`, 20480 of `mib-seconds`.
    pub meters: BTreeMap<Meter, u64>,
}

/// One life of a thing: from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifetime {
    /// Of what.
    pub resource: Resource,
    /// On the terms with which it began.
    pub terms: Terms,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; none while it runs.
    pub to: Option<DateTime<Utc>>,
}

/// Why a stretch of time is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// It runs, and nobody has seen it for longer than the patience: estimated.
    Silent,
    /// It began anew, and its end before was never told: not counted.
    EndMissing,
    /// It was seen or ended, and its begin was never told: not counted.
    BeginMissing,
    /// Two readings of a counter lie further apart than the patience: spread evenly.
    ReadingsMissing,
}

/// A stretch of time that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// Of what.
    pub resource: Resource,
    /// From when; none where that is not known either.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Why.
    pub reason: GapReason,
}

/// A clock that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockFault {
    /// The event that was told at a time that can't be.
    pub sequence: u64,
    /// That time.
    pub told: DateTime<Utc>,
    /// The time that was taken instead.
    pub taken: DateTime<Utc>,
}

/// What became of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metered {
    /// What was used.
    pub records: Vec<UsageRecord>,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// When things began and ended.
    pub lifetimes: Vec<Lifetime>,
    /// Whose clock was wrong.
    pub clocks: Vec<ClockFault>,
}

/// How events are metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metering {
    /// Until when: nothing later is counted.
    pub now: DateTime<Utc>,
    /// Seconds without news after which a running thing is listed as a gap.
    pub patience: u64,
    /// The number that the records bear. It grows with each run: the log's newest number.
    pub revision: u64,
    /// From when on: no record is made of what was before, which has records already.
    pub since: Option<DateTime<Utc>>,
}

/// Meters the events of any things, in any order, with any repetitions.
///
/// # Errors
/// When a quantity is too large.
pub fn meter(events: &[LifecycleEvent], how: Metering) -> Result<Metered, AccountingError> {
    let mut of_each: BTreeMap<&Resource, BTreeMap<u64, &LifecycleEvent>> = BTreeMap::new();
    for event in events {
        // Of two that bear one number, which must not be, the lesser one: whatever came first.
        let known = of_each.entry(&event.resource).or_default().entry(event.sequence).or_insert(event);
        *known = (*known).min(event);
    }
    let mut out = Metered::default();
    for (resource, events) in of_each {
        let mut life = Life { resource, how, out: &mut out, running: None, last: None, over: false };
        for event in events.into_values() {
            life.take(event)?;
        }
        life.end()?;
    }
    Ok(out)
}

struct Running<'a> {
    begun: i64,
    first: &'a Terms,
    terms: &'a Terms,
    counted_to: i64,
    seen: i64,
}

struct Life<'a, 'o> {
    resource: &'a Resource,
    how: Metering,
    out: &'o mut Metered,
    running: Option<Running<'a>>,
    /// The last moment that was told of.
    last: Option<i64>,
    /// Its end was the last that was told of it.
    over: bool,
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

impl<'a> Life<'a, '_> {
    /// The time that is taken for an event: never before the one of the last, never after now.
    fn moment(&mut self, event: &LifecycleEvent) -> i64 {
        let told = event.at.timestamp();
        let held = told.min(self.how.now.timestamp());
        let taken = self.last.map_or(held, |last| held.max(last));
        if taken != told {
            let fault = ClockFault { sequence: event.sequence, told: event.at, taken: time(taken) };
            self.out.clocks.push(fault);
        }
        self.last = Some(taken);
        taken
    }

    fn take(&mut self, event: &'a LifecycleEvent) -> Result<(), AccountingError> {
        let before = self.last;
        let at = self.moment(event);
        let over = std::mem::replace(&mut self.over, event.change == Change::Stopped);
        match (&event.change, self.running.take()) {
            (Change::Started(terms) | Change::Changed(terms), None) => self.begin(at, terms),
            (Change::Stopped, None) if over => {}
            (Change::Seen | Change::Stopped, None) => self.gap(before, at, GapReason::BeginMissing),
            (Change::Started(terms), Some(running)) => {
                let seen = running.seen;
                self.finish(running, seen)?;
                self.gap(Some(seen), at, GapReason::EndMissing);
                self.begin(at, terms);
            }
            (Change::Changed(terms), Some(mut running)) => {
                self.count(&running, at, Standing::Measured)?;
                (running.counted_to, running.seen, running.terms) = (at, at, terms);
                self.running = Some(running);
            }
            (Change::Seen, Some(mut running)) => {
                running.seen = at;
                self.running = Some(running);
            }
            (Change::Stopped, Some(running)) => self.finish(running, at)?,
        }
        Ok(())
    }

    fn begin(&mut self, at: i64, terms: &'a Terms) {
        self.running = Some(Running { begun: at, first: terms, terms, counted_to: at, seen: at });
    }

    fn finish(&mut self, running: Running<'a>, at: i64) -> Result<(), AccountingError> {
        self.count(&running, at, Standing::Measured)?;
        self.lived(&running, Some(at));
        Ok(())
    }

    /// What still runs: known until it was last seen, estimated until now.
    fn end(mut self) -> Result<(), AccountingError> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        self.lived(&running, None);
        self.count(&running, running.seen, Standing::Measured)?;
        running.counted_to = running.seen;
        let now = self.how.now.timestamp();
        self.count(&running, now, Standing::Estimate)?;
        if now.saturating_sub(running.seen).unsigned_abs() > self.how.patience && now > running.seen {
            self.gap(Some(running.seen), now, GapReason::Silent);
        }
        Ok(())
    }

    fn lived(&mut self, running: &Running<'a>, to: Option<i64>) {
        self.out.lifetimes.push(Lifetime {
            resource: self.resource.clone(),
            terms: running.first.clone(),
            from: time(running.begun),
            to: to.map(time),
        });
    }

    fn gap(&mut self, from: Option<i64>, to: i64, reason: GapReason) {
        if from.is_none_or(|from| from < to) {
            let gap = Gap { resource: self.resource.clone(), from: from.map(time), to: time(to), reason };
            self.out.gaps.push(gap);
        }
    }

    fn count(&mut self, running: &Running<'a>, to: i64, standing: Standing) -> Result<(), AccountingError> {
        let since = self.how.since.map_or(i64::MIN, |since| since.timestamp());
        let Some(whole) = Interval::of_seconds(running.counted_to.max(since), to) else { return Ok(()) };
        for (meter, in_a_second) in &running.terms.meters {
            let subject = Arc::new(running.terms.subject(self.resource, meter));
            for cell in whole.cells() {
                let quantity = in_a_second
                    .checked_mul(cell.seconds())
                    .ok_or(AccountingError::TooLarge { what: "the quantity of one hour" })?;
                let (subject, revision) = (Arc::clone(&subject), self.how.revision);
                let record = UsageRecord::new(subject, cell, quantity, revision, standing, Source::Lifecycle)?;
                self.out.records.push(record);
            }
        }
        Ok(())
    }
}

impl Terms {
    /// What a meter of a thing on these terms counts for.
    #[must_use]
    pub fn subject(&self, resource: &Resource, meter: &Meter) -> Subject {
        Subject {
            provider: self.provider.clone(),
            resource: resource.clone(),
            meter: meter.clone(),
            project: self.project.clone(),
            application: self.application,
            offer: self.offer.clone(),
            plan: self.plan.clone(),
        }
    }
}
