//! Stretches of time in whole seconds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// From one second until just before another one, both since 1970. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stretch {
    from: i64,
    until: i64,
}

impl Stretch {
    /// Between two seconds; none where it would be empty.
    #[must_use]
    pub const fn new(from: i64, until: i64) -> Option<Self> {
        if from < until { Some(Self { from, until }) } else { None }
    }

    /// Its first second.
    #[must_use]
    pub const fn from(&self) -> i64 {
        self.from
    }

    /// The first second after it.
    #[must_use]
    pub const fn until(&self) -> i64 {
        self.until
    }

    /// Begin and end as times.
    #[must_use]
    pub fn times(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (time(self.from), time(self.until))
    }

    /// How many seconds it has.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        self.until.saturating_sub(self.from)
    }

    /// What both cover.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.until.min(other.until))
    }
}

/// A moment that was counted in seconds.
#[must_use]
pub(super) fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// How many seconds of a stretch are covered by others, each second once, in
/// whatever order they come and however they overlap.
#[must_use]
pub fn covered(of: &Stretch, by: &[Stretch]) -> i64 {
    let mut parts: Vec<Stretch> = by.iter().filter_map(|other| of.overlap(other)).collect();
    parts.sort_unstable();
    let mut reached = of.from;
    let mut seconds = 0_i64;
    for part in parts {
        if let Some(fresh) = Stretch::new(part.from.max(reached), part.until) {
            seconds = seconds.saturating_add(fresh.seconds());
            reached = fresh.until;
        }
    }
    seconds
}

/// Stretches in order, those that touch as one.
#[must_use]
pub(crate) fn merged(mut all: Vec<Stretch>) -> Vec<Stretch> {
    all.sort_unstable();
    let mut merged: Vec<Stretch> = Vec::new();
    for one in all {
        match merged.last_mut() {
            Some(last) if one.from <= last.until => last.until = last.until.max(one.until),
            _ => merged.push(one),
        }
    }
    merged
}
