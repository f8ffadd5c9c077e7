//! One round of scaling: measure, ask the policies, write down what they want.

use super::{
    alerts::{self, AlertNews},
    decide::Memory,
    own_series, readings,
    readings::Ground,
    wanted::{self, Numbers},
};
use crate::{
    error::OrchestratorError,
    model::{Application, DesiredState},
    reconcile::Next,
    service::{QUEUE, ServiceOrchestrator, quota},
    store::{self, Remembered},
};
use chrono::{DateTime, Utc};
use hansa_mco::McoError;
use hansa_ontology::{
    ApplicationId, Money,
    quota::{Quota, QuotaHolder},
};
use hansa_repository::{Connection, event, work};
use hansa_scaling::{Decision, Keeper, micado::PolicySet};
use serde_json::json;
use std::collections::BTreeMap;

/// The queue in which applications wait for their policies to be asked.
pub(crate) const SCALING_QUEUE: &str = "scaling";

/// Quotas with their holders, and a price of an hour that has to fit into them.
type Limits = (Vec<(QuotaHolder, Quota)>, Option<Money>);

/// What the policies of an application last decided.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingView {
    /// For each component and machine group that policies scale.
    pub decisions: Vec<Decision>,
    /// When.
    pub decided_at: DateTime<Utc>,
}

