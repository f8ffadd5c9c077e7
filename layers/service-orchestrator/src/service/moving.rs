//! Moving what runs because somebody asks: instances, all of a machine, or
//! whatever fits into fewer machines.

use super::{
    ServiceOrchestrator,
    change::{Verb, accept, expect_own, expect_version, known, once, supersede},
    quota,
};
use crate::{
    error::OrchestratorError,
    model::{Accepted, Application, Change, DesiredState},
    moving::{Interruption, MoveKind, MovePreview, MoveRequest, MoveWish, Relocation, interruptions},
    rearranging::wish,
    store,
};
use hansa_mco::{
    McoError,
    model::{Instance, Plan},
    planner::PlanError,
    relocation::{Destination, Transfer, transfers},
};
use hansa_ontology::{Actor, ApplicationId, MachineId, Money, OperationId};
use std::collections::{BTreeMap, BTreeSet};

/// A move that was planned: what it comes to, and what is written down.
struct Planned {
    application: Application,
    wish: MoveWish,
    preview: MovePreview,
}

impl ServiceOrchestrator {
    /// What a move would come to. Writes nothing.
    ///
    /// # Errors
    /// When it names what isn't there; when nothing takes what is to move; why.
    pub async fn move_preview(
        &self,
        id: ApplicationId,
        request: &MoveRequest,
    ) -> Result<MovePreview, OrchestratorError> {
        Ok(self.move_planned(id, request).await?.preview)
    }

    /// Moves instances of an application elsewhere: their replacements first.
    ///
    /// # Errors
    /// As [`Self::move_preview`]; when data would be left without `leave_volumes`;
    /// when a quota would be broken, or the version isn't the expected one.
    pub async fn move_instances(
        &self,
        id: ApplicationId,
        request: &MoveRequest,
        change: Change,
    ) -> Result<Accepted, OrchestratorError> {
        let planned = self.move_planned(id, request).await.and_then(confirmed);
        self.ask(id, MoveKind::Move, planned, change).await
    }

    /// What emptying the least used machine of an application would come to. Writes nothing.
    ///
    /// # Errors
    /// When no machine can be emptied; when the application has no plan in force.
    pub async fn consolidation_preview(&self, id: ApplicationId) -> Result<MovePreview, OrchestratorError> {
        Ok(self.consolidation_planned(id).await?.preview)
    }

    /// Empties the least used machine of an application into the others, and gives it back.
    ///
    /// # Errors
    /// As [`Self::consolidation_preview`]; when the version isn't the expected one.
    pub async fn consolidate(&self, id: ApplicationId, change: Change) -> Result<Accepted, OrchestratorError> {
        let planned = self.consolidation_planned(id).await;
        self.ask(id, MoveKind::Consolidation, planned, change).await
    }

    async fn consolidation_planned(&self, id: ApplicationId) -> Result<Planned, OrchestratorError> {
        let (application, plan) = self.movable(id).await?;
        let found = self.mco.consolidation(id, &application.model, plan.clone(), 0).await?.ok_or_else(|| {
            let text = "no machine of it can be emptied: the others have no room for what runs in it, a constraint \
                        forbids it, or it keeps data";
            McoError::Plan(PlanError::Immovable(text.to_owned()))
        })?;
        let wish = wish(MoveKind::Consolidation, &found);
        let preview = self.preview(&application, &found.before, found.after, false).await?;
        Ok(Planned { application, wish, preview })
    }

    async fn move_planned(&self, id: ApplicationId, request: &MoveRequest) -> Result<Planned, OrchestratorError> {
        let (application, plan) = self.movable(id).await?;
        let leaving = leaving(&application, &plan, &request.what)?;
        let to = self.destination(&application, &request.to).await?;
        let after = self.mco.relocation_plan(id, &application.model, leaving.clone(), &to).await?;
        let preview = self.preview(&application, &plan, after, request.leave_volumes).await?;
        let wish = MoveWish { leaving, to, leave_volumes: request.leave_volumes };
        Ok(Planned { application, wish, preview })
    }

    async fn preview(
        &self,
        application: &Application,
        before: &Plan,
        after: Plan,
        leave_volumes: bool,
    ) -> Result<MovePreview, OrchestratorError> {
        let price = |plan: &Plan| Money::new(plan.price_per_hour_micros, plan.currency);
        let transfers = transfers(&application.model, before, &after);
        Ok(MovePreview {
            interruptions: self.interruptions(application, &transfers, leave_volumes).await?,
            transfers,
            before: price(before),
            after: price(&after),
            plan: after,
        })
    }

    /// What is away for a while, and what becomes of its volumes.
    pub(crate) async fn interruptions(
        &self,
        application: &Application,
        transfers: &[Transfer],
        leave_volumes: bool,
    ) -> Result<Vec<Interruption>, OrchestratorError> {
        let model = &application.model;
        let outlooks = match leave_volumes {
            true => BTreeMap::new(),
            false => self.mco.volumes_outlook(application.id, model, transfers).await?,
        };
        Ok(interruptions(model, transfers, &outlooks))
    }

