//! What is asked of a machine of a partner, and what its partner says runs in
//! it. Pure: the same plan, round and reports always make the same order.

use crate::{
    desired::{self, DesiredWorkload},
    model::{Instance, Machine, MachineState, Place, Workload},
    rollout::Rollout,
};
use hansa_ontology::{
    ApplicationId, MachineId, ResourceModel, WorkloadId,
    order::{DeliveredWorkload, Delivery, OrderReport, OrderRequest},
    resource_model::{Component, Constraints, MovePolicy, Objective, Replicas, UpdatePolicy},
};
use hansa_wdm::{Endpoint, Endpoints, WorkloadState};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What was last asked of a machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlacedOrder {
    pub(crate) machine: MachineId,
    /// Grows with each change, from 1.
    pub(crate) generation: i64,
    pub(crate) model: ResourceModel,
    /// For each component the generation that first asked for it as it is now:
    /// a report of an earlier generation speaks of another.
    pub(crate) since: BTreeMap<String, i64>,
    /// Whether it was handed on to whoever talks to the partner.
    pub(crate) handed_on: bool,
}

impl PlacedOrder {
    pub(crate) fn request(&self) -> OrderRequest {
        OrderRequest { id: self.machine, generation: self.generation, model: self.model.clone() }
    }

    /// The order for this model; None where it is what is asked already.
    pub(crate) fn next(
        previous: Option<&Self>,
        application: ApplicationId,
        machine: MachineId,
        model: ResourceModel,
    ) -> Option<Self> {
        if previous.is_some_and(|previous| previous.model == model) {
            return None;
        }
        let generation = previous.map_or(0, |previous| previous.generation) + 1;
        let since = |name: &String| {
            let before = previous.and_then(|previous| {
                let same = desired::fingerprint(application, &previous.model, name)
                    == desired::fingerprint(application, &model, name);
                previous.since.get(name).copied().filter(|_| same)
            });
            (name.clone(), before.unwrap_or(generation))
        };
        let since = model.components.keys().map(since).collect();
        Some(Self { machine, generation, model, since, handed_on: false })
    }

    fn instances(&self) -> &[Instance] {
        self.model.delivery.as_ref().map_or(&[], |delivery| &delivery.instances)
    }
}

/// What runs in a machine of a partner, and what was asked for and isn't told of yet.
pub(crate) fn seen(machine: &Machine, order: Option<&PlacedOrder>, report: Option<&OrderReport>) -> Vec<Workload> {
    let Some(order) = order else {
        return Vec::new();
    };
    let mut all: BTreeMap<WorkloadId, Workload> = BTreeMap::new();
    for delivered in report.into_iter().flat_map(|report| &report.workloads) {
        let workload = told(machine, order, report.map_or(0, |report| report.generation), delivered);
        let better = all.get(&workload.id).is_none_or(|known| !known.state.is_fulfilled());
        if better {
            all.insert(workload.id, workload);
        }
    }
    for instance in order.instances() {
        if let Some(wanted) = desired::workload(machine.application, &order.model, instance, machine.id) {
            all.entry(wanted.id).or_insert_with(|| awaited(machine, wanted));
        }
    }
    all.into_values().map(|workload| unless_lost(machine, workload)).collect()
}

/// What a partner told of before it was lost says nothing of now.
fn unless_lost(machine: &Machine, mut workload: Workload) -> Workload {
    if machine.state == MachineState::Lost {
        let reason = "its partner isn't heard".to_owned();
        workload.state = WorkloadState::Unhealthy { since: workload.changed_at, failures: 0, reason };
    }
    workload
}

/// A workload that the partner tells of, under the name that the plan gives it.
fn told(machine: &Machine, order: &PlacedOrder, generation: i64, delivered: &DeliveredWorkload) -> Workload {
    let instance = &delivered.instance;
    let since = order.since.get(&instance.component).copied().unwrap_or(i64::MAX);
    let current = delivered.current && generation >= since;
    let wanted = desired::workload(machine.application, &order.model, instance, machine.id).filter(|_| current);
    let earlier = || {
        let name = format!("{}/{}/earlier", instance.component, instance.ordinal);
        (WorkloadId(Uuid::new_v5(&machine.id.0, name.as_bytes())), "earlier".to_owned())
    };
    let (id, revision) = wanted.map_or_else(earlier, |wanted| (wanted.id, wanted.revision));
    Workload {
        id,
        component: instance.component.clone(),
        ordinal: instance.ordinal,
        revision,
        endpoints: endpoints(delivered),
        state: state(delivered),
        restarts: delivered.restarts,
        changed_at: delivered.since,
        ..blank(machine)
    }
}

fn awaited(machine: &Machine, wanted: DesiredWorkload) -> Workload {
    Workload {
        id: wanted.id,
        component: wanted.component,
        ordinal: wanted.ordinal,
        revision: wanted.revision,
        ..blank(machine)
    }
}

fn blank(machine: &Machine) -> Workload {
    Workload {
        id: WorkloadId(Uuid::nil()),
        component: String::new(),
        ordinal: 0,
        revision: String::new(),
        machine: machine.id,
        provider: machine.terms.provider.clone(),
        site: machine.terms.site.clone(),
        state: WorkloadState::Prepared,
        endpoints: Endpoints::new(),
        restarts: 0,
        changed_at: machine.created_at,
        unseen: None,
        beside: false,
        place: Place::Partner { name: machine.partner.clone().unwrap_or_default() },
    }
}

