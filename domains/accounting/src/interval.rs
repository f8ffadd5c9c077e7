//! Half-open stretches of time in whole seconds of UTC, and the resolution of
//! everything that is metered: the hour.

use crate::AccountingError;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds of one cell. Everything is metered in cells of this length, cut at UTC hours.
pub const RESOLUTION: i64 = 3_600;

/// From `from` until just before `to`; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
#[schemars(with = "Written")]
pub struct Interval {
    from: i64,
    to: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl TryFrom<Written> for Interval {
    type Error = AccountingError;
    fn try_from(written: Written) -> Result<Self, AccountingError> {
        if written.from.timestamp_subsec_nanos() != 0 || written.to.timestamp_subsec_nanos() != 0 {
            return Err(AccountingError::invalid("from, to", "must be whole seconds"));
        }
        Self::new(written.from, written.to)
    }
}

impl From<Interval> for Written {
    fn from(interval: Interval) -> Self {
        Self { from: interval.from(), to: interval.to() }
    }
}

impl Interval {
    /// Between two times, each cut to its second.
    ///
    /// # Errors
    /// When it would be empty.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, AccountingError> {
        Self::of_seconds(from.timestamp(), to.timestamp())
            .ok_or_else(|| AccountingError::invalid("to", format!("must be after `from`, which is {from}")))
    }

    /// Between two times in seconds since 1970; none when it would be empty.
    #[must_use]
    pub const fn of_seconds(from: i64, to: i64) -> Option<Self> {
        if from < to { Some(Self { from, to }) } else { None }
    }

    /// Its first second.
    #[must_use]
    pub fn from(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.from, 0).unwrap_or_default()
    }

    /// The first second after it.
    #[must_use]
    pub fn to(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.to, 0).unwrap_or_default()
    }

    /// Its first second, since 1970.
    #[must_use]
    pub const fn begin(&self) -> i64 {
        self.from
    }

    /// The first second after it, since 1970.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.to
    }

    /// How long it is.
    #[must_use]
    pub const fn seconds(&self) -> u64 {
        self.to.abs_diff(self.from)
    }

    /// The begin of the cell in which it begins.
    #[must_use]
    pub const fn cell(&self) -> i64 {
        self.from.div_euclid(RESOLUTION) * RESOLUTION
    }

    /// Whether it lies within one cell.
    #[must_use]
    pub const fn in_one_cell(&self) -> bool {
        self.to <= self.cell() + RESOLUTION
    }

    /// Whether a moment, in seconds since 1970, lies in it.
    #[must_use]
    pub const fn covers(&self, moment: i64) -> bool {
        self.from <= moment && moment < self.to
    }

    /// What both cover.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        Self::of_seconds(self.from.max(other.from), self.to.min(other.to))
    }

    /// Its parts, cut at UTC hours.
    pub fn cells(self) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let now = rest?;
            let part = Self { from: now.from, to: now.to.min(now.cell() + RESOLUTION) };
            rest = Self::of_seconds(part.to, now.to);
            Some(part)
        })
    }

    /// What of a quantity that was used evenly over this interval belongs to a
    /// part of it. The shares of parts that make up the whole add up to the quantity.
    #[must_use]
    pub fn share(&self, quantity: u64, part: &Self) -> u64 {
        let Some(part) = self.overlap(part) else { return 0 };
        let until =
            |moment: i64| u128::from(quantity) * u128::from(moment.abs_diff(self.from)) / u128::from(self.seconds());
        u64::try_from(until(part.to) - until(part.from)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(from: i64, to: i64) -> Interval {
        Interval::of_seconds(from, to).unwrap()
    }

    #[test]
    fn cells_are_cut_at_hours() {
        let cells: Vec<_> = interval(3_000, 11_000).cells().collect();
        assert_eq!(
            cells,
            [interval(3_000, 3_600), interval(3_600, 7_200), interval(7_200, 10_800), interval(10_800, 11_000)]
        );
        assert_eq!(interval(-10, 10).cells().count(), 2, "before 1970 too");
    }

    #[test]
    fn shares_add_up() {
        let whole = interval(0, 7);
        let parts = [interval(0, 2), interval(2, 3), interval(3, 7)];
        assert_eq!(parts.iter().map(|part| whole.share(100, part)).sum::<u64>(), 100);
        assert_eq!(whole.share(u64::MAX, &whole), u64::MAX);
    }

    #[test]
    fn empty_and_split_seconds_are_refused() {
        let text = r#"{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}"#;
        assert!(serde_json::from_str::<Interval>(text).unwrap_err().to_string().contains("after `from`"));
        let text = r#"{"from":"2026-01-01T00:00:00.5Z","to":"2026-01-01T00:00:01Z"}"#;
        assert!(serde_json::from_str::<Interval>(text).unwrap_err().to_string().contains("whole seconds"));
    }
}
