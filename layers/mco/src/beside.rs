//! Two revisions of an application side by side: the one that callers are led
//! to, and another that is started, or kept, beside it. What both want is one
//! and the same, and runs once. Pure.

use crate::{
    desired::{DesiredWorkload, fingerprint, workload_list},
    model::{Amounts, Instance, Plan},
};
use hansa_ontology::{
    ApplicationId, MachineId, ResourceModel, WorkloadId,
    resource_model::{Component, alone_because},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A revision with its plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Colour {
    /// Its number.
    pub revision: i64,
    /// What it is, with the numbers that its plan has.
    pub model: ResourceModel,
    /// Where it is.
    pub plan: Plan,
    /// While it stands beside another: what that one doesn't want, as it was written down.
    #[serde(default)]
    pub own: BTreeSet<WorkloadId>,
}

impl Colour {
    /// A revision with the numbers that its plan has.
    #[must_use]
    pub const fn new(revision: i64, model: ResourceModel, plan: Plan) -> Self {
        Self { revision, model, plan, own: BTreeSet::new() }
    }

    /// The same, beside another one.
    #[must_use]
    pub(crate) fn beside(self, application: ApplicationId, serving: (&ResourceModel, &Plan)) -> Self {
        let serving = workload_list(application, serving.0, serving.1);
        let own = own(&serving, &self.model, &workload_list(application, &self.model, &self.plan));
        Self { own, ..self }
    }
}

/// Whether what runs in a component that both have is another thing in one than in the other.
#[must_use]
pub fn differs(application: ApplicationId, old: &ResourceModel, new: &ResourceModel) -> bool {
    let of = |model: &ResourceModel, name: &String| fingerprint(application, model, name);
    new.components.keys().any(|name| old.components.contains_key(name) && of(old, name) != of(new, name))
}

/// The first instance that would have to stand beside itself and can't, with why.
#[must_use]
pub fn clash(application: ApplicationId, old: &Colour, model: &ResourceModel, plan: &Plan) -> Option<String> {
    let places: BTreeMap<&Instance, Option<MachineId>> =
        plan.machines.iter().flat_map(|machine| machine.instances.iter().map(|one| (one, machine.held))).collect();
    instances(&old.plan).find_map(|(machine, one)| {
        let name = &one.component;
        let there = places.get(one)?;
        let same = fingerprint(application, &old.model, name) == fingerprint(application, model, name);
        let alone = [&old.model, model].into_iter().filter_map(|model| model.components.get(name));
        let why = alone.filter_map(alone_because).next()?;
        let what = if same { "would have to leave its machine" } else { "changes" };
        (!same || *there != Some(machine)).then(|| {
            format!(
                "{name}#{} {what} and can't stand beside itself: {why}; such a change goes with `update.strategy: rolling`",
                one.ordinal
            )
        })
    })
}

/// What a revision has in machines, as far as it is known where that is: its own plan, or what of
/// the other one stays as it is.
#[must_use]
pub(crate) fn held(
    application: ApplicationId,
    model: &ResourceModel,
    own: Option<&Plan>,
    other: &Colour,
) -> BTreeMap<MachineId, BTreeSet<Instance>> {
    let mut all: BTreeMap<MachineId, BTreeSet<Instance>> = BTreeMap::new();
    let stays = |name: &String| {
        model.machines.contains_key(name)
            || model.components.contains_key(name)
                && fingerprint(application, model, name) == fingerprint(application, &other.model, name)
    };
    let (plan, of_its_own) = (own.unwrap_or(&other.plan), own.is_some());
    for (machine, one) in instances(plan).filter(|(_, one)| of_its_own || stays(&one.component)) {
        all.entry(machine).or_default().insert(one.clone());
    }
    all
}

/// What the other revision alone takes of each machine, while this one has that in them.
#[must_use]
pub(crate) fn reserved(
    application: ApplicationId,
    model: &ResourceModel,
    held: &BTreeMap<MachineId, BTreeSet<Instance>>,
    other: &Colour,
) -> BTreeMap<MachineId, Amounts> {
    let mut all: BTreeMap<MachineId, Amounts> = BTreeMap::new();
    for (machine, one) in instances(&other.plan) {
        let name = &one.component;
        let shared = held.get(&machine).is_some_and(|held| held.contains(one))
            && fingerprint(application, model, name) == fingerprint(application, &other.model, name);
        let Some(component) = other.model.components.get(name).filter(|_| !shared) else {
            continue;
        };
        all.entry(machine).or_default().add(amounts(component));
    }
    all
}

/// What an instance takes.
fn amounts(component: &Component) -> Amounts {
    let volumes: u64 = component.volumes.values().map(|volume| volume.size.0).fold(0, u64::saturating_add);
    let resources = &component.resources;
    Amounts {
        cpu_milli: resources.cpu.0.into(),
        memory_mib: resources.memory.0,
        disk_mib: resources.disk.0.saturating_add(volumes),
        gpus: resources.gpus.into(),
    }
}

impl Amounts {
    /// So much more.
    pub(crate) fn add(&mut self, more: Self) {
        self.cpu_milli = self.cpu_milli.saturating_add(more.cpu_milli);
        self.memory_mib = self.memory_mib.saturating_add(more.memory_mib);
        self.disk_mib = self.disk_mib.saturating_add(more.disk_mib);
        self.gpus = self.gpus.saturating_add(more.gpus);
    }
}

fn instances(plan: &Plan) -> impl Iterator<Item = (MachineId, &Instance)> {
    let held = plan.machines.iter().filter_map(|machine| Some((machine.held?, &machine.instances)));
    held.flat_map(|(id, instances)| instances.iter().map(move |one| (id, one)))
}

/// The workloads that only the one beside wants. What can't stand beside itself is
/// never among them while the other one has it, wherever that is.
#[must_use]
pub(crate) fn own(
    serving: &[DesiredWorkload],
    model: &ResourceModel,
    beside: &[DesiredWorkload],
) -> BTreeSet<WorkloadId> {
    let has = |want: &DesiredWorkload| serving.iter().any(|one| one.id == want.id);
    let alone =
        |want: &DesiredWorkload| model.components.get(&want.component).is_some_and(|it| alone_because(it).is_some());
    let slot = |want: &DesiredWorkload| {
        serving.iter().any(|one| (&one.component, one.ordinal) == (&want.component, want.ordinal))
    };
    beside.iter().filter(|want| !(has(want) || alone(want) && slot(want))).map(|want| want.id).collect()
}

/// A plan with the machines of another besides.
#[must_use]
pub(crate) fn with_machines(plan: &Plan, other: &Plan) -> Plan {
    let mut all = plan.clone();
    let known: BTreeSet<Option<MachineId>> = plan.machines.iter().map(|machine| machine.held).collect();
    all.machines.extend(other.machines.iter().filter(|machine| !known.contains(&machine.held)).cloned());
    all
}

#[cfg(test)]
mod tests;
