//! Carries a plan out, one round at a time: machines, workloads, what is too
//! much. A round takes nothing for granted but the plan; it ends soon, and
//! whoever called it calls again until nothing is left to do.

use super::{
    Mco,
    machines::{Grounds, Ordered},
    volumes::{Uncopied, uncopied, under_way},
};
use crate::{
    beside::{self, Colour},
    desired::{DesiredWorkload, workload_list},
    error::McoError,
    infrastructure::InfrastructureError,
    model::{Machine, MachineState, Plan, Workload},
    rollout::{Rollout, SeenWorkload, rollout, rollout_beside},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use hansa_ontology::{ApplicationId, MachineId, ResourceModel, WorkloadId};
use hansa_wdm::{CopyStage, VolumeCopy, WorkloadState};
use std::collections::{BTreeMap, BTreeSet};

/// After this time, who calls a new workload has been told of it and has used
/// up what it knew before: the one that it replaces may go.
const TAKE_OVER: TimeDelta = TimeDelta::seconds(1);
/// The same where callers may be at another broker, which has to be told first.
const TAKE_OVER_ABROAD: TimeDelta = TimeDelta::seconds(5);

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
    /// A provider refused a machine, or a package: the plan can't be carried out as it is.
    pub refused: bool,
    /// A machine is made by its system, in that system's own time: a cluster
    /// or a server may take most of an hour, and only then something begins there.
    pub making: bool,
    /// Volumes are on their way to where their instance is to run, which takes
    /// as long as there is content.
    pub copying: bool,
    /// Instances whose volumes couldn't be copied: they have to go back.
    pub uncopied: Vec<Uncopied>,
    /// How many workloads are wanted.
    pub wanted: usize,
    /// How many of the wanted run and are healthy.
    pub ready: usize,
    /// How many of the wanted instances work, be it what they are to be
    /// replaced by, or what is to be replaced.
    pub served: usize,
    /// What keeps it from being settled, for people.
    pub problems: Vec<String>,
    /// What will hardly mend by itself: a program that isn't there, one that ends again and again.
    pub stuck: Vec<String>,
    /// What stands beside the revision that callers are led to.
    pub beside: Option<BesideLook>,
}

/// How what stands beside another revision is found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BesideLook {
    /// Its number.
    pub revision: i64,
    /// How many workloads it wants.
    pub wanted: usize,
    /// How many of them run and are healthy.
    pub ready: usize,
    /// Since when all of them are; None: not all are.
    pub since: Option<DateTime<Utc>>,
    /// A provider refused a machine, or a package: its plan can't be carried out as it is.
    pub refused: bool,
    /// What keeps it from being ready, for people.
    pub problems: Vec<String>,
}

/// What a round knows.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) application: &'a ApplicationRef,
    pub(super) model: &'a ResourceModel,
    /// With the machines of what stands beside.
    pub(super) plan: &'a Plan,
    pub(super) beside: Option<Stands<'a>>,
    pub(super) machines: &'a [Machine],
    pub(super) ordered: &'a BTreeMap<MachineId, Ordered>,
    pub(super) grounds: &'a Grounds,
    pub(super) desired: Vec<DesiredWorkload>,
    pub(super) seen: Vec<Workload>,
    pub(super) rollout: Rollout,
}

/// A revision that stands beside the one that callers are led to.
#[derive(Debug)]
pub(super) struct Stands<'a> {
    pub(super) model: &'a ResourceModel,
    pub(super) desired: Vec<DesiredWorkload>,
    /// What the other one doesn't want, too.
    pub(super) own: BTreeSet<WorkloadId>,
}

impl Stands<'_> {
    /// Whether something that only it wants is in a machine.
    pub(super) fn has_own_in(&self, machine: MachineId) -> bool {
        self.desired.iter().any(|want| want.machine == machine && self.own.contains(&want.id))
    }
}

impl Round<'_> {
    pub(super) fn wants(&self, id: WorkloadId) -> bool {
        self.desired.iter().any(|want| want.id == id) || self.is_beside(id)
    }

    /// Only what stands beside wants it.
    pub(super) fn is_beside(&self, id: WorkloadId) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.own.contains(&id))
    }

    /// All that is to run, each with its model.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (&DesiredWorkload, &ResourceModel)> {
        let beside = self.beside.iter().flat_map(|beside| beside.desired.iter().map(|want| (want, beside.model)));
        self.desired.iter().map(|want| (want, self.model)).chain(beside.filter(|(want, _)| self.is_beside(want.id)))
    }
}

