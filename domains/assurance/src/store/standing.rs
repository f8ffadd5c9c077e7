//! How objectives stood, and breaches, as rows.

use super::tables::{assurance_breach, assurance_course, assurance_standing};
use crate::{LevelState, sla::Standing};
use diesel::{BoolExpressionMethods as _, ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::{ApplicationId, MachineId, ProjectId, ProjectScope, ProviderId};
use hansa_repository::{Connection, RepositoryError, json};
use serde::{Serialize, de::DeserializeOwned};

const STANDING: &str = "standing of an objective";
const BREACH: &str = "breach";

/// Which standings.
#[derive(Debug, Clone, Default)]
pub(crate) struct StandingFilter {
    pub(crate) scope: ProjectScope,
    pub(crate) application: Option<ApplicationId>,
    pub(crate) provider: Option<ProviderId>,
    /// Only those whose window ends after this second.
    pub(crate) from: Option<i64>,
    /// Only those that begin before this second.
    pub(crate) until: Option<i64>,
    pub(crate) missed: bool,
    /// Only those after this one, in the order of the list.
    pub(crate) after: Option<(i64, String, i32)>,
}

/// Which breaches.
#[derive(Debug, Clone, Default)]
pub(crate) struct BreachFilter {
    pub(crate) scope: ProjectScope,
    pub(crate) application: Option<ApplicationId>,
    /// Only those with a smaller number.
    pub(crate) before: Option<i64>,
}

fn names(projects: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    projects.into_iter().map(|project| project.to_string()).collect()
}

/// Writes standings in the place of what was known of the same stretches.
pub(crate) fn standings_put(connection: &mut Connection, standings: &[Standing]) -> Result<(), RepositoryError> {
    for one in standings {
        let (machine, objective) = (one.machine.to_string(), i32::try_from(one.objective).unwrap_or(i32::MAX));
        let began = one.from.timestamp();
        diesel::delete(assurance_standing::table.find((&machine, objective, began))).execute(connection)?;
        diesel::insert_into(assurance_standing::table)
            .values((
                assurance_standing::machine.eq(machine),
                assurance_standing::objective.eq(objective),
                assurance_standing::began.eq(began),
                assurance_standing::ended.eq(one.until.timestamp()),
                assurance_standing::project.eq(one.project.as_str()),
                assurance_standing::application.eq(one.application.map(|id| id.to_string())),
                assurance_standing::provider.eq(one.provider.as_str()),
                assurance_standing::judged.eq(one.judged),
                assurance_standing::missed.eq(one.state == LevelState::Missed),
                assurance_standing::body.eq(json::to_column(STANDING, one)?),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// The newest windows first, then by machine and objective.
pub(crate) fn standings_list(
    connection: &mut Connection,
    filter: &StandingFilter,
    limit: i64,
) -> Result<Vec<Standing>, RepositoryError> {
    use assurance_standing::{application, began, body, ended, machine, missed, objective, project, provider};
    let mut query = assurance_standing::table.select(body).into_boxed();
    if let ProjectScope::Only(projects) = &filter.scope {
        query = query.filter(project.eq_any(names(projects)));
    }
    if let Some(of) = filter.application {
        query = query.filter(application.eq(of.to_string()));
    }
    if let Some(of) = &filter.provider {
        query = query.filter(provider.eq(of.to_string()));
    }
    if let Some(from) = filter.from {
        query = query.filter(ended.gt(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(began.lt(until));
    }
    if filter.missed {
        query = query.filter(missed.eq(true));
    }
    if let Some((at, of, number)) = filter.after.clone() {
        let later = machine.gt(of.clone()).or(machine.eq(of).and(objective.gt(number)));
        query = query.filter(began.lt(at).or(began.eq(at).and(later)));
    }
    let bodies: Vec<String> = query.order((began.desc(), machine, objective)).limit(limit).load(connection)?;
    bodies.iter().map(|text| json::from_column(STANDING, text)).collect()
}

/// The machines of an application of which something was promised.
pub(crate) fn machines_of(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Vec<MachineId>, RepositoryError> {
    let names: Vec<String> = assurance_standing::table
        .filter(assurance_standing::application.eq(application.to_string()))
        .select(assurance_standing::machine)
        .distinct()
        .load(connection)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

pub(crate) fn breach_insert(
    connection: &mut Connection,
    sequence: i64,
    (project, application): (&ProjectId, Option<ApplicationId>),
    breach: &impl Serialize,
) -> Result<(), RepositoryError> {
    diesel::insert_into(assurance_breach::table)
        .values((
            assurance_breach::sequence.eq(sequence),
            assurance_breach::project.eq(project.as_str()),
            assurance_breach::application.eq(application.map(|id| id.to_string())),
            assurance_breach::body.eq(json::to_column(BREACH, breach)?),
        ))
        .execute(connection)?;
    Ok(())
}

/// The newest first.
pub(crate) fn breaches_list<T: DeserializeOwned>(
    connection: &mut Connection,
    filter: &BreachFilter,
    limit: i64,
) -> Result<Vec<T>, RepositoryError> {
    let mut query = assurance_breach::table.select(assurance_breach::body).into_boxed();
    if let ProjectScope::Only(projects) = &filter.scope {
        query = query.filter(assurance_breach::project.eq_any(names(projects)));
    }
    if let Some(of) = filter.application {
        query = query.filter(assurance_breach::application.eq(of.to_string()));
    }
    if let Some(before) = filter.before {
        query = query.filter(assurance_breach::sequence.lt(before));
    }
    let bodies: Vec<String> = query.order(assurance_breach::sequence.desc()).limit(limit).load(connection)?;
    bodies.iter().map(|body| json::from_column(BREACH, body)).collect()
}

/// Forgets rentals that were over before a second, and windows that ended
/// before another one; whatever was missed stays among the breaches.
pub(crate) fn forget(connection: &mut Connection, over: i64, windows: i64) -> Result<(), RepositoryError> {
    diesel::delete(assurance_course::table.filter(assurance_course::over.lt(over))).execute(connection)?;
    let old = assurance_standing::judged.eq(true).and(assurance_standing::ended.lt(windows));
    diesel::delete(assurance_standing::table.filter(old)).execute(connection)?;
    Ok(())
}
