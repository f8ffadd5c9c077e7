//! One round for one application: plan if there is no plan for what is wanted,
//! carry it out, look, write down how it stands. A round takes no input but
//! what is written and what the real systems say, so that a lost message, a
//! crash and a hand-made change all heal the same way.

use crate::{
    deferral,
    error::OrchestratorError,
    model::{Application, DesiredState, Phase},
    rearranging::Rearranged,
    scaling::wanted,
    service::ServiceOrchestrator,
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::{ApplicationRef, ErrorKind, McoError, MovedVolumes, Realised, model::Plan};
use hansa_ontology::{Actor, ApplicationId, MachineId, Money, ResourceModel};
use hansa_repository::{Connection, RepositoryError, event, operation};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};

/// When an application is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// After this time, or earlier if something wakes it.
    After(Duration),
    /// Never: nothing of it is left.
    Never,
}

/// While something is on its way.
pub(crate) const SOON: Next = Next::After(Duration::from_millis(100));
/// While all is well.
pub(crate) const LATER: Next = Next::After(Duration::from_secs(1));
/// So long after its end a hold is looked at, so that it is over for sure.
pub(crate) const HOLD_MARGIN: Duration = Duration::from_millis(100);
/// How long a revision that could not be planned isn't planned again.
const PLAN_AGAIN_SECONDS: i64 = 10;
/// How long what could not move away from a node isn't tried to be moved again.
const MOVE_AGAIN_SECONDS: i64 = 5;
/// After this time an operation that hasn't come to its end is given up. The
/// application itself is not: it is kept being repaired.
const OPERATION_MINUTES: i64 = 10;
/// The same where a machine has to be made first: clusters and servers take their time.
const MAKING_MINUTES: i64 = 60;

/// How a round went.
pub(crate) enum Round {
    /// The plan of what is wanted was carried out this far.
    Wanted(Realised),
    /// What is wanted can't be planned; why. An earlier revision goes on.
    Blocked(String),
    /// What was counted on is gone; the next round plans again.
    Stale,
}

impl ServiceOrchestrator {
    /// One round.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole; the round is tried again.
    pub(crate) async fn reconcile(&self, id: ApplicationId) -> Result<Next, OrchestratorError> {
        let application =
            self.database.read(move |connection| Ok::<_, OrchestratorError>(store::get(connection, id)?)).await?;
        match application {
            None => self.hold_watch(id).await,
            Some(application) if application.phase == Phase::Removed => Ok(Next::Never),
            Some(application) if application.desired == DesiredState::Removed => self.take_away(application).await,
            Some(application) => self.bring_about(application).await,
        }
    }

    /// There is no application: it may be an order that hasn't come yet.
    async fn hold_watch(&self, id: ApplicationId) -> Result<Next, OrchestratorError> {
        let until = self.mco.hold_expire(id).await?;
        let now = self.clock.now();
        Ok(until.map_or(Next::Never, |until| Next::After((until - now).to_std().unwrap_or_default() + HOLD_MARGIN)))
    }

    async fn take_away(&self, application: Application) -> Result<Next, OrchestratorError> {
        if !self.mco.dismantle(application.id).await? {
            return Ok(SOON);
        }
        let now = self.clock.now();
        let id = application.id;
        self.database
            .write(move |connection| {
                let operation = application.operation;
                phase_set(connection, application, Phase::Removed, now)?;
                operation::succeed(connection, operation, json!({"application": id}), now)?;
                store::relocation_forget(connection, id)?;
                store::blue_green_forget(connection, id)?;
                Ok::<_, OrchestratorError>(())
            })
            .await?;
        Ok(Next::Never)
    }

