//! A recorded series: CSV or JSON lines of time, name and value.

use crate::measure::{Measured, delta};
use chrono::{DateTime, Utc};
use hansa_ontology::quantity::TimeSpan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// When it was measured.
    pub time: DateTime<Utc>,
    /// What was measured: the name of a metric source, a query or an alert.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// Samples by name, each in the order of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    by_name: BTreeMap<String, Vec<Measured>>,
}

/// A line that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SeriesFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl Series {
    /// From samples in any order.
    #[must_use]
    pub fn new(samples: impl IntoIterator<Item = Sample>) -> Self {
        let mut by_name: BTreeMap<String, Vec<Measured>> = BTreeMap::new();
        for sample in samples {
            by_name.entry(sample.name).or_default().push(Measured { value: sample.value, at: sample.time });
        }
        for samples in by_name.values_mut() {
            samples.sort_by_key(|sample| sample.at);
        }
        Self { by_name }
    }

    /// From CSV (a first line of names is skipped), or from JSON lines.
    ///
    /// # Errors
    /// The first line that can't be read.
    pub fn parse(text: &str) -> Result<Self, SeriesFault> {
        let mut samples = Vec::new();
        for (place, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || (place == 0 && line.to_lowercase().starts_with("time,")) {
                continue;
            }
            let sample = if line.starts_with('{') { json(line) } else { csv(line) };
            samples.push(sample.map_err(|problem| SeriesFault { line: place + 1, problem })?);
        }
        Ok(Self::new(samples))
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.by_name.keys()
    }

    /// The first and the last time.
    #[must_use]
    pub fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let first = self.by_name.values().filter_map(|samples| samples.first()).map(|sample| sample.at).min()?;
        let last = self.by_name.values().filter_map(|samples| samples.last()).map(|sample| sample.at).max()?;
        Some((first, last))
    }

    /// The last sample at or before a moment, if it is not stale.
    #[must_use]
    pub fn at(&self, name: &str, now: DateTime<Utc>, stale_after: TimeSpan) -> Option<Measured> {
        let samples = self.by_name.get(name)?;
        let sample = samples.get(samples.partition_point(|sample| sample.at <= now).checked_sub(1)?)?;
        (sample.at + delta(stale_after) > now).then_some(*sample)
    }
}

fn json(line: &str) -> Result<Sample, String> {
    serde_json::from_str(line).map_err(|fault| {
        // It knows one line only.
        let told = fault.to_string().replace(" at line 1 column ", ", column ");
        format!("must be {{\"time\": …, \"name\": …, \"value\": …}}: {told}")
    })
}

fn csv(line: &str) -> Result<Sample, String> {
    let fields = fields(line)?;
    let [at, name, value] = fields.as_slice() else {
        return Err(format!(
            "must have three fields, time, name and value, and has {}: put one with a comma in quotes",
            fields.len()
        ));
    };
    let value = value.trim().parse().map_err(|fault| format!("value: `{value}` is no number such as 12.5: {fault}"))?;
    Ok(Sample { time: time(at.trim())?, name: name.trim().to_owned(), value })
}

/// RFC 3339, or seconds since 1970.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let wrong = || format!("time: `{text}` is no time: write 2026-07-01T08:00:00Z, or seconds since 1970");
    if let Ok(seconds) = text.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "what is beyond is no time, and refused")]
        return DateTime::from_timestamp_micros((seconds * 1e6) as i64)
            .filter(|_| seconds.is_finite())
            .ok_or_else(wrong);
    }
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|fault| format!("{}: {fault}", wrong()))
}

/// Fields of a line of CSV (RFC 4180): a field in quotes may hold commas, and quotes twice.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    if quoted {
        return Err("a quote is open: close it, and write `\"\"` for one within".to_owned());
    }
    fields.push(field);
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_lines_are_read() {
        let text = "time,name,value\n2026-07-01T08:00:00Z,cpu:utilization,50\n1782892815.5,\"promql:sum(a{b=\"\"c\"\", d=\"\"e\"\"})\",1e3\n\n{\"time\":\"2026-07-01T08:00:30Z\",\"name\":\"cpu:utilization\",\"value\":70}\n";
        let series = Series::parse(text).unwrap();
        let names: Vec<_> = series.names().map(String::as_str).collect();
        assert_eq!(names, ["cpu:utilization", "promql:sum(a{b=\"c\", d=\"e\"})"]);
        let at = |time: &str| {
            series.at("cpu:utilization", time.parse().unwrap(), TimeSpan::from_millis(60_000)).map(|it| it.value)
        };
        assert_eq!([at("2026-07-01T07:59:59Z"), at("2026-07-01T08:00:29Z")], [None, Some(50.0)]);
        assert_eq!([at("2026-07-01T08:00:30Z"), at("2026-07-01T08:01:30Z")], [Some(70.0), None]);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        for (text, line, word) in [
            ("time,name,value\n1,a", 2, "three fields"),
            ("yesterday,a,1", 1, "no time"),
            ("1,a,much", 1, "value: `much` is no number"),
            ("1,a,1\n\n{\"time\":\"2026-07-01T08:00:00Z\",\"name\":\"a\"}", 3, "missing field `value`, column"),
            ("1,\"a,1", 1, "quote is open"),
            ("1,a,1\n{\"time\":1}", 2, "must be"),
            ("1e300,a,1", 1, "no time"),
        ] {
            let fault = Series::parse(text).unwrap_err();
            assert!(fault.line == line && fault.problem.contains(word), "{text}: {fault}");
        }
    }
}
