//! Faults as rows.

use super::tables::assurance_fault;
use crate::fault::{Fault, FaultKind, Severity};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    dsl::count_star,
};
use hansa_ontology::{ApplicationId, ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, json};

const FAULT: &str = "fault";

/// How many faults are of a kind, with its severity and state.
pub(crate) type Count = (String, i32, String, i64);

/// Whose faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Those of projects.
    Projects(ProjectScope),
    /// The broker's own, and those of the orders of partners, which are nobody else's.
    Broker,
}

/// Which faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaultFilter {
    pub(crate) owner: Owner,
    pub(crate) application: Option<ApplicationId>,
    pub(crate) state: Option<String>,
    /// Only those that are not resolved.
    pub(crate) living: bool,
    pub(crate) kind: Option<FaultKind>,
    /// Only those that are at least so bad.
    pub(crate) severity: Option<Severity>,
    /// Only those with a smaller number.
    pub(crate) before: Option<i64>,
}

const fn rank(severity: Severity) -> i32 {
    match severity {
        Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    }
}

/// The severity of a rank, as its name.
pub(crate) fn severity_name(rank_of: i32) -> &'static str {
    Severity::ALL.into_iter().find(|one| rank(*one) == rank_of).map_or("unknown", Severity::name)
}

fn read(bodies: &[String]) -> Result<Vec<Fault>, RepositoryError> {
    bodies.iter().map(|body| json::from_column(FAULT, body)).collect()
}

/// All that are not resolved, or were not before a second; by number.
pub(crate) fn faults_living(connection: &mut Connection, since: i64) -> Result<Vec<Fault>, RepositoryError> {
    let living = assurance_fault::resolved.is_null().or(assurance_fault::resolved.ge(since));
    let bodies: Vec<String> = assurance_fault::table
        .filter(living)
        .order(assurance_fault::number)
        .select(assurance_fault::body)
        .load(connection)?;
    read(&bodies)
}

/// The number of the last one that ever opened, or 0.
pub(crate) fn faults_last(connection: &mut Connection) -> Result<i64, RepositoryError> {
    let last =
        assurance_fault::table.select(assurance_fault::number).order(assurance_fault::number.desc()).first(connection);
    Ok(last.optional()?.unwrap_or_default())
}

/// Writes one in the place of what was known.
pub(crate) fn faults_put(connection: &mut Connection, fault: &Fault) -> Result<(), RepositoryError> {
    diesel::delete(assurance_fault::table.find(fault.number)).execute(connection)?;
    diesel::insert_into(assurance_fault::table)
        .values((
            assurance_fault::number.eq(fault.number),
            assurance_fault::project.eq(fault.project.as_ref().map(ProjectId::to_string)),
            assurance_fault::application.eq(fault.application.map(|id| id.to_string())),
            assurance_fault::kind.eq(fault.kind.name()),
            assurance_fault::state.eq(fault.state.name()),
            assurance_fault::severity.eq(rank(fault.severity)),
            // Rounded up, so that none is forgotten too early.
            assurance_fault::resolved.eq(fault.resolved_at().map(|at| at.timestamp() + 1)),
            assurance_fault::body.eq(json::to_column(FAULT, fault)?),
        ))
        .execute(connection)?;
    Ok(())
}

/// One of them.
pub(crate) fn fault_find(connection: &mut Connection, number: i64) -> Result<Option<Fault>, RepositoryError> {
    let body: Option<String> =
        assurance_fault::table.find(number).select(assurance_fault::body).first(connection).optional()?;
    body.map(|body| json::from_column(FAULT, &body)).transpose()
}

/// The newest first.
pub(crate) fn faults_list(
    connection: &mut Connection,
    filter: &FaultFilter,
    limit: i64,
) -> Result<Vec<Fault>, RepositoryError> {
    use assurance_fault::{application, body, kind, number, project, resolved, severity, state};
    let mut query = assurance_fault::table.select(body).into_boxed();
    query = match &filter.owner {
        Owner::Broker => query.filter(project.is_null().or(project.eq(ProjectId::orders().to_string()))),
        Owner::Projects(ProjectScope::All) => query.filter(project.is_not_null()),
        Owner::Projects(ProjectScope::Only(projects)) => {
            let names: Vec<String> = projects.iter().map(ProjectId::to_string).collect();
            query.filter(project.eq_any(names))
        }
    };
    if let Some(of) = filter.application {
        query = query.filter(application.eq(of.to_string()));
    }
    if let Some(of) = &filter.state {
        query = query.filter(state.eq(of.clone()));
    }
    if filter.living {
        query = query.filter(resolved.is_null());
    }
    if let Some(of) = filter.kind {
        query = query.filter(kind.eq(of.name()));
    }
    if let Some(least) = filter.severity {
        query = query.filter(severity.ge(rank(least)));
    }
    if let Some(before) = filter.before {
        query = query.filter(number.lt(before));
    }
    let bodies: Vec<String> = query.order(number.desc()).limit(limit).load(connection)?;
    read(&bodies)
}

/// How many there are that are not resolved.
pub(crate) fn faults_count(connection: &mut Connection) -> Result<Vec<Count>, RepositoryError> {
    use assurance_fault::{kind, resolved, severity, state};
    let counted = assurance_fault::table
        .filter(resolved.is_null())
        .group_by((kind, severity, state))
        .select((kind, severity, state, count_star()))
        .load(connection)?;
    Ok(counted)
}
