//! One measurement of one service level.

use crate::{model::Application, scaling::wanted, service::ServiceOrchestrator};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_assurance::{Labels, Tally};
use hansa_mco::model::Workload;
use hansa_ontology::resource_model::{HealthProbe, QueryLevel, ServiceLevel};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// So many instances are tried side by side.
const SIDE_BY_SIDE: usize = 32;
/// The longest time that one try may take.
const LONGEST_TRY: Duration = Duration::from_secs(10);

/// What a round found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// Thousandths of the round that were good. None: nothing could be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<u64>,
    /// What was found: seconds until the slowest good answer, or the query's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why it is not good, or not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// What came of trying one instance.
struct Tried {
    took: Duration,
    result: Result<(), String>,
}

impl Sample {
    fn unmeasured(at: DateTime<Utc>, said: String) -> Self {
        Self { at, good: None, value: None, said: Some(said) }
    }

    fn new(at: DateTime<Utc>, round: Option<Tally>, value: Option<f64>, said: Option<String>) -> Self {
        Self { at, good: round.map(|round| round.good), value, said }
    }
}

impl ServiceOrchestrator {
    /// Measures a service level once.
    pub(super) async fn sample(
        &self,
        application: &Application,
        (name, level): (&String, &ServiceLevel),
        workloads: &[Workload],
    ) -> Sample {
        let now = self.clock.now();
        let (component, timeout) = match level {
            ServiceLevel::Query(query) => return self.asked(application, query, now).await,
            ServiceLevel::Availability(level) => (&level.component, LONGEST_TRY.min(level.every.duration())),
            ServiceLevel::Latency(level) => {
                (&level.component, LONGEST_TRY.min(level.every.duration()).max(level.below.duration()))
            }
        };
        let probe = application.model.components.get(component).and_then(|it| level.probe(it));
        let Some(probe) = probe else {
            return Sample::unmeasured(now, format!("{component} has nothing that could be tried"));
        };
        if wanted::asked(&application.model, component) == 0 {
            return Sample::unmeasured(now, format!("no instance of {component} is wanted now"));
        }
        let mut tries = Vec::new();
        for workload in workloads.iter().filter(|it| it.component == *component) {
            // Nobody is sent to an instance that is not in service.
            let asked = matches!(level, ServiceLevel::Availability(_)) || workload.state.is_healthy();
            if asked && workload.endpoints.contains_key(probe.port()) {
                tries.push(self.tried(application, (name, &probe), workload, timeout));
            }
        }
        let tried: Vec<Tried> = stream::iter(tries).buffered(SIDE_BY_SIDE).collect().await;
        judged(level, now, &tried)
    }

    async fn tried(
        &self,
        application: &Application,
        (level, probe): (&str, &HealthProbe),
        workload: &Workload,
        timeout: Duration,
    ) -> Tried {
        let (took, result) = self.mco.probe(workload, probe, timeout).await;
        self.record(application, level, workload, took, result.is_ok());
        Tried { took, result }
    }

    /// For queries, of scaling policies and others.
    fn record(&self, application: &Application, level: &str, workload: &Workload, took: Duration, good: bool) {
        let labels = Labels::new([
            ("component", workload.component.clone()),
            ("pod", format!("{}-{}", workload.component, workload.ordinal)),
            ("service_level", level.to_owned()),
        ]);
        let (tenant, now) = (application.id.to_string(), self.clock.now());
        let series = self.metrics.series();
        // What is refused is counted there; a round goes on without it.
        drop(series.record(&tenant, "probe_success", &labels, now, f64::from(u8::from(good))));
        drop(series.record(&tenant, "probe_duration_seconds", &labels, now, took.as_secs_f64()));
    }

    async fn asked(&self, application: &Application, level: &QueryLevel, now: DateTime<Utc>) -> Sample {
        match self.metrics.number((application.id, &application.project), &level.promql, now).await {
            Ok((value, _)) => within(level, now, value),
            Err(why) => Sample::unmeasured(now, why),
        }
    }
}

