//! Asks the expression of a rule, and says why where there is no answer.

use super::{Answer, Holding, LabelSet};
use crate::{METRIC_NAME, Query, QueryLimits, QueryResult, Series};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The most sets of labels for which an expression may hold.
const SETS: usize = 100;
/// The most bytes of the labels of one.
const LABEL_BYTES: usize = 1_024;

/// What can't be measured: how the names of metrics begin, and why.
pub type Lacks = BTreeMap<String, String>;

/// What is there to be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'g> {
    pub(crate) series: &'g Series,
    /// Whose series.
    pub(crate) tenant: &'g str,
    pub(crate) now: DateTime<Utc>,
    /// Since when they have been measured without a gap.
    pub(crate) since: DateTime<Utc>,
    pub(crate) lacks: &'g Lacks,
}

impl Ground<'_> {
    /// What an expression gives.
    pub(crate) fn ask(&self, expr: &str, limits: &QueryLimits) -> Answer {
        let query = match Query::parse(expr) {
            Ok(query) => query,
            Err(error) => return lacking(error.to_string()),
        };
        let holds = match query.evaluate(self.series, self.tenant, self.now, limits) {
            Ok(answer) => holdings(answer.result),
            Err(error) => return lacking(error.to_string()),
        };
        match holds {
            Ok(holds) => Answer { lacking: self.lacks(&query, holds.is_empty()), holds },
            Err(why) => lacking(why),
        }
    }

    /// Why what it gives may not be all.
    fn lacks(&self, query: &Query, nothing: bool) -> Option<String> {
        let names: BTreeSet<&str> = query.metrics().collect();
        let concerned = |begin: &str| names.is_empty() || names.iter().any(|name| name.starts_with(begin));
        if let Some((_, why)) = self.lacks.iter().find(|(begin, _)| concerned(begin)) {
            return Some(why.clone());
        }
        let measured = (self.now - self.since).max(TimeDelta::zero());
        let back = query.looks_back(self.now);
        if measured < back {
            let (back, measured) = (back.num_seconds(), measured.num_seconds());
            return Some(format!("it looks {back} s back, and has been measured for {measured} s so far"));
        }
        let metric = query.unmeasured(self.series, self.tenant).filter(|_| nothing)?;
        Some(format!("nothing here is measured as {metric} now"))
    }
}

fn lacking(why: String) -> Answer {
    Answer { holds: Vec::new(), lacking: Some(why) }
}

/// What it holds for; else why that can't be taken.
fn holdings(result: QueryResult) -> Result<Vec<Holding>, String> {
    let finite = |value: f64| value.is_finite().then_some(value);
    let elements = match result {
        QueryResult::Scalar { value, .. } => {
            return Ok(vec![Holding { labels: LabelSet::new(), value: finite(value) }]);
        }
        QueryResult::Vector(elements) => elements,
    };
    if elements.len() > SETS {
        let count = elements.len();
        return Err(format!(
            "it holds for {count} sets of labels, more than {SETS}: sum them up, such as by (component)"
        ));
    }
    let mut seen = BTreeSet::new();
    let mut holds = Vec::with_capacity(elements.len());
    for element in elements {
        if element.labels.text_bytes() > LABEL_BYTES {
            return Err(format!("labels have more than {LABEL_BYTES} bytes: keep fewer, such as by (component)"));
        }
        let others = element.labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        let labels: LabelSet = others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if !seen.insert(labels.clone()) {
            return Err("two metrics have the same labels: ask one of them, or sum them up".to_owned());
        }
        holds.push(Holding { labels, value: finite(element.value) });
    }
    Ok(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Labels, SeriesLimits};

    const TENANT: &str = "project/acme/web";

    fn series(pods: usize) -> Series {
        let series = Series::new(SeriesLimits::default());
        for pod in 0..pods {
            let labels = Labels::new([("pod", format!("web-{pod}"))]);
            for metric in ["memory", "limit"] {
                series.record(TENANT, metric, &labels, at(600), 5.0 + pod as f64).unwrap();
            }
        }
        series
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn ask(series: &Series, expr: &str, lacks: &Lacks) -> Answer {
        let ground = Ground { series, tenant: TENANT, now: at(600), since: at(540), lacks };
        ground.ask(expr, &QueryLimits::default())
    }

    #[test]
    fn what_holds_is_told_with_its_labels_and_what_is_not_there_is_no_all_clear() {
        let (two, none) = (series(2), Lacks::new());
        let answer = ask(&two, "memory > 5", &none);
        assert_eq!((answer.holds.len(), answer.lacking), (1, None));
        assert_eq!((answer.holds[0].labels.len(), answer.holds[0].value), (1, Some(6.0)), "without the metric's name");
        assert_eq!(ask(&two, "memory > 50", &none), Answer::default());
        assert_eq!(ask(&two, "time()", &none).holds.len(), 1);
        let why = |expr: &str| ask(&two, expr, &none).lacking.unwrap();
        assert!(why("absent_metric > 1").contains("absent_metric"));
        assert_eq!(ask(&two, "absent(absent_metric)", &none).lacking, None, "that is an answer");
        assert!(why("rate(memory[2m]) > 1").contains("it looks 120 s back, and has been measured for 60 s"));
        assert_eq!(ask(&two, "rate(memory[1m]) > 1", &none), Answer::default());
        assert!(why("memory >").contains("no PromQL"));
        assert!(why(r#"{__name__=~"memory|limit"} > 5"#).contains("the same labels"));
        assert!(why(r#"label_replace(memory, "long", "$1", "pod", "(.*)") and memory > sum("#).contains("PromQL"));
    }

    #[test]
    fn bounds_are_reasons_too() {
        let none = Lacks::new();
        let many = series(101);
        assert!(ask(&many, "memory", &none).lacking.unwrap().contains("101 sets of labels, more than 100"));
        assert_eq!(ask(&many, "sum(memory)", &none).holds.len(), 1);
        let ground = Ground { series: &many, tenant: TENANT, now: at(600), since: at(0), lacks: &none };
        let narrow = QueryLimits { series: 10, ..QueryLimits::default() };
        assert!(ground.ask("sum(memory)", &narrow).lacking.unwrap().contains("more than 10 series"));
        let other = Ground { tenant: "project/acme/other", ..ground };
        assert!(other.ask("memory", &QueryLimits::default()).lacking.is_some(), "it sees nothing of others");
    }

    #[test]
    fn what_can_t_be_measured_concerns_what_is_asked_of_it() {
        let two = series(2);
        let lacks = Lacks::from([("mem".to_owned(), "web-7 does not tell".to_owned())]);
        let answer = ask(&two, "memory > 5", &lacks);
        assert_eq!((answer.holds.len(), answer.lacking.as_deref()), (1, Some("web-7 does not tell")));
        assert_eq!(ask(&two, "limit > 50", &lacks), Answer::default());
    }
}
