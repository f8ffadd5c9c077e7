//! What the broker measures itself, under the names that cAdvisor and the node
//! exporter have for it, so that queries written for them are answered with
//! nothing installed.

use super::{
    fleet::in_group,
    readings::{Ground, Used},
    sampler::float,
};
use chrono::{DateTime, Utc};
use hansa_assurance::{Labels, Query, Series};
use hansa_mco::model::{Machine, Workload};
use hansa_ontology::{
    ResourceModel,
    resource_model::{
        Component, Protocol,
        scaling::{MicadoLevel, MicadoPolicy},
    },
};
use hansa_scaling::{exposition_series, micado::PolicySet};
use hansa_wdm::{CpuUsage, PageRef, Usage};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// The longest time between two rounds that is taken as one.
const LONGEST_STEP_SECONDS: f64 = 60.0;

/// Idle and busy time, counted where only shares of it are known: of machines
/// from what runs in them, of workloads whose system tells what they used lately.
#[derive(Debug, Default)]
pub(crate) struct Clocks(Mutex<BTreeMap<Uuid, Clock>>);

#[derive(Debug, Clone, Copy)]
struct Clock {
    at: DateTime<Utc>,
    /// Seconds.
    idle: f64,
    busy: f64,
}

/// What is measured here of containers and of machines. Anything else that a
/// policy asks is told by somebody.
const MEASURED: [&str; 7] = [CPU, MEMORY, WORKING_SET, RECEIVED, SENT, NODE_CPU, NODE_CPU_BEFORE];
const CPU: &str = "container_cpu_usage_seconds_total";
const MEMORY: &str = "container_memory_usage_bytes";
const WORKING_SET: &str = "container_memory_working_set_bytes";
const RECEIVED: &str = "container_network_receive_bytes_total";
const SENT: &str = "container_network_transmit_bytes_total";
const NODE_CPU: &str = "node_cpu_seconds_total";
/// Its name until version 0.16 of the node exporter.
const NODE_CPU_BEFORE: &str = "node_cpu";

/// The pages to read for MiCADO's policies: those that their `sources` name as
/// `COMPONENT:NUMBER`, of a port that the component has; and where a policy
/// without sources asks for what isn't measured here, those of the ports of
/// the component that it scales, of the ones inside if it has such.
pub(super) fn pages(model: &ResourceModel, set: &PolicySet) -> BTreeMap<String, BTreeSet<PageRef>> {
    let mut pages: BTreeMap<String, BTreeSet<PageRef>> = BTreeMap::new();
    for (target, asked) in set.asked_of_containers() {
        let Some(component) = model.components.get(target) else { continue };
        let foreign = |query: Query| query.metrics().any(|metric| !MEASURED.contains(&metric));
        if Query::parse(asked).is_ok_and(foreign) {
            pages.entry(target.to_owned()).or_default().extend(told_at(component));
        }
    }
    for source in model.micado.iter().flat_map(|policy| &policy.sources) {
        let Some((name, number)) = source.rsplit_once(':') else { continue };
        let Some(component) = model.components.get(name) else { continue };
        let port = component.ports.iter().find(|(_, port)| port.number.is_some() && number.parse().ok() == port.number);
        if let Some((port, _)) = port {
            pages.entry(name.to_owned()).or_default().insert(page(port));
        }
    }
    pages
}

fn told_at(component: &Component) -> impl Iterator<Item = PageRef> {
    let ports = || component.ports.iter().filter(|(_, port)| port.protocol == Protocol::Tcp);
    let inside = ports().any(|(_, port)| !port.public);
    ports().filter(move |(_, port)| !(inside && port.public)).map(|(name, _)| page(name))
}

fn page(port: &str) -> PageRef {
    PageRef { port: port.to_owned(), path: "/metrics".to_owned() }
}

