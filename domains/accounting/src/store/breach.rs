//! Breaches as rows: what credits are made of.

use super::tables::accounting_breach;
use crate::Interval;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, RepositoryError, breach::ToldBreach, json};

const BREACH: &str = "breach";

/// Writes down what was told; what is there stays.
pub(crate) fn breaches_put(connection: &mut Connection, breaches: &[ToldBreach]) -> Result<(), RepositoryError> {
    for told in breaches {
        diesel::delete(accounting_breach::table.find(told.sequence)).execute(connection)?;
        diesel::insert_into(accounting_breach::table)
            .values((
                accounting_breach::sequence.eq(told.sequence),
                accounting_breach::project.eq(told.project.as_str()),
                accounting_breach::told.eq(told.at.timestamp()),
                accounting_breach::ended.eq(told.breach.missed.until.timestamp()),
                accounting_breach::body.eq(json::to_column(BREACH, told)?),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn read(bodies: &[String]) -> Result<Vec<ToldBreach>, RepositoryError> {
    bodies.iter().map(|body| json::from_column(BREACH, body)).collect()
}

/// A project's that were told within a time, in their order.
pub(crate) fn breaches_told(
    connection: &mut Connection,
    project: &ProjectId,
    within: Interval,
) -> Result<Vec<ToldBreach>, RepositoryError> {
    let bodies: Vec<String> = accounting_breach::table
        .filter(accounting_breach::project.eq(project.as_str()))
        .filter(accounting_breach::told.ge(within.begin()))
        .filter(accounting_breach::told.lt(within.end()))
        .order(accounting_breach::sequence)
        .select(accounting_breach::body)
        .load(connection)?;
    read(&bodies)
}

/// A project's whose stretch ends within a time, in their order.
pub(crate) fn breaches_ended(
    connection: &mut Connection,
    project: &ProjectId,
    within: Interval,
) -> Result<Vec<ToldBreach>, RepositoryError> {
    let bodies: Vec<String> = accounting_breach::table
        .filter(accounting_breach::project.eq(project.as_str()))
        .filter(accounting_breach::ended.gt(within.begin()))
        .filter(accounting_breach::ended.le(within.end()))
        .order(accounting_breach::sequence)
        .select(accounting_breach::body)
        .load(connection)?;
    read(&bodies)
}
