//! The part of a round that starts a revision beside another, and leads callers to it.

use super::{BlueGreen, Step, UpdateStage, news, step};
use crate::{
    error::OrchestratorError,
    model::{Application, Phase},
    reconcile::{LATER, Next, Round, SOON, operation_fail, phase_set},
    scaling::wanted,
    service::ServiceOrchestrator,
    store,
};
use hansa_mco::{
    BesideLook, ErrorKind, McoError,
    beside::{Colour, differs},
    beside_ended, beside_serves,
    model::Plan,
};
use hansa_ontology::{ApplicationId, Money, ResourceModel, resource_model::Replicas};
use hansa_repository::{Connection, RepositoryError, event, operation};
use serde_json::json;

/// An update that is under way, with what callers are led to now.
struct Under<'a> {
    application: &'a Application,
    /// What is wanted and in effect now.
    model: &'a ResourceModel,
    update: BlueGreen,
    serving: Colour,
}

impl ServiceOrchestrator {
    /// Does what a blue-green update asks for now. None: there is none, or all that is left
    /// of it is that the old is kept; the round goes on as usual.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole.
    pub(crate) async fn blue_green_round(
        &self,
        application: &Application,
        model: &ResourceModel,
    ) -> Result<Option<Next>, OrchestratorError> {
        let (id, revision) = (application.id, application.revision);
        let update = self.blue_green(id).await?;
        if update.is_none() && !application.model.update.is_blue_green() {
            return Ok(None);
        }
        let Some((number, plan)) = self.mco.plan_in_force(id).await? else { return Ok(None) };
        match update {
            Some(update) if update.revision != revision => self.overtaken(application, update).await.map(Some),
            Some(update) if matches!(update.stage, UpdateStage::Switched { .. } | UpdateStage::Returned { .. }) => {
                let due = step(&update, &application.model.update, &BesideLook::default(), self.clock.now());
                if due != Step::Finish {
                    return Ok(None);
                }
                self.old_ended(application, "it was kept long enough".to_owned()).await?;
                Ok(Some(SOON))
            }
            _ if number == revision => Ok(None),
            update => {
                let Some(serving) = self.serving(application, number, plan).await? else { return Ok(None) };
                match update {
                    Some(update) => self.go_on(Under { application, model, update, serving }).await.map(Some),
                    None => self.begin_beside(application, model, serving).await,
                }
            }
        }
    }