    /// An application with the plan of its revision.
    async fn movable(&self, id: ApplicationId) -> Result<(Application, Plan), OrchestratorError> {
        let application = self.effective(self.application(id).await?).await?;
        let name = &application.name;
        if application.desired == DesiredState::Removed {
            return Err(OrchestratorError::BeingRemoved(name.clone()));
        }
        if let Actor::Partner(partner) = &application.owner {
            return Err(OrchestratorError::PartnersOrder { name: name.clone(), partner: partner.clone() });
        }
        match self.mco.plan_in_force(id).await? {
            Some((revision, plan)) if revision == application.revision => Ok((application, plan)),
            _ => Err(OrchestratorError::NotPlanned {
                name: name.clone(),
                revision: application.revision,
                phase: application.phase.name(),
            }),
        }
    }

    async fn destination(&self, application: &Application, names: &[String]) -> Result<Destination, OrchestratorError> {
        if names.is_empty() {
            return Ok(Destination::Elsewhere);
        }
        let mut targets = BTreeSet::new();
        for (place, name) in names.iter().enumerate() {
            let found = self.mco.targets(application.id, name).await?;
            if found.is_empty() {
                return Err(OrchestratorError::Invalid {
                    field: format!("/to/{place}"),
                    message: format!(
                        "there is no site or offer `{name}`, and no such machine of `{}`",
                        application.name
                    ),
                });
            }
            targets.extend(found);
        }
        Ok(Destination::Among(targets.into_iter().collect()))
    }

    /// Writes a move down. What is wrong with it is told after what comes before it.
    async fn ask(
        &self,
        id: ApplicationId,
        kind: MoveKind,
        planned: Result<Planned, OrchestratorError>,
        change: Change,
    ) -> Result<Accepted, OrchestratorError> {
        let (now, operation) = (self.clock.now(), OperationId(self.ids.next()));
        self.database
            .write(move |connection| {
                once(connection, &change, now, |connection| {
                    let mut application = known(connection, id)?;
                    expect_own(&application, &change)?;
                    expect_version(&application, &change)?;
                    let planned = planned?;
                    let (expected, current) = (planned.application.version, application.version);
                    if expected != current {
                        return Err(OrchestratorError::VersionMismatch { expected, current });
                    }
                    let before = quota::taken(&application);
                    application.price = Some(planned.preview.after);
                    quota::expect_of(connection, &change, &application, &before)?;
                    supersede(connection, &application, operation, now)?;
                    application.operation = operation;
                    application.version += 1;
                    application.updated_at = now;
                    store::update(connection, &application)?;
                    let verb = Verb::moving(kind, &planned.preview.transfers);
                    let relocation = Relocation {
                        kind,
                        revision: application.revision,
                        operation: Some(operation),
                        wish: planned.wish,
                        told: None,
                        begun_at: now,
                        adopted_at: None,
                        done_at: None,
                    };
                    store::relocation_put(connection, id, &relocation)?;
                    accept(connection, &application, &change.actor, &verb, now)
                })
            })
            .await
    }
}

/// That data is left behind has to be agreed to.
fn confirmed(planned: Planned) -> Result<Planned, OrchestratorError> {
    let losing = planned.preview.interruptions.iter().find(|one| !one.volumes.is_empty());
    match losing.filter(|_| !planned.wish.leave_volumes) {
        None => Ok(planned),
        Some(losing) => Err(OrchestratorError::Invalid {
            field: "/leaveVolumes".to_owned(),
            message: format!("{losing}; set it to true where that is meant"),
        }),
    }
}

/// What is named, by the machine in which it is.
fn leaving(
    application: &Application,
    plan: &Plan,
    what: &[String],
) -> Result<BTreeMap<MachineId, BTreeSet<Instance>>, OrchestratorError> {
    let invalid = |field: String, message: String| Err(OrchestratorError::Invalid { field, message });
    if what.is_empty() {
        let message = "names nothing; give at least one instance such as \"web#0\", or the id of a machine";
        return invalid("/what".to_owned(), message.to_owned());
    }
    let mut leaving: BTreeMap<MachineId, BTreeSet<Instance>> = BTreeMap::new();
    for (place, text) in what.iter().enumerate() {
        let Some((machine, instances)) = named(application, plan, text) else {
            let message = format!(
                "`{text}` is neither an instance of `{}` such as web#0, nor the id of a machine in which something of it runs",
                application.name
            );
            return invalid(format!("/what/{place}"), message);
        };
        leaving.entry(machine).or_default().extend(instances);
    }
    Ok(leaving)
}

fn named(application: &Application, plan: &Plan, text: &str) -> Option<(MachineId, Vec<Instance>)> {
    let machines = || plan.machines.iter().filter_map(|machine| Some((machine.held?, &machine.instances)));
    let Some((component, ordinal)) = text.rsplit_once('#') else {
        let id: MachineId = text.parse().ok()?;
        return machines().find(|(held, _)| *held == id).map(|(held, all)| (held, all.clone()));
    };
    let instance = Instance { component: component.to_owned(), ordinal: ordinal.parse().ok()? };
    let (held, all) = machines().find(|(_, all)| all.contains(&instance))?;
    // A machine of a group goes with all that is in it.
    let whole = application.model.machines.contains_key(component);
    Some((held, if whole { all.clone() } else { vec![instance] }))
}
