//! What was wanted of an application, one after the other.

use super::application_revision;
use crate::model::Revision;
use chrono::NaiveDateTime;
use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ApplicationId;
use hansa_repository::{Connection, RepositoryError, json, time};

/// The latest revisions of an application, the newest first, without their models.
pub(crate) fn revisions(
    connection: &mut Connection,
    id: ApplicationId,
    limit: i64,
) -> Result<Vec<Revision>, RepositoryError> {
    let rows: Vec<(i64, String, NaiveDateTime)> = application_revision::table
        .filter(application_revision::application.eq(id.to_string()))
        .order(application_revision::revision.desc())
        .limit(limit)
        .select((application_revision::revision, application_revision::actor, application_revision::created_at))
        .load(connection)?;
    let revision = |(number, actor, at): (i64, String, NaiveDateTime)| {
        let actor = json::from_column("actor of a revision", &actor)?;
        Ok(Revision { number, actor, created_at: time::from_column(at) })
    };
    rows.into_iter().map(revision).collect()
}
