//! The part of a round that moves what runs: what somebody asked, what is on
//! nodes that are to be empty, and what is better elsewhere. What is to move is
//! written down first, so that a broker that dies goes on with it.

use crate::{
    error::OrchestratorError,
    model::{Application, DesiredState, Phase},
    moving::{Interruption, MoveKind, MoveWish, MovingPolicy, Relocation, Saving, moved_volumes, saved_micrograms},
    service::ServiceOrchestrator,
    store,
};
use chrono::{DateTime, Utc};
use hansa_mco::{
    ErrorKind, McoError, MovedVolumes, Realised, Uncopied,
    model::{Instance, Plan, PlannedMachine},
    relocation::{Destination, Gain, Rearrangement, Target, Transfer, told, transfers},
};
use hansa_ontology::{ApplicationId, Money, ProjectScope, ResourceModel, resource_model::MovePolicy};
use hansa_repository::{
    event::{self, EventFilter},
    operation,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of the event that says why something stays where it is.
const REFUSED: &str = "application.move-refused";

/// What a round found to move.
pub(crate) enum Rearranged {
    /// Nothing.
    Nothing,
    /// This plan is in force now.
    Plan(Box<Plan>),
    /// What was counted on is gone; the next round tries again.
    Again,
}

/// When each application was last looked at for something better. Only spares work.
pub(crate) type Looked = BTreeMap<ApplicationId, DateTime<Utc>>;

impl ServiceOrchestrator {
    /// Moves what is to move, one thing at a time.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole.
    pub(crate) async fn rearrange(
        &self,
        application: &Application,
        plan: &Plan,
        realised: &Realised,
    ) -> Result<Rearranged, OrchestratorError> {
        let id = application.id;
        let last = self.database.read(move |connection| store::relocation(connection, id)).await?;
        if let Some(uncopied) = realised.uncopied.first() {
            return self.bring_back(application, plan, last.as_ref(), uncopied).await;
        }
        match &last {
            Some(last) if last.done_at.is_none() && last.adopted_at.is_none() => {
                return self.carry_out(application, plan, last).await;
            }
            Some(last) if last.done_at.is_none() && realised.settled => self.arrived(application, plan, last).await?,
            _ => {}
        }
        if let Some(elsewhere) = self.plan_away(application, plan).await? {
            return Ok(Rearranged::Plan(Box::new(elsewhere)));
        }
        let now = self.clock.now();
        if !realised.settled || !self.is_due(application, last.as_ref(), now) {
            return Ok(Rearranged::Nothing);
        }
        match self.something_better(application, plan).await? {
            Some(found) => {
                self.begin(application, &found).await?;
                self.carry_out(application, plan, &found.relocation).await
            }
            None => Ok(Rearranged::Nothing),
        }
    }

    /// Plans what was written down anew, and puts that in force; or says why not.
    async fn carry_out(
        &self,
        application: &Application,
        plan: &Plan,
        wanted: &Relocation,
    ) -> Result<Rearranged, OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        let overtaken = wanted.operation.is_some_and(|operation| operation != application.operation);
        if overtaken || wanted.revision != application.revision {
            // Where the wish is newer than what this round has read, the next one carries it out.
            let forgotten = self.database.write(move |connection| store::relocation_overtaken(connection, id)).await?;
            return Ok(if forgotten { Rearranged::Nothing } else { Rearranged::Again });
        }
        let left = wanted.wish.left(plan);
        if left.is_empty() {
            // The broker died after it had put the plan in force.
            self.database.write(move |connection| store::relocation_adopted(connection, id, now)).await?;
            return Ok(Rearranged::Nothing);
        }
        let after = match self.mco.relocation_plan(id, &application.model, left, &wanted.wish.to).await {
            Ok(after) => after,
            Err(McoError::Plan(why)) => return self.stays_put(application, wanted, why.to_string()).await,
            Err(error) => return Err(error.into()),
        };
        let transfers = transfers(&application.model, plan, &after);
        let away = self.interruptions(application, &transfers, wanted.wish.leave_volumes).await?;
        let losing = away.iter().find(|one| !one.volumes.is_empty());
        if let Some(losing) = losing.filter(|_| !wanted.wish.leave_volumes) {
            return self.stays_put(application, wanted, losing.to_string()).await;
        }
        if wanted.told.is_none() {
            self.announce(application, plan, &after, &transfers).await?;
        }
        match self.adopt_with(application, after, moved_volumes(&transfers, &away)).await {
            Ok(adopted) => {
                self.database.write(move |connection| store::relocation_adopted(connection, id, now)).await?;
                Ok(Rearranged::Plan(Box::new(adopted)))
            }
            Err(OrchestratorError::Mco(error)) if error.kind() == ErrorKind::Stale => Ok(Rearranged::Again),
            Err(error) => Err(error),
        }
    }

    /// The volumes of what another revision puts elsewhere: those that can be copied follow.
    /// What gets other volumes with it begins with these as they are there.
    pub(crate) async fn carried_along(
        &self,
        application: &Application,
        after: &Plan,
    ) -> Result<MovedVolumes, OrchestratorError> {
        let in_force = self.mco.plan_in_force(application.id).await?;
        let Some((revision, before)) = in_force.filter(|(revision, _)| *revision != application.revision) else {
            return Ok(MovedVolumes::default());
        };
        let Some(earlier) = self.revision_model(application, revision).await? else {
            return Ok(MovedVolumes::default());
        };
        let volumes = |model: &ResourceModel, name: &str| -> Option<Vec<String>> {
            Some(model.components.get(name)?.volumes.keys().cloned().collect())
        };
        let mut transfers = transfers(&application.model, &before, after);
        transfers.retain(|transfer| {
            let name = &transfer.instance.component;
            volumes(&application.model, name).is_some_and(|all| !all.is_empty())
                && volumes(&earlier, name) == volumes(&application.model, name)
        });
        let away = self.interruptions(application, &transfers, false).await?;
        let followed: Vec<Interruption> = away.into_iter().filter(|one| one.copied.is_some()).collect();
        Ok(moved_volumes(&transfers, &followed))
    }

    /// The volumes of an instance couldn't be copied: it goes back to where they
    /// are, and that is told once.
    async fn bring_back(
        &self,
        application: &Application,
        plan: &Plan,
        last: Option<&Relocation>,
        uncopied: &Uncopied,
    ) -> Result<Rearranged, OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        let Uncopied { instance: Instance { component, ordinal }, reason, .. } = uncopied;
        let reason = format!("the volumes of {component}#{ordinal} couldn't be copied: {reason}");
        match last.filter(|last| last.done_at.is_none()) {
            Some(last) => drop(self.stays_put(application, last, reason).await?),
            // It went with an update.
            None => self.refusal_told(application, reason).await?,
        }
        let has = |machine: &&PlannedMachine| machine.instances.contains(&uncopied.instance);
        let there = plan.machines.iter().find(has).and_then(|machine| machine.held);
        let Some(there) = there.filter(|there| *there != uncopied.source) else { return Ok(Rearranged::Nothing) };
        if self.was_unmovable(id, now) {
            return Ok(Rearranged::Nothing);
        }
        let leaving = BTreeMap::from([(there, BTreeSet::from([uncopied.instance.clone()]))]);
        let to = Destination::Among(vec![Target::Machine(uncopied.source)]);
        let back = match self.mco.relocation_plan(id, &application.model, leaving, &to).await {
            Ok(back) => back,
            Err(McoError::Plan(why)) => {
                tracing::warn!(application = %id, %why, "what couldn't be copied finds no way back; it is tried again");
                self.stays(id, now)?;
                return Ok(Rearranged::Nothing);
            }
            Err(error) => return Err(error.into()),
        };
        match self.adopt(application, back).await {
            Ok(adopted) => Ok(Rearranged::Plan(Box::new(adopted))),
            Err(OrchestratorError::Mco(error)) if error.kind() == ErrorKind::Stale => Ok(Rearranged::Again),
            Err(error) => Err(error),
        }
    }

    /// Says what moves because somebody asked.
    async fn announce(
        &self,
        application: &Application,
        before: &Plan,
        after: &Plan,
        transfers: &[Transfer],
    ) -> Result<(), OrchestratorError> {
        let prices = [before, after].map(|plan| Money::new(plan.price_per_hour_micros, plan.currency));
        let text = format!("{}; {} an hour, {} before", told(transfers), prices[1], prices[0]);
        let data = json!({
            "moves": transfers.iter().map(listed).collect::<Vec<_>>(),
            "pricePerHour": prices[1].to_string(),
            "pricePerHourBefore": prices[0].to_string(),
            "savesMicrogramsPerHour": saved_micrograms(before, after),
        });
        let (id, now) = (application.id, self.clock.now());
        let event = application.news("application.moving", format!("{} moves {text}", application.name), data, now);
        self.database
            .write(move |connection| {
                event::append(connection, &event)?;
                Ok::<_, OrchestratorError>(store::relocation_told(connection, id, &text)?)
            })
            .await
    }

    /// Nothing takes what was to move: it stays, and the reason is told.
    async fn stays_put(
        &self,
        application: &Application,
        wanted: &Relocation,
        reason: String,
    ) -> Result<Rearranged, OrchestratorError> {
        let (id, now, asked) = (application.id, self.clock.now(), wanted.operation);
        let text = format!("what was to move in {} stays where it is: {reason}", application.name);
        let event = application.news(REFUSED, text, json!({ "reason": reason }), now);
        self.database
            .write(move |connection| {
                if let Some(asked) = asked
                    && !operation::get(connection, asked)?.state.is_final()
                {
                    operation::fail(connection, asked, &reason, now)?;
                }
                event::append(connection, &event)?;
                Ok::<_, OrchestratorError>(store::relocation_done(connection, id, now)?)
            })
            .await?;
        Ok(Rearranged::Nothing)
    }

    /// Tells why something can't move, unless that was told last.
    async fn refusal_told(&self, application: &Application, reason: String) -> Result<(), OrchestratorError> {
        let (id, text) = (application.id, format!("{}: {reason}", application.name));
        let event = application.news(REFUSED, text, json!({ "reason": reason }), self.clock.now());
        let filter = EventFilter {
            application: Some(id),
            kind_prefix: Some(REFUSED.to_owned()),
            scope: ProjectScope::All,
            ..EventFilter::default()
        };
        self.database
            .write(move |connection| {
                let last = event::list(connection, &filter, 1, event::Order::NewestFirst)?.pop();
                if last.is_none_or(|last| last.message != event.message) {
                    event::append(connection, &event)?;
                }
                Ok(())
            })
            .await
    }

    /// Everything that was to move works where it is now.
    async fn arrived(
        &self,
        application: &Application,
        plan: &Plan,
        moved: &Relocation,
    ) -> Result<(), OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        let kind = match moved.kind {
            MoveKind::Move => "application.moved",
            MoveKind::Consolidation => "application.consolidated",
            MoveKind::BetterPlace | MoveKind::CleanerPlace => "application.improved",
        };
        let price = Money::new(plan.price_per_hour_micros, plan.currency);
        let what = moved.told.as_deref().unwrap_or("all of it");
        let text = format!("{} costs {price} an hour: achieved: {what}", application.name);
        let data = json!({ "pricePerHour": price.to_string(), "seconds": (now - moved.begun_at).num_seconds() });
        let event = application.news(kind, text, data, now);
        self.database
            .write(move |connection| {
                event::append(connection, &event)?;
                Ok::<_, OrchestratorError>(store::relocation_done(connection, id, now)?)
            })
            .await
    }

    /// Whether it is time to look for something better, and allowed.
    fn is_due(&self, application: &Application, last: Option<&Relocation>, now: DateTime<Utc>) -> bool {
        let policy = self.moving;
        let allowed = (policy.consolidate || policy.improve)
            && application.model.moves == MovePolicy::Automatic
            && application.model.delivery.is_none()
            && application.desired == DesiredState::Running
            && application.phase == Phase::Running;
        // What somebody has put in its place stays there as long as nothing else is wanted.
        let placed = |last: &Relocation| last.kind == MoveKind::Move && last.revision == application.revision;
        if !allowed || last.is_some_and(|last| placed(last) || now - last.begun_at < policy.pause) {
            return false;
        }
        let Ok(mut looked) = self.looked.lock() else {
            return false;
        };
        match looked.get(&application.id) {
            Some(at) if now - *at < policy.interval => false,
            Some(_) => {
                looked.insert(application.id, now);
                true
            }
            // Not all at once after a start.
            None => {
                looked.insert(application.id, now);
                false
            }
        }
    }

    /// What is worth a move, with what it saves.
    async fn something_better(
        &self,
        application: &Application,
        plan: &Plan,
    ) -> Result<Option<Proposal>, OrchestratorError> {
        let (id, model, policy) = (application.id, &application.model, self.moving);
        if policy.consolidate {
            let least = policy.least(plan.price_per_hour_micros);
            let found = planned(self.mco.consolidation(id, model, plan.clone(), least).await)?;
            if let Some(worth) = self.worth(application, MoveKind::Consolidation, found) {
                return Ok(Some(worth));
            }
        }
        let gains = [(Gain::Price, MoveKind::BetterPlace), (Gain::Carbon, MoveKind::CleanerPlace)];
        for (gain, kind) in gains.into_iter().filter(|(gain, _)| policy.improve && gain.is_wanted_by(model.objective)) {
            let found = planned(self.mco.better_places(id, model, plan.clone(), gain).await)?;
            if let Some(worth) = self.worth(application, kind, found) {
                return Ok(Some(worth));
            }
        }
        Ok(None)
    }

    fn worth(&self, application: &Application, kind: MoveKind, found: Option<Rearrangement>) -> Option<Proposal> {
        let found = found?;
        let gain = if kind == MoveKind::CleanerPlace { Gain::Carbon } else { Gain::Price };
        let saving = self.moving.saving(&found.before, &found.after, gain);
        let worth = self.moving.is_worth(&saving);
        worth.then(|| Proposal {
            relocation: proposal(application, kind, &found, &self.moving, &saving, self.clock.now()),
            saves_micrograms: saved_micrograms(&found.before, &found.after),
        })
    }

    /// Writes down what is about to move of the broker's own accord, with its event.
    async fn begin(&self, application: &Application, proposal: &Proposal) -> Result<(), OrchestratorError> {
        let found = proposal.relocation.clone();
        let kind = match found.kind {
            MoveKind::Consolidation => "application.consolidating",
            _ => "application.improving",
        };
        let policy = self.moving;
        let text = format!("{}: {}", application.name, found.told.as_deref().unwrap_or_default());
        let data = json!({
            "leaving": found.wish.leaving,
            "leastPercent": policy.least_percent,
            "horizonSeconds": policy.horizon.num_seconds(),
            "overlapSeconds": policy.overlap.num_seconds(),
            "savesMicrogramsPerHour": proposal.saves_micrograms,
        });
        let event = application.news(kind, text, data, self.clock.now());
        let id = application.id;
        self.database
            .write(move |connection| {
                event::append(connection, &event)?;
                Ok::<_, OrchestratorError>(store::relocation_put(connection, id, &found)?)
            })
            .await
    }
}

