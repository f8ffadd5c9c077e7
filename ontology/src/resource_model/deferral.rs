//! Work that can wait: when a job may run, and by what its hours are chosen.

use crate::quantity::{InvalidQuantity, TimeSpan};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// When a job may run. The broker lets it wait for hours in which it emits or
/// costs less, at the sites where it can run, and begins it in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Deferral", example = serde_json::json!({ "deadline": "24h", "duration": "2h" }))]
pub struct Deferral {
    /// It doesn't begin before. Absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Moment>,
    /// When it must be done.
    pub deadline: Moment,
    /// How long one run takes.
    pub duration: TimeSpan,
    /// So much earlier than its duration demands it begins at the latest.
    #[serde(default = "ten_minutes")]
    pub margin: TimeSpan,
    /// By what its hours and its site are chosen.
    #[serde(default)]
    pub minimise: Minimise,
    /// Whether it may be stopped and go on later. The broker stops no job: `true` is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interruptible: bool,
}

fn ten_minutes() -> TimeSpan {
    TimeSpan::from_millis(600_000)
}

/// What the choice of hours and site makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "Minimise")]
pub enum Minimise {
    /// Operational carbon, location-based, by the intensities that are stated and expected.
    #[default]
    Carbon,
    /// The price of its energy, by the prices that are stated and expected in the plan's currency.
    Price,
}

/// A moment: as such, or so long after the description was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Then.
    At(DateTime<Utc>),
    /// So long after the revision that brought it was submitted.
    After(TimeSpan),
}

/// When a job may begin and must be done, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// It may begin from now on.
    pub earliest: DateTime<Utc>,
    /// It must begin by now.
    pub latest: DateTime<Utc>,
    /// It must be done by now.
    pub deadline: DateTime<Utc>,
}

impl Deferral {
    /// The times that it means when it was submitted then. What leaves no room is to
    /// begin as early as it may.
    #[must_use]
    pub fn opening(&self, submitted: DateTime<Utc>) -> Opening {
        let earliest = self.earliest.map_or(submitted, |earliest| earliest.of(submitted)).max(submitted);
        let deadline = self.deadline.of(submitted);
        let needed = delta(self.duration).checked_add(&delta(self.margin)).unwrap_or(TimeDelta::MAX);
        let latest = deadline.checked_sub_signed(needed).unwrap_or(earliest).max(earliest);
        Opening { earliest, latest, deadline }
    }
}

fn delta(span: TimeSpan) -> TimeDelta {
    TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX)
}

impl Moment {
    /// What such a text looks like, to be read after "must be".
    pub const EXPECTED: &'static str = "a time (RFC 3339) such as 2026-11-24T06:00:00Z, or a time span after the \
                                        description was submitted such as 24h";

    /// The moment, of what was submitted then.
    #[must_use]
    pub fn of(self, submitted: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::After(span) => submitted.checked_add_signed(delta(span)).unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

impl FromStr for Moment {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text.trim()) {
            return Ok(Self::At(at.with_timezone(&Utc)));
        }
        let span = text.parse().map(Self::After);
        span.map_err(|_told_as_a_whole| InvalidQuantity { text: text.to_owned(), expected: Self::EXPECTED })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Self::After(span) => span.fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A time (RFC 3339), or a time span after the description was submitted.",
            "type": ["string"],
            "pattern": r"^[0-9]+(\.[0-9]+)?\s*(us|ms|s|m|min|h)$|^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+$",
            "examples": ["24h", "2026-11-24T06:00:00Z"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deferral(text: &str) -> Deferral {
        serde_json::from_str(text).unwrap()
    }

    fn moment(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_and_spans_go_round() {
        for text in ["24h", "90s", "2026-11-24T06:00:00Z", "2026-11-24T06:00:00.250Z"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        assert_eq!("2026-11-24T07:00:00+01:00".parse(), Ok(Moment::At(moment("2026-11-24T06:00:00Z"))));
        for wrong in ["", "tomorrow", "24", "2026-11-24", "2026-13-24T06:00:00Z"] {
            assert!(wrong.parse::<Moment>().unwrap_err().to_string().contains("RFC 3339"), "{wrong}");
        }
    }

    #[test]
    fn it_begins_in_time_for_its_duration_and_a_margin() {
        let submitted = moment("2026-11-23T10:00:00Z");
        let opening = deferral(r#"{ "deadline": "24h", "duration": "2h" }"#).opening(submitted);
        assert_eq!(opening.earliest, submitted);
        assert_eq!(opening.latest, moment("2026-11-24T07:50:00Z"));
        let text = r#"{ "earliest": "2026-11-23T20:00:00Z", "deadline": "2026-11-24T06:00:00Z", "duration": "1h", "margin": "30m" }"#;
        let opening = deferral(text).opening(submitted);
        assert_eq!(
            (opening.earliest, opening.latest),
            (moment("2026-11-23T20:00:00Z"), moment("2026-11-24T04:30:00Z"))
        );
        // What can't be in time begins at once.
        let opening = deferral(r#"{ "deadline": "1h", "duration": "2h" }"#).opening(submitted);
        assert_eq!(opening.latest, submitted);
        let past = deferral(r#"{ "earliest": "2020-01-01T00:00:00Z", "deadline": "1h", "duration": "1s" }"#);
        assert_eq!(past.opening(submitted).earliest, submitted);
    }
}
