//! From what was measured to what policies read.

use super::{
    fleet::{in_group, instance_name},
    sampler::{Sampler, WINDOW, float},
};
use chrono::{DateTime, Utc};
use hansa_mco::model::{Machine, Plan, Workload};
use hansa_ontology::{
    ApplicationId, MachineId, ResourceModel, WorkloadId,
    quantity::TimeSpan,
    resource_model::scaling::{EndpointMetric, MetricSource, ResourceUnit},
};
use hansa_scaling::{Measured, Reading, read_exposition};
use hansa_wdm::{Measurement, PageRef};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of an application when its policies are asked.
pub(super) struct Ground<'g> {
    pub(super) id: ApplicationId,
    pub(super) model: &'g ResourceModel,
    pub(super) plan: &'g Plan,
    pub(super) machines: &'g [Machine],
    pub(super) workloads: &'g [Workload],
    pub(super) measured: &'g BTreeMap<WorkloadId, Measurement>,
    pub(super) used: &'g BTreeMap<WorkloadId, Used>,
    pub(super) sampler: &'g Sampler,
    pub(super) now: DateTime<Utc>,
}

/// What a workload uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Used {
    /// Processors. None: not known yet.
    pub(super) processors: Option<Measured>,
    /// Memory in MiB.
    pub(super) memory: Measured,
}

/// The pages that have to be read, by component.
pub(super) fn pages(model: &ResourceModel) -> BTreeMap<String, BTreeSet<PageRef>> {
    let scaled = model.components.iter().filter_map(|(name, it)| Some((name, it.scaling.as_ref()?)));
    let pages = scaled.map(|(name, scaling)| {
        let page = |source: MetricSource| match source {
            MetricSource::Endpoint(it) => Some(PageRef { port: it.port, path: it.path }),
            _ => None,
        };
        (name.clone(), hansa_scaling::sources(scaling).into_iter().filter_map(page).collect())
    });
    pages.filter(|(_, pages): &(_, BTreeSet<PageRef>)| !pages.is_empty()).collect()
}

/// What each workload uses, from what its system counts.
pub(super) fn used(
    id: ApplicationId,
    measured: &BTreeMap<WorkloadId, Measurement>,
    sampler: &Sampler,
) -> BTreeMap<WorkloadId, Used> {
    let used = measured.iter().filter_map(|(workload, measurement)| {
        let usage = measurement.usage.as_ref().ok()?;
        let memory = Measured { value: float(usage.memory_bytes) / f64::from(1 << 20), at: usage.at };
        Some((*workload, Used { processors: sampler.processors((id, *workload), usage), memory }))
    });
    used.collect()
}

