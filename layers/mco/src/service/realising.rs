//! Carries a plan out, one round at a time: machines, workloads, what is too
//! much. A round takes nothing for granted but the plan; it ends soon, and
//! whoever called it calls again until nothing is left to do.

use super::Mco;
use crate::{
    desired::{DesiredWorkload, workload_list},
    error::{ErrorKind, McoError},
    model::{Machine, MachineState, Plan},
    peers::{self, Reached},
    rollout::{Rollout, SeenWorkload, rollout},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use hansa_ontology::{
    Actor, ApplicationId, MachineId, ResourceModel, WorkloadId,
    resource_model::{Component, OnPeerChange},
};
use hansa_pim::NodeShare;
use hansa_repository::event;
use hansa_wdm::{Removal, Target, WdmError, WorkloadSpec, WorkloadState, WorkloadStatus};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// After this time, who calls a new workload has been told of it and has used
/// up what it knew before: the one that it replaces may go.
const TAKE_OVER: TimeDelta = TimeDelta::seconds(1);
/// How long an offer that was refused isn't asked for again.
const REFUSAL_SECONDS: i64 = 60;

/// The application that a round is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRef {
    /// Its id.
    pub id: ApplicationId,
    /// Its name.
    pub name: String,
}

/// What a round came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Realised {
    /// Exactly what is wanted is there, and works.
    pub settled: bool,
    /// A provider refused a machine: the plan can't be carried out as it is.
    pub refused: bool,
    /// How many workloads are wanted.
    pub wanted: usize,
    /// How many of the wanted run and are healthy.
    pub ready: usize,
    /// What keeps it from being settled, for people.
    pub problems: Vec<String>,
    /// What will hardly mend by itself: a program that isn't there, one that ends again and again.
    pub stuck: Vec<String>,
}

impl Mco {
    /// One round of carrying a plan out.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole. What goes wrong
    /// with one machine or workload is a problem in the answer.
    pub async fn realise(
        &self,
        application: &ApplicationRef,
        model: &ResourceModel,
        plan: &Plan,
    ) -> Result<Realised, McoError> {
        let machines = self.machine_list(Some(application.id)).await?;
        let (shares, mut result) = self.machines_ensure(plan, &machines).await?;
        if result.refused {
            return Ok(result);
        }
        let statuses = self.rooms.wdm.workload_observe(application.id).await?;
        let desired = workload_list(application.id, model, plan);
        let now = self.rooms.clock.now();
        let seen: Vec<SeenWorkload> = statuses.iter().map(|status| seen(status, now)).collect();
        let round = rollout(model, &desired, &seen);
        let specs = specs(application, model, plan, &desired, &shares);

        self.workloads_apply(model, &round, &specs, &statuses, &mut result).await?;
        let removed = self.workloads_remove(&round.remove).await?;
        let occupied = occupied(&statuses, &removed, &desired);
        let released = self.machines_release(&machines, plan, &occupied).await?;

        result.wanted = desired.len();
        result.ready = desired.iter().filter(|want| seen.iter().any(|is| is.id == want.id && is.ready)).count();
        for status in &statuses {
            let Some(reason) = status.state.reason() else {
                continue;
            };
            let text = format!("{}#{} is {}: {reason}", status.component, status.ordinal, status.state);
            if is_stuck(&status.state) && round.apply.contains(&status.id) {
                result.stuck.push(text.clone());
            }
            result.problems.push(text);
        }
        result.settled = round.settled && released && shares.len() == plan.machines.len();
        Ok(result)
    }

    /// One round of taking an application away. Returns whether nothing is left.
    ///
    /// # Errors
    /// When the database or a layer below fails.
    pub async fn dismantle(&self, application: ApplicationId) -> Result<bool, McoError> {
        let statuses = self.rooms.wdm.workload_list(Some(application)).await?;
        let ids: Vec<WorkloadId> = statuses.iter().map(|status| status.id).collect();
        let gone = self.workloads_remove(&ids).await?;
        if gone.len() < ids.len() {
            return Ok(false);
        }
        self.rooms.wdm.volume_remove_all(application).await?;
        for machine in self.machine_list(Some(application)).await? {
            self.machine_release(&machine).await?;
        }
        self.rooms
            .database
            .write(move |connection| {
                store::application_forget(connection, application)?;
                Ok::<_, McoError>(())
            })
            .await?;
        Ok(true)
    }

    /// Sees to it that the plan's machines are there. Notes who refused.
    async fn machines_ensure(
        &self,
        plan: &Plan,
        machines: &[Machine],
    ) -> Result<(BTreeMap<MachineId, NodeShare>, Realised), McoError> {
        let wanted: Vec<&Machine> =
            machines.iter().filter(|machine| plan.machines.iter().any(|p| p.held == Some(machine.id))).collect();
        let mut result = Realised {
            // The plan names a machine that is no more: it has to be planned again.
            refused: wanted.len() < plan.machines.len(),
            ..Realised::default()
        };
        let asked = wanted.iter().map(|machine| self.rooms.infrastructure.machine_ensure(machine));
        let answers = join_all(asked).await;
        let mut shares = BTreeMap::new();
        for (machine, answer) in wanted.into_iter().zip(answers) {
            match answer {
                Ok(share) => {
                    self.machine_ready(machine, &share).await?;
                    shares.insert(machine.id, share);
                }
                Err(error) => {
                    let text =
                        format!("machine {} at {}: {error}", machine.terms.id.short(), machine.terms.site.short());
                    if McoError::from(error).kind() == ErrorKind::Stale {
                        self.machine_refused(machine, &text).await?;
                        result.refused = true;
                    }
                    result.problems.push(text);
                }
            }
        }
        Ok((shares, result))
    }

