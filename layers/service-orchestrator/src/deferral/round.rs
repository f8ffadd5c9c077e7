//! The part of a round that decides which jobs wait, begin, and are done.

use super::{DeferredJob, JobAdvice, JobAsk, JobState, in_effect, news, waiting};
use crate::{error::OrchestratorError, model::Application, service::ServiceOrchestrator, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::{McoError, desired, model::Plan};
use hansa_ontology::{
    ApplicationId, ResourceModel, SiteId,
    resource_model::{Component, Minimise},
};
use hansa_repository::{
    Connection,
    event::{self, NewEvent},
};
use hansa_wdm::WorkloadState;
use std::collections::{BTreeMap, BTreeSet};

/// How often a decision is thought over where nothing else is known.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// Sites that are tried for one decision, before it is made for where it runs anyway.
const TRIES: usize = 8;

/// The jobs of an application, by component.
type Jobs = BTreeMap<String, DeferredJob>;

/// What a look at a job came to.
pub(super) enum Looked {
    /// This is best.
    Advice(JobAdvice),
    /// Nobody can say what is; why.
    Unsaid(String),
    /// It can't be planned now; why.
    NoPlan(String),
}

/// What is told of a decision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is the one before.
    Nothing,
    /// It waits, for something else than before.
    Deferred,
    /// It begins. Where it would have run at once, as far as that was compared; and why.
    Begun { home: Option<SiteId>, why: String },
}