impl ServiceOrchestrator {
    /// What the policies of an application last decided. None: no policy was
    /// asked yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn scaling(&self, id: ApplicationId) -> Result<Option<ScalingView>, OrchestratorError> {
        let known = self.database.read(move |connection| store::remembered(connection, id)).await?;
        Ok(known.map(|Remembered { decisions, decided_at, .. }| ScalingView { decisions, decided_at }))
    }

    /// One round.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole; the round is tried again.
    pub(crate) async fn scaling_round(&self, id: ApplicationId) -> Result<Next, OrchestratorError> {
        let read = move |connection: &mut Connection| {
            Ok::<_, OrchestratorError>((store::get(connection, id)?, store::remembered(connection, id)?))
        };
        let (application, known) = self.database.read(read).await?;
        let Some(application) = application.filter(|it| it.desired == DesiredState::Running) else {
            self.metrics.series().forget(&id.to_string());
            return Ok(Next::Never);
        };
        let mut memory = known.map(|known| known.memory).unwrap_or_default();
        if !wanted::is_watched(&application.model) {
            let over = memory.watches.end(self.clock.now());
            if !over.is_empty() {
                self.decided(application, Vec::new(), over, memory).await?;
            }
            return Ok(Next::Never);
        }
        if let Some((decisions, news)) = self.decisions(&application, &mut memory).await? {
            self.decided(application, decisions, news, memory).await?;
        }
        Ok(Next::After(self.scaling_interval))
    }

    /// None: there is no plan yet that anything could be measured of.
    async fn decisions(
        &self,
        application: &Application,
        memory: &mut Memory,
    ) -> Result<Option<(Vec<Decision>, Vec<AlertNews>)>, OrchestratorError> {
        let (id, model) = (application.id, &application.model);
        let Some((_, plan)) = self.mco.plan_in_force(id).await? else { return Ok(None) };
        let (micado, _) = PolicySet::compile(&model.micado);
        let mut pages = readings::pages(model);
        for (component, more) in own_series::pages(model, &micado) {
            pages.entry(component).or_default().extend(more);
        }
        let measured = self.mco.measure(id, &pages).await?;
        let measured: BTreeMap<_, _> = measured.into_iter().map(|one| (one.workload, one)).collect();
        let (machines, mut workloads) = (self.mco.machine_list(Some(id)).await?, self.mco.workload_list(id).await?);
        workloads.retain(|workload| !workload.beside);
        let now = self.clock.now();
        let living: Vec<_> = workloads.iter().map(|workload| workload.id).collect();
        self.sampler.keep(id, &living, now);
        let used = readings::used(id, &measured, &self.sampler);
        let ground = Ground {
            id,
            model,
            plan: &plan,
            machines: &machines,
            workloads: &workloads,
            measured: &measured,
            used: &used,
            sampler: &self.sampler,
            now,
        };
        ground.record(self.metrics.series(), &self.machine_clocks);
        self.machine_clocks.keep(now);
        let mut decisions = ground.decide(&application.project, (&self.metrics, &micado), memory).await;
        for decision in &mut decisions {
            let lacking = self.rooms.hold(id, decision);
            if lacking != 0 {
                memory.take_back(&decision.target, lacking);
            }
        }
        let news = ground.alerts(&application.project, &self.metrics, memory).await;
        Ok(Some((decisions, news)))
    }

    /// Writes down what was decided. Another number is an event, and wakes who
    /// carries it out; an alert that begins or ends is an event, too.
    async fn decided(
        &self,
        application: Application,
        decisions: Vec<Decision>,
        news: Vec<AlertNews>,
        mut memory: Memory,
    ) -> Result<(), OrchestratorError> {
        let (id, now) = (application.id, self.clock.now());
        let changing: Vec<Decision> = decisions.iter().filter(|decision| decision.changes()).cloned().collect();
        memory.drop_named(&changing);
        let round = Remembered { memory, decisions, decided_at: now };
        let alarms: Vec<event::NewEvent> = news.iter().map(|news| alerts::event(&application, news, now)).collect();
        if changing.is_empty() && alarms.is_empty() {
            let write = move |connection: &mut Connection| store::remember(connection, id, &round);
            return Ok(self.database.write_relaxed(write).await?);
        }
        let growing: Vec<Decision> = changing.iter().filter(|decision| decision.to > decision.from).cloned().collect();
        let none = |why: &str| {
            for decision in &growing {
                self.rooms.note((id, &decision.target), (decision.to, decision.from), why, now);
            }
        };
        let (quotas, price) = match self.limits(&application, &changing).await? {
            Ok(limits) => limits,
            Err(why) => {
                none(&why);
                return Ok(());
            }
        };
        let written = self
            .database
            .write(move |connection| {
                store::remember(connection, id, &round)?;
                for event in &alarms {
                    event::append(connection, event)?;
                }
                let Some(mut current) = current(connection, &application)?.filter(|_| !changing.is_empty()) else {
                    return Ok(());
                };
                let before = quota::taken(&current);
                for decision in &changing {
                    current.scaled.insert(decision.target.clone(), decision.to);
                }
                wanted::apply(&mut current.model, &current.scaled);
                current.price = price.or(current.price);
                quota::expect(connection, &quotas, &current, &before)?;
                store::update(connection, &current)?;
                for decision in &changing {
                    event::append(connection, &told(&current, decision, now))?;
                }
                Ok(work::enqueue(connection, QUEUE, &id.to_string(), now)?)
            })
            .await;
        match written {
            Err(OrchestratorError::Quota(why)) => {
                none(&why.to_string());
                Ok(())
            }
            written => written,
        }
    }

    /// The quotas that an application has to fit into if it grows, and what it would then
    /// cost an hour where one of them limits that; or why it can't be said.
    async fn limits(
        &self,
        application: &Application,
        changing: &[Decision],
    ) -> Result<Result<Limits, String>, OrchestratorError> {
        if changing.iter().all(|decision| decision.to <= decision.from) {
            return Ok(Ok((Vec::new(), None)));
        }
        let quotas = match self.quotas.of(&application.project, application.id).await {
            Ok(quotas) => quotas,
            Err(why) => return Ok(Err(why)),
        };
        if !quota::limits_price(&quotas) {
            return Ok(Ok((quotas, None)));
        }
        let mut model = application.model.clone();
        let mut numbers = application.scaled.clone();
        numbers.extend(changing.iter().map(|decision| (decision.target.clone(), decision.to)));
        wanted::apply(&mut model, &numbers);
        match self.price(Some(application.id), &model).await {
            Ok(price) => Ok(Ok((quotas, Some(price)))),
            Err(OrchestratorError::Mco(McoError::Plan(why))) => Ok(Err(why.to_string())),
            Err(error) => Err(error),
        }
    }

    /// What is wanted can't be had: these numbers can.
    pub(super) async fn numbers_give_way(
        &self,
        application: &Application,
        numbers: Numbers,
        why: &str,
    ) -> Result<(), OrchestratorError> {
        let (id, now, wanted) = (application.id, self.clock.now(), application.clone());
        let mut given: Vec<(String, u32, u32)> = Vec::new();
        for (name, number) in &numbers {
            let asked = wanted::asked(&application.model, name);
            if asked != *number {
                self.rooms.note((id, name), (asked, *number), why, now);
                given.push((name.clone(), asked, *number));
            }
        }
        let why = why.to_owned();
        self.database
            .write(move |connection| {
                let Some(mut current) = current(connection, &wanted)? else { return Ok(()) };
                let mut known = store::remembered(connection, id)?;
                for (name, asked, number) in given {
                    if let Some(known) = &mut known {
                        known.memory.take_back(&name, i64::from(asked) - i64::from(number));
                    }
                    current.scaled.insert(name.clone(), number);
                    let message = format!("{}: {name} can't be {asked}, and is {number}: {why}", current.name);
                    let data = json!({"target": name, "wanted": asked, "number": number, "reason": why});
                    event::append(connection, &current.news("scaling.limited", message, data, now))?;
                }
                if let Some(known) = &known {
                    store::remember(connection, id, known)?;
                }
                wanted::apply(&mut current.model, &current.scaled);
                Ok(store::update(connection, &current)?)
            })
            .await
    }
}

/// The application as it is written now, unless something else is wanted of it since.
fn current(connection: &mut Connection, seen: &Application) -> Result<Option<Application>, OrchestratorError> {
    let current = store::get(connection, seen.id)?;
    Ok(current.filter(|it| it.revision == seen.revision && it.desired == DesiredState::Running))
}

/// `shop: web from 2 to 4: target 1: ceil(2 × 140 / 70)`.
fn told(application: &Application, decision: &Decision, now: DateTime<Utc>) -> event::NewEvent {
    let Decision { target, from, to, .. } = decision;
    let mut why: Vec<String> = decision
        .because
        .iter()
        .filter(|reason| reason.won)
        .map(|reason| format!("{}: {}", reason.policy, reason.formula))
        .collect();
    let kept = decision.suppressed.iter().filter(|one| one.by != Keeper::LargerPolicy);
    why.extend(kept.map(|one| one.why.clone()));
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    let message = format!("{}: {target} from {from} to {to}{why}", application.name);
    application.news("scaling.decided", message, json!(decision), now)
}
