//! What is counted (OpenMetrics).

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::{collections::BTreeMap, fmt, time::Duration};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabel {
    queue: String,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    reconcile_seconds: Histogram,
    applications: Family<PhaseLabel, Gauge>,
    workloads: Family<StateLabel, Gauge>,
    queue: Family<QueueLabel, Gauge>,
    events: Gauge,
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("hansa");
        let metrics = Self {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            reconcile_seconds: seconds(),
            applications: Family::default(),
            workloads: Family::default(),
            queue: Family::default(),
            events: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests by method, route and status", metrics.requests.clone());
        registry.register_with_unit(
            "http_request",
            "Time to answer, by route",
            Unit::Seconds,
            metrics.request_seconds.clone(),
        );
        registry.register_with_unit(
            "reconcile",
            "Time of one round of reconciling",
            Unit::Seconds,
            metrics.reconcile_seconds.clone(),
        );
        registry.register("applications", "Applications by phase", metrics.applications.clone());
        registry.register("workloads", "Workloads by state", metrics.workloads.clone());
        registry.register("queue_items", "Items in the work queues", metrics.queue.clone());
        registry.register("event_sequence", "Sequence number of the last event", metrics.events.clone());
        Self { registry, ..metrics }
    }

    /// A request was answered.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&RouteLabel { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// A round of reconciling ended.
    pub(crate) fn reconciled(&self, took: Duration) {
        self.reconcile_seconds.observe(took.as_secs_f64());
    }

    /// Applications by phase.
    pub(crate) fn set_applications(&self, counts: impl Iterator<Item = (&'static str, u64)>) {
        self.applications.clear();
        for (phase, count) in counts {
            let label = PhaseLabel { phase: phase.to_owned() };
            self.applications.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Workloads, each by its state.
    pub(crate) fn set_workloads<'a>(&self, states: impl Iterator<Item = &'a str>) {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for state in states {
            *counts.entry(state).or_default() += 1;
        }
        self.workloads.clear();
        for (state, count) in counts {
            self.workloads.get_or_create(&StateLabel { state: state.to_owned() }).set(count);
        }
    }

    /// Items in a queue.
    pub(crate) fn set_queue(&self, queue: &str, items: usize) {
        let label = QueueLabel { queue: queue.to_owned() };
        self.queue.get_or_create(&label).set(i64::try_from(items).unwrap_or(i64::MAX));
    }

    /// The last event's number.
    pub(crate) fn set_events(&self, sequence: i64) {
        self.events.set(sequence);
    }

    /// As text.
    ///
    /// # Errors
    /// Never, unless a metric is described wrongly.
    pub(crate) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        metrics.request("GET", "/livez", 200, Duration::from_millis(3));
        metrics.set_workloads(["running", "running", "failed"].into_iter());
        metrics.set_workloads(["running"].into_iter());
        metrics.reconciled(Duration::from_millis(20));
        let text = metrics.encode().unwrap();
        assert!(text.contains(r#"hansa_http_requests_total{method="GET",route="/livez",status="200"} 1"#), "{text}");
        assert!(text.contains(r#"hansa_workloads{state="running"} 1"#), "{text}");
        assert!(!text.contains("failed"), "{text}");
        assert!(text.contains("hansa_reconcile_seconds_count 1"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