/// What is worth a move.
struct Proposal {
    relocation: Relocation,
    /// What it emits less an hour; below nothing where it is more.
    saves_micrograms: i64,
}

/// That there is no plan is no fault here: all stays.
fn planned(found: Result<Option<Rearrangement>, McoError>) -> Result<Option<Rearrangement>, OrchestratorError> {
    match found {
        Err(McoError::Plan(_)) => Ok(None),
        found => Ok(found?),
    }
}

/// What leaves the machines that the plan after doesn't have.
pub(crate) fn wish(kind: MoveKind, found: &Rearrangement) -> MoveWish {
    let kept = |id| found.after.machines.iter().any(|machine| machine.held == Some(id));
    let machines = found.before.machines.iter().filter_map(|machine| Some((machine.held?, machine)));
    let leaving = machines.filter(|(id, _)| !kept(*id));
    MoveWish {
        leaving: leaving.map(|(id, machine)| (id, machine.instances.iter().cloned().collect())).collect(),
        to: if kind == MoveKind::Consolidation { Destination::Rented } else { Destination::Anywhere },
        leave_volumes: false,
    }
}

fn proposal(
    application: &Application,
    kind: MoveKind,
    found: &Rearrangement,
    policy: &MovingPolicy,
    saving: &Saving,
    now: DateTime<Utc>,
) -> Relocation {
    let moves = told(&transfers(&application.model, &found.before, &found.after));
    let (saved, cost) = (saving.amount(saving.per_hour()), saving.amount(saving.cost));
    let (before, hours) = (saving.amount(saving.before), policy.horizon.num_hours());
    let text = match kind {
        MoveKind::CleanerPlace => {
            let prices =
                [&found.before, &found.after].map(|plan| Money::new(plan.price_per_hour_micros, plan.currency));
            format!(
                "it emits less elsewhere: {moves}; saves {saved} of {before} an hour; the move emits {cost} while old and \
                 new run, which it saves within {hours} h; {} an hour, {} before",
                prices[1], prices[0]
            )
        }
        _ => {
            let room = kind == MoveKind::Consolidation;
            let why = if room { "the other machines have room" } else { "it can be had for less" };
            format!(
                "{why}: {moves}; saves {saved} of {before} an hour; the move costs {cost} while old and new are paid, and \
                 pays within {hours} h"
            )
        }
    };
    Relocation {
        kind,
        revision: application.revision,
        operation: None,
        wish: wish(kind, found),
        told: Some(text),
        begun_at: now,
        adopted_at: None,
        done_at: None,
    }
}

fn listed(transfer: &Transfer) -> Value {
    let spot =
        |spot: &hansa_mco::relocation::Spot| json!({"machine": spot.machine, "offer": spot.offer, "site": spot.site});
    json!({
        "instance": format!("{}#{}", transfer.instance.component, transfer.instance.ordinal),
        "from": spot(&transfer.from),
        "to": transfer.to.as_ref().map(spot),
    })
}
