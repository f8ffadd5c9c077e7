//! What was moved last of each application, or is about to be.

use super::relocation as table;
use crate::moving::Relocation;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, text, time};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    application: String,
    kind: String,
    revision: i64,
    operation: Option<String>,
    wish: String,
    told: Option<String>,
    begun_at: NaiveDateTime,
    adopted_at: Option<NaiveDateTime>,
    done_at: Option<NaiveDateTime>,
}

/// Writes down what is to move, in the place of what moved before.
pub(crate) fn relocation_put(
    connection: &mut Connection,
    application: ApplicationId,
    new: &Relocation,
) -> Result<(), RepositoryError> {
    relocation_forget(connection, application)?;
    let row = Row {
        application: application.to_string(),
        kind: json::to_column("kind of a move", &new.kind)?,
        revision: new.revision,
        operation: new.operation.map(|operation| operation.to_string()),
        wish: json::to_column("wish of a move", &new.wish)?,
        told: new.told.clone(),
        begun_at: time::to_column(new.begun_at),
        adopted_at: new.adopted_at.map(time::to_column),
        done_at: new.done_at.map(time::to_column),
    };
    diesel::insert_into(table::table).values(row).execute(connection)?;
    Ok(())
}

/// What was moved last, or is about to be.
pub(crate) fn relocation(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<Option<Relocation>, RepositoryError> {
    let row: Option<Row> =
        table::table.find(application.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.map(|row| {
        let operation = row.operation.map(|id| text::from_column("operation of a move", &id)).transpose()?;
        Ok(Relocation {
            kind: json::from_column("kind of a move", &row.kind)?,
            revision: row.revision,
            operation,
            wish: json::from_column("wish of a move", &row.wish)?,
            told: row.told,
            begun_at: time::from_column(row.begun_at),
            adopted_at: row.adopted_at.map(time::from_column),
            done_at: row.done_at.map(time::from_column),
        })
    })
    .transpose()
}

/// Writes down what was told of it.
pub(crate) fn relocation_told(
    connection: &mut Connection,
    application: ApplicationId,
    text: &str,
) -> Result<(), RepositoryError> {
    diesel::update(table::table.find(application.to_string())).set(table::told.eq(text)).execute(connection)?;
    Ok(())
}

/// Writes down that a plan with it came in force.
pub(crate) fn relocation_adopted(
    connection: &mut Connection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    diesel::update(table::table.find(application.to_string()))
        .set(table::adopted_at.eq(time::to_column(now)))
        .execute(connection)?;
    Ok(())
}

/// Writes down that all of it is done.
pub(crate) fn relocation_done(
    connection: &mut Connection,
    application: ApplicationId,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    diesel::update(table::table.find(application.to_string()))
        .set(table::done_at.eq(time::to_column(now)))
        .execute(connection)?;
    Ok(())
}

/// Forgets what is to move if another operation or another revision came after it, by what is written now:
/// whether that is so.
pub(crate) fn relocation_overtaken(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<bool, RepositoryError> {
    let (wanted, now) = (relocation(connection, application)?, super::get(connection, application)?);
    let (Some(wanted), Some(now)) = (wanted, now) else { return Ok(true) };
    let overtaken = wanted.operation.is_some_and(|operation| operation != now.operation);
    if !overtaken && wanted.revision == now.revision {
        return Ok(false);
    }
    relocation_forget(connection, application)?;
    Ok(true)
}

/// Forgets what moved.
pub(crate) fn relocation_forget(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<(), RepositoryError> {
    diesel::delete(table::table.find(application.to_string())).execute(connection)?;
    Ok(())
}
