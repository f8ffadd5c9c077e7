//! What is promised, and what follows when the promise is not kept (ISO/IEC 19086-1).

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service level agreement: objectives and the cap on all their credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sla {
    /// What is promised. At least one.
    pub objectives: Vec<ServiceLevelObjective>,
    /// The most that all credits of one billing period may reach, in percent of its charge.
    pub credit_cap_percent: Option<Decimal>,
}

impl Sla {
    /// The promised availability in percent, if there is one.
    #[must_use]
    pub fn availability(&self) -> Option<Decimal> {
        self.objectives.iter().filter(|o| o.metric == Metric::Availability).map(|o| o.target).max()
    }
}

/// One objective: a metric, a target and the window in which it is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceLevelObjective {
    /// What is measured.
    pub metric: Metric,
    /// The target, in the metric's unit.
    pub target: Decimal,
    /// The window over which it holds.
    pub window: Window,
    /// For a metric with a distribution: the percentile that the target binds, 0 to 100.
    pub percentile: Option<Decimal>,
    /// What is owed when the target is missed, by depth of the miss.
    pub remedies: Vec<Remedy>,
}

impl ServiceLevelObjective {
    /// What is owed for a measured value: of the remedies whose threshold it is
    /// worse than, the one for the deepest miss.
    #[must_use]
    pub fn remedy(&self, measured: Decimal) -> Option<&Remedy> {
        let due = self.remedies.iter().filter(|remedy| self.metric.is_worse(measured, remedy.threshold));
        due.reduce(|deepest, one| {
            let deeper = self.metric.is_worse(one.threshold, deepest.threshold)
                || (one.threshold == deepest.threshold && one.credit_percent > deepest.credit_percent);
            if deeper { one } else { deepest }
        })
    }
}

/// What an objective measures. The unit and the better direction belong to the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of the window in which the service answered, in percent. More is better.
    Availability,
    /// Round-trip time in milliseconds. Less is better.
    Latency,
    /// Data rate in megabits a second. More is better.
    Throughput,
    /// Share of requests that failed, in percent. Less is better.
    ErrorRate,
    /// Time from an order to a usable machine, in seconds. Less is better.
    ProvisioningTime,
    /// Time from a report of a fault to its repair, in minutes. Less is better.
    RepairTime,
}

impl Metric {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Latency => "latency",
            Self::Throughput => "throughput",
            Self::ErrorRate => "error-rate",
            Self::ProvisioningTime => "provisioning-time",
            Self::RepairTime => "repair-time",
        }
    }

    /// Its unit, as people read it.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Availability | Self::ErrorRate => "%",
            Self::Latency => "ms",
            Self::Throughput => "Mbit/s",
            Self::ProvisioningTime => "s",
            Self::RepairTime => "min",
        }
    }

    /// Whether a measured value is worse than another one: less where more is better, more elsewhere.
    #[must_use]
    pub fn is_worse(self, value: Decimal, than: Decimal) -> bool {
        match self {
            Self::Availability | Self::Throughput => value < than,
            Self::Latency | Self::ErrorRate | Self::ProvisioningTime | Self::RepairTime => value > than,
        }
    }
}

/// The calendar window of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
    /// Seven UTC days from Monday.
    Week,
    /// One UTC month.
    Month,
    /// One UTC year.
    Year,
}

impl Window {
    /// Its name, as it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The window that a moment lies in: its begin, and its end, which is
    /// the begin of the next one.
    #[must_use]
    pub fn containing(self, at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let day = at.date_naive();
        let days = |from: NaiveDate, until: Option<NaiveDate>| {
            let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
            (midnight(from), until.map_or(DateTime::<Utc>::MAX_UTC, midnight))
        };
        let first = |of: NaiveDate| of.with_day(1).unwrap_or(of);
        match self {
            Self::Hour => {
                let begin = at - TimeDelta::nanoseconds(at.timestamp_nanos_opt().unwrap_or(0).rem_euclid(HOUR_NANOS));
                (begin, begin + TimeDelta::hours(1))
            }
            Self::Day => days(day, day.checked_add_days(Days::new(1))),
            Self::Week => {
                let monday = day.week(Weekday::Mon).first_day();
                days(monday, monday.checked_add_days(Days::new(7)))
            }
            Self::Month => days(first(day), first(day).checked_add_months(Months::new(1))),
            Self::Year => {
                let january = first(day).with_month(1).unwrap_or(day);
                days(january, january.checked_add_months(Months::new(12)))
            }
        }
    }
}

/// The nanoseconds of an hour.
const HOUR_NANOS: i64 = 3_600_000_000_000;

/// A service credit: what is owed when the measured value is worse than a threshold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// It applies when the measured value is worse than this, in the metric's unit.
    pub threshold: Decimal,
    /// Credit in percent of the window's charge, 0 to 100.
    pub credit_percent: Decimal,
}

#[cfg(test)]
mod tests {
    use super::{Metric, Remedy, ServiceLevelObjective, Window};
    use chrono::{DateTime, Utc};
    use rust_decimal::Decimal;

    #[test]
    fn the_deepest_miss_decides_the_remedy() {
        let at = |threshold: i64, credit: i64| Remedy {
            threshold: Decimal::new(threshold, 1),
            credit_percent: Decimal::from(credit),
        };
        let objective = |metric, remedies| ServiceLevelObjective {
            metric,
            target: Decimal::new(999, 1),
            window: Window::Month,
            percentile: None,
            remedies,
        };
        let up = objective(Metric::Availability, vec![at(990, 25), at(999, 10), at(950, 100)]);
        let credit = |objective: &ServiceLevelObjective, measured: i64| {
            objective.remedy(Decimal::new(measured, 1)).map(|remedy| remedy.credit_percent)
        };
        for (measured, owed) in [(1_000, None), (999, None), (998, Some(10)), (989, Some(25)), (0, Some(100))] {
            assert_eq!(credit(&up, measured), owed.map(Decimal::from), "{measured}");
        }
        let down = objective(Metric::Latency, vec![at(300, 10), at(500, 50)]);
        for (measured, owed) in [(300, None), (301, Some(10)), (9_000, Some(50))] {
            assert_eq!(credit(&down, measured), owed.map(Decimal::from), "{measured}");
        }
    }

    #[test]
    fn names_are_those_that_are_written() {
        for metric in [
            Metric::Availability,
            Metric::Latency,
            Metric::Throughput,
            Metric::ErrorRate,
            Metric::ProvisioningTime,
            Metric::RepairTime,
        ] {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
    }

    #[test]
    fn windows_follow_the_calendar() {
        let at: DateTime<Utc> = "2028-02-29T13:45:10.5Z".parse().unwrap();
        let cases = [
            (Window::Hour, "2028-02-29T13:00:00Z", "2028-02-29T14:00:00Z"),
            (Window::Day, "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"),
            (Window::Week, "2028-02-28T00:00:00Z", "2028-03-06T00:00:00Z"),
            (Window::Month, "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            (Window::Year, "2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
        ];
        for (window, from, until) in cases {
            let (begin, end): (DateTime<Utc>, DateTime<Utc>) = (from.parse().unwrap(), until.parse().unwrap());
            assert_eq!(window.containing(at), (begin, end), "{}", window.name());
            assert_eq!(window.containing(begin).0, begin, "it begins with its own");
            assert_eq!(window.containing(end).0, end, "the next one begins with its end");
        }
    }
}