    async fn machine_ready(&self, machine: &Machine, share: &NodeShare) -> Result<(), McoError> {
        let ready = MachineState::Ready { node: share.node.clone() };
        if machine.state == ready {
            return Ok(());
        }
        let id = machine.id;
        self.rooms
            .database
            .write(move |connection| {
                store::machine_state_set(connection, id, &ready)?;
                Ok(())
            })
            .await
    }

    /// Gives up a machine that its provider refuses, and keeps the reason for the next plan.
    async fn machine_refused(&self, machine: &Machine, reason: &str) -> Result<(), McoError> {
        self.rooms.infrastructure.machine_release(machine).await?;
        let now = self.rooms.clock.now();
        let (machine, reason) = (machine.clone(), reason.to_owned());
        self.rooms
            .database
            .write(move |connection| {
                let until = now + TimeDelta::seconds(REFUSAL_SECONDS);
                store::refusal_put(connection, machine.application, &machine.terms.id, &reason, until)?;
                store::machine_delete(connection, machine.id)?;
                event::append(
                    connection,
                    &event::NewEvent {
                        at: now,
                        actor: Actor::Broker,
                        application: Some(machine.application),
                        subject: format!("machine/{}", machine.id),
                        kind: "machine.refused".to_owned(),
                        message: reason,
                        data: json!({"offer": machine.terms.id, "site": machine.terms.site}),
                    },
                )?;
                Ok(())
            })
            .await
    }

