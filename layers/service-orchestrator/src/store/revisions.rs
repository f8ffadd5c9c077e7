//! What was wanted of an application, one after the other.

use super::application_revision as table;
use crate::revision::{Revision, field_changes};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, time};

/// A revision as a row, without its application.
type Row = (i64, String, String, NaiveDateTime, Option<NaiveDateTime>, Option<i64>);

/// Revisions of an application, the newest first: those before a number, or all.
pub(crate) fn revisions(
    connection: &mut Connection,
    id: ApplicationId,
    limit: usize,
    before: Option<i64>,
) -> Result<Vec<Revision>, RepositoryError> {
    // One more: what the oldest changed is seen by the one before it.
    let rows: Vec<Row> = table::table
        .filter(table::application.eq(id.to_string()))
        .filter(table::revision.lt(before.unwrap_or(i64::MAX)))
        .order(table::revision.desc())
        .limit(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX))
        .select((table::revision, table::model, table::actor, table::created_at, table::ran_at, table::restores))
        .load(connection)?;
    let models = rows.iter().map(|row| json::from_column("model of a revision", &row.1));
    let models: Vec<serde_json::Value> = models.collect::<Result<_, _>>()?;
    let changes = |place: usize| match (models.get(place), models.get(place + 1)) {
        (Some(model), Some(earlier)) => field_changes(earlier, model),
        _ => Vec::new(),
    };
    let revision = |(place, (number, _, actor, at, ran_at, restores)): (usize, Row)| {
        Ok(Revision {
            number,
            actor: json::from_column("actor of a revision", &actor)?,
            created_at: time::from_column(at),
            ran_at: ran_at.map(time::from_column),
            restores,
            changes: changes(place),
        })
    };
    rows.into_iter().enumerate().take(limit).map(revision).collect()
}

/// Writes down that everything of a revision ran, where that is new.
pub(crate) fn revision_ran(
    connection: &mut Connection,
    id: ApplicationId,
    revision: i64,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    diesel::update(table::table.find((id.to_string(), revision)))
        .filter(table::ran_at.is_null())
        .set(table::ran_at.eq(time::to_column(now)))
        .execute(connection)?;
    Ok(())
}

/// Writes down whose model a revision took over.
pub(crate) fn restores_set(
    connection: &mut Connection,
    id: ApplicationId,
    revision: i64,
    restores: i64,
) -> Result<(), RepositoryError> {
    diesel::update(table::table.find((id.to_string(), revision)))
        .set(table::restores.eq(restores))
        .execute(connection)?;
    Ok(())
}

/// The last revision before this one that ran and asked for something else.
pub(crate) fn ran_before(
    connection: &mut Connection,
    id: ApplicationId,
    revision: i64,
) -> Result<Option<i64>, RepositoryError> {
    let current: String = table::table.find((id.to_string(), revision)).select(table::model).first(connection)?;
    Ok(table::table
        .filter(table::application.eq(id.to_string()))
        .filter(table::revision.lt(revision))
        .filter(table::ran_at.is_not_null())
        .filter(table::model.ne(current))
        .order(table::revision.desc())
        .select(table::revision)
        .first(connection)
        .optional()?)
}