fn within(level: &QueryLevel, now: DateTime<Utc>, value: f64) -> Sample {
    let short = level.at_least.filter(|least| value < *least).map(|least| format!("{value} is less than {least}"));
    let over = level.at_most.filter(|most| value > *most).map(|most| format!("{value} is more than {most}"));
    let said = short.or(over);
    Sample::new(now, Tally::round(usize::from(said.is_none()), 1), Some(value), said)
}

/// What the tries come to.
fn judged(level: &ServiceLevel, now: DateTime<Utc>, tried: &[Tried]) -> Sample {
    let slowest = tried.iter().filter(|it| it.result.is_ok()).map(|it| it.took).max();
    let failed = tried.iter().find_map(|it| it.result.as_ref().err());
    let value = slowest.map(|took| took.as_secs_f64());
    let ServiceLevel::Latency(latency) = level else {
        let nobody = || failed.cloned().unwrap_or_else(|| "no instance can be reached".to_owned());
        let said = slowest.is_none().then(nobody);
        return Sample::new(now, Tally::round(usize::from(slowest.is_some()), 1), value, said);
    };
    let below = latency.below.duration();
    let good = tried.iter().filter(|it| it.result.is_ok() && it.took < below).count();
    let late = slowest.filter(|took| *took >= below).map(|took| format!("an answer took {took:.1?}"));
    let none = tried.is_empty().then(|| "no instance is in service".to_owned());
    Sample::new(now, Tally::round(good, tried.len().max(1)), value, failed.cloned().or(late).or(none))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: serde_json::Value) -> ServiceLevel {
        serde_json::from_value(text).unwrap()
    }

    fn tried(results: &[(u64, bool)]) -> Vec<Tried> {
        let one = |(millis, good): &(u64, bool)| Tried {
            took: Duration::from_millis(*millis),
            result: if *good { Ok(()) } else { Err("refused".to_owned()) },
        };
        results.iter().map(one).collect()
    }

    #[test]
    fn a_component_is_available_where_one_instance_answers() {
        let there = level(serde_json::json!({ "availability": { "component": "web", "target": 99 } }));
        let judge = |results: &[(u64, bool)]| judged(&there, DateTime::UNIX_EPOCH, &tried(results));
        let one = judge(&[(5, false), (20, true)]);
        assert_eq!((one.good, one.value, one.said), (Some(1_000), Some(0.02), None));
        let none = judge(&[(5, false)]);
        assert_eq!((none.good, none.value, none.said.as_deref()), (Some(0), None, Some("refused")));
        assert_eq!(judge(&[]).said.as_deref(), Some("no instance can be reached"));
    }

    #[test]
    fn an_answer_counts_that_is_in_time() {
        let quick = serde_json::json!({ "latency": { "component": "web", "below": "50ms", "target": 95 } });
        let quick = level(quick);
        let judge = |results: &[(u64, bool)]| judged(&quick, DateTime::UNIX_EPOCH, &tried(results));
        let mixed = judge(&[(10, true), (49, true), (50, true), (1, false)]);
        assert_eq!((mixed.good, mixed.value, mixed.said.as_deref()), (Some(500), Some(0.05), Some("refused")));
        let late = judge(&[(70, true)]);
        assert_eq!((late.good, late.said.as_deref()), (Some(0), Some("an answer took 70.0ms")));
        assert_eq!(judge(&[]).good, Some(0), "nobody in service answers nobody in time");
    }

    #[test]
    fn a_query_has_bounds() {
        let busy = serde_json::json!({ "query": { "promql": "x", "atLeast": 1.5, "atMost": 4, "target": 99 } });
        let ServiceLevel::Query(busy) = level(busy) else { panic!("a query") };
        let judge = |value| within(&busy, DateTime::UNIX_EPOCH, value);
        assert_eq!((judge(1.5).good, judge(4.0).good), (Some(1_000), Some(1_000)));
        assert_eq!((judge(1.4).good, judge(1.4).said.as_deref()), (Some(0), Some("1.4 is less than 1.5")));
        assert_eq!(judge(9.0).said.as_deref(), Some("9 is more than 4"));
    }
}