impl ServiceOrchestrator {
    /// How the jobs of an application stand that may wait, or did, by component.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deferred_jobs(&self, id: ApplicationId) -> Result<Jobs, OrchestratorError> {
        self.database.read(move |connection| Ok(store::deferrals(connection, id)?)).await
    }

    /// The application with the model that is in effect now, as far as was decided.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn effective(&self, mut application: Application) -> Result<Application, OrchestratorError> {
        if may_wait(&application).next().is_some() {
            let jobs = self.jobs_known(&application).await?;
            in_effect(&mut application.model, &jobs, self.clock.now());
        }
        Ok(application)
    }

    /// Decides what is to be decided now. Returns the application with the model that
    /// is in effect.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole.
    pub(crate) async fn with_jobs(&self, application: &Application) -> Result<Application, OrchestratorError> {
        let names: Vec<String> = may_wait(application).map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            return Ok(application.clone());
        }
        let mut jobs = self.jobs_known(application).await?;
        self.jobs_end(application, &mut jobs).await?;
        for name in &names {
            self.job_look(application, name, &mut jobs).await?;
        }
        let mut effective = application.clone();
        in_effect(&mut effective.model, &jobs, self.clock.now());
        Ok(effective)
    }

    /// How they stand, with those that are seen for the first time, or with other times
    /// while they wait, or as another job.
    async fn jobs_known(&self, application: &Application) -> Result<Jobs, OrchestratorError> {
        let (id, revision) = (application.id, application.revision);
        let read = move |connection: &mut Connection| {
            Ok::<_, OrchestratorError>((
                store::deferrals(connection, id)?,
                store::revision_at(connection, id, revision)?,
            ))
        };
        let (mut known, submitted) = self.database.read(read).await?;
        let submitted = submitted.unwrap_or(application.created_at);
        let mut jobs = Jobs::new();
        for (name, component) in may_wait(application) {
            let Some(policy) = &component.defer else { continue };
            let revision = desired::revision(id, &application.model, name).unwrap_or_default();
            let same = |job: &DeferredJob| {
                job.revision == revision && (job.policy == *policy || job.state != JobState::Waiting)
            };
            let job = match known.remove(name).filter(same) {
                Some(job) => job,
                None => {
                    let mut job = waiting(revision, policy, submitted);
                    let workloads = self.mco.workload_list(id).await?;
                    // It was begun before it was said that it may wait.
                    if workloads.iter().any(|one| one.component == *name && one.revision == job.revision) {
                        job.state = JobState::Begun { at: self.clock.now(), site: None };
                    }
                    job
                }
            };
            jobs.insert(name.clone(), job);
        }
        Ok(jobs)
    }

    /// Notes which have ended well.
    async fn jobs_end(&self, application: &Application, jobs: &mut Jobs) -> Result<(), OrchestratorError> {
        if !jobs.values().any(|job| matches!(job.state, JobState::Begun { .. })) {
            return Ok(());
        }
        let workloads = self.mco.workload_list(application.id).await?;
        for (name, job) in jobs.iter_mut().filter(|(_, job)| matches!(job.state, JobState::Begun { .. })) {
            let own = workloads.iter().filter(|one| one.component == *name && one.revision == job.revision);
            let ends: Vec<DateTime<Utc>> = own
                .filter_map(|one| match one.state {
                    WorkloadState::Completed { at } => Some(at),
                    _ => None,
                })
                .collect();
            let wanted = application.model.components.get(name).map_or(1, |component| component.replicas.min());
            let Some(last) = ends.iter().max().filter(|_| u32::try_from(ends.len()).unwrap_or(u32::MAX) >= wanted)
            else {
                continue;
            };
            job.state = JobState::Done { at: *last };
            let event = news::done(application, name, job, *last);
            self.job_write(application.id, name, job, Some(event)).await?;
        }
        Ok(())
    }

    /// Decides of one that waits, where that is due.
    async fn job_look(&self, application: &Application, name: &str, jobs: &mut Jobs) -> Result<(), OrchestratorError> {
        let (now, version) = (self.clock.now(), self.hours.version());
        let Some(job) = jobs.get(name).filter(|job| job.state == JobState::Waiting && is_due(job, version, now)) else {
            return Ok(());
        };
        let looked = self.advise(application, name, jobs).await?;
        let now = self.clock.now();
        let (next, told) = decided(job.clone(), looked, version, now);
        let event = match told {
            Told::Nothing => None,
            Told::Deferred => Some(news::deferred(application, name, &next, now)),
            Told::Begun { home, why } => Some(news::begun(application, (name, &next), home.as_ref(), (&why, now))?),
        };
        self.job_write(application.id, name, &next, event).await?;
        jobs.insert(name.to_owned(), next);
        Ok(())
    }

    /// Asks which begin is best, among the sites that can take it.
    async fn advise(&self, application: &Application, name: &str, jobs: &Jobs) -> Result<Looked, OrchestratorError> {
        let (id, mut model) = (application.id, application.model.clone());
        let others = jobs.iter().filter(|(other, _)| *other != name).map(|(name, job)| (name.clone(), job.clone()));
        in_effect(&mut model, &others.collect(), self.clock.now());
        let plan = match self.mco.plan(Some(id), &model, false).await {
            Ok(plan) => plan,
            Err(McoError::Plan(why)) => return Ok(Looked::NoPlan(why.to_string())),
            Err(error) => return Err(error.into()),
        };
        let (Some(home), Some(job), Some(component)) = (home(&plan, name), jobs.get(name), model.components.get(name))
        else {
            return Ok(Looked::NoPlan("no plan has it".to_owned()));
        };
        let mut elsewhere = self.mco.sites(id, &model).await?.remove(name).unwrap_or_default();
        elsewhere.remove(&home);
        for left in (0..TRIES).rev() {
            let tried = if left == 0 { BTreeSet::new() } else { elsewhere.clone() };
            let advice = match self.hours.best(ask(&home, tried, (job, component), &plan)).await {
                Ok(advice) => advice,
                Err(why) => return Ok(Looked::Unsaid(why)),
            };
            let site = &advice.chosen.site;
            if *site == home || self.takes(id, &model, name, site).await? {
                return Ok(Looked::Advice(advice));
            }
            elsewhere.remove(site);
        }
        Ok(Looked::Unsaid("no site takes it".to_owned()))
    }

    /// Whether all of a model can be planned with a component at a site.
    async fn takes(
        &self,
        id: ApplicationId,
        model: &ResourceModel,
        name: &str,
        site: &SiteId,
    ) -> Result<bool, OrchestratorError> {
        let mut there = model.clone();
        if let Some(component) = there.components.get_mut(name) {
            component.constraints.site.allow = [site.to_string()].into();
        }
        match self.mco.plan(Some(id), &there, false).await {
            Ok(_) => Ok(true),
            Err(McoError::Plan(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn job_write(
        &self,
        id: ApplicationId,
        name: &str,
        job: &DeferredJob,
        event: Option<NewEvent>,
    ) -> Result<(), OrchestratorError> {
        let (name, job) = (name.to_owned(), job.clone());
        self.database
            .write(move |connection| {
                store::deferral_put(connection, id, (&name, &job))?;
                if let Some(event) = &event {
                    event::append(connection, event)?;
                }
                Ok(())
            })
            .await
    }
}

/// The components that may wait. What a partner has ordered has waited already.
fn may_wait(application: &Application) -> impl Iterator<Item = (&String, &Component)> {
    let ours = application.model.delivery.is_none();
    let may = move |component: &Component| ours && component.defer.is_some() && component.replicas.min() > 0;
    application.model.components.iter().filter(move |(_, component)| may(component))
}

/// What becomes of a job that waits, by what a look came to. Pure. It begins once what
/// is best is now, or when nobody can say and its time has come.
pub(super) fn decided(job: DeferredJob, looked: Looked, version: u64, now: DateTime<Utc>) -> (DeferredJob, Told) {
    let may_go_on = now < due_at(&job);
    let before = job.advice.as_ref().map(chosen);
    let mut next = DeferredJob { looked_at: Some(now), version, ..job };
    let told = match looked {
        Looked::Advice(advice) if advice.chosen.begin <= now => {
            next.state = JobState::Begun { at: now, site: Some(advice.chosen.site.clone()) };
            let (home, why) = (Some(advice.at_once.site.clone()), why(&next, &advice, now));
            next.advice = Some(advice);
            Told::Begun { home, why }
        }
        Looked::Advice(advice) => {
            let moved = before != Some(chosen(&advice));
            next.advice = Some(advice);
            if moved { Told::Deferred } else { Told::Nothing }
        }
        // What was decided before holds until its time has come.
        Looked::Unsaid(_) | Looked::NoPlan(_) if may_go_on => Told::Nothing,
        Looked::Unsaid(why) | Looked::NoPlan(why) => {
            next.state = JobState::Begun { at: now, site: None };
            Told::Begun { home: None, why: format!("its hours can't be compared: {why}") }
        }
    };
    (next, told)
}

fn chosen(advice: &JobAdvice) -> (DateTime<Utc>, SiteId) {
    (advice.chosen.begin, advice.chosen.site.clone())
}

/// When it begins by what was decided; before anything was, when it may. Never too late.
fn due_at(job: &DeferredJob) -> DateTime<Utc> {
    let begin = job.advice.as_ref().map_or(job.opening.earliest, |advice| advice.chosen.begin);
    begin.min(job.opening.latest)
}

/// Whether it is to be thought over: its time has come, something else is known, or it
/// was long ago.
pub(super) fn is_due(job: &DeferredJob, version: u64, now: DateTime<Utc>) -> bool {
    let Some(looked) = job.looked_at else { return true };
    job.version != version || now >= due_at(job) || now - looked >= AGAIN
}

/// The site at which a plan has a component.
fn home(plan: &Plan, name: &str) -> Option<SiteId> {
    let has = |machine: &&hansa_mco::model::PlannedMachine| machine.instances.iter().any(|one| one.component == name);
    plan.machines.iter().find(has).map(|machine| machine.site.clone())
}

fn ask(
    home: &SiteId,
    elsewhere: BTreeSet<SiteId>,
    (job, component): (&DeferredJob, &Component),
    plan: &Plan,
) -> JobAsk {
    let instances = u64::from(component.replicas.min());
    JobAsk {
        home: home.clone(),
        elsewhere,
        ready: job.opening.earliest,
        latest: job.opening.latest,
        seconds: job.policy.duration.duration().as_secs().max(1),
        cpu_milli: u64::from(component.resources.cpu.0).saturating_mul(instances),
        memory_mib: component.resources.memory.0.saturating_mul(instances),
        minimise: job.policy.minimise,
        currency: plan.currency,
    }
}

/// Why it begins now, and where it does.
fn why(job: &DeferredJob, advice: &JobAdvice, now: DateTime<Utc>) -> String {
    let (home, site) = (&advice.at_once.site, &advice.chosen.site);
    let reason = if !advice.known {
        let what = match job.policy.minimise {
            Minimise::Carbon => "no carbon intensity",
            Minimise::Price => "no price of energy",
        };
        format!("{what} is stated for {} and as long as it runs, so that nothing can be compared", home.short())
    } else if advice.chosen.begin - advice.at_once.begin < TimeDelta::minutes(1) && site == home {
        format!("nothing better is expected until {}", job.opening.latest.format("%Y-%m-%d %H:%M UTC"))
    } else {
        format!("at {}: {}", site.short(), news::compared(job, advice))
    };
    match now >= job.opening.latest {
        true => format!("its deadline leaves no more time; {reason}"),
        false => reason,
    }
}
