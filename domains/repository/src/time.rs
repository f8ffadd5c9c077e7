//! Times as columns: UTC, whole microseconds, which is what both databases keep.

use chrono::{DateTime, DurationRound as _, NaiveDateTime, TimeDelta, Utc};

/// A time as it is stored. Finer parts than a microsecond are cut off.
#[must_use]
pub fn to_column(at: DateTime<Utc>) -> NaiveDateTime {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at).naive_utc()
}

/// A stored time.
#[must_use]
pub fn from_column(at: NaiveDateTime) -> DateTime<Utc> {
    at.and_utc()
}
