//! Times as files write them, among them local times without an offset.

use crate::SustainabilityError;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Reads times. With an offset they are what they say; without one they are
/// local times of a zone, if one was given.
///
/// On the day on which clocks go back one local hour comes twice: its first
/// mention of a series is the first, one that doesn't come after the time before
/// it is the second. So a file with local times must ascend.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    zone: Option<Tz>,
    last: BTreeMap<String, i64>,
}

impl Clock {
    /// Times carry an offset.
    #[must_use]
    pub fn universal() -> Self {
        Self::default()
    }

    /// Times without an offset are local times of a zone.
    #[must_use]
    pub fn local(zone: Tz) -> Self {
        Self { zone: Some(zone), last: BTreeMap::new() }
    }

    /// A time in seconds since 1970; `series` names what it belongs to.
    ///
    /// # Errors
    /// When it is no time, has no offset where one is needed, or is a local time that
    /// doesn't exist. Says what is wrong, and the remedy.
    pub fn read(&mut self, series: &str, text: &str) -> Result<i64, SustainabilityError> {
        if let Some(moment) = universal(text) {
            return Ok(moment);
        }
        let fault = |problem: String| SustainabilityError::invalid("time", problem);
        let Some(local) = naive(text) else {
            return Err(fault(format!("`{text}` is no time; write one such as 2026-03-29T01:00:00Z")));
        };
        let Some(zone) = self.zone else {
            return Err(fault(format!(
                "`{text}` has no offset; add `Z`, an offset, or name the time zone of the file"
            )));
        };
        let last = self.last.get(series).copied();
        let moment = match zone.from_local_datetime(&local) {
            LocalResult::Single(moment) => moment.timestamp(),
            LocalResult::Ambiguous(first, second) => {
                let first = first.timestamp();
                if last.is_some_and(|last| last >= first) { second.timestamp() } else { first }
            }
            LocalResult::None => {
                return Err(fault(format!(
                    "`{text}` does not exist in {zone}, where clocks go forward then; name the right time zone"
                )));
            }
        };
        match self.last.get_mut(series) {
            Some(last) => *last = moment,
            None => _ = self.last.insert(series.to_owned(), moment),
        }
        Ok(moment)
    }
}

/// With an offset; seconds may be missing, as in the API of NESO.
pub(super) fn universal(text: &str) -> Option<i64> {
    let full = DateTime::parse_from_rfc3339(text).ok();
    let short = || DateTime::parse_from_str(&text.replace('Z', "+00:00"), "%Y-%m-%dT%H:%M%:z").ok();
    full.or_else(short).map(|time| time.timestamp())
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let text = text.replacen(' ', "T", 1);
    let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = Tz::Europe__Berlin;

    fn utc(text: &str) -> i64 {
        universal(text).unwrap()
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let mut clock = Clock::universal();
        let all =
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.350Z"];
        assert!(all.iter().all(|text| clock.read("x", text).unwrap() == 1_767_225_600));
        assert_eq!(utc("2028-02-29T00:00:00Z") + 86_400, utc("2028-03-01T00:00:00Z"));
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        let mut clock = Clock::local(BERLIN);
        let day = ["2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T02:00", "2026-10-25 03:00:00"];
        let all: Vec<i64> = day.iter().map(|text| clock.read("DE", text).unwrap()).collect();
        let first = utc("2026-10-24T23:00:00Z");
        assert_eq!(all, [first, first + 3_600, first + 7_200, first + 10_800]);
        assert_eq!(clock.read("AT", "2026-10-25T02:00").unwrap(), first + 3_600, "each zone for itself");
        // Half-hours: the second 02:00 comes after the first 02:30.
        let mut clock = Clock::local(BERLIN);
        let day = ["02:00", "02:30", "02:00", "02:30", "03:00"].map(|time| format!("2026-10-25T{time}"));
        let all: Vec<i64> = day.iter().map(|text| clock.read("DE", text).unwrap()).collect();
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] == 1_800), "{all:?}");
    }

    #[test]
    fn an_hour_that_is_not_there_and_a_missing_offset_are_told() {
        let error = Clock::local(BERLIN).read("DE", "2026-03-29T02:30").unwrap_err().to_string();
        assert!(error.contains("does not exist in Europe/Berlin"), "{error}");
        let error = Clock::universal().read("DE", "2026-03-29T02:30").unwrap_err().to_string();
        assert!(error.contains("has no offset"), "{error}");
        assert!(Clock::universal().read("DE", "2026-02-29T00:00:00Z").is_err(), "no leap year");
    }
}