    async fn workloads_apply(
        &self,
        model: &ResourceModel,
        round: &Rollout,
        specs: &BTreeMap<WorkloadId, WorkloadSpec>,
        statuses: &[WorkloadStatus],
        result: &mut Realised,
    ) -> Result<(), McoError> {
        let wanted: Vec<&WorkloadSpec> = round.apply.iter().filter_map(|id| specs.get(id)).collect();
        // Every port is known before anything starts, so that the first
        // environment of each workload already names its peers.
        let prepared = join_all(wanted.iter().map(|spec| self.rooms.wdm.workload_prepare(spec))).await;
        let mut reached = reached(round, specs, statuses);
        let mut startable = Vec::new();
        for (spec, endpoints) in wanted.into_iter().zip(prepared) {
            match endpoints {
                Ok(endpoints) => {
                    reached.push(Reached::prepared(spec, endpoints));
                    startable.push(spec);
                }
                Err(error) => result.problems.push(one_workload(error.into(), spec)?),
            }
        }
        let applied = join_all(startable.iter().map(|spec| {
            let peers = peers::of(model, &spec.component, &reached);
            async move { self.rooms.wdm.workload_apply(spec, &peers).await }
        }))
        .await;
        let mut outdated = Vec::new();
        for (spec, answer) in startable.into_iter().zip(applied) {
            match answer {
                Ok(applied) if applied.peers_changed => outdated.push(spec),
                Ok(_) => {}
                Err(error) => result.problems.push(one_workload(error.into(), spec)?),
            }
        }
        for status in statuses.iter().filter(|status| still_serves(status, round, specs)) {
            let peers = peers::of(model, &status.component, &reached);
            match self.rooms.wdm.workload_tell(status.id, &peers).await {
                Ok(()) | Err(WdmError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.outdated_restart(model, &outdated, statuses).await
    }

    /// Restarts those that only the environment tells of their peers: one of
    /// each component at a time, and only while all its others are healthy.
    async fn outdated_restart(
        &self,
        model: &ResourceModel,
        outdated: &[&WorkloadSpec],
        statuses: &[WorkloadStatus],
    ) -> Result<(), McoError> {
        let mut done = BTreeSet::new();
        for spec in outdated {
            let restarts = |c: &Component| c.on_peer_change == OnPeerChange::Restart;
            let asked = model.components.get(&spec.component).is_some_and(restarts);
            let calm = statuses
                .iter()
                .filter(|status| status.component == spec.component)
                .all(|status| status.state.is_healthy());
            if asked && calm && done.insert(&spec.component) {
                self.rooms.wdm.workload_restart(spec.id).await?;
            }
        }
        Ok(())
    }

    /// Returns those that are gone.
    async fn workloads_remove(&self, ids: &[WorkloadId]) -> Result<BTreeSet<WorkloadId>, McoError> {
        let answers = join_all(ids.iter().map(|id| self.rooms.wdm.workload_remove(*id))).await;
        let mut gone = BTreeSet::new();
        for (id, answer) in ids.iter().zip(answers) {
            if answer? == Removal::Gone {
                gone.insert(*id);
            }
        }
        Ok(gone)
    }

    /// Gives back the machines that no plan wants and nothing runs in. Returns whether none is left.
    async fn machines_release(
        &self,
        machines: &[Machine],
        plan: &Plan,
        occupied: &BTreeSet<MachineId>,
    ) -> Result<bool, McoError> {
        let mut none_left = true;
        for machine in machines {
            if plan.machines.iter().any(|planned| planned.held == Some(machine.id)) {
                continue;
            }
            if occupied.contains(&machine.id) {
                none_left = false;
            } else {
                self.machine_release(machine).await?;
            }
        }
        Ok(none_left)
    }

    async fn machine_release(&self, machine: &Machine) -> Result<(), McoError> {
        self.rooms.infrastructure.machine_release(machine).await?;
        let id = machine.id;
        self.rooms
            .database
            .write(move |connection| {
                store::machine_delete(connection, id)?;
                Ok(())
            })
            .await
    }
}

/// What went wrong with one workload, in words; an error when it wasn't about that one alone.
fn one_workload(error: McoError, spec: &WorkloadSpec) -> Result<String, McoError> {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Conflict | ErrorKind::Full | ErrorKind::NotFound => {
            Ok(format!("{}#{}: {error}", spec.component, spec.ordinal))
        }
        _ => Err(error),
    }
}

fn seen(status: &WorkloadStatus, now: DateTime<Utc>) -> SeenWorkload {
    let ready_since = match status.state {
        WorkloadState::Running { since } => Some(since),
        _ => None,
    };
    SeenWorkload {
        id: status.id,
        component: status.component.clone(),
        ordinal: status.ordinal,
        ready: ready_since.is_some(),
        known: ready_since.is_some_and(|since| now - since >= TAKE_OVER),
    }
}

/// Goes on until another that takes its place works.
fn still_serves(status: &WorkloadStatus, round: &Rollout, specs: &BTreeMap<WorkloadId, WorkloadSpec>) -> bool {
    !specs.contains_key(&status.id) && !round.remove.contains(&status.id)
}

/// Who can be called. What is to go without a replacement is named to nobody any more.
fn reached(round: &Rollout, specs: &BTreeMap<WorkloadId, WorkloadSpec>, statuses: &[WorkloadStatus]) -> Vec<Reached> {
    let leaves = |status: &WorkloadStatus| {
        let slot = |spec: &WorkloadSpec| spec.component == status.component && spec.ordinal == status.ordinal;
        round.remove.contains(&status.id) && !specs.values().any(slot)
    };
    let staying = statuses.iter().filter(|status| !leaves(status));
    staying.map(|status| Reached::from_status(status, specs.contains_key(&status.id))).collect()
}

fn specs(
    application: &ApplicationRef,
    model: &ResourceModel,
    plan: &Plan,
    desired: &[DesiredWorkload],
    shares: &BTreeMap<MachineId, NodeShare>,
) -> BTreeMap<WorkloadId, WorkloadSpec> {
    desired
        .iter()
        .filter_map(|want| {
            let component = model.components.get(&want.component)?;
            let share = shares.get(&want.machine)?;
            let machine = plan.machines.iter().find(|m| m.held == Some(want.machine))?;
            let spec = WorkloadSpec {
                id: want.id,
                application: application.id,
                application_name: application.name.clone(),
                component: want.component.clone(),
                ordinal: want.ordinal,
                revision: want.revision.clone(),
                provider: machine.provider.clone(),
                target: Target {
                    machine: want.machine,
                    site: share.site.clone(),
                    node: share.node.clone(),
                    address: share.address,
                    directory: share.directory.clone(),
                },
                package: component.package.clone(),
                resources: component.resources.clone(),
                ports: component.ports.clone(),
                environment: component.environment.clone(),
                volumes: component.volumes.clone(),
                health: component.health.clone(),
            };
            Some((want.id, spec))
        })
        .collect()
}

/// Machines in which something runs or is about to.
fn occupied(
    statuses: &[WorkloadStatus],
    removed: &BTreeSet<WorkloadId>,
    desired: &[DesiredWorkload],
) -> BTreeSet<MachineId> {
    let there = statuses.iter().filter(|status| !removed.contains(&status.id));
    there.map(|status| status.target.machine).chain(desired.iter().map(|want| want.machine)).collect()
}

/// So many ends in a row, and it will hardly mend by itself.
const STUCK_AFTER: u32 = 4;

fn is_stuck(state: &WorkloadState) -> bool {
    match state {
        WorkloadState::Failed { .. } => true,
        WorkloadState::BackingOff { crashes, .. } => *crashes >= STUCK_AFTER,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::SiteId;
    use hansa_pim::PimError;

    #[test]
    fn no_room_asks_for_another_plan() {
        let site = SiteId::new("urn:hansa:site:x").unwrap();
        let error = McoError::Infrastructure(PimError::NoConnector { site, service: "servers" }.into());
        assert_eq!(error.kind(), ErrorKind::Stale);
    }
}
