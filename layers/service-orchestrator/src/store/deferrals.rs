//! Jobs that may wait, as rows.

use super::{application_revision, deferral as table};
use crate::deferral::DeferredJob;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, time};
use std::collections::BTreeMap;

/// The jobs of an application that may wait, or did, by component.
pub(crate) fn deferrals(
    connection: &mut Connection,
    id: ApplicationId,
) -> Result<BTreeMap<String, DeferredJob>, RepositoryError> {
    let rows: Vec<(String, String)> = table::table
        .filter(table::application.eq(id.to_string()))
        .select((table::component, table::body))
        .load(connection)?;
    rows.into_iter().map(|(component, body)| Ok((component, json::from_column("job that may wait", &body)?))).collect()
}

/// Writes down how a job stands.
pub(crate) fn deferral_put(
    connection: &mut Connection,
    id: ApplicationId,
    (component, job): (&str, &DeferredJob),
) -> Result<(), RepositoryError> {
    let body = table::body.eq(json::to_column("job that may wait", job)?);
    let known = diesel::update(table::table.find((id.to_string(), component))).set(body.clone()).execute(connection)?;
    if known == 0 {
        let new = (table::application.eq(id.to_string()), table::component.eq(component), body);
        diesel::insert_into(table::table).values(new).execute(connection)?;
    }
    Ok(())
}

/// When a revision was submitted.
pub(crate) fn revision_at(
    connection: &mut Connection,
    id: ApplicationId,
    revision: i64,
) -> Result<Option<DateTime<Utc>>, RepositoryError> {
    let at: Option<NaiveDateTime> = application_revision::table
        .find((id.to_string(), revision))
        .select(application_revision::created_at)
        .first(connection)
        .optional()?;
    Ok(at.map(time::from_column))
}
