//! One query, both answers, and whether they are the same.

use chrono::DateTime;
use hansa_assurance::{
    Access, Labels, Prometheus, PrometheusError, Query, QueryAnswer, QueryError, QueryLimits, QueryResult, Series,
    SeriesLimits, Settings,
};
use hansa_test_systems::PrometheusSeries;
use std::{fmt::Write as _, time::Duration};

const TENANT: &str = "one";
/// How far two numbers may be from each other, relative to the greater.
const NEAR: f64 = 1e-9;

/// A real Prometheus, and series of ours with the same samples.
#[derive(Debug)]
pub(crate) struct Both {
    client: Prometheus,
    series: Series,
    _real: hansa_test_systems::Prometheus,
}

/// How the two answers stand to each other.
#[derive(Debug)]
pub(crate) enum Compared {
    /// Both are the same, and hold something.
    Same,
    /// Both are the same, and hold nothing; or both are errors.
    Nothing,
    /// They differ: the query and how.
    Differ(String),
}

impl Compared {
    pub(crate) const fn is_difference(&self) -> bool {
        matches!(self, Self::Differ(_))
    }
}

impl Both {
    pub(crate) fn new(real: hansa_test_systems::Prometheus, data: &[PrometheusSeries]) -> Self {
        let series = Series::new(SeriesLimits { span: Duration::from_hours(1), ..SeriesLimits::default() });
        let mut all: Vec<(i64, f64, &str, Labels)> = Vec::new();
        for (labels, samples) in data {
            let metric = labels.iter().find(|(name, _)| name == "__name__").expect("a name").1.as_str();
            let others = labels.iter().filter(|(name, _)| name != "__name__");
            let others = Labels::new(others.map(|(name, value)| (name.as_str(), value.as_str())));
            all.extend(samples.iter().map(|(at, value)| (*at, *value, metric, others.clone())));
        }
        // As they come in time, one of each series after the other.
        all.sort_by_key(|one| one.0);
        for (at, value, metric, labels) in all {
            let at = DateTime::from_timestamp_millis(at).expect("a time");
            if value.to_bits() == super::data::END.to_bits() {
                series.end(TENANT, metric, &labels, at);
            } else {
                series.record(TENANT, metric, &labels, at, value).expect("there is room");
            }
        }
        let client = Prometheus::new(Settings::new(&real.address, Access::Open)).expect("a client");
        Self { client, series, _real: real }
    }

    /// Asks both.
    pub(crate) async fn compare(&self, query: &str, at: i64) -> Compared {
        let time = DateTime::from_timestamp_millis(at).expect("a time");
        let real = self.client.query(query, time, None).await;
        let limits = QueryLimits { time: Duration::from_mins(1), ..QueryLimits::default() };
        let ours = Query::parse(query).and_then(|query| query.evaluate(&self.series, TENANT, time, &limits));
        let differ = |how: String| Compared::Differ(format!("{query} @ {at}\n{how}"));
        match (&real, &ours) {
            (Ok(real), Ok(ours)) => match difference(real, ours) {
                Some(how) => differ(how),
                None if real.number().is_none() => Compared::Nothing,
                None => Compared::Same,
            },
            (Err(PrometheusError::Query { .. } | PrometheusError::Answer(_)), Err(ours))
                if !matches!(ours, QueryError::Absent(_) | QueryError::Limit { .. }) =>
            {
                Compared::Nothing
            }
            _ => differ(format!("  real {}\n  ours {}", shown(real), shown(ours))),
        }
    }
}

fn shown<E: std::fmt::Display>(answer: Result<QueryAnswer, E>) -> String {
    match answer {
        Ok(answer) => format!("{:?}", answer.result),
        Err(error) => error.to_string(),
    }
}

/// How two answers differ.
fn difference(real: &QueryAnswer, ours: &QueryAnswer) -> Option<String> {
    match (&real.result, &ours.result) {
        (QueryResult::Scalar { value: a, .. }, QueryResult::Scalar { value: b, .. }) => {
            (!same(*a, *b)).then(|| format!("  real {a:?}\n  ours {b:?}"))
        }
        (QueryResult::Vector(_), QueryResult::Vector(_)) => {
            let sorted = |answer: &QueryAnswer| {
                let mut pairs: Vec<(String, f64)> =
                    answer.elements().iter().map(|one| (one.labels.to_string(), one.value)).collect();
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                pairs
            };
            let (a, b) = (sorted(real), sorted(ours));
            let equal = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1));
            let mut how = String::new();
            for (who, all, others) in [("real", &a, &b), ("ours", &b, &a)] {
                for one in all.iter().filter(|one| !others.iter().any(|other| one.0 == other.0 && same(one.1, other.1)))
                {
                    writeln!(how, "  {who} {} {:?}", one.0, one.1).expect("a text");
                }
            }
            (!equal).then_some(how)
        }
        _ => Some("  one is a number, the other has labels".to_owned()),
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= NEAR * a.abs().max(b.abs())
}

/// What was found over many queries.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    asked: usize,
    answered: usize,
    all: Vec<String>,
}

impl Differences {
    pub(crate) fn add(&mut self, compared: Compared) {
        self.asked += 1;
        match compared {
            Compared::Same => self.answered += 1,
            Compared::Nothing => {}
            Compared::Differ(how) => self.all.push(how),
        }
    }

    /// Fails with the first of all differences; answers how many were asked, and how many had something to say.
    pub(crate) fn settle(self, what: &str) -> (usize, usize) {
        println!("{} {what} queries, {} with an answer, {} that differ", self.asked, self.answered, self.all.len());
        let first: Vec<&str> = self.all.iter().take(40).map(String::as_str).collect();
        assert!(self.all.is_empty(), "{} of {} differ:\n{}", self.all.len(), self.asked, first.join("\n"));
        (self.asked, self.answered)
    }
}
