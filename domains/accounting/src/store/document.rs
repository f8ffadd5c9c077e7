//! What people state, as rows: price plans, rates, accounts, the seller, budgets.

use super::tables::accounting_document;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, json};
use serde::{Serialize, de::DeserializeOwned};

/// Something that people state, kept under its name.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// Of which kind it is, in the table and in messages.
    const KIND: &'static str;

    /// Its name among those of its kind.
    fn name(&self) -> String;

    /// Whose it is; none where it is the broker's.
    fn project(&self) -> Option<&ProjectId> {
        None
    }
}

/// One, with its version.
pub(crate) fn document_get<T: Document>(
    connection: &mut Connection,
    name: &str,
) -> Result<Option<(T, i64)>, RepositoryError> {
    let found: Option<(String, i64)> = accounting_document::table
        .find((T::KIND, name))
        .select((accounting_document::body, accounting_document::version))
        .first(connection)
        .optional()?;
    found.map(|(body, version)| Ok((json::from_column(T::KIND, &body)?, version))).transpose()
}

/// Writes one in the place of what was there, and gives its new version. With
/// `expected` only if what was there has that version; 0 is nothing.
pub(crate) fn document_put<T: Document>(
    connection: &mut Connection,
    document: &T,
    expected: Option<i64>,
) -> Result<i64, RepositoryError> {
    let name = document.name();
    let before = document_get::<T>(connection, &name)?.map_or(0, |(_, version)| version);
    if expected.is_some_and(|expected| expected != before) {
        return Err(RepositoryError::Changed(format!("{} {name}", T::KIND)));
    }
    let body = json::to_column(T::KIND, document)?;
    let version = before + 1;
    diesel::delete(accounting_document::table.find((T::KIND, &name))).execute(connection)?;
    diesel::insert_into(accounting_document::table)
        .values((
            accounting_document::kind.eq(T::KIND),
            accounting_document::name.eq(name),
            accounting_document::project.eq(document.project().map(ToString::to_string)),
            accounting_document::version.eq(version),
            accounting_document::body.eq(body),
        ))
        .execute(connection)?;
    Ok(version)
}

/// Forgets one; whether it was there.
pub(crate) fn document_delete<T: Document>(connection: &mut Connection, name: &str) -> Result<bool, RepositoryError> {
    Ok(diesel::delete(accounting_document::table.find((T::KIND, name))).execute(connection)? > 0)
}

/// By name, after the last one of the page before.
pub(crate) fn document_list<T: Document>(
    connection: &mut Connection,
    scope: &ProjectScope,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<T>, RepositoryError> {
    let mut query = accounting_document::table
        .filter(accounting_document::kind.eq(T::KIND))
        .select(accounting_document::body)
        .into_boxed();
    if let ProjectScope::Only(projects) = scope {
        let names: Vec<String> = projects.iter().map(ToString::to_string).collect();
        query = query.filter(accounting_document::project.eq_any(names));
    }
    if let Some(after) = after {
        query = query.filter(accounting_document::name.gt(after.to_owned()));
    }
    let bodies: Vec<String> = query.order(accounting_document::name).limit(limit).load(connection)?;
    bodies.iter().map(|body| json::from_column(T::KIND, body)).collect()
}
