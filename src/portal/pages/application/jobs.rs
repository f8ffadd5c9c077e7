//! Jobs that may wait for better hours, and those that did.

use super::Seen;
use crate::portal::{
    Language,
    pages::carbon::grams,
    parts::{Instant, StateMark, Tone},
    sheet::{Cell, Column, Row, Table},
};
use askama::{Template, filters::HtmlSafe};
use hansa_ontology::ResourceModel;
use hansa_service_orchestrator::{DeferredJob, JobAdvice, JobState};
use hansa_sustainability::quantity::Carbon;
use std::collections::BTreeMap;

/// Each with when and where it is to begin, and what that is expected to save.
#[derive(Debug, Template)]
#[template(path = "parts/app_jobs.html")]
pub(super) struct JobsPart {
    language: Language,
    table: Option<Table>,
}

impl HtmlSafe for JobsPart {}

/// Whether nothing of it runs, because all of it are jobs that wait.
pub(crate) fn all_wait(model: &ResourceModel, jobs: &BTreeMap<String, DeferredJob>) -> bool {
    let waits = |name: &String| jobs.get(name).is_some_and(|job| job.state == JobState::Waiting);
    !model.components.is_empty() && model.components.keys().all(waits)
}

impl JobsPart {
    pub(super) fn new(language: Language, seen: &Seen) -> Self {
        let jobs = &seen.detail.deferred;
        let columns = [
            Column::new(language.t("app-job")),
            Column::new(language.t("applications-state")),
            Column::new(language.t("app-job-begin")),
            Column::new(language.t("app-site")),
            Column::new(language.t("app-job-latest")),
            Column::new(language.t("app-job-deadline")),
            Column::number(language.t("app-job-saves")),
        ];
        let rows = jobs.iter().map(|(name, job)| row(language, seen, name, job));
        let table = || Table::new(language.t("app-jobs-caption"), columns).rows(rows);
        Self { language, table: (!jobs.is_empty()).then(table) }
    }
}

fn row(language: Language, seen: &Seen, name: &str, job: &DeferredJob) -> Row {
    let time = |at| Cell::Time(Instant::minute(language, at));
    let none = || Cell::Nothing(language.t("app-job-unknown"));
    let chosen = job.advice.as_ref().map(|advice| &advice.chosen);
    let (tone, key) = match &job.state {
        JobState::Waiting => (Tone::Quiet, "app-job-waiting"),
        JobState::Begun { .. } => (Tone::Busy, "app-job-begun"),
        JobState::Done { .. } => (Tone::Good, "app-job-done"),
    };
    let (begin, site) = match &job.state {
        JobState::Waiting => (chosen.map(|chosen| chosen.begin), chosen.map(|chosen| &chosen.site)),
        JobState::Begun { at, site } => (Some(*at), site.as_ref()),
        JobState::Done { .. } => (None, chosen.map(|chosen| &chosen.site)),
    };
    let saves = job.advice.as_ref().and_then(JobAdvice::saves_micrograms);
    Row::new([
        Cell::text(name),
        Cell::State(StateMark::new(tone, language.t(key))),
        begin.map_or_else(none, time),
        site.map_or_else(none, |site| Cell::text(seen.names.site(site))),
        time(job.opening.latest),
        time(job.opening.deadline),
        saves.map_or_else(none, |saves| Cell::number(grams(language, Carbon::of(saves.into())))),
    ])
}
