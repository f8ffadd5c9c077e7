//! Prometheus' text format (exposition format 0.0.4), as far as one metric of
//! one instance needs it. The text comes from a tenant's program: what can't
//! be read is passed over, and nothing is trusted to be short.

use crate::measure::{Measured, age};
use hansa_ontology::resource_model::scaling::EndpointMetric;
use std::collections::BTreeMap;

/// The longest page that is read, in bytes.
pub const LONGEST_PAGE: usize = 4 << 20;

/// The sum of all series of a page that have the metric's name and labels.
///
/// # Errors
/// Why there is none, in words.
pub fn read_exposition(page: &str, metric: &EndpointMetric) -> Result<f64, String> {
    if page.len() > LONGEST_PAGE {
        return Err(format!("the page has {} bytes; {LONGEST_PAGE} are read", page.len()));
    }
    let (mut sum, mut found, mut named) = (0.0, false, false);
    for line in page.lines() {
        let line = line.trim();
        if !line.starts_with(&metric.metric) {
            continue;
        }
        let Some((_, labels, value)) = series(line).filter(|(name, ..)| *name == metric.metric) else { continue };
        named = true;
        if metric.labels.iter().all(|(label, wanted)| labels.get(label) == Some(wanted)) {
            sum += value;
            found = true;
        }
    }
    match (found, named) {
        (true, _) if sum.is_finite() => Ok(sum),
        (true, _) => Err(format!("{} is no finite number", metric.metric)),
        (false, true) => Err(format!("no series of {} has these labels", metric.metric)),
        (false, false) => Err(format!("the page has no series {}", metric.metric)),
    }
}

/// What a counter increased by in a second; after a restart it counts from 0,
/// as Prometheus takes it. None while no time has passed.
#[must_use]
pub fn increase_per_second(before: Measured, after: Measured) -> Option<Measured> {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of days are exact")]
    let seconds = age(after.at, before.at).0 as f64 / 1e6;
    let increase = if after.value < before.value { after.value } else { after.value - before.value };
    (seconds > 0.0).then(|| Measured { value: increase / seconds, at: after.at })
}

/// All series of a page: name, labels, value.
pub fn exposition_series(page: &str) -> impl Iterator<Item = (&str, BTreeMap<String, String>, f64)> {
    page.lines().filter_map(series)
}

/// The name, the labels and the value of a line; None for what is no series.
fn series(line: &str) -> Option<(&str, BTreeMap<String, String>, f64)> {
    let end = line.find(|letter: char| letter == '{' || letter.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with('#') {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    // Behind the value there may be a time.
    let value = match rest.split_whitespace().next()? {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number => number.parse().ok()?,
    };
    Some((name, labels, value))
}

/// Labels up to the closing bracket, and what is behind it.
fn labels(text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (name, behind) = rest.split_once('=')?;
        let mut letters = behind.trim_start().strip_prefix('"')?.chars();
        let mut value = String::new();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => match letters.next()? {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                other => value.push(other),
            }
        }
        labels.insert(name.trim().to_owned(), value);
        rest = letters.as_str().trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    const PAGE: &str = "# HELP requests_total All requests.\n# TYPE requests_total counter\n\
        requests_total{code=\"200\",path=\"/a,}\\\"b\\\\\\n\"} 10 1760000000000\n\
        requests_total{code=\"500\", path=\"/\",} 2.5\nrequests_total_created 7\nqueue 3e2\n\
        requests_total{broken=\nrequests_total{code=\"200\"} much\nlimit +Inf\n";

    fn read(metric: &str, labels: &[(&str, &str)]) -> Result<f64, String> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let path = "/metrics".to_owned();
        let metric =
            EndpointMetric { port: "http".to_owned(), path, metric: metric.to_owned(), labels, counter: false };
        read_exposition(PAGE, &metric)
    }

    #[test]
    fn series_are_summed_by_name_and_labels() {
        assert_eq!(read("requests_total", &[]), Ok(12.5));
        assert_eq!(read("requests_total", &[("code", "500")]), Ok(2.5));
        assert_eq!(read("requests_total", &[("path", "/a,}\"b\\\n")]), Ok(10.0));
        assert_eq!(read("queue", &[]), Ok(300.0));
        assert!(read("requests_total", &[("code", "404")]).unwrap_err().contains("these labels"));
        assert!(read("requests", &[]).unwrap_err().contains("no series requests"));
        assert!(read("limit", &[]).unwrap_err().contains("no finite"));
    }

    #[test]
    fn counters_become_rates_also_after_a_restart() {
        let at = |second: i64, value: f64| Measured { value, at: DateTime::from_timestamp(second, 0).unwrap() };
        let rate = |before, after| increase_per_second(before, after).map(|it| it.value);
        assert_eq!(rate(at(0, 100.0), at(10, 150.0)), Some(5.0));
        assert_eq!(rate(at(0, 100.0), at(10, 20.0)), Some(2.0));
        assert_eq!(rate(at(10, 100.0), at(10, 150.0)), None);
    }

    proptest::proptest! {
        #[test]
        fn any_page_is_read(page in "[a-z{}=\",\\\\ \n0-9.#]{0,300}") {
            let metric = EndpointMetric {
                port: String::new(),
                path: String::new(),
                metric: "a".to_owned(),
                labels: BTreeMap::new(),
                counter: false,
            };
            // It gives a value or a reason.
            drop(read_exposition(&page, &metric));
        }
    }
}
