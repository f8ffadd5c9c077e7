//! Periods of use: from when an order was taken on until it ended, cut at equal
//! lengths. A period is told of when it is closed, and once.

use chrono::{DateTime, TimeDelta, Utc};

/// Why a period was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Its full length was over.
    Period,
    /// The order ended.
    End,
}

impl Closing {
    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::End => "end",
        }
    }
}

/// A closed period, from `from` (included) to `to` (not included).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its begin.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Why it was closed.
    pub closing: Closing,
}

impl Period {
    /// Its length in whole seconds; a begun second counts.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        let milliseconds = (self.to - self.from).num_milliseconds().max(0);
        milliseconds.div_euclid(1_000) + i64::from(milliseconds.rem_euclid(1_000) > 0)
    }
}

/// The periods that are closed at `now` and not yet told of. `through`: the end
/// of the last one that was told of, or the begin of the order. At most
/// `limit` at a time, so that a long outage is caught up with in portions.
#[must_use]
pub fn closed(
    through: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    length: TimeDelta,
    limit: usize,
) -> Vec<Period> {
    let length = length.max(TimeDelta::seconds(1));
    let until = ended.map_or(now, |ended| ended.min(now));
    let mut periods = Vec::new();
    let mut from = through;
    while periods.len() < limit && from + length <= until {
        periods.push(Period { from, to: from + length, closing: Closing::Period });
        from += length;
    }
    if periods.len() < limit && from < until && ended.is_some_and(|ended| ended <= now) {
        periods.push(Period { from, to: until, closing: Closing::End });
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_hour_at_a_time_and_the_rest_at_the_end() {
        let hour = TimeDelta::hours(1);
        assert!(closed(at(0), None, at(3_599), hour, 9).is_empty());
        let one = closed(at(0), None, at(3_600), hour, 9);
        assert_eq!(one, [Period { from: at(0), to: at(3_600), closing: Closing::Period }]);
        let rest = closed(at(3_600), Some(at(4_000)), at(9_000), hour, 9);
        assert_eq!(rest, [Period { from: at(3_600), to: at(4_000), closing: Closing::End }]);
        assert!(closed(at(4_000), Some(at(4_000)), at(9_000), hour, 9).is_empty());
    }

    proptest! {
        #[test]
        fn they_never_overlap_and_leave_no_gap(length in 1_i64..5_000, ended in 1_i64..40_000, steps in prop::collection::vec(1_i64..9_000, 1..20)) {
            let (mut through, mut now, mut sum) = (at(0), at(0), 0);
            for step in steps.into_iter().chain([50_000]) {
                now += TimeDelta::seconds(step);
                let ended = (at(ended) <= now).then_some(at(ended));
                loop {
                    let periods = closed(through, ended, now, TimeDelta::seconds(length), 7);
                    for period in &periods {
                        prop_assert_eq!(period.from, through);
                        prop_assert!(period.to > period.from && period.to <= now);
                        through = period.to;
                        sum += period.seconds();
                    }
                    if periods.len() < 7 { break; }
                }
            }
            prop_assert_eq!(through, at(ended));
            prop_assert_eq!(sum, ended);
        }
    }
}
