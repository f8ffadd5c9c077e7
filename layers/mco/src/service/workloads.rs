//! Workloads on nodes of this broker: started, told of their peers, restarted, taken away.

use super::{Mco, realising::Round};
use crate::{
    error::{ErrorKind, McoError},
    model::Workload,
    peers::{self, Reached},
    store::PackageRefusal,
};
use futures_util::future::join_all;
use hansa_ontology::{
    ResourceModel, WorkloadId,
    resource_model::{Component, OnPeerChange},
};
use hansa_pim::NodeShare;
use hansa_wdm::{Peers, Removal, Target, WdmError, WorkloadSpec};
use std::collections::{BTreeMap, BTreeSet};

/// What came of applying a round.
pub(super) struct AppliedRound {
    /// Who can be reached, here and elsewhere.
    pub(super) reached: Callees,
    /// What was refused at once.
    pub(super) refused: Vec<PackageRefusal>,
}

/// Who can be called: by the revision that callers are led to, and by the one beside it.
#[derive(Debug, Default)]
pub(super) struct Callees {
    serving: Vec<Reached>,
    beside: Vec<Reached>,
}

impl Callees {
    /// Those that a revision calls.
    pub(super) fn of(&self, beside: bool) -> &[Reached] {
        if beside { &self.beside } else { &self.serving }
    }

    fn add(&mut self, round: &Round<'_>, id: WorkloadId, reached: Reached) {
        let all = round.beside.as_ref().is_some_and(|beside| beside.desired.iter().any(|want| want.id == id));
        if all {
            self.beside.push(reached.clone());
        }
        if !round.is_beside(id) {
            self.serving.push(reached);
        }
    }
}

impl Mco {
    /// Applies what the round wants here.
    pub(super) async fn workloads_apply(
        &self,
        round: &Round<'_>,
        problems: &mut Vec<String>,
    ) -> Result<AppliedRound, McoError> {
        let specs = specs(round);
        let wanted: Vec<&WorkloadSpec> = round.rollout.apply.iter().filter_map(|id| specs.get(id)).collect();
        // Every port is known before anything starts, so that the first
        // environment of each workload already names its peers.
        let prepared = join_all(wanted.iter().map(|spec| self.rooms.wdm.workload_prepare(spec))).await;
        let mut reached = reached(round);
        let (mut startable, mut refused) = (Vec::new(), Vec::new());
        for (spec, endpoints) in wanted.into_iter().zip(prepared) {
            match endpoints {
                Ok(endpoints) => {
                    reached.add(round, spec.id, Reached::prepared(spec, &endpoints));
                    startable.push(spec);
                }
                // Wanted again before its removal had come to its end: that is ended first.
                Err(WdmError::BeingRemoved(_)) => {
                    self.rooms.wdm.workload_remove(spec.id).await?;
                    problems.push(format!("{}#{}: the copy before it is ending", spec.component, spec.ordinal));
                }
                Err(error) => {
                    refused.extend(error.is_refusal().then(|| round.refused(spec, error.to_string())).flatten());
                    problems.push(one_workload(error.into(), spec)?);
                }
            }
        }
        let applied = join_all(startable.iter().map(|spec| {
            let peers = peers_of(round, spec.id, &spec.component, &reached);
            async move { self.rooms.wdm.workload_apply(spec, &peers).await }
        }))
        .await;
        let mut outdated = Vec::new();
        for (spec, answer) in startable.into_iter().zip(applied) {
            match answer {
                Ok(applied) if applied.peers_changed => outdated.push(spec),
                Ok(_) => {}
                Err(error) => problems.push(one_workload(error.into(), spec)?),
            }
        }
        for workload in round.seen.iter().filter(|workload| still_serves(workload, round)) {
            let peers = peers_of(round, workload.id, &workload.component, &reached);
            match self.rooms.wdm.workload_tell(workload.id, &peers).await {
                Ok(()) | Err(WdmError::NotFound(_)) => {}
                Err(WdmError::System(error)) => problems.push(format!("{}: {error}", workload.name())),
                Err(error) => return Err(error.into()),
            }
        }
        self.outdated_restart(round, &outdated, problems).await?;
        Ok(AppliedRound { reached, refused })
    }