impl Ground<'_> {
    /// Records what was measured in this round.
    pub(super) fn record(&self, series: &Series, clocks: &Clocks) {
        let tenant = self.id.to_string();
        let record = |metric: &str, labels: &Labels, value: f64| {
            // What is refused is counted there; a round goes on without it.
            drop(series.record(&tenant, metric, labels, self.now, value));
        };
        for workload in self.workloads.iter().filter(|workload| workload.state.is_healthy()) {
            let labels = container_labels(&self.model.name, workload);
            let measured = self.measured.get(&workload.id);
            if let Some(usage) = measured.and_then(|it| it.usage.as_ref().ok()) {
                for (metric, labels, value) in container_series(clocks, (workload.id.0, usage), &labels, self.now) {
                    record(metric, &labels, value);
                }
            }
            for text in measured.into_iter().flat_map(|it| it.pages.values()).flatten() {
                for (metric, own, value) in exposition_series(text) {
                    let pod = [("instance".to_owned(), super::fleet::instance_name(workload))];
                    record(metric, &Labels::new(own.into_iter().chain(pod)), value);
                }
            }
        }
        for name in self.groups() {
            for machine in in_group(name, self.plan, self.machines) {
                let Clock { idle, busy, .. } = clocks.step(machine.id.0, self.now, self.busy_share(machine));
                for (mode, value) in [("idle", idle), ("user", busy)] {
                    let labels = machine_labels(name, machine, mode);
                    record(NODE_CPU, &labels, value);
                    record(NODE_CPU_BEFORE, &labels, value);
                }
            }
        }
    }

    fn groups(&self) -> impl Iterator<Item = &String> {
        let machines = |policy: &&MicadoPolicy| policy.level == MicadoLevel::Machine;
        let micado = self.model.micado.iter().filter(machines).map(|policy| &policy.target);
        micado.filter(|name| self.model.machines.contains_key(*name))
    }

    /// The share of a machine that is busy, all its processors together as one.
    fn busy_share(&self, machine: &Machine) -> f64 {
        let processors = f64::from(machine.terms.flavour.cpu_milli) / 1_000.0;
        let used = |workload: &&Workload| workload.machine == machine.id;
        let used = self.workloads.iter().filter(used).filter_map(|workload| self.used.get(&workload.id));
        let busy: f64 = used.filter_map(|Used { processors, .. }| processors.map(|it| it.value)).sum();
        if processors > 0.0 { (busy / processors).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// As the kubelet's cAdvisor labels a container, in both of its dialects.
pub(super) fn container_labels(namespace: &str, workload: &Workload) -> Labels {
    let (component, pod) = (workload.component.clone(), format!("{}-{}", workload.component, workload.ordinal));
    Labels::new([
        ("container", component.clone()),
        ("container_label_io_kubernetes_container_name", component.clone()),
        ("container_label_io_kubernetes_pod_name", pod.clone()),
        ("container_label_io_kubernetes_pod_namespace", namespace.to_owned()),
        ("name", component),
        ("namespace", namespace.to_owned()),
        ("node", workload.machine.to_string()),
        ("pod", pod),
    ])
}

/// What an instance uses, as cAdvisor tells it.
pub(super) fn container_series(
    clocks: &Clocks,
    (id, usage): (Uuid, &Usage),
    labels: &Labels,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Labels, f64)> {
    let used = match usage.cpu {
        CpuUsage::Total { micros } => seconds(micros),
        CpuUsage::Rate { milli } => clocks.step(id, now, float(milli) / 1e3).busy,
    };
    let bytes = float(usage.memory_bytes);
    let mut series =
        vec![(CPU, labels.clone(), used), (MEMORY, labels.clone(), bytes), (WORKING_SET, labels.clone(), bytes)];
    if let Some(network) = usage.network {
        let labels = Labels::new(labels.iter().chain([("interface", "eth0")]));
        series.push((RECEIVED, labels.clone(), float(network.received_bytes)));
        series.push((SENT, labels, float(network.sent_bytes)));
    }
    series
}

impl Clocks {
    /// Goes on to now, during which so many of one were busy.
    fn step(&self, id: Uuid, now: DateTime<Utc>, share: f64) -> Clock {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = all.entry(id).or_insert(Clock { at: now, idle: 0.0, busy: 0.0 });
        let passed = seconds((now - clock.at).num_microseconds().map_or(0, |it| it.max(0).unsigned_abs()));
        let passed = passed.min(LONGEST_STEP_SECONDS);
        let idle = clock.idle + passed * (1.0 - share).max(0.0);
        *clock = Clock { at: now, idle, busy: clock.busy + passed * share };
        *clock
    }

    /// Forgets what is no more.
    pub(super) fn keep(&self, now: DateTime<Utc>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, clock| (now - clock.at).num_minutes() < 5);
    }
}

/// As the node exporter labels a machine, with MiCADO's own `group` and `node`.
fn machine_labels(group: &str, machine: &Machine, mode: &str) -> Labels {
    Labels::new([
        ("cpu", "0".to_owned()),
        ("group", "worker_cluster".to_owned()),
        ("instance", machine.id.to_string()),
        ("mode", mode.to_owned()),
        ("node", group.to_owned()),
    ])
}

fn seconds(micros: u64) -> f64 {
    float(micros) / 1e6
}
