//! Organisations as rows.

use crate::organisation::Organisation;
use chrono::NaiveDateTime;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::OrganisationId;
use hansa_repository::{Connection, RepositoryError, text, time};
use std::collections::BTreeSet;

diesel::table! {
    iam_organisation (name) {
        name -> Text,
        title -> Text,
        closed -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = iam_organisation)]
struct Row {
    name: String,
    title: String,
    closed: bool,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: i64,
}

impl Row {
    fn new(of: &Organisation) -> Self {
        Self {
            name: of.id.to_string(),
            title: of.title.clone(),
            closed: of.closed,
            created_at: time::to_column(of.created_at),
            updated_at: time::to_column(of.updated_at),
            version: of.version,
        }
    }

    fn into_organisation(self) -> Result<Organisation, RepositoryError> {
        Ok(Organisation {
            id: text::from_column("name of an organisation", &self.name)?,
            title: self.title,
            closed: self.closed,
            created_at: time::from_column(self.created_at),
            updated_at: time::from_column(self.updated_at),
            version: self.version,
        })
    }
}

pub(crate) fn insert(connection: &mut Connection, new: &Organisation) -> Result<(), RepositoryError> {
    diesel::insert_into(iam_organisation::table).values(Row::new(new)).execute(connection)?;
    Ok(())
}

pub(crate) fn update(connection: &mut Connection, changed: &Organisation) -> Result<(), RepositoryError> {
    diesel::update(iam_organisation::table.find(changed.id.as_str())).set(Row::new(changed)).execute(connection)?;
    Ok(())
}

/// Also a closed one.
pub(crate) fn get(connection: &mut Connection, id: &OrganisationId) -> Result<Option<Organisation>, RepositoryError> {
    let row: Option<Row> =
        iam_organisation::table.find(id.as_str()).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::into_organisation).transpose()
}

/// Open ones by name: all, or of these.
pub(crate) fn list(
    connection: &mut Connection,
    only: Option<&BTreeSet<OrganisationId>>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Organisation>, RepositoryError> {
    let mut query =
        iam_organisation::table.filter(iam_organisation::closed.eq(false)).select(Row::as_select()).into_boxed();
    if let Some(only) = only {
        query = query.filter(iam_organisation::name.eq_any(only.iter().map(OrganisationId::to_string)));
    }
    if let Some(after) = after {
        query = query.filter(iam_organisation::name.gt(after.to_owned()));
    }
    let rows: Vec<Row> =
        query.order(iam_organisation::name.asc()).limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    rows.into_iter().map(Row::into_organisation).collect()
}
