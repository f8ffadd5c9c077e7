//! Work that can wait.

use crate::{
    SustainabilityError,
    energy::HOUR,
    quantity::{Energy, MILLION},
};
use hansa_ontology::SiteId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How work may be interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interruption {
    /// The fewest hours that it runs at a stretch, but for its last.
    pub least_hours: u32,
    /// What writing its state and going on from it takes each time.
    pub restart: Energy,
}

/// Work that can wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its name; no two are alike.
    pub id: String,
    /// Where it runs if nobody shifts it.
    pub home: SiteId,
    /// When it is there, in seconds since 1970. It begins at a full hour.
    pub earliest: i64,
    /// When it must be done.
    pub deadline: i64,
    /// How long it runs, in seconds, wherever it does.
    pub seconds: u64,
    /// What it draws while it runs, before PUE, in milliwatts.
    pub milliwatts: u64,
    /// What it takes of a site's room.
    pub room: u64,
    /// Whether it may be interrupted, and at which cost.
    pub interruption: Option<Interruption>,
    /// Where else it may run: the caller has asked law, capability and policy.
    pub elsewhere: BTreeSet<SiteId>,
    /// Bytes that go along when it runs elsewhere.
    pub moved_bytes: u64,
    /// Where it has run already: until when. To begin at any later hour is to go on after a pause.
    pub ran_until: Option<i64>,
    /// The longest round-trip time from home that it bears, in microseconds. None: any.
    pub most_latency: Option<u32>,
}

/// Where and in which hours something runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Where.
    pub site: SiteId,
    /// The begins of its hours, in seconds since 1970, ascending. The last may be used in part.
    pub hours: Vec<i64>,
}

impl Placement {
    /// How often it goes on after a pause.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        let pauses = self.hours.iter().zip(self.hours.iter().skip(1)).filter(|(one, next)| *next - *one > HOUR);
        u64::try_from(pauses.count()).unwrap_or_default()
    }
}

impl Job {
    /// The longest that a job may run and that a window may be: a year.
    const LONGEST: i64 = 366 * 24;

    /// That it can be planned.
    ///
    /// # Errors
    /// When it is empty, or doesn't fit its window; names the field and the remedy.
    pub fn check(&self) -> Result<(), SustainabilityError> {
        let fault = |field: &str, problem: String| {
            Err(SustainabilityError::invalid(format!("job `{}`, {field}", self.id), problem))
        };
        if self.seconds == 0 || self.work() > Self::LONGEST.unsigned_abs() {
            return fault("seconds", "must be from 1 s to a year".to_owned());
        }
        let (first, end) = self.window();
        let room = (end - first) / HOUR;
        if room > Self::LONGEST {
            return fault("deadline", "must be within a year after `earliest`".to_owned());
        }
        if room < i64::try_from(self.work()).unwrap_or(i64::MAX) {
            let problem = format!("leaves {} full hours for {} of work; set it later", room.max(0), self.work());
            return fault("deadline", problem);
        }
        if self.milliwatts > 1_000 * MILLION * 1_000 {
            return fault("milliwatts", "must be at most 1 GW".to_owned());
        }
        match self.interruption {
            Some(how) if how.least_hours == 0 => fault("leastHours", "must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }

    /// Hours of work, the last perhaps in part.
    pub(super) fn work(&self) -> u64 {
        self.seconds.div_ceil(HOUR.unsigned_abs())
    }

    /// Seconds of the last hour of work.
    pub(super) fn last(&self) -> u64 {
        self.seconds - (self.work() - 1) * HOUR.unsigned_abs()
    }

    /// The hour in which it must begin, if it isn't interrupted.
    pub(super) fn latest(&self) -> i64 {
        let work = i64::try_from(self.work()).unwrap_or(i64::MAX);
        self.window().1.saturating_sub(work.saturating_mul(HOUR))
    }

    /// The first full hour, and the end of the last.
    pub(super) fn window(&self) -> (i64, i64) {
        let first = self.earliest.saturating_add(HOUR - 1).div_euclid(HOUR) * HOUR;
        (first, self.deadline.div_euclid(HOUR) * HOUR)
    }
}