    /// How the blue-green update of an application stands, where one is under way or was abandoned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn blue_green(&self, id: ApplicationId) -> Result<Option<BlueGreen>, OrchestratorError> {
        self.database.read(move |connection| Ok(store::blue_green(connection, id)?)).await
    }

    /// The plan of an update of an application, where that is blue-green. None: it is rolling,
    /// or changes nothing that runs.
    ///
    /// # Errors
    /// When it can't stand beside what runs; when the database fails.
    pub(crate) async fn update_plan(
        &self,
        application: &Application,
        model: &ResourceModel,
    ) -> Result<Option<Plan>, OrchestratorError> {
        let id = application.id;
        if !model.update.is_blue_green() {
            return Ok(None);
        }
        let Some((number, plan)) = self.mco.plan_in_force(id).await? else { return Ok(None) };
        let Some(serving) = self.serving(application, number, plan).await? else { return Ok(None) };
        if !differs(id, &serving.model, model) {
            return Ok(None);
        }
        let mut plan = self.mco.plan_beside(id, model, &serving).await?;
        plan.notes.push(format!(
            "It is started beside revision {number}, and both are paid until that is taken away: {} an hour more at most.",
            costs_more(&serving.plan, &plan)
        ));
        Ok(Some(plan))
    }

    /// What callers are led to: the revision of the plan in force, with its numbers.
    async fn serving(
        &self,
        application: &Application,
        number: i64,
        plan: Plan,
    ) -> Result<Option<Colour>, OrchestratorError> {
        let model = self.revision_model(application, number).await?;
        Ok(model.map(|model| Colour::new(number, frozen(&model, &plan), plan)))
    }

    /// Something else is wanted meanwhile. What was kept serves again where it is just that.
    async fn overtaken(&self, application: &Application, update: BlueGreen) -> Result<Next, OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        let beside = self.mco.beside(id).await?;
        let kept = beside.filter(|_| matches!(update.stage, UpdateStage::Switched { .. }));
        let back = match kept {
            Some(kept) => {
                let read =
                    move |connection: &mut Connection, revision: i64| store::revision_model(connection, id, revision);
                let (old, new) = (kept.revision, application.revision);
                let read = move |connection: &mut Connection| {
                    Ok::<_, OrchestratorError>((read(connection, old)?, read(connection, new)?))
                };
                let (old, new) = self.database.read(read).await?;
                old.is_some() && old == new
            }
            None => false,
        };
        let current = application.clone();
        self.database
            .write(move |connection| {
                match &update.stage {
                    UpdateStage::Switched { .. } if back => {
                        beside_serves(connection, id, current.revision, current.model.clone(), now)?;
                        event::append(connection, &news::switched_back(&current, &update, now))?;
                        let returned = BlueGreen::new(current.revision, update.revision, now);
                        let returned = returned.at(UpdateStage::Returned { at: now });
                        return Ok(store::blue_green_put(connection, id, &returned)?);
                    }
                    UpdateStage::Switched { .. } | UpdateStage::Returned { .. } => {
                        let why = format!("revision {} is wanted", current.revision);
                        event::append(connection, &news::finished(&current, &update, &why, now))?;
                    }
                    UpdateStage::Starting | UpdateStage::Ready { .. } => {
                        let why = format!("revision {} is wanted", current.revision);
                        event::append(connection, &news::abandoned(&current, &update, &why, now))?;
                    }
                    UpdateStage::Abandoned { .. } => {}
                }
                beside_ended(connection, id)?;
                Ok::<_, OrchestratorError>(store::blue_green_forget(connection, id)?)
            })
            .await?;
        Ok(SOON)
    }

    /// Starts the wanted revision beside the one that runs. None: there is nothing to
    /// stand beside, or nothing that differs; it is an update as any other.
    async fn begin_beside(
        &self,
        application: &Application,
        model: &ResourceModel,
        serving: Colour,
    ) -> Result<Option<Next>, OrchestratorError> {
        let (id, number, now) = (application.id, serving.revision, self.clock.now());
        let ran =
            self.database.read(move |connection| Ok::<_, OrchestratorError>(store::has_run(connection, id, number)?));
        if !differs(id, &serving.model, model) || !ran.await? {
            return Ok(None);
        }
        let update = BlueGreen::new(application.revision, number, now);
        let under = Under { application, model, update, serving };
        if self.was_unplannable(application, now) {
            let reason = application.phase.reason().unwrap_or("no plan satisfies the model").to_owned();
            return self.stays_blocked(&under, reason).await.map(Some);
        }
        let (told, update, before) = (application.clone(), under.update.clone(), under.serving.plan.clone());
        let begun = move |connection: &mut Connection, plan: &Plan| {
            let more = costs_more(&before, plan);
            store::blue_green_put(connection, id, &update)?;
            store::price_set(connection, id, both(&before, more))?;
            event::append(connection, &news::begun(&told, &update, more, now)).map(drop)
        };
        match self.rent_beside(&under, begun).await? {
            Rented::Yes | Rented::Again => Ok(Some(SOON)),
            Rented::No(why) => {
                if let Ok(mut unplannable) = self.unplannable.lock() {
                    unplannable.insert(id, (application.revision, now));
                }
                let (new, old) = (application.revision, number);
                let reason = format!("revision {new} can't stand beside revision {old}, which goes on: {why}");
                self.stays_blocked(&under, reason).await.map(Some)
            }
        }
    }

    /// Plans the wanted revision beside what callers are led to, and rents what it needs.
    async fn rent_beside(
        &self,
        under: &Under<'_>,
        also: impl FnOnce(&mut Connection, &Plan) -> Result<(), RepositoryError> + Send + 'static,
    ) -> Result<Rented, OrchestratorError> {
        let Under { application, model, serving, .. } = under;
        let plan = match self.mco.plan_beside(application.id, model, serving).await {
            Ok(plan) => plan,
            Err(McoError::Plan(why)) => return Ok(Rented::No(why.to_string())),
            Err(error) => return Err(error.into()),
        };
        let beside = Colour::new(application.revision, frozen(model, &plan), plan);
        match self.mco.beside_adopt(application.id, beside, serving, also).await {
            Ok(()) => Ok(Rented::Yes),
            Err(error) if error.kind() == ErrorKind::Stale => Ok(Rented::Again),
            Err(error) => Err(error.into()),
        }
    }

    /// The old goes on, the new is started and looked at, and what is due is done.
    async fn go_on(&self, under: Under<'_>) -> Result<Next, OrchestratorError> {
        if let UpdateStage::Abandoned { reason, .. } = &under.update.stage {
            return self.stays_blocked(&under, reason.clone()).await;
        }
        let look = match self.round(&under.old()).await? {
            Round::Wanted(realised) => realised.beside,
            Round::Stale => return Ok(SOON),
            Round::Blocked(why) => {
                return self.abandon(under, format!("what runs has no room beside it any more: {why}")).await;
            }
        };
        let look = look.unwrap_or_else(|| BesideLook { refused: true, ..BesideLook::default() });
        let now = self.clock.now();
        let due = match look.refused {
            // What isn't there can't be switched to.
            true => match step(
                &under.update,
                &under.application.model.update,
                &BesideLook { wanted: look.wanted.max(1), ..look.clone() },
                now,
            ) {
                Step::Abandon(why) => Step::Abandon(why),
                _ => match self.rent_beside(&under, |_, _| Ok(())).await? {
                    Rented::No(why) => Step::Abandon(why),
                    Rented::Yes | Rented::Again => return Ok(SOON),
                },
            },
            false => step(&under.update, &under.application.model.update, &look, now),
        };
        match due {
            Step::Stay | Step::Finish => self.stays_beside(under, &look).await,
            Step::Ready => self.works(under).await,
            Step::Switch => self.switch(under).await,
            Step::Abandon(why) => self.abandon(under, why).await,
        }
    }

    /// Tells how far the new is.
    async fn stays_beside(&self, under: Under<'_>, look: &BesideLook) -> Result<Next, OrchestratorError> {
        let (now, id) = (self.clock.now(), under.application.operation);
        if matches!(under.update.stage, UpdateStage::Ready { promoted: None, .. }) {
            return Ok(LATER);
        }
        let progress = operation::Progress {
            done: u32::try_from(look.ready).unwrap_or(u32::MAX),
            total: u32::try_from(look.wanted).unwrap_or(u32::MAX),
            message: told(&under.update, look),
        };
        let running = self.database.read(move |connection| operation::get(connection, id)).await?;
        let untold = !running.state.is_final() && running.progress != progress;
        if untold || under.application.phase != Phase::Deploying {
            self.write_if_current(under.application.clone(), move |connection, application| {
                if untold {
                    operation::progress(connection, running.id, progress, now)?;
                }
                phase_set(connection, application, Phase::Deploying, now)
            })
            .await?;
        }
        Ok(SOON)
    }

    /// The new works; a person has to say the rest. That is all that was asked of the operation.
    async fn works(&self, under: Under<'_>) -> Result<Next, OrchestratorError> {
        let now = self.clock.now();
        let update = under.update.at(UpdateStage::Ready { since: now, promoted: None });
        self.write_if_current(under.application.clone(), move |connection, application| {
            store::blue_green_put(connection, application.id, &update)?;
            event::append(connection, &news::ready(&application, &update, now))?;
            let running = operation::get(connection, application.operation)?;
            if !running.state.is_final() {
                let result = json!({
                    "application": application.id, "revision": update.revision, "waits": "to be promoted"
                });
                operation::succeed(connection, running.id, result, now)?;
            }
            Ok(())
        })
        .await?;
        Ok(LATER)
    }

    /// Leads callers to the new: from the next round on everybody is told of it, and of it alone.
    async fn switch(&self, under: Under<'_>) -> Result<Next, OrchestratorError> {
        let now = self.clock.now();
        let update = under.update.at(UpdateStage::Switched { at: now });
        let former = under.serving.model;
        self.write_if_current(under.application.clone(), move |connection, application| {
            if beside_serves(connection, application.id, update.revision, former, now)? {
                store::blue_green_put(connection, application.id, &update)?;
                event::append(connection, &news::switched(&application, &update, now))?;
            }
            Ok(())
        })
        .await?;
        Ok(SOON)
    }

    /// Takes the new away; the old goes on.
    async fn abandon(&self, under: Under<'_>, why: String) -> Result<Next, OrchestratorError> {
        let (now, price) = (self.clock.now(), both(&under.serving.plan, nothing(&under.serving.plan)));
        let reason =
            format!("revision {} is taken away: {why}; revision {} goes on", under.update.revision, under.update.from);
        let abandoned = under.update.at(UpdateStage::Abandoned { at: now, reason: reason.clone() });
        self.write_if_current(under.application.clone(), move |connection, mut application| {
            beside_ended(connection, application.id)?;
            store::blue_green_put(connection, application.id, &abandoned)?;
            event::append(connection, &news::abandoned(&application, &abandoned, &why, now))?;
            operation_fail(connection, &application, &reason, now)?;
            application.price = Some(price);
            store::price_set(connection, application.id, price)?;
            phase_set(connection, application, Phase::Blocked(reason), now)
        })
        .await?;
        Ok(SOON)
    }

    /// Takes the old away, which was kept.
    pub(crate) async fn old_ended(&self, application: &Application, why: String) -> Result<(), OrchestratorError> {
        let (now, price) = (self.clock.now(), self.mco.plan_in_force(application.id).await?);
        let price = price.map(|(_, plan)| both(&plan, nothing(&plan)));
        self.write_if_current(application.clone(), move |connection, application| {
            if let Some(update) = store::blue_green(connection, application.id)? {
                event::append(connection, &news::finished(&application, &update, &why, now))?;
            }
            if let Some(price) = price {
                store::price_set(connection, application.id, price)?;
            }
            beside_ended(connection, application.id)?;
            Ok(store::blue_green_forget(connection, application.id)?)
        })
        .await
    }

    /// The old goes on, and is healed; what is wanted can't be had.
    async fn stays_blocked(&self, under: &Under<'_>, reason: String) -> Result<Next, OrchestratorError> {
        let now = self.clock.now();
        self.round(&under.old()).await?;
        self.write_if_current(under.application.clone(), move |connection, application| {
            operation_fail(connection, &application, &reason, now)?;
            phase_set(connection, application, Phase::Blocked(reason), now)
        })
        .await?;
        Ok(LATER)
    }
}