    async fn bring_about(&self, application: Application) -> Result<Next, OrchestratorError> {
        let effective = self.with_jobs(&application).await?;
        if let Some(next) = self.blue_green_round(&application, &effective.model).await? {
            return Ok(next);
        }
        match self.round(&effective).await? {
            Round::Stale => Ok(SOON),
            Round::Wanted(realised) => {
                if realised.beside.as_ref().is_some_and(|kept| kept.refused) {
                    self.old_ended(&application, "it lost what it ran on".to_owned()).await?;
                }
                let next = if realised.settled { LATER } else { SOON };
                self.standing_write(application, realised).await?;
                Ok(next)
            }
            Round::Blocked(reason) => {
                let now = self.clock.now();
                self.write_if_current(application, move |connection, application| {
                    operation_fail(connection, &application, &reason, now)?;
                    phase_set(connection, application, Phase::Blocked(reason), now)
                })
                .await?;
                Ok(LATER)
            }
        }
    }

    pub(crate) async fn round(&self, application: &Application) -> Result<Round, OrchestratorError> {
        let reference = ApplicationRef { id: application.id, name: application.name.clone() };
        let in_force = self.mco.plan_in_force(application.id).await?;
        if let Some((revision, plan)) = &in_force
            && *revision == application.revision
            && deferral::fits(plan, &application.model)
        {
            if !wanted::fits(plan, &application.model) {
                return self.rescale(&reference, application, plan).await;
            }
            let realised = self.mco.realise(&reference, &application.model, plan).await?;
            if !realised.refused {
                return match self.rearrange(application, plan, &realised).await? {
                    Rearranged::Plan(elsewhere) => self.realised(&reference, application, &elsewhere).await,
                    Rearranged::Nothing => Ok(Round::Wanted(realised)),
                    Rearranged::Again => Ok(Round::Stale),
                };
            }
        }
        match self.plan_and_adopt(application, &BTreeSet::new()).await {
            Ok(Some(plan)) => self.realised(&reference, application, &plan).await,
            Ok(None) => {
                self.keep_earlier(&reference, application, in_force).await?;
                let reason = application.phase.reason().unwrap_or("no plan satisfies the model");
                Ok(Round::Blocked(reason.to_owned()))
            }
            Err(OrchestratorError::Mco(error)) if error.kind() == ErrorKind::Stale => Ok(Round::Stale),
            Err(OrchestratorError::Mco(McoError::Plan(why))) => {
                self.keep_earlier(&reference, application, in_force).await?;
                Ok(Round::Blocked(why.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Carries out a plan that has just been made.
    pub(crate) async fn realised(
        &self,
        reference: &ApplicationRef,
        application: &Application,
        plan: &Plan,
    ) -> Result<Round, OrchestratorError> {
        let realised = self.mco.realise(reference, &application.model, plan).await?;
        Ok(if realised.refused { Round::Stale } else { Round::Wanted(realised) })
    }

    /// Where something of the plan is on a node that is to be empty, and there
    /// is room elsewhere: the plan that has it there. None: all stays as it is.
    pub(crate) async fn plan_away(
        &self,
        application: &Application,
        plan: &Plan,
    ) -> Result<Option<Plan>, OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        if self.was_unmovable(id, now) {
            return Ok(None);
        }
        if !self.mco.leaves(&application.model, plan).await? {
            return Ok(None);
        }
        let elsewhere = match self.mco.plan(Some(id), &application.model, false).await {
            Ok(elsewhere) => elsewhere,
            Err(McoError::Plan(_)) => return self.stays(id, now),
            Err(error) => return Err(error.into()),
        };
        let kept = |machine| elsewhere.machines.iter().any(|planned| planned.held == Some(machine));
        if plan.machines.iter().filter_map(|planned| planned.held).all(kept) {
            return self.stays(id, now);
        }
        match self.adopt(application, elsewhere).await {
            Ok(adopted) => Ok(Some(adopted)),
            Err(OrchestratorError::Mco(error)) if error.kind() == ErrorKind::Stale => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a plan in force, and writes down what the application costs with it.
    pub(crate) async fn adopt(&self, application: &Application, plan: Plan) -> Result<Plan, OrchestratorError> {
        self.adopt_with(application, plan, MovedVolumes::default()).await
    }

    /// The same, with what becomes of the volumes of what moves.
    pub(crate) async fn adopt_with(
        &self,
        application: &Application,
        plan: Plan,
        volumes: MovedVolumes,
    ) -> Result<Plan, OrchestratorError> {
        let (id, revision, customer) = (application.id, application.revision, customer(application));
        let plan = self.mco.plan_adopt(id, revision, plan, customer, volumes).await?;
        let (id, price) = (application.id, Money::new(plan.price_per_hour_micros, plan.currency));
        if application.price != Some(price) {
            self.database.write(move |connection| store::price_set(connection, id, price)).await?;
        }
        Ok(plan)
    }

    /// Whether it could not move a moment ago.
    pub(crate) fn was_unmovable(&self, id: ApplicationId, now: DateTime<Utc>) -> bool {
        let tried = self.unmovable.lock().ok().and_then(|tried| tried.get(&id).copied());
        tried.is_some_and(|at| now - at < TimeDelta::seconds(MOVE_AGAIN_SECONDS))
    }

    /// It can't move now; that is tried again after a while.
    pub(crate) fn stays(&self, id: ApplicationId, now: DateTime<Utc>) -> Result<Option<Plan>, OrchestratorError> {
        if let Ok(mut tried) = self.unmovable.lock() {
            tried.insert(id, now);
        }
        Ok(None)
    }

    /// None: it could not be planned a moment ago.
    pub(crate) async fn plan_and_adopt(
        &self,
        application: &Application,
        dropped: &BTreeSet<MachineId>,
    ) -> Result<Option<Plan>, OrchestratorError> {
        let now = self.clock.now();
        if self.was_unplannable(application, now) {
            return Ok(None);
        }
        match self.mco.plan_without(application.id, &application.model, dropped).await {
            Ok(plan) => {
                let volumes = self.carried_along(application, &plan).await?;
                Ok(Some(self.adopt_with(application, plan, volumes).await?))
            }
            Err(error) => {
                if matches!(error, McoError::Plan(_))
                    && let Ok(mut unplannable) = self.unplannable.lock()
                {
                    unplannable.insert(application.id, (application.revision, now));
                }
                Err(error.into())
            }
        }
    }

    pub(crate) fn was_unplannable(&self, application: &Application, now: DateTime<Utc>) -> bool {
        let Ok(unplannable) = self.unplannable.lock() else {
            return false;
        };
        unplannable.get(&application.id).is_some_and(|(revision, at)| {
            *revision == application.revision
                && matches!(application.phase, Phase::Blocked(_))
                && now - *at < TimeDelta::seconds(PLAN_AGAIN_SECONDS)
        })
    }

    /// What runs of an earlier plan goes on, and is healed, while what is wanted can't be planned.
    async fn keep_earlier(
        &self,
        reference: &ApplicationRef,
        application: &Application,
        in_force: Option<(i64, Plan)>,
    ) -> Result<(), OrchestratorError> {
        let Some((revision, plan)) = in_force else {
            return Ok(());
        };
        if let Some(model) = self.revision_model(application, revision).await? {
            self.mco.realise(reference, &wanted::as_planned(&model, &plan), &plan).await?;
        }
        Ok(())
    }

    pub(crate) async fn revision_model(
        &self,
        application: &Application,
        revision: i64,
    ) -> Result<Option<ResourceModel>, OrchestratorError> {
        let id = application.id;
        self.database.read(move |connection| Ok(store::revision_model(connection, id, revision)?)).await
    }

    /// Writes down how the application stands, where that has changed.
    async fn standing_write(&self, application: Application, realised: Realised) -> Result<(), OrchestratorError> {
        let now = self.clock.now();
        let phase = phase_of(&application, &realised);
        let operation = application.operation;
        let done = self
            .database
            .read(move |connection| Ok::<_, OrchestratorError>(operation::get(connection, operation)?))
            .await?
            .state
            .is_final();
        if done && phase == application.phase {
            return Ok(());
        }
        self.write_if_current(application, move |connection, application| {
            operation_advance(connection, &application, &realised, now)?;
            phase_set(connection, application, phase, now)
        })
        .await
    }

    /// Writes what a round found, unless what is wanted has changed meanwhile:
    /// then the round speaks of the past, and the next one is due already.
    pub(crate) async fn write_if_current(
        &self,
        application: Application,
        write: impl FnOnce(&mut Connection, Application) -> Result<(), OrchestratorError> + Send + 'static,
    ) -> Result<(), OrchestratorError> {
        self.database
            .write(move |connection| {
                match store::get(connection, application.id)? {
                    Some(current) if current.version == application.version => {
                        // The round itself may have put another plan in force.
                        let (price, scaled) = (current.price, current.scaled);
                        write(connection, Application { price, scaled, ..application })
                    }
                    _ => Ok(()),
                }
            })
            .await
    }
}

/// The partner whose order it is, by DID.
fn customer(application: &Application) -> Option<&str> {
    match &application.owner {
        Actor::Partner(did) => Some(did.as_str()),
        _ => None,
    }
}

fn phase_of(application: &Application, realised: &Realised) -> Phase {
    if realised.settled {
        return Phase::Running;
    }
    let ran = matches!(application.phase, Phase::Running | Phase::Degraded(_));
    let reason = || match realised.problems.as_slice() {
        [] => format!("{} of {} workloads are ready", realised.ready, realised.wanted),
        problems => problems.join("; "),
    };
    match ran {
        true if realised.served == realised.wanted => application.phase.clone(),
        true => Phase::Degraded(reason()),
        false => Phase::Deploying,
    }
}

/// Writes another phase, with its event.
pub(crate) fn phase_set(
    connection: &mut Connection,
    mut application: Application,
    phase: Phase,
    now: DateTime<Utc>,
) -> Result<(), OrchestratorError> {
    let another_name = application.phase.name() != phase.name();
    if application.phase == phase {
        return Ok(());
    }
    application.phase = phase;
    application.updated_at = now;
    store::update(connection, &application)?;
    if application.phase == Phase::Running {
        store::revision_ran(connection, application.id, application.revision, now)?;
    }
    if another_name {
        let why = application.phase.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
        let kind = format!("application.{}", application.phase.name());
        let message = format!("{} is {}{why}", application.name, application.phase.name());
        let data = json!({"revision": application.revision, "reason": application.phase.reason()});
        event::append(connection, &application.news(&kind, message, data, now))?;
    }
    Ok(())
}

pub(crate) fn operation_fail(
    connection: &mut Connection,
    application: &Application,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let running = operation::get(connection, application.operation)?;
    if !running.state.is_final() {
        operation::fail(connection, running.id, reason, now)?;
    }
    Ok(())
}

fn operation_advance(
    connection: &mut Connection,
    application: &Application,
    realised: &Realised,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let running = operation::get(connection, application.operation)?;
    if running.state.is_final() {
        return Ok(());
    }
    let minutes = if realised.making { MAKING_MINUTES } else { OPERATION_MINUTES };
    if realised.settled {
        let result = json!({"application": application.id, "revision": application.revision});
        operation::succeed(connection, running.id, result, now)?;
    // What is copied takes as long as there is content, and is bounded there.
    } else if !realised.copying && now - running.created_at > TimeDelta::minutes(minutes) {
        let reason = format!("not done after {minutes} minutes: {}", realised.problems.join("; "));
        operation::fail(connection, running.id, &reason, now)?;
    } else if !realised.stuck.is_empty() {
        operation::fail(connection, running.id, &realised.stuck.join("; "), now)?;
    } else {
        operation::progress(connection, running.id, progress(realised), now)?;
    }
    Ok(())
}

fn progress(realised: &Realised) -> operation::Progress {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut message = format!("{} of {} workloads are ready", realised.ready, realised.wanted);
    if let Some(problem) = realised.problems.first() {
        message = format!("{message}; {problem}");
    }
    operation::Progress { done: count(realised.ready), total: count(realised.wanted), message }
}
