//! The course of one thing's life, metered bit by bit while the log goes on.
//!
//! What was before [`Course::metered_to`] has its records and is never metered
//! again. The hour in which something happens is metered as a whole each time,
//! because the records of an hour replace each other as a whole.

use super::{Change, ClockFault, LifecycleEvent, Metered, Metering, Resource, Standing, Terms, UsageRecord, meter};
use crate::{AccountingError, Interval, RESOLUTION};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Nothing is silent: the log is read to its end before an hour is metered.
const PATIENCE: u64 = u64::MAX;

/// What is known of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Course {
    resource: Resource,
    metered_to: i64,
    /// Its last life, and all that touches what is not metered yet.
    events: Vec<LifecycleEvent>,
}

/// What is told has the even numbers; what is inferred lies between them.
const fn number(sequence: u64, inferred: bool) -> u64 {
    sequence.saturating_mul(2).saturating_add(inferred as u64)
}

fn cell(moment: DateTime<Utc>) -> i64 {
    moment.timestamp().div_euclid(RESOLUTION) * RESOLUTION
}

impl Course {
    /// A thing that is first told of by this event.
    #[must_use]
    pub fn new(event: &LifecycleEvent) -> Self {
        Self { resource: event.resource.clone(), metered_to: cell(event.at), events: Vec::new() }
    }

    /// What it is.
    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// The begin of the first hour that is not metered, in seconds since 1970.
    #[must_use]
    pub const fn metered_to(&self) -> i64 {
        self.metered_to
    }

    /// Its last terms.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.events.iter().rev().find_map(|event| match &event.change {
            Change::Started(terms) | Change::Changed(terms) => Some(terms),
            Change::Seen | Change::Stopped => None,
        })
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.events.last().is_some_and(|event| event.change != Change::Stopped)
    }

    /// Takes in an event of the log; one that was taken in before changes
    /// nothing. A time that can't be is held, as [`meter`] says, and once for
    /// all: what it is held at must not depend on when it is metered.
    pub fn take(&mut self, event: LifecycleEvent, now: DateTime<Utc>) -> Option<ClockFault> {
        let sequence = number(event.sequence, false);
        let last = self.events.last();
        let ended = last.is_some_and(|last| last.change == Change::Stopped) && event.change == Change::Stopped;
        if ended || last.is_some_and(|last| last.sequence >= sequence) {
            return None;
        }
        let held = event.at.min(now);
        let taken = last.map_or(held, |last| held.max(last.at));
        let fault = ClockFault { sequence: event.sequence, told: event.at, taken };
        self.events.push(LifecycleEvent { sequence, at: taken, ..event });
        Some(fault).filter(|fault| fault.told.timestamp() != taken.timestamp())
    }

    /// Meters what has happened. What runs is metered until the last event.
    ///
    /// # Errors
    /// When a quantity is too large.
    pub fn meter(&mut self, now: DateTime<Utc>, revision: u64) -> Result<Metered, AccountingError> {
        let mut metered = self.metered(now, revision)?;
        metered.records.retain(|record| record.standing() == Standing::Measured);
        let last = self.events.last().map(|event| cell(event.at.min(now)));
        self.metered_to = self.metered_to.max(last.unwrap_or_default());
        self.forget();
        Ok(metered)
    }

    /// Meters what runs until the begin of an hour, up to which the log was read:
    /// an end would be in it.
    ///
    /// # Errors
    /// When a quantity is too large.
    pub fn go_on(&mut self, hour: DateTime<Utc>, sequence: u64) -> Result<Metered, AccountingError> {
        if self.is_running() && self.metered_to < hour.timestamp() {
            self.events.pop_if(|last| last.change == Change::Seen);
            let (resource, sequence) = (self.resource.clone(), number(sequence, true));
            self.events.push(LifecycleEvent { sequence, at: hour, resource, change: Change::Seen });
        }
        self.meter(hour, sequence)
    }

    /// What runs, from the first hour that is not metered until now.
    ///
    /// # Errors
    /// When a quantity is too large.
    pub fn live(&self, now: DateTime<Utc>) -> Result<Vec<UsageRecord>, AccountingError> {
        // Whatever was stored of this hour is part of it.
        Ok(self.metered(now, u64::MAX)?.records)
    }

    fn metered(&self, now: DateTime<Utc>, revision: u64) -> Result<Metered, AccountingError> {
        let since = DateTime::from_timestamp(self.metered_to, 0);
        meter(&self.events, Metering { now, patience: PATIENCE, revision, since })
    }

    /// Forgets lives before the last one that have nothing in an hour that is still open.
    fn forget(&mut self) {
        let ends = self.events.iter().enumerate().rev().skip(1);
        let mut over = ends.filter(|(_, event)| event.change == Change::Stopped);
        let open = |event: &LifecycleEvent| Interval::of_seconds(self.metered_to, event.at.timestamp()).is_some();
        if let Some((place, _)) = over.find(|(_, event)| !open(event)) {
            self.events.drain(..=place);
        }
    }
}
