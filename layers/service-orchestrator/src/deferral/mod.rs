//! Jobs that may wait: which hours and which site are best is asked of whoever
//! knows ([`Hours`]), and carried out here, in time also where nobody knows.
//!
//! A job that waits is in the wanted revision, and not in effect: the model that a
//! round plans and carries out has none of it ([`in_effect`]). How it stands is a
//! row, written with the event that tells of it, so that a broker that dies goes on.

mod news;
mod round;
#[cfg(test)]
mod tests;

use crate::scaling::wanted;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::model::Plan;
use hansa_ontology::{
    Currency, ResourceModel, SiteId,
    resource_model::{Deferral, Minimise, Opening, Replicas},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// How long a job that was begun is held to the site that was chosen, while nothing
/// there takes it. After that it runs wherever it can.
const HELD_TO_SITE: TimeDelta = TimeDelta::seconds(30);

/// A job that may wait, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeferredJob {
    /// Fingerprint of what runs: another one is another job.
    pub revision: String,
    /// What its description says.
    pub policy: Deferral,
    /// When it may begin and must be done.
    pub opening: Opening,
    /// Where it stands.
    pub state: JobState,
    /// What was decided last, and by what. None: nobody could say anything.
    pub advice: Option<JobAdvice>,
    /// When that was.
    pub looked_at: Option<DateTime<Utc>>,
    /// What was known then ([`Hours::version`]).
    pub version: u64,
}

/// Where a job that may wait stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "state")]
pub enum JobState {
    /// It waits.
    Waiting,
    /// It was begun.
    Begun {
        /// When.
        at: DateTime<Utc>,
        /// Where it was to begin. None: wherever it can.
        site: Option<SiteId>,
    },
    /// It has ended well.
    Done {
        /// When.
        at: DateTime<Utc>,
    },
}

impl JobState {
    /// The stable name: `waiting`, `begun`, `done`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Begun { .. } => "begun",
            Self::Done { .. } => "done",
        }
    }
}

/// Of which job the best hours are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobAsk {
    /// Where it would run if it were begun at once.
    pub home: SiteId,
    /// Where else it can run.
    pub elsewhere: BTreeSet<SiteId>,
    /// When it would have begun at once.
    pub ready: DateTime<Utc>,
    /// It must begin by now.
    pub latest: DateTime<Utc>,
    /// How long it runs, in seconds.
    pub seconds: u64,
    /// What all its instances reserve, in thousandths of a processor.
    pub cpu_milli: u64,
    /// What they reserve of memory, in MiB.
    pub memory_mib: u64,
    /// What is made small.
    pub minimise: Minimise,
    /// The currency in which prices of energy are compared.
    pub currency: Currency,
}

/// A begin, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStart {
    /// Where.
    pub site: SiteId,
    /// When.
    pub begin: DateTime<Utc>,
    /// Mean carbon intensity while it runs, in g/kWh. None: it isn't known.
    pub intensity: Option<Decimal>,
    /// What it emits, in micrograms of CO2 equivalent.
    pub micrograms: Option<i64>,
    /// What its energy costs, in micro-units.
    pub micros: Option<i64>,
}

/// What is best, by what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobAdvice {
    /// At once, where it would run then.
    pub at_once: JobStart,
    /// What is best from now on.
    pub chosen: JobStart,
    /// Whether anything is known that could be compared.
    pub known: bool,
    /// Whose series, or which expectations, were compared.
    pub sources: BTreeSet<String>,
    /// The currency of its prices.
    pub currency: Currency,
}

impl JobAdvice {
    /// What it is expected to save in carbon against beginning at once, in micrograms.
    #[must_use]
    pub fn saves_micrograms(&self) -> Option<i64> {
        self.at_once.micrograms?.checked_sub(self.chosen.micrograms?)
    }

    /// What it is expected to save in the price of its energy, in micro-units.
    #[must_use]
    pub fn saves_micros(&self) -> Option<i64> {
        self.at_once.micros?.checked_sub(self.chosen.micros?)
    }
}

/// Who knows which hours are good ones.
#[async_trait]
pub trait Hours: fmt::Debug + Send + Sync {
    /// A number that is another one when more, or something else, is known.
    fn version(&self) -> u64;

    /// When and where a job is best begun, from now on.
    ///
    /// # Errors
    /// Why that can't be said now, in words.
    async fn best(&self, ask: JobAsk) -> Result<JobAdvice, String>;
}

/// Nobody knows: every job begins at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHours;

#[async_trait]
impl Hours for NoHours {
    fn version(&self) -> u64 {
        0
    }

    async fn best(&self, _: JobAsk) -> Result<JobAdvice, String> {
        Err("this broker compares no hours".to_owned())
    }
}

/// The model without the jobs that wait, and with those that begin at their sites.
pub(crate) fn in_effect(model: &mut ResourceModel, jobs: &BTreeMap<String, DeferredJob>, now: DateTime<Utc>) {
    for (name, job) in jobs {
        let Some(component) = model.components.get_mut(name) else { continue };
        match &job.state {
            JobState::Waiting => component.replicas = Replicas::Fixed(0),
            JobState::Begun { at, site: Some(site) } if now - *at < HELD_TO_SITE => {
                component.constraints.site.allow = [site.to_string()].into();
            }
            JobState::Begun { .. } | JobState::Done { .. } => {}
        }
    }
}

/// Whether a plan of this revision has the jobs that are in effect, and none that waits.
pub(crate) fn fits(plan: &Plan, effective: &ResourceModel) -> bool {
    let mut jobs = effective.components.iter().filter(|(_, component)| component.defer.is_some());
    jobs.all(|(name, component)| wanted::planned(plan, name) == component.replicas.min())
}

/// A job that has just been seen for the first time, or anew.
fn waiting(revision: String, policy: &Deferral, submitted: DateTime<Utc>) -> DeferredJob {
    let opening = policy.opening(submitted);
    let policy = policy.clone();
    DeferredJob { revision, policy, opening, state: JobState::Waiting, advice: None, looked_at: None, version: 0 }
}
