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
use std::{collections::BTreeMap, fmt, sync::atomic::AtomicU64, time::Duration};

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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SiteLabel {
    site: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EmittedLabels {
    site: String,
    method: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OrderLabels {
    role: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    kind: String,
    severity: String,
    state: String,
}

/// What a site has drawn and emitted in this day of UTC.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SiteCarbon {
    /// Which.
    pub site: String,
    /// Energy with cooling and the rest of the building, in kWh.
    pub kwh: f64,
    /// Grams of CO2 equivalent by method: `location`, `market`, `embodied`. Those of which nothing is known are missing.
    pub grams: Vec<(&'static str, f64)>,
    /// Energy of which no location-based intensity is known, in kWh.
    pub unknown: f64,
}

/// The most sites that have figures of their own; the others are one.
const SITES: usize = 100;

/// How the federation stands, to be counted.
#[derive(Debug, Default)]
pub(crate) struct FederationCounts {
    /// Each partner's state.
    pub partners: Vec<String>,
    /// Partners whose calls are held back, because they fail.
    pub unreachable: usize,
    /// Offers of partners in the catalogue.
    pub offers: usize,
    /// Resources of partners that were refused.
    pub quarantined: usize,
    /// Each order's role and state.
    pub orders: Vec<(String, String)>,
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
    partners: Family<StateLabel, Gauge>,
    partners_unreachable: Gauge,
    partner_offers: Gauge,
    quarantined: Gauge,
    orders: Family<OrderLabels, Gauge>,
    energy: Family<SiteLabel, Gauge<f64, AtomicU64>>,
    energy_unknown: Family<SiteLabel, Gauge<f64, AtomicU64>>,
    carbon: Family<EmittedLabels, Gauge<f64, AtomicU64>>,
    faults: Family<FaultLabels, Gauge>,
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
            partners: Family::default(),
            partners_unreachable: Gauge::default(),
            partner_offers: Gauge::default(),
            quarantined: Gauge::default(),
            orders: Family::default(),
            energy: Family::default(),
            energy_unknown: Family::default(),
            carbon: Family::default(),
            faults: Family::default(),
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
        registry.register("faults", "Faults that are not resolved by kind, severity and state", metrics.faults.clone());
        metrics.register_federation(&mut registry);
        metrics.register_carbon(&mut registry);
        Self { registry, ..metrics }
    }

    fn register_federation(&self, registry: &mut Registry) {
        registry.register("partners", "Partners by state", self.partners.clone());
        registry.register("partners_unreachable", "Partners whose calls fail", self.partners_unreachable.clone());
        registry.register("partner_offers", "Offers of partners in the catalogue", self.partner_offers.clone());
        registry.register("quarantined", "Resources of partners that were refused", self.quarantined.clone());
        registry.register("orders", "Orders with partners by role and state", self.orders.clone());
    }

    fn register_carbon(&self, registry: &mut Registry) {
        let (energy, unknown) = (self.energy.clone(), self.energy_unknown.clone());
        registry.register("site_energy_day_kwh", "Energy of this day of UTC by site", energy);
        registry.register("site_energy_unknown_day_kwh", "Energy of it of which no intensity is known", unknown);
        let carbon = self.carbon.clone();
        registry.register("site_carbon_day_grams", "Carbon of this day of UTC by site and method", carbon);
    }

    /// What sites have drawn and emitted in this day, those that drew most first.
    pub(crate) fn set_carbon(&self, sites: Vec<SiteCarbon>) {
        self.energy.clear();
        self.energy_unknown.clear();
        self.carbon.clear();
        for (place, of) in sites.into_iter().enumerate() {
            let site = if place < SITES { of.site } else { "other".to_owned() };
            self.energy.get_or_create(&SiteLabel { site: site.clone() }).inc_by(of.kwh);
            self.energy_unknown.get_or_create(&SiteLabel { site: site.clone() }).inc_by(of.unknown);
            for (method, grams) in of.grams {
                let labels = EmittedLabels { site: site.clone(), method: method.to_owned() };
                self.carbon.get_or_create(&labels).inc_by(grams);
            }
        }
    }

    /// Faults that are not resolved: kind, severity, state, and how many.
    pub(crate) fn set_faults<'a>(&self, counts: impl Iterator<Item = (&'a str, &'a str, &'a str, i64)>) {
        self.faults.clear();
        for (kind, severity, state, count) in counts {
            let labels = FaultLabels { kind: kind.to_owned(), severity: severity.to_owned(), state: state.to_owned() };
            self.faults.get_or_create(&labels).set(count);
        }
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

    /// How the federation stands.
    pub(crate) fn set_federation(&self, counts: FederationCounts) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.partners.clear();
        for state in counts.partners {
            self.partners.get_or_create(&StateLabel { state }).inc();
        }
        self.partners_unreachable.set(number(counts.unreachable));
        self.partner_offers.set(number(counts.offers));
        self.quarantined.set(number(counts.quarantined));
        self.orders.clear();
        for (role, state) in counts.orders {
            self.orders.get_or_create(&OrderLabels { role, state }).inc();
        }
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
        let site = |number: usize| SiteCarbon {
            site: format!("s{number}"),
            kwh: 1.5,
            grams: vec![("location", 2.0)],
            unknown: 0.0,
        };
        metrics.set_carbon((0..SITES + 3).map(site).collect());
        metrics.set_faults([("host-lost", "major", "open", 3)].into_iter());
        metrics.set_faults([("machine-lost", "major", "open", 2)].into_iter());
        let text = metrics.encode().unwrap();
        assert!(text.contains(r#"hansa_faults{kind="machine-lost",severity="major",state="open"} 2"#), "{text}");
        assert!(!text.contains("host-lost"), "{text}");
        assert!(text.contains(r#"hansa_http_requests_total{method="GET",route="/livez",status="200"} 1"#), "{text}");
        assert!(text.contains(r#"hansa_workloads{state="running"} 1"#), "{text}");
        assert!(!text.contains("failed"), "{text}");
        assert!(text.contains("hansa_reconcile_seconds_count 1"), "{text}");
        assert!(text.contains(r#"hansa_site_energy_day_kwh{site="s99"} 1.5"#), "{text}");
        assert!(text.contains(r#"hansa_site_carbon_day_grams{site="other",method="location"} 6.0"#), "{text}");
        assert!(!text.contains("s100"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