/// What came of renting.
enum Rented {
    /// It is held.
    Yes,
    /// What was counted on is gone.
    Again,
    /// It can't be had; why.
    No(String),
}

impl Under<'_> {
    /// The application as callers are led to it now.
    fn old(&self) -> Application {
        let (model, revision) = (self.serving.model.clone(), self.serving.revision);
        Application { model, revision, ..self.application.clone() }
    }
}

/// A model with the numbers that its plan has: while two revisions stand side by side,
/// policies and jobs that wait change nothing of either.
fn frozen(model: &ResourceModel, plan: &Plan) -> ResourceModel {
    let mut model = wanted::as_planned(model, plan);
    for (name, component) in &mut model.components {
        if component.defer.is_some() {
            component.replicas = Replicas::Fixed(wanted::planned(plan, name));
        }
    }
    model
}

/// `revision 2 stands beside revision 1: 1 of 2 workloads are ready`, with the first that is wrong.
fn told(update: &BlueGreen, look: &BesideLook) -> String {
    let (new, old) = (update.revision, update.from);
    let mut text =
        format!("revision {new} stands beside revision {old}: {} of {} workloads are ready", look.ready, look.wanted);
    if let Some(problem) = look.problems.first() {
        text.push_str("; ");
        text.push_str(problem);
    }
    text
}

/// The price of the machines of a plan that another hasn't.
fn costs_more(plan: &Plan, other: &Plan) -> Money {
    let has = |id| plan.machines.iter().any(|machine| machine.held == id);
    let more = other.machines.iter().filter(|machine| !has(machine.held)).map(|machine| machine.price_per_hour_micros);
    Money::new(more.sum(), plan.currency)
}

fn nothing(plan: &Plan) -> Money {
    Money::new(0, plan.currency)
}

/// What a plan costs, with so much more.
fn both(plan: &Plan, more: Money) -> Money {
    Money::new(plan.price_per_hour_micros.saturating_add(more.micros), plan.currency)
}
