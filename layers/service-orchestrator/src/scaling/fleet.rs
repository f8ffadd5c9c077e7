//! Components' instances and groups' machines, as policies see them.

use super::wanted;
use hansa_mco::model::{Machine, MachineState, Plan, Workload};
use hansa_ontology::ResourceModel;
use hansa_scaling::{Fleet, Instance, Phase};
use hansa_wdm::WorkloadState;
use std::collections::BTreeMap;

/// The name of an instance: `web#0`.
pub(super) fn instance_name(workload: &Workload) -> String {
    format!("{}#{}", workload.component, workload.ordinal)
}

/// A component's instances. Of two that share an ordinal, of which one
/// replaces the other, the one that works counts.
pub(super) fn of_component(model: &ResourceModel, name: &str, workloads: &[Workload]) -> Fleet {
    let mut instances: BTreeMap<u32, Instance> = BTreeMap::new();
    for workload in workloads.iter().filter(|workload| workload.component == name) {
        let Some(instance) = instance(workload) else { continue };
        let known = instances.get(&workload.ordinal);
        if known.is_none_or(|known| !known.ready) {
            instances.insert(workload.ordinal, instance);
        }
    }
    Fleet { wanted: wanted::asked(model, name), instances: instances.into_values().collect() }
}

/// None: it is over.
fn instance(workload: &Workload) -> Option<Instance> {
    let (phase, started) = match &workload.state {
        WorkloadState::Prepared => (Phase::Pending, None),
        WorkloadState::Starting { since } | WorkloadState::Running { since } => (Phase::Running, Some(*since)),
        WorkloadState::Unhealthy { since, .. } => (Phase::Running, Some(*since)),
        WorkloadState::BackingOff { .. } | WorkloadState::Failed { .. } => (Phase::Failed, None),
        WorkloadState::Stopping { .. } => (Phase::Ending, None),
        WorkloadState::Completed { .. } => return None,
    };
    let (id, ready) = (instance_name(workload), workload.state.is_healthy());
    Some(Instance { id, phase, started, ready, since: workload.changed_at })
}

/// A group's machines.
pub(super) fn of_group(model: &ResourceModel, name: &str, plan: &Plan, machines: &[Machine]) -> Fleet {
    let instances = in_group(name, plan, machines).map(|machine| {
        let ready = matches!(machine.state, MachineState::Ready { .. });
        Instance {
            id: machine.id.to_string(),
            phase: if ready { Phase::Running } else { Phase::Pending },
            started: ready.then_some(machine.created_at),
            ready,
            since: machine.created_at,
        }
    });
    Fleet { wanted: wanted::asked(model, name), instances: instances.collect() }
}

/// The machines of a group that are there or on their way.
pub(super) fn in_group<'m>(
    name: &'m str,
    plan: &'m Plan,
    machines: &'m [Machine],
) -> impl Iterator<Item = &'m Machine> {
    let holds = move |machine: &Machine| {
        plan.machines
            .iter()
            .filter(|planned| planned.instances.iter().any(|instance| instance.component == name))
            .any(|planned| planned.held == Some(machine.id))
    };
    machines
        .iter()
        .filter(|machine| matches!(machine.state, MachineState::Ordered | MachineState::Ready { .. }))
        .filter(move |machine| holds(machine))
}
