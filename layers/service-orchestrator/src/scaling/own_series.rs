//! What the broker measures itself, under the names that cAdvisor and the node
//! exporter have for it, so that queries written for them are answered with
//! nothing installed.

use super::{
    fleet::in_group,
    readings::{Ground, Used},
};
use chrono::{DateTime, Utc};
use hansa_assurance::{Labels, Series};
use hansa_mco::model::{Machine, Workload};
use hansa_ontology::{
    MachineId, ResourceModel,
    resource_model::scaling::{MicadoLevel, MicadoPolicy},
};
use hansa_scaling::exposition_series;
use hansa_wdm::{CpuUsage, PageRef};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// The longest time between two rounds that is taken as one.
const LONGEST_STEP_SECONDS: f64 = 60.0;

/// Idle and busy time of machines, counted from what runs in them.
#[derive(Debug, Default)]
pub(crate) struct Clocks(Mutex<BTreeMap<MachineId, MachineClock>>);

#[derive(Debug, Clone, Copy)]
struct MachineClock {
    at: DateTime<Utc>,
    /// Seconds, of all its processors together as one.
    idle: f64,
    busy: f64,
}

/// The pages that MiCADO's `sources` name: `COMPONENT:NUMBER`, of a port that the component has.
pub(super) fn pages(model: &ResourceModel) -> BTreeMap<String, BTreeSet<PageRef>> {
    let mut pages: BTreeMap<String, BTreeSet<PageRef>> = BTreeMap::new();
    for source in model.micado.iter().flat_map(|policy| &policy.sources) {
        let Some((name, number)) = source.rsplit_once(':') else { continue };
        let Some(component) = model.components.get(name) else { continue };
        let port = component.ports.iter().find(|(_, port)| port.number.is_some() && number.parse().ok() == port.number);
        if let Some((port, _)) = port {
            let page = PageRef { port: port.clone(), path: "/metrics".to_owned() };
            pages.entry(name.to_owned()).or_default().insert(page);
        }
    }
    pages
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
            let labels = self.container(workload);
            let measured = self.measured.get(&workload.id);
            if let Some(usage) = measured.and_then(|it| it.usage.as_ref().ok()) {
                if let CpuUsage::Total { micros } = usage.cpu {
                    record("container_cpu_usage_seconds_total", &labels, seconds(micros));
                }
                let bytes = bytes(usage.memory_bytes);
                record("container_memory_usage_bytes", &labels, bytes);
                record("container_memory_working_set_bytes", &labels, bytes);
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
                let (idle, busy) = self.machine_clock(machine, clocks);
                for (mode, value) in [("idle", idle), ("user", busy)] {
                    let labels = machine_labels(name, machine, mode);
                    record("node_cpu_seconds_total", &labels, value);
                    record("node_cpu", &labels, value);
                }
            }
        }
    }

    fn groups(&self) -> impl Iterator<Item = &String> {
        let machines = |policy: &&MicadoPolicy| policy.level == MicadoLevel::Machine;
        let micado = self.model.micado.iter().filter(machines).map(|policy| &policy.target);
        micado.filter(|name| self.model.machines.contains_key(*name))
    }

    /// As the kubelet's cAdvisor labels a container, in both of its dialects.
    fn container(&self, workload: &Workload) -> Labels {
        let (component, pod) = (workload.component.clone(), format!("{}-{}", workload.component, workload.ordinal));
        let namespace = self.model.name.clone();
        Labels::new([
            ("container", component.clone()),
            ("container_label_io_kubernetes_container_name", component.clone()),
            ("container_label_io_kubernetes_pod_name", pod.clone()),
            ("container_label_io_kubernetes_pod_namespace", namespace.clone()),
            ("name", component),
            ("namespace", namespace),
            ("node", workload.machine.to_string()),
            ("pod", pod),
        ])
    }

    /// Seconds that a machine was idle and busy, all its processors together as one.
    fn machine_clock(&self, machine: &Machine, clocks: &Clocks) -> (f64, f64) {
        let processors = f64::from(machine.terms.flavour.cpu_milli) / 1_000.0;
        let used = |workload: &&Workload| workload.machine == machine.id;
        let used = self.workloads.iter().filter(used).filter_map(|workload| self.used.get(&workload.id));
        let busy: f64 = used.filter_map(|Used { processors, .. }| processors.map(|it| it.value)).sum();
        let share = if processors > 0.0 { (busy / processors).clamp(0.0, 1.0) } else { 0.0 };
        let mut all = clocks.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = all.entry(machine.id).or_insert(MachineClock { at: self.now, idle: 0.0, busy: 0.0 });
        let passed = seconds((self.now - clock.at).num_microseconds().map_or(0, |it| it.max(0).unsigned_abs()));
        let passed = passed.min(LONGEST_STEP_SECONDS);
        *clock =
            MachineClock { at: self.now, idle: clock.idle + passed * (1.0 - share), busy: clock.busy + passed * share };
        (clock.idle, clock.busy)
    }
}

impl Clocks {
    /// Forgets machines that are no more.
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

#[expect(clippy::cast_precision_loss, reason = "microseconds of centuries are exact enough")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "no workload holds 2^52 bytes")]
const fn bytes(number: u64) -> f64 {
    number as f64
}
