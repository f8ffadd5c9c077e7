//! One round of measuring an application.

use super::{Sample, aim, counted, indicator};
use crate::{
    error::OrchestratorError,
    model::{Application, DesiredState},
    reconcile::Next,
    service::ServiceOrchestrator,
    store::{self, Known},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use hansa_assurance::{Aim, Compliance, LevelState, ROUND, Tally};
use hansa_ontology::{ApplicationId, resource_model::ServiceLevel};
use hansa_repository::{Connection, RepositoryError, event};
use rust_decimal::Decimal;
use serde_json::json;
use std::time::Duration;

/// The least time between two looks at one application.
const LEAST: Duration = Duration::from_millis(100);

impl ServiceOrchestrator {
    /// Measures those service levels of an application that are due.
    ///
    /// # Errors
    /// When the database or a layer below fails as a whole; the round is tried again.
    pub(crate) async fn performance_round(&self, id: ApplicationId) -> Result<Next, OrchestratorError> {
        let now = self.clock.now();
        let read = move |connection: &mut Connection| {
            Ok::<_, OrchestratorError>((store::get(connection, id)?, store::levels(connection, id)?))
        };
        let (application, known) = self.database.read(read).await?;
        let Some(application) = application.filter(|it| it.desired == DesiredState::Running) else {
            self.metrics.series().forget(&id.to_string());
            return Ok(Next::Never);
        };
        let levels = &application.model.service_levels;
        let due_at = |name: &str, level: &ServiceLevel| match known.get(name) {
            Some(known) => known.latest.at + span(level),
            None => now,
        };
        let mut due = levels.clone();
        due.retain(|name, level| due_at(name, level) <= now);
        if !due.is_empty() {
            let mut workloads = self.mco.workload_list(id).await?;
            workloads.retain(|workload| !workload.beside);
            let samples = join_all(due.iter().map(|level| self.sample(&application, level, &workloads))).await;
            let of = application.clone();
            let write = move |connection: &mut Connection| {
                due.iter().zip(&samples).try_for_each(|(level, sample)| write_down(connection, &of, level, sample))
            };
            self.database.write_relaxed(write).await?;
        }
        let next = levels
            .iter()
            .map(|(name, level)| if due_at(name, level) <= now { now + span(level) } else { due_at(name, level) });
        let Some(next) = next.min() else { return Ok(Next::Never) };
        Ok(Next::After((next - self.clock.now()).to_std().unwrap_or_default().max(LEAST)))
    }
}

fn span(level: &ServiceLevel) -> TimeDelta {
    TimeDelta::from_std(level.every().duration()).unwrap_or(TimeDelta::MAX)
}

/// Counts a measurement, and tells what changes with it.
pub(super) fn write_down(
    connection: &mut Connection,
    application: &Application,
    (name, level): (&String, &ServiceLevel),
    sample: &Sample,
) -> Result<(), RepositoryError> {
    let key = (application.id, name.as_str());
    let known = Known { indicator: indicator(level), latest: sample.clone() };
    store::level_put(connection, key, &known)?;
    let Some(good) = sample.good else { return Ok(()) };
    let (aim, round) = (aim(level), Tally { good, bad: ROUND.saturating_sub(good) });
    let (from, _) = aim.window.containing(sample.at);
    let before = counted(connection, key, &aim, sample.at)?;
    if before.all() == 0 {
        match store::level_hour_before(connection, key, from)? {
            Some(hour) => report(connection, application, (name, level), (hour, sample.at))?,
            // It begins to count with its first good answer: what is still starting breaks no promise.
            None if good == 0 && level.probed().is_some() => return Ok(()),
            None => {}
        }
    }
    store::level_count(connection, key, sample.at, round)?;
    let then = Compliance::at(&aim, sample.at, before);
    let now = Compliance::at(&aim, sample.at, before + round);
    if now.state > then.state && now.state > LevelState::Kept {
        let (kind, what) = match now.state {
            LevelState::Missed => ("service-level.missed", "is missed"),
            _ => ("service-level.at-risk", "is at risk"),
        };
        let spent = match now.spent {
            Some(spent) => format!("{} % of the error budget of this {} is spent", short(spent), aim.window.name()),
            None => format!("its target leaves no error budget for this {}", aim.window.name()),
        };
        let why = sample.said.as_ref().map(|said| format!("; {said}")).unwrap_or_default();
        let message = format!("{}: service level {name} {what}: {spent}{why}", application.name);
        let data = facts((name, level), &aim, &now, None);
        event::append(connection, &application.news(kind, message, data, sample.at))?;
    }
    Ok(())
}

/// Tells how the window that this hour lies in has ended.
fn report(
    connection: &mut Connection,
    application: &Application,
    (name, level): (&String, &ServiceLevel),
    (hour, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), RepositoryError> {
    let aim = aim(level);
    let ended = Compliance::at(&aim, hour, counted(connection, (application.id, name.as_str()), &aim, hour)?);
    let (Some(reached), Some(percent)) = (ended.reached(&aim), ended.tally.percent()) else { return Ok(()) };
    let message = format!(
        "{}: service level {name} was {} in the {} from {}: {} % were good, the target is {} %",
        application.name,
        if reached { "reached" } else { "missed" },
        aim.window.name(),
        ended.from.format("%Y-%m-%d %H:%M"),
        short(percent),
        aim.target.normalize(),
    );
    let data = facts((name, level), &aim, &ended, Some(reached));
    event::append(connection, &application.news("service-level.reported", message, data, now)).map(drop)
}

/// `reached` once the window is over.
fn facts(
    (name, level): (&String, &ServiceLevel),
    aim: &Aim,
    at: &Compliance,
    reached: Option<bool>,
) -> serde_json::Value {
    json!({
        "serviceLevel": name,
        "kind": level.kind(),
        "target": aim.target,
        "window": aim.window,
        "from": at.from,
        "until": at.until,
        "good": at.tally.good,
        "bad": at.tally.bad,
        "percent": at.tally.percent().map(short),
        "budgetSpentPercent": at.spent.map(short),
        "state": at.state,
        "reached": reached,
    })
}

fn short(percent: Decimal) -> Decimal {
    percent.round_dp(3).normalize()
}