impl Mco {
    /// One round of carrying a plan out. What of the plan can't be had is left
    /// out, and the rest is kept going.
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
        let other = self.beside(application.id).await?;
        let serving = plan;
        let plan = &match &other {
            Some(other) => beside::with_machines(plan, &other.plan),
            None => plan.clone(),
        };
        let machines = self.machine_list(Some(application.id)).await?;
        let ordered = self.ordered(application.id, &machines).await?;
        let grounds = self.machines_ensure(plan, &machines, &ordered).await?;
        // Those that were refused just now are no longer among them.
        let machines = if grounds.refused { self.machine_list(Some(application.id)).await? } else { machines };
        let seen = self.workloads_observe(application.id, &machines, &ordered).await?;
        let desired = workload_list(application.id, model, serving);
        let beside = other.as_ref().map(|other| stands(application.id, &desired, other));
        let pim = &self.rooms.infrastructure.pim;
        let failed = pim.machines_given_up().await.map_err(InfrastructureError::from)?;
        self.rentals_follow(application.id, &machines, &failed).await?;
        let known = self.known(application.id, model, &machines, &seen, &failed);
        let rollout = match &beside {
            Some(beside) => rollout_beside(model, &desired, &beside.own, &known),
            None => rollout(model, &desired, &known),
        };
        let (machines, ordered) = (machines.as_slice(), &ordered);
        let grounds = &grounds;
        let round = Round { application, model, plan, beside, machines, ordered, grounds, desired, seen, rollout };

        let mut problems = grounds.problems.clone();
        let applied = self.workloads_apply(&round, &mut problems).await?;
        let mut copies = self.volumes_on_their_way(&round).await?;
        problems.extend(under_way(&copies));
        let unfinished = copies.iter().any(|copy| copy.stage != CopyStage::Copied);
        if round.rollout.settled {
            self.rooms.wdm.volumes_tidy(application.id).await?;
            copies.retain(|copy| copy.stage != CopyStage::Copied);
        }
        self.orders_put(&round, &applied.reached, &mut problems).await?;
        let (packages, beside_packages) = self.refusals_note(&round, applied.refused).await?;
        let refused = packages || grounds.refused && !round.keeps(other.as_ref().map(|_| serving));
        let released = self.surplus_release(&round, &copies).await?;
        let mut look = other.as_ref().map(|other| look(&round, other, &known));
        let stuck = trouble(&round, &mut problems, look.as_mut());
        if let (Some(look), Some(other)) = (&mut look, &other) {
            look.refused = beside_packages || grounds.refused && !round.keeps(Some(&other.plan));
        }
        Ok(Realised {
            settled: round.rollout.settled && released && !refused && !unfinished && grounds.have(serving),
            refused,
            beside: look,
            making: grounds.making,
            copying: unfinished,
            uncopied: uncopied(&copies),
            wanted: round.desired.len(),
            ready: round.desired.iter().filter(|want| known.iter().any(|is| is.id == want.id && is.ready)).count(),
            served: round.desired.iter().filter(|want| serves(want, &known)).count(),
            problems,
            stuck,
        })
    }

    /// What runs here, looked at anew, and what partners tell of.
    async fn workloads_observe(
        &self,
        application: ApplicationId,
        machines: &[Machine],
        ordered: &BTreeMap<MachineId, Ordered>,
    ) -> Result<Vec<Workload>, McoError> {
        let here = self.rooms.wdm.workload_observe(application).await?;
        Ok(here.into_iter().map(Workload::from).chain(elsewhere(machines, ordered)).collect())
    }

    /// What is seen, as the rollout asks for it.
    fn known(
        &self,
        application: ApplicationId,
        model: &ResourceModel,
        machines: &[Machine],
        seen: &[Workload],
        failed: &BTreeSet<MachineId>,
    ) -> Vec<SeenWorkload> {
        let now = self.rooms.clock.now();
        let abroad = model.delivery.is_some() || machines.iter().any(|machine| machine.partner.is_some());
        let wait = if abroad { TAKE_OVER_ABROAD } else { TAKE_OVER };
        let sighted = self.sightings.update(application, seen, now);
        let since = |workload: &Workload| match (workload.is_here(), &workload.state) {
            (true, WorkloadState::Running { since } | WorkloadState::Completed { at: since }) => Some(*since),
            _ => sighted.get(&workload.id).copied(),
        };
        let seen = seen.iter().map(|workload| {
            // What was last known of a host that is given up says nothing of now.
            let ready = workload.state.is_fulfilled() && !failed.contains(&workload.machine);
            SeenWorkload {
                id: workload.id,
                component: workload.component.clone(),
                ordinal: workload.ordinal,
                ready,
                known: ready && since(workload).is_some_and(|since| now - since >= wait),
                since: since(workload).filter(|_| ready),
            }
        });
        seen.collect()
    }

    /// Takes away what is too much. Returns whether nothing of it is left.
    async fn surplus_release(&self, round: &Round<'_>, copies: &[VolumeCopy]) -> Result<bool, McoError> {
        let here: BTreeSet<WorkloadId> =
            round.seen.iter().filter(|workload| workload.is_here()).map(|workload| workload.id).collect();
        let remove = &round.rollout.remove;
        let local: Vec<WorkloadId> = remove.iter().filter(|id| here.contains(id)).copied().collect();
        let mut removed = self.workloads_remove(&local).await?;
        // What is to go at a partner goes with its order, or with its machine.
        removed.extend(remove.iter().filter(|id| !here.contains(id)));
        let mut occupied = occupied(&round.seen, &removed, &round.desired);
        // What their volumes are copied from goes when what was copied works.
        occupied.extend(copies.iter().map(|copy| copy.source));
        self.machines_release(round.machines, round.plan, &occupied).await
    }

    /// One round of taking an application away. Returns whether nothing is left.
    ///
    /// # Errors
    /// When the database or a layer below fails.
    pub async fn dismantle(&self, application: ApplicationId) -> Result<bool, McoError> {
        let statuses = self.rooms.wdm.workload_list(Some(application)).await?;
        let ids: Vec<WorkloadId> = statuses.iter().map(|status| status.id).collect();
        let machines = self.machine_list(Some(application)).await?;
        // Partners need their time: they are told first.
        let (theirs, ours): (Vec<&Machine>, Vec<&Machine>) =
            machines.iter().partition(|machine| machine.partner.is_some());
        let mut gone = self.released(&theirs).await?;
        gone &= self.workloads_remove(&ids).await?.len() == ids.len();
        if !gone {
            return Ok(false);
        }
        self.rooms.wdm.volume_remove_all(application).await?;
        if !self.released(&ours).await? {
            return Ok(false);
        }
        self.sightings.forget(application);
        self.rooms
            .database
            .write(move |connection| {
                store::application_forget(connection, application)?;
                Ok::<_, McoError>(())
            })
            .await?;
        Ok(true)
    }

    async fn released(&self, machines: &[&Machine]) -> Result<bool, McoError> {
        let mut all = true;
        for answer in join_all(machines.iter().map(|machine| self.machine_release(machine))).await {
            all &= answer?;
        }
        Ok(all)
    }
}

