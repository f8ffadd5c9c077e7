//! What is told of jobs that may wait.

use super::{DeferredJob, JobAdvice, JobStart};
use crate::{error::OrchestratorError, model::Application};
use chrono::{DateTime, Utc};
use hansa_ontology::{Money, SiteId, resource_model::Minimise};
use hansa_repository::{
    event::NewEvent,
    shifted::{BEGUN, BegunJob, DONE},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The kind of the event that a job waits, or waits for something else.
const DEFERRED: &str = "job.deferred";

/// It waits, until when and why.
pub(super) fn deferred(application: &Application, name: &str, job: &DeferredJob, now: DateTime<Utc>) -> NewEvent {
    let text = match &job.advice {
        Some(advice) => {
            let (begin, site) = (minutes(advice.chosen.begin), advice.chosen.site.short());
            format!("{}: job {name} waits until {begin}, at {site}: {}", application.name, compared(job, advice))
        }
        None => format!("{}: job {name} waits", application.name),
    };
    application.news(DEFERRED, text, facts(name, job), now)
}

/// It begins, where and why.
pub(super) fn begun(
    application: &Application,
    (name, job): (&str, &DeferredJob),
    home: Option<&SiteId>,
    (why, now): (&str, DateTime<Utc>),
) -> Result<NewEvent, OrchestratorError> {
    let text = format!("{}: job {name} begins: {why}", application.name);
    let mut data = facts(name, job);
    if let (Some(home), Some(advice)) = (home, &job.advice) {
        let told = BegunJob {
            component: name.to_owned(),
            ready: job.opening.earliest.min(now),
            home: home.clone(),
            begun: now,
            saves_micrograms: advice.saves_micrograms(),
            saves_micros: advice.saves_micros(),
            currency: advice.currency,
            why: why.to_owned(),
        };
        data = told.tell(data)?;
    }
    Ok(application.news(BEGUN, text, data, now))
}

/// It has ended well.
pub(super) fn done(application: &Application, name: &str, job: &DeferredJob, at: DateTime<Utc>) -> NewEvent {
    let late = match at > job.opening.deadline {
        true => format!(", after its deadline of {}", minutes(job.opening.deadline)),
        false => String::new(),
    };
    application.news(DONE, format!("{}: job {name} is done{late}", application.name), facts(name, job), at)
}

/// What was compared, in words.
pub(super) fn compared(job: &DeferredJob, advice: &JobAdvice) -> String {
    let JobAdvice { at_once, chosen, .. } = advice;
    match (job.policy.minimise, advice.saves_micrograms(), advice.saves_micros()) {
        (Minimise::Carbon, Some(saved), _) => {
            let grams = |start: &JobStart| start.intensity.unwrap_or_default().round_dp(1).normalize();
            let (now, then) = (grams(at_once), grams(chosen));
            let saved = Decimal::new(saved, 6).round_dp(3).normalize();
            format!(
                "{then} g/kWh instead of {now} at once at {}; {saved} g are expected to be saved",
                at_once.site.short()
            )
        }
        (Minimise::Price, _, Some(saved)) => {
            let saved = Money::new(saved, advice.currency);
            format!("its energy is expected to cost {saved} less than at once at {}", at_once.site.short())
        }
        _ => format!("how it would have been at once at {} isn't known", at_once.site.short()),
    }
}

fn minutes(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn facts(name: &str, job: &DeferredJob) -> Value {
    json!({
        "component": name,
        "minimise": job.policy.minimise,
        "earliest": job.opening.earliest,
        "latest": job.opening.latest,
        "deadline": job.opening.deadline,
        "advice": job.advice,
        "savesMicrograms": job.advice.as_ref().and_then(JobAdvice::saves_micrograms),
        "savesMicros": job.advice.as_ref().and_then(JobAdvice::saves_micros),
    })
}