impl Ground<'_> {
    /// What a source of a component gives; `promql` is asked elsewhere.
    pub(super) fn of_component(&self, name: &str, source: &MetricSource) -> Reading {
        let resources =
            self.model.components.get(name).map(|component| component.resources.clone()).unwrap_or_default();
        match source {
            MetricSource::Cpu(unit) => {
                let whole = match unit {
                    ResourceUnit::Utilization => f64::from(resources.cpu.0) / 100_000.0,
                    ResourceUnit::Usage => 1.0,
                };
                self.of_instances(name, |id| share(self.used(id)?.processors.ok_or(SOON)?, whole, "resources.cpu"))
            }
            MetricSource::Memory(unit) => {
                let whole = match unit {
                    ResourceUnit::Utilization => float(resources.memory.0) / 100.0,
                    ResourceUnit::Usage => 1.0,
                };
                self.of_instances(name, |id| share(self.used(id)?.memory, whole, "resources.memory"))
            }
            MetricSource::Endpoint(endpoint) => {
                let told = source.to_string();
                self.of_instances(name, |id| self.endpoint(id, endpoint, &told))
            }
            MetricSource::Promql(_) => Reading::Missing { reason: "it was not asked for".to_owned() },
        }
    }

    /// What a source of a machine group gives: what runs in each machine, together.
    pub(super) fn of_group(&self, name: &str, source: &MetricSource) -> Reading {
        let mut why = None;
        let mut values = BTreeMap::new();
        for machine in in_group(name, self.plan, self.machines) {
            match self.of_machine(machine, source) {
                Ok(value) => drop(values.insert(machine.id.to_string(), value)),
                Err(reason) => why = Some(reason),
            }
        }
        instances(values, why)
    }

    fn of_machine(&self, machine: &Machine, source: &MetricSource) -> Result<Measured, String> {
        let flavour = &machine.terms.flavour;
        let (pick, whole): (fn(&Used) -> Option<Measured>, f64) = match source {
            MetricSource::Cpu(ResourceUnit::Utilization) => {
                (|used| used.processors, f64::from(flavour.cpu_milli) / 100_000.0)
            }
            MetricSource::Cpu(ResourceUnit::Usage) => (|used| used.processors, 1.0),
            MetricSource::Memory(ResourceUnit::Utilization) => {
                (|used| Some(used.memory), float(flavour.memory_mib) / 100.0)
            }
            MetricSource::Memory(ResourceUnit::Usage) => (|used| Some(used.memory), 1.0),
            MetricSource::Endpoint(_) | MetricSource::Promql(_) => return Err("machines have none".to_owned()),
        };
        let mut sum = Measured { value: 0.0, at: self.now };
        for workload in self.in_machine(machine.id) {
            let one = pick(&self.used(workload.id)?).ok_or(SOON)?;
            sum = Measured { value: sum.value + one.value, at: sum.at.min(one.at) };
        }
        share(sum, whole, "the size of the machine")
    }

    fn in_machine(&self, machine: MachineId) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(move |workload| workload.machine == machine && workload.state.is_healthy())
    }

    fn of_instances(&self, name: &str, value: impl Fn(WorkloadId) -> Result<Measured, String>) -> Reading {
        let mut why = None;
        let mut values = BTreeMap::new();
        for workload in self.workloads.iter().filter(|it| it.component == name && it.state.is_healthy()) {
            match value(workload.id) {
                Ok(value) => drop(values.insert(instance_name(workload), value)),
                Err(reason) => why = Some(format!("{}: {reason}", instance_name(workload))),
            }
        }
        instances(values, why)
    }

    fn used(&self, id: WorkloadId) -> Result<Used, String> {
        match (self.used.get(&id), self.measured.get(&id)) {
            (Some(used), _) => Ok(*used),
            (None, Some(Measurement { usage: Err(reason), .. })) => Err(reason.clone()),
            _ => Err("what it uses is known only where it runs".to_owned()),
        }
    }

    fn endpoint(&self, id: WorkloadId, endpoint: &EndpointMetric, name: &str) -> Result<Measured, String> {
        let page = PageRef { port: endpoint.port.clone(), path: endpoint.path.clone() };
        let measurement = self.measured.get(&id).ok_or("its pages can't be read from here")?;
        let text = measurement.pages.get(&page).ok_or("its page was not read")?.as_ref().map_err(Clone::clone)?;
        let told = Measured { value: read_exposition(text, endpoint)?, at: self.now };
        match endpoint.counter {
            false => Ok(told),
            true => self.sampler.increase((self.id, id), name, told).ok_or_else(|| SOON.to_owned()),
        }
    }
}

/// Why there is no value yet.
const SOON: &str = "it has been counted once so far; its increase is known in a moment";

fn share(value: Measured, whole: f64, of: &str) -> Result<Measured, String> {
    if whole > 0.0 { Ok(Measured { value: value.value / whole, ..value }) } else { Err(format!("{of} is not stated")) }
}

/// Values of instances; none at all, and why, is missing.
fn instances(values: BTreeMap<String, Measured>, why: Option<String>) -> Reading {
    match why {
        Some(reason) if values.is_empty() => Reading::Missing { reason },
        _ => {
            let window = TimeSpan(u64::try_from(WINDOW.num_microseconds().unwrap_or(0)).unwrap_or(0));
            Reading::Instances { values, window }
        }
    }
}