    /// Restarts those that only the environment tells of their peers: one of
    /// each component at a time, and only while all its others are healthy.
    async fn outdated_restart(
        &self,
        round: &Round<'_>,
        outdated: &[&WorkloadSpec],
        problems: &mut Vec<String>,
    ) -> Result<(), McoError> {
        let mut done = BTreeSet::new();
        for spec in outdated {
            let restarts = |c: &Component| c.on_peer_change == OnPeerChange::Restart;
            let asked = model_of(round, spec.id).components.get(&spec.component).is_some_and(restarts);
            let own = round.seen.iter().filter(|workload| workload.component == spec.component);
            let calm = own.into_iter().all(|workload| workload.state.is_fulfilled());
            if asked && calm && done.insert(&spec.component) {
                match self.rooms.wdm.workload_restart(spec.id).await {
                    Ok(()) => {}
                    Err(WdmError::System(error)) => {
                        problems.push(format!("{}#{}: {error}", spec.component, spec.ordinal))
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Returns those that are gone.
    pub(super) async fn workloads_remove(&self, ids: &[WorkloadId]) -> Result<BTreeSet<WorkloadId>, McoError> {
        let answers = join_all(ids.iter().map(|id| self.rooms.wdm.workload_remove(*id))).await;
        let mut gone = BTreeSet::new();
        for (id, answer) in ids.iter().zip(answers) {
            if answer? == Removal::Gone {
                gone.insert(*id);
            }
        }
        Ok(gone)
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

/// Goes on here until another that takes its place works.
fn still_serves(workload: &Workload, round: &Round<'_>) -> bool {
    workload.is_here() && !round.wants(workload.id) && !round.rollout.remove.contains(&workload.id)
}

/// The model of the revision that wants a workload.
fn model_of<'r>(round: &'r Round<'_>, id: WorkloadId) -> &'r ResourceModel {
    round.beside.as_ref().filter(|beside| beside.own.contains(&id)).map_or(round.model, |beside| beside.model)
}

/// Whom a workload calls: those of its own revision.
fn peers_of(round: &Round<'_>, id: WorkloadId, component: &str, reached: &Callees) -> Peers {
    peers::of(model_of(round, id), component, reached.of(round.is_beside(id)))
}

/// Who can be called. What is to go without a replacement is named to nobody any more.
fn reached(round: &Round<'_>) -> Callees {
    let leaves = |workload: &Workload| {
        let replaced =
            round.desired.iter().any(|want| want.component == workload.component && want.ordinal == workload.ordinal);
        round.rollout.remove.contains(&workload.id) && !replaced
    };
    let elsewhere = round.model.delivery.iter().flat_map(Reached::elsewhere);
    let mut callees = Callees { serving: elsewhere.collect(), beside: Vec::new() };
    for workload in round.seen.iter().filter(|workload| !leaves(workload)) {
        callees.add(round, workload.id, Reached::seen(workload, round.wants(workload.id)));
    }
    callees
}

fn specs(round: &Round<'_>) -> BTreeMap<WorkloadId, WorkloadSpec> {
    let name = round.model.delivery.as_ref().map_or(&round.application.name, |delivery| &delivery.application);
    round
        .wanted()
        .filter_map(|(want, model)| {
            let component = model.components.get(&want.component)?;
            let share = round.grounds.shares.get(&want.machine)?;
            let machine = round.plan.machines.iter().find(|m| m.held == Some(want.machine))?;
            let spec = WorkloadSpec {
                id: want.id,
                application: round.application.id,
                application_name: name.clone(),
                component: want.component.clone(),
                ordinal: want.ordinal,
                revision: want.revision.clone(),
                provider: machine.provider.clone(),
                target: target(share, want.machine),
                package: component.package.clone(),
                resources: component.resources.clone(),
                ports: component.ports.clone(),
                environment: component.environment.clone(),
                volumes: component.volumes.clone(),
                files: component.files.clone(),
                health: component.health.clone(),
                run: component.run,
            };
            Some((want.id, spec))
        })
        .collect()
}

fn target(share: &NodeShare, machine: hansa_ontology::MachineId) -> Target {
    Target {
        machine,
        site: share.site.clone(),
        node: share.node.clone(),
        address: share.address,
        directory: share.directory.clone(),
        system: share.host.as_ref().map(|host| host.system.clone()),
    }
}