/// Whether something of an instance works, new or old.
fn serves(want: &DesiredWorkload, known: &[SeenWorkload]) -> bool {
    known.iter().any(|is| is.ready && is.component == want.component && is.ordinal == want.ordinal)
}

/// What partners tell of.
pub(super) fn elsewhere(machines: &[Machine], ordered: &BTreeMap<MachineId, Ordered>) -> Vec<Workload> {
    machines
        .iter()
        .filter_map(|machine| Some((machine, ordered.get(&machine.id)?)))
        .flat_map(|(machine, known)| crate::orders::seen(machine, known.order.as_ref(), known.report.as_ref()))
        .collect()
}

fn stands<'a>(application: ApplicationId, serving: &[DesiredWorkload], other: &'a Colour) -> Stands<'a> {
    let desired = workload_list(application, &other.model, &other.plan);
    Stands { model: &other.model, own: beside::own(serving, &other.model, &desired), desired }
}

impl Round<'_> {
    /// Whether every machine of a plan is there still. None: that isn't known of one alone.
    fn keeps(&self, plan: Option<&Plan>) -> bool {
        let lives = |id: Option<MachineId>| {
            let given_up = |machine: &Machine| matches!(machine.state, MachineState::Releasing | MachineState::Lost);
            self.machines.iter().any(|machine| Some(machine.id) == id && !given_up(machine))
        };
        plan.is_some_and(|plan| plan.machines.iter().all(|machine| lives(machine.held)))
    }
}

/// How what stands beside is found.
fn look(round: &Round<'_>, other: &Colour, known: &[SeenWorkload]) -> BesideLook {
    let desired = round.beside.as_ref().map_or(&[][..], |beside| &beside.desired);
    let found: Vec<Option<DateTime<Utc>>> = desired
        .iter()
        .map(|want| known.iter().find(|is| is.id == want.id && is.ready).and_then(|is| is.since))
        .collect();
    BesideLook {
        revision: other.revision,
        wanted: found.len(),
        ready: found.iter().flatten().count(),
        since: found.iter().copied().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max()),
        ..BesideLook::default()
    }
}

/// Adds what workloads say is wrong. Returns what of it will hardly mend by itself.
fn trouble(round: &Round<'_>, problems: &mut Vec<String>, mut beside: Option<&mut BesideLook>) -> Vec<String> {
    let mut stuck = Vec::new();
    for workload in &round.seen {
        if let Some(beside) = beside.as_deref_mut().filter(|_| round.is_beside(workload.id)) {
            let reason = workload.unseen.as_deref().or(workload.state.reason());
            beside.problems.extend(reason.map(|reason| format!("{} is {}: {reason}", workload.name(), workload.state)));
            continue;
        }
        if let Some(reason) = &workload.unseen {
            problems.push(format!("{} can't be looked at: {reason}", workload.name()));
        }
        let Some(reason) = workload.state.reason() else {
            continue;
        };
        let text = format!("{} is {}: {reason}", workload.name(), workload.state);
        if is_stuck(&workload.state) && round.rollout.apply.contains(&workload.id) {
            stuck.push(text.clone());
        }
        problems.push(text);
    }
    stuck
}

/// Machines in which something runs or is about to.
fn occupied(seen: &[Workload], removed: &BTreeSet<WorkloadId>, desired: &[DesiredWorkload]) -> BTreeSet<MachineId> {
    let there = seen.iter().filter(|workload| !removed.contains(&workload.id));
    there.map(|workload| workload.machine).chain(desired.iter().map(|want| want.machine)).collect()
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