fn endpoints(delivered: &DeliveredWorkload) -> Endpoints {
    let endpoint = |(port, told): (&String, &hansa_ontology::order::DeliveredEndpoint)| {
        let (address, number) = (told.address.ip(), told.address.port());
        (port.clone(), Endpoint { address, number, protocol: told.protocol, public: told.public })
    };
    delivered.endpoints.iter().map(endpoint).collect()
}

/// The state that the partner names, with what it says of it.
fn state(delivered: &DeliveredWorkload) -> WorkloadState {
    let since = delivered.since;
    let reason = || delivered.reason.clone().unwrap_or_else(|| "the partner gives no reason".to_owned());
    match delivered.state.as_str() {
        "running" if delivered.healthy => WorkloadState::Running { since },
        "completed" => WorkloadState::Completed { at: since },
        "prepared" => WorkloadState::Prepared,
        "unhealthy" => WorkloadState::Unhealthy { since, failures: 0, reason: reason() },
        "backing-off" => WorkloadState::BackingOff { until: since, crashes: delivered.restarts, reason: reason() },
        "failed" => WorkloadState::Failed { retry_at: since, reason: reason() },
        "stopping" => WorkloadState::Stopping { since },
        _ => WorkloadState::Starting { since },
    }
}

/// What an order is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) application: &'a str,
    /// The wanted model.
    pub(crate) model: &'a ResourceModel,
    pub(crate) desired: &'a [DesiredWorkload],
    pub(crate) seen: &'a [Workload],
    pub(crate) rollout: &'a Rollout,
}

impl Asking<'_> {
    /// The model to order, without peers. What is there stays until the rollout
    /// takes it away; a component changes when the turn of one of its instances
    /// has come, and its partner then replaces them one at a time.
    pub(crate) fn model(&self, machine: &Machine, previous: Option<&PlacedOrder>) -> ResourceModel {
        let mut instances: BTreeSet<Instance> = BTreeSet::new();
        let mut renewed: BTreeSet<&str> = BTreeSet::new();
        for want in self.desired.iter().filter(|want| want.machine == machine.id) {
            let there: Vec<&Workload> =
                self.here(machine).filter(|w| slot(w) == (&want.component, want.ordinal)).collect();
            // One that can't run twice is stopped and started anew by the partner itself.
            let its_turn = self.rollout.apply.contains(&want.id) || there.iter().any(|old| self.goes(old));
            if its_turn || !there.is_empty() {
                instances.insert(Instance { component: want.component.clone(), ordinal: want.ordinal });
            }
            if its_turn {
                renewed.insert(&want.component);
            }
        }
        let planned = |workload: &Workload| {
            self.desired
                .iter()
                .any(|want| want.machine == machine.id && slot(workload) == (&want.component, want.ordinal))
        };
        for leaving in self.here(machine).filter(|workload| !planned(workload) && !self.goes(workload)) {
            instances.insert(Instance { component: leaving.component.clone(), ordinal: leaving.ordinal });
        }
        self.part(machine, previous, instances, &renewed)
    }

    fn here<'a>(&'a self, machine: &Machine) -> impl Iterator<Item = &'a Workload> + use<'a> {
        let id = machine.id;
        self.seen.iter().filter(move |workload| workload.machine == id)
    }

    fn goes(&self, workload: &Workload) -> bool {
        self.rollout.remove.contains(&workload.id)
    }

    /// The part of the model that these instances need: without constraints
    /// and rules, which the plan has fulfilled, and with all links of its components.
    fn part(
        &self,
        machine: &Machine,
        previous: Option<&PlacedOrder>,
        instances: BTreeSet<Instance>,
        renewed: &BTreeSet<&str>,
    ) -> ResourceModel {
        let mut part = ResourceModel {
            hansa: 1,
            name: order_name(machine.id),
            description: None,
            currency: None,
            components: BTreeMap::new(),
            machines: BTreeMap::new(),
            micado: Vec::new(),
            links: Vec::new(),
            constraints: Constraints::default(),
            rules: Vec::new(),
            service_levels: BTreeMap::new(),
            alerts: Vec::new(),
            objective: Objective::default(),
            moves: MovePolicy::default(),
            // Who orders says which revision callers are led to.
            update: UpdatePolicy::default(),
            delivery: None,
        };
        for instance in &instances {
            let name = &instance.component;
            if let Some(known) = part.components.get_mut(name) {
                known.replicas = Replicas::Fixed(known.replicas.min().saturating_add(1));
                continue;
            }
            let before = previous.map(|order| &order.model).filter(|_| !renewed.contains(name.as_str()));
            let of = before.filter(|model| model.components.contains_key(name)).unwrap_or(self.model);
            let Some(component) = of.components.get(name) else {
                continue;
            };
            part.components.insert(name.clone(), bare(component));
            part.links.extend(of.links.iter().filter(|link| link.from == *name).cloned().map(|mut link| {
                link.max_latency = None;
                link
            }));
        }
        let instances = instances.into_iter().filter(|i| part.components.contains_key(&i.component)).collect();
        part.delivery = Some(Delivery {
            application: self.application.to_owned(),
            offer: machine.terms.id.clone(),
            instances,
            peers: BTreeMap::new(),
        });
        part
    }
}

/// The name of the application that an order becomes.
#[must_use]
pub(crate) fn order_name(order: MachineId) -> String {
    format!("order-{order}")
}

fn bare(component: &Component) -> Component {
    Component {
        constraints: Constraints::default(),
        replicas: Replicas::Fixed(1),
        // Who orders decides how many there are, and when.
        scaling: None,
        defer: None,
        ..component.clone()
    }
}

fn slot(workload: &Workload) -> (&String, u32) {
    (&workload.component, workload.ordinal)
}

#[cfg(test)]
mod tests;
