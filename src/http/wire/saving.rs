//! Jobs that may wait on the wire, and what their hours saved.

use super::{Names, Price, usage::name};
use chrono::{DateTime, Utc};
use hansa_ontology::SiteId;
use hansa_service_orchestrator::{self as orchestrator, JobState};
use hansa_sustainability::{quantity::Carbon, service};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A job that may wait, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeferredJob {
    /// Its component.
    pub component: String,
    /// `waiting`, `begun` or `done`.
    pub state: String,
    /// When it was begun; while it waits, when it is to be by what is expected now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<DateTime<Utc>>,
    /// Where; absent: wherever it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// It begins by now.
    pub latest: DateTime<Utc>,
    /// It is to be done by now.
    pub deadline: DateTime<Utc>,
    /// What that is expected to save against beginning at once, in grams; absent: it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_grams: Option<Decimal>,
}

/// What a job saved by when and where it ran, against beginning at once where it would have run then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonSaving {
    /// The application's id.
    pub application: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// The job.
    pub component: String,
    /// When it would have begun at once.
    pub ready: DateTime<Utc>,
    /// Where it would have run.
    pub home: String,
    /// When it was begun.
    pub begun: DateTime<Utc>,
    /// Where it ran, as far as its energy is known.
    pub sites: Vec<String>,
    /// When it had ended well; absent: it hasn't, and the figures are those until now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<DateTime<Utc>>,
    /// Why then and there.
    pub why: String,
    /// What it drew, in kWh before PUE.
    pub energy_kwh: Decimal,
    /// Operational, location-based, in grams; absent: some of it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emitted_grams: Option<Decimal>,
    /// What the same energy would have emitted at once, in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once_grams: Option<Decimal>,
    /// What was expected to be saved when it was begun, in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_grams: Option<Decimal>,
    /// What was saved, in grams; below 0: more was emitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_grams: Option<Decimal>,
    /// What was expected to be saved of the price of its energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_price: Option<Price>,
    /// What was saved of it; below 0: it cost more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_price: Option<Price>,
}

/// What a move to other sites saved, against staying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CarbonMove {
    /// The application's id.
    pub application: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// `moved` (somebody asked for it), `improved` or `consolidated` (the broker did it by itself).
    pub kind: String,
    /// When it began.
    pub begun: DateTime<Utc>,
    /// When all of it worked at its new places.
    pub arrived: DateTime<Utc>,
    /// Where it drew energy before: the IRIs of sites.
    pub from: Vec<String>,
    /// Where it did after.
    pub to: Vec<String>,
    /// How many full hours since are counted: until the next move, or until now.
    pub hours: u32,
    /// What it was expected to save in these, in grams, as was said when it began; absent: that wasn't said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_grams: Option<Decimal>,
    /// What would have been emitted in these had it stayed, in grams; absent: some of it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_grams: Option<Decimal>,
    /// What was emitted, location-based and embodied, in grams; absent: some of it isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emitted_grams: Option<Decimal>,
    /// What was saved, in grams; below 0: more was emitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_grams: Option<Decimal>,
}

/// Micrograms in grams.
fn grams(micrograms: i64) -> Decimal {
    Carbon::of(micrograms.into()).grams()
}

impl DeferredJob {
    pub(crate) fn new(component: String, job: &orchestrator::DeferredJob) -> Self {
        let chosen = job.advice.as_ref().map(|advice| &advice.chosen);
        let chosen_site = chosen.map(|chosen| chosen.site.to_string());
        let (begin, site) = match &job.state {
            JobState::Waiting => (chosen.map(|chosen| chosen.begin), chosen_site),
            JobState::Begun { at, site } => (Some(*at), site.as_ref().map(ToString::to_string)),
            JobState::Done { .. } => (None, chosen_site),
        };
        let saves = job.advice.as_ref().and_then(orchestrator::JobAdvice::saves_micrograms);
        Self {
            component,
            state: job.state.name().to_owned(),
            begin,
            site,
            latest: job.opening.latest,
            deadline: job.opening.deadline,
            expected_grams: saves.map(grams),
        }
    }
}

impl CarbonMove {
    pub(crate) fn new(saving: service::MoveSaving, names: &Names) -> Self {
        let application = saving.application.to_string();
        let achieved = saving.saved();
        let sites = |of: BTreeSet<SiteId>| of.iter().map(ToString::to_string).collect();
        Self {
            application_name: name(&application, names),
            application,
            kind: saving.kind.trim_start_matches("application.").to_owned(),
            begun: saving.begun,
            arrived: saving.arrived,
            from: sites(saving.from),
            to: sites(saving.to),
            hours: saving.hours,
            expected_grams: saving.expected.map(Carbon::grams),
            without_grams: saving.without.map(Carbon::grams),
            emitted_grams: saving.with.map(Carbon::grams),
            achieved_grams: achieved.map(Carbon::grams),
        }
    }
}

impl CarbonSaving {
    pub(crate) fn new(saving: service::JobSaving, names: &Names) -> Self {
        let application = saving.application.to_string();
        let (achieved, achieved_micros) = (saving.saved(), saving.saved_micros());
        let job = saving.job;
        let price = |micros: i64| Price::new(micros, job.currency);
        Self {
            application_name: name(&application, names),
            application,
            ready: job.ready,
            home: job.home.to_string(),
            begun: job.begun,
            sites: saving.sites.iter().map(ToString::to_string).collect(),
            done: saving.done,
            energy_kwh: saving.energy.kwh(),
            emitted_grams: saving.emitted.map(Carbon::grams),
            at_once_grams: saving.at_once.map(Carbon::grams),
            expected_grams: job.saves_micrograms.map(grams),
            achieved_grams: achieved.map(Carbon::grams),
            expected_price: job.saves_micros.map(price),
            achieved_price: achieved_micros.map(price),
            component: job.component,
            why: job.why,
        }
    }
}
