//! Revisions that take the place of others all at once, as rows.

use super::{application_revision, blue_green_update as table};
use crate::blue_green::BlueGreen;
use chrono::NaiveDateTime;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json};

/// How the update of an application stands that is blue-green, where one is under way.
pub(crate) fn blue_green(connection: &mut Connection, id: ApplicationId) -> Result<Option<BlueGreen>, RepositoryError> {
    let body: Option<String> = table::table.find(id.to_string()).select(table::body).first(connection).optional()?;
    body.map(|body| json::from_column("blue-green update", &body)).transpose()
}

/// Writes down how it stands, in the place of what was.
pub(crate) fn blue_green_put(
    connection: &mut Connection,
    id: ApplicationId,
    update: &BlueGreen,
) -> Result<(), RepositoryError> {
    let row = (table::application.eq(id.to_string()), table::body.eq(json::to_column("blue-green update", update)?));
    blue_green_forget(connection, id)?;
    diesel::insert_into(table::table).values(row).execute(connection)?;
    Ok(())
}

/// Forgets it.
pub(crate) fn blue_green_forget(connection: &mut Connection, id: ApplicationId) -> Result<(), RepositoryError> {
    diesel::delete(table::table.find(id.to_string())).execute(connection)?;
    Ok(())
}

/// Whether everything of a revision ever ran.
pub(crate) fn has_run(connection: &mut Connection, id: ApplicationId, revision: i64) -> Result<bool, RepositoryError> {
    let at: Option<Option<NaiveDateTime>> = application_revision::table
        .find((id.to_string(), revision))
        .select(application_revision::ran_at)
        .first(connection)
        .optional()?;
    Ok(at.flatten().is_some())
}
