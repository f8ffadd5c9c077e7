//! Machines on nodes that are to be empty: which of them leave, where what
//! runs in them goes, and what keeps them. Nothing of it is written down: it
//! follows from the nodes under maintenance and those whose host has failed,
//! so that each round finds it anew.

use super::Mco;
use crate::{
    error::McoError,
    infrastructure::InfrastructureError,
    model::{Instance, Machine, MachineState, Plan},
    planner::PlanError,
};
use hansa_ontology::{ApplicationId, MachineId, ResourceModel, SiteId};
use hansa_pim::{MaintenanceTarget, NewMaintenance, NodeUsage};
use std::collections::{BTreeMap, BTreeSet};

/// The machines on nodes that are to be empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaving {
    /// Whether what keeps data in a volume goes too.
    machines: BTreeMap<MachineId, bool>,
    /// They can't go now: they stay, and nothing new joins them.
    stay: bool,
}

impl Leaving {
    pub(super) fn of(nodes: &BTreeMap<SiteId, Vec<NodeUsage>>) -> Self {
        let drained = nodes.values().flatten().filter_map(|usage| Some((usage.drain?, &usage.machines)));
        let machines = drained.flat_map(|(drain, machines)| machines.iter().map(move |id| (*id, drain.leave_volumes)));
        Self { machines: machines.collect(), stay: false }
    }

    /// These machines besides: they go unless they keep data.
    pub(super) fn and(mut self, machines: &BTreeSet<MachineId>) -> Self {
        for machine in machines {
            self.machines.entry(*machine).or_insert(false);
        }
        self
    }

    /// The same where nothing of it can go.
    pub(super) fn all_stay(&self) -> Self {
        Self { machines: self.machines.clone(), stay: true }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    pub(super) fn has(&self, machine: MachineId) -> bool {
        self.machines.contains_key(&machine)
    }

    /// Whether the machine goes, with these instances in it.
    pub(super) fn goes(&self, machine: MachineId, model: &ResourceModel, instances: &BTreeSet<Instance>) -> bool {
        let with_volumes = self.machines.get(&machine).copied();
        !self.stay
            && with_volumes.is_some_and(|with_volumes| with_volumes || keeps_data(model, instances.iter()).is_none())
    }
}

/// The component that keeps data in a volume of its node.
fn keeps_data<'a>(model: &ResourceModel, mut instances: impl Iterator<Item = &'a Instance>) -> Option<&'a Instance> {
    instances.find(|one| model.components.get(&one.component).is_some_and(|component| !component.volumes.is_empty()))
}

/// A machine on a node that is to be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Departure {
    /// The machine.
    pub machine: MachineId,
    /// For whom it is rented.
    pub application: ApplicationId,
    /// The partner for which it is rented, by DID.
    pub customer: Option<String>,
    /// The node.
    pub node: String,
    /// What runs in it.
    pub instances: Vec<Instance>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a machine on a node that is to be empty.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Its replacement is on its way; it goes when that works.
    Going,
    /// What runs in it would go there: offers with their sites.
    To(Vec<(String, SiteId)>),
    /// It can't go; why.
    Stays(String),
}

impl Mco {
    /// The machines on the nodes of a target, by application: all that are
    /// under maintenance, or that would be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn machines_on(&self, target: &MaintenanceTarget) -> Result<Vec<(Machine, String)>, McoError> {
        let nodes = self.rooms.infrastructure.pim.node_list(None).await.map_err(InfrastructureError::from)?;
        let on: BTreeMap<MachineId, String> = nodes
            .iter()
            .filter(|usage| target.covers(&usage.node))
            .flat_map(|usage| usage.machines.iter().map(|id| (*id, usage.node.name.clone())))
            .collect();
        let machines = self.machine_list(None).await?;
        Ok(machines
            .into_iter()
            .filter_map(|machine| Some((on.get(&machine.id)?.clone(), machine)))
            .map(|(n, m)| (m, n))
            .collect())
    }

    /// What becomes of an application's machines that are on such nodes: by
    /// planning it without them. Writes nothing. With `supposed` as if that
    /// were under maintenance, too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn departures(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        leaving: Vec<(Machine, String)>,
        supposed: Option<&NewMaintenance>,
    ) -> Result<Vec<Departure>, McoError> {
        let nodes = self.nodes_by_site(supposed).await?;
        let departing = Leaving::of(&nodes);
        let in_force = self.plan_in_force(application).await?.map(|(_, plan)| plan);
        let planned = self.plan_over(Some(application), model, false, &nodes, &departing).await;
        let planned = match planned {
            Ok(plan) => Ok(plan),
            Err(McoError::Plan(PlanError::Infeasible(why))) => Err(why.summary()),
            Err(McoError::Plan(why)) => Err(why.to_string()),
            Err(error) => return Err(error),
        };
        let departure = |(machine, node): (Machine, String)| {
            let instances = instances_in(in_force.as_ref(), machine.id);
            let fate = fate(&machine, &instances, model, &planned);
            Departure {
                machine: machine.id,
                application,
                customer: machine.customer,
                node,
                instances: instances.into_iter().collect(),
                fate,
            }
        };
        Ok(leaving.into_iter().map(departure).collect())
    }

    /// Whether something of an application's plan in force is on a node that
    /// is to be empty, and may go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leaves(&self, model: &ResourceModel, plan: &Plan) -> Result<bool, McoError> {
        if !self.rooms.infrastructure.pim.node_is_left().await.map_err(InfrastructureError::from)? {
            return Ok(false);
        }
        let leaving = Leaving::of(&self.nodes_by_site(None).await?);
        Ok(plan
            .machines
            .iter()
            .filter_map(|planned| Some((planned.held?, planned)))
            .any(|(id, planned)| leaving.goes(id, model, &planned.instances.iter().cloned().collect())))
    }
}

fn instances_in(plan: Option<&Plan>, machine: MachineId) -> BTreeSet<Instance> {
    let machines = plan.into_iter().flat_map(|plan| &plan.machines);
    machines.filter(|planned| planned.held == Some(machine)).flat_map(|planned| planned.instances.clone()).collect()
}

fn fate(
    machine: &Machine,
    instances: &BTreeSet<Instance>,
    model: &ResourceModel,
    planned: &Result<Plan, String>,
) -> Fate {
    match &machine.state {
        MachineState::Releasing => return Fate::Going,
        MachineState::Held { until } => {
            let until = until.format("%Y-%m-%d %H:%M:%S UTC");
            return Fate::Stays(format!("it is kept for a partner's order until {until}"));
        }
        _ => {}
    }
    let plan = match planned {
        Ok(plan) => plan,
        Err(why) => return Fate::Stays(why.clone()),
    };
    if plan.machines.iter().any(|planned| planned.held == Some(machine.id)) {
        return Fate::Stays(match keeps_data(model, instances.iter()) {
            Some(one) => format!(
                "{}#{} keeps data in a volume on this node; with leaveVolumes it moves and begins with an empty volume",
                one.component, one.ordinal
            ),
            None => "there is no other place for it now".to_owned(),
        });
    }
    let to = plan.machines.iter().filter(|planned| planned.instances.iter().any(|one| instances.contains(one)));
    Fate::To(to.map(|planned| (planned.title.clone(), planned.site.clone())).collect())
}
