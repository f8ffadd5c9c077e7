//! What people want a month to emit at most, as rows.

use super::tables::sustainability_limit;
use diesel::{BoolExpressionMethods as _, ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, json};
use serde::{Serialize, de::DeserializeOwned};

/// A limit, and the month for which it was told that it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored<T> {
    pub(crate) limit: T,
    pub(crate) told: Option<String>,
}

/// States one in the place of the one of its name; it will be told anew.
pub(crate) fn limit_put<T: Serialize>(
    connection: &mut Connection,
    (project, name): (&ProjectId, &str),
    limit: &T,
) -> Result<(), RepositoryError> {
    limit_delete(connection, project, name)?;
    diesel::insert_into(sustainability_limit::table)
        .values((
            sustainability_limit::project.eq(project.as_str()),
            sustainability_limit::name.eq(name),
            sustainability_limit::body.eq(json::to_column("carbon limit", limit)?),
        ))
        .execute(connection)?;
    Ok(())
}

/// Forgets one; whether it was there.
pub(crate) fn limit_delete(
    connection: &mut Connection,
    project: &ProjectId,
    name: &str,
) -> Result<bool, RepositoryError> {
    let row = sustainability_limit::table.find((project.as_str(), name));
    Ok(diesel::delete(row).execute(connection)? > 0)
}

/// By project and name.
pub(crate) fn limit_list<T: DeserializeOwned>(
    connection: &mut Connection,
    scope: &ProjectScope,
) -> Result<Vec<Stored<T>>, RepositoryError> {
    let mut query =
        sustainability_limit::table.select((sustainability_limit::body, sustainability_limit::told)).into_boxed();
    if let ProjectScope::Only(projects) = scope {
        let names: Vec<String> = projects.iter().map(ToString::to_string).collect();
        query = query.filter(sustainability_limit::project.eq_any(names));
    }
    let rows: Vec<(String, Option<String>)> =
        query.order((sustainability_limit::project, sustainability_limit::name)).load(connection)?;
    rows.into_iter().map(|(body, told)| Ok(Stored { limit: json::from_column("carbon limit", &body)?, told })).collect()
}

/// Notes that it was told of a month; false where that was done already.
pub(crate) fn limit_told(
    connection: &mut Connection,
    (project, name): (&ProjectId, &str),
    month: &str,
) -> Result<bool, RepositoryError> {
    let row = sustainability_limit::table
        .filter(sustainability_limit::project.eq(project.as_str()))
        .filter(sustainability_limit::name.eq(name))
        .filter(sustainability_limit::told.is_null().or(sustainability_limit::told.ne(month)));
    Ok(diesel::update(row).set(sustainability_limit::told.eq(month)).execute(connection)? > 0)
}
