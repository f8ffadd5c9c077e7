//! Billing months and their days, in a billing time zone.

use crate::{AccountingError, Interval};
use chrono::{DateTime, Datelike as _, Days, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time zone of the IANA data base, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(pub Tz);

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown =
            |_| serde::de::Error::custom(format!("`{name}` is not a time zone; write one such as Europe/Berlin"));
        name.parse().map(Self).map_err(unknown)
    }
}

/// A calendar month of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BillingMonth {
    first: NaiveDate,
    next: NaiveDate,
    zone: Zone,
}

/// A day of a billing month. It has 23, 24 or 25 hours, or what the zone's law says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingDay {
    /// Its date in the billing time zone.
    pub date: NaiveDate,
    /// When it is.
    pub interval: Interval,
}

impl BillingMonth {
    /// A month of a year.
    ///
    /// # Errors
    /// When there is no such month.
    pub fn new(year: i32, month: u32, zone: Tz) -> Result<Self, AccountingError> {
        let none =
            || AccountingError::invalid("month", format!("`{year}-{month}` is no month; write one such as 2026-02"));
        let first = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(none)?;
        let next = first.checked_add_months(chrono::Months::new(1)).ok_or_else(none)?;
        // Zones change their clocks by a day at most.
        if !(1970..=9_000).contains(&year) {
            return Err(none());
        }
        Ok(Self { first, next, zone: Zone(zone) })
    }

    /// The month of a name: `2026-02`.
    ///
    /// # Errors
    /// When there is no such month.
    pub fn named(name: &str, zone: Tz) -> Result<Self, AccountingError> {
        let first = NaiveDate::parse_from_str(&format!("{name}-01"), "%Y-%m-%d").ok().filter(|_| name.len() == 7);
        let none = || AccountingError::invalid("month", format!("`{name}` is no month; write one such as 2026-02"));
        let first = first.ok_or_else(none)?;
        Self::new(first.year(), first.month(), zone)
    }

    /// The month in which a moment lies.
    ///
    /// # Errors
    /// When the moment lies before 1970 or after the year 9000.
    pub fn of(moment: DateTime<Utc>, zone: Tz) -> Result<Self, AccountingError> {
        let local = moment.with_timezone(&zone);
        Self::new(local.year(), local.month(), zone)
    }

    /// Its first day.
    #[must_use]
    pub const fn first(&self) -> NaiveDate {
        self.first
    }

    /// Its last day.
    #[must_use]
    pub fn last(&self) -> NaiveDate {
        self.next - Days::new(1)
    }

    /// Its time zone.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone.0
    }

    /// `2026-02`.
    #[must_use]
    pub fn name(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }

    /// From its first second to the first one of the next month.
    ///
    /// # Errors
    /// Never for a month of a real zone.
    pub fn interval(&self) -> Result<Interval, AccountingError> {
        Interval::new(begin_of(self.first, self.zone.0), begin_of(self.next, self.zone.0))
    }

    /// Its days in order. A day that a zone has left out is not among them.
    #[must_use]
    pub fn days(&self) -> Vec<BillingDay> {
        let day = |date: NaiveDate| {
            let (from, to) = (begin_of(date, self.zone.0), begin_of(date + Days::new(1), self.zone.0));
            Interval::new(from, to).ok().map(|interval| BillingDay { date, interval })
        };
        self.first.iter_days().take_while(|date| *date < self.next).filter_map(day).collect()
    }
}

/// The first moment of a day: midnight, the earlier one where there are two,
/// the first moment after it where clocks were put forward over it.
fn begin_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    let minutes = (0..=26 * 60).map(|minutes| midnight + TimeDelta::minutes(minutes));
    let mut known = minutes.filter_map(|local| match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => Some(moment.with_timezone(&Utc)),
        MappedLocalTime::None => None,
    });
    known.next().unwrap_or_else(|| midnight.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(year: i32, month: u32, zone: Tz) -> Vec<(u32, u64)> {
        let days = BillingMonth::new(year, month, zone).unwrap().days();
        days.iter().map(|day| (day.date.day(), day.interval.seconds() / 1_800)).filter(|day| day.1 != 48).collect()
    }

    #[test]
    fn days_on_which_clocks_change_are_shorter_and_longer() {
        assert_eq!(hours(2026, 3, Tz::Europe__Berlin), [(29, 46)]);
        assert_eq!(hours(2026, 10, Tz::Europe__Berlin), [(25, 50)]);
        assert_eq!(hours(2026, 10, Tz::Australia__Lord_Howe), [(4, 47)], "half an hour");
        assert_eq!(hours(2024, 9, Tz::America__Santiago), [(8, 46)], "at midnight");
        assert_eq!(hours(2026, 2, Tz::UTC), []);
    }

    #[test]
    fn months_follow_each_other_without_a_hole() {
        for zone in [Tz::Europe__Berlin, Tz::Asia__Kathmandu, Tz::America__Havana, Tz::Pacific__Apia, Tz::Asia__Beirut]
        {
            let mut end = None;
            for (year, month) in (2009..2027).flat_map(|year| (1..=12).map(move |month| (year, month))) {
                let month = BillingMonth::new(year, month, zone).unwrap();
                let whole = month.interval().unwrap();
                assert!(end.is_none_or(|end| end == whole.begin()), "{zone} {}", month.name());
                let days = month.days();
                assert_eq!(days.iter().map(|day| day.interval.seconds()).sum::<u64>(), whole.seconds(), "{zone}");
                assert!(days.windows(2).all(|pair| pair[0].interval.end() == pair[1].interval.begin()));
                assert_eq!(BillingMonth::of(whole.from(), zone).unwrap(), month);
                end = Some(whole.end());
            }
        }
        assert_eq!(BillingMonth::new(2011, 12, Tz::Pacific__Apia).unwrap().days().len(), 30, "a day that never was");
        assert_eq!(BillingMonth::new(2028, 2, Tz::UTC).unwrap().days().len(), 29);
    }

    #[test]
    fn no_month_is_refused() {
        assert!(BillingMonth::new(2026, 13, Tz::UTC).unwrap_err().to_string().contains("`2026-13` is no month"));
        for name in ["2026-13", "2026-2", "2026", "2026-02-01", "-2026-02", ""] {
            assert!(BillingMonth::named(name, Tz::UTC).unwrap_err().to_string().contains("is no month"), "{name}");
        }
        assert_eq!(BillingMonth::named("2028-02", Tz::UTC).unwrap().name(), "2028-02");
        assert!(serde_json::from_str::<Zone>("\"Mars/Base\"").unwrap_err().to_string().contains("Europe/Berlin"));
    }
}
