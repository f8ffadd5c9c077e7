//! Projects as rows.

use crate::project::Project;
use chrono::NaiveDateTime;
use diesel::{
    AsChangeset, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::{OrganisationId, ProjectId};
use hansa_repository::{Connection, RepositoryError, text, time};
use std::collections::BTreeSet;

diesel::table! {
    iam_project (name) {
        name -> Text,
        organisation -> Text,
        title -> Text,
        closed -> Bool,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = iam_project)]
struct Row {
    name: String,
    organisation: String,
    title: String,
    closed: bool,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: i64,
}

impl Row {
    fn new(of: &Project) -> Self {
        Self {
            name: of.id.to_string(),
            organisation: of.id.organisation().to_string(),
            title: of.title.clone(),
            closed: of.closed,
            created_at: time::to_column(of.created_at),
            updated_at: time::to_column(of.updated_at),
            version: of.version,
        }
    }

    fn into_project(self) -> Result<Project, RepositoryError> {
        Ok(Project {
            id: text::from_column("name of a project", &self.name)?,
            title: self.title,
            closed: self.closed,
            created_at: time::from_column(self.created_at),
            updated_at: time::from_column(self.updated_at),
            version: self.version,
        })
    }
}

pub(crate) fn insert(connection: &mut Connection, new: &Project) -> Result<(), RepositoryError> {
    diesel::insert_into(iam_project::table).values(Row::new(new)).execute(connection)?;
    Ok(())
}

pub(crate) fn update(connection: &mut Connection, changed: &Project) -> Result<(), RepositoryError> {
    diesel::update(iam_project::table.find(changed.id.as_str())).set(Row::new(changed)).execute(connection)?;
    Ok(())
}

/// Also a closed one.
pub(crate) fn get(connection: &mut Connection, id: &ProjectId) -> Result<Option<Project>, RepositoryError> {
    let row: Option<Row> =
        iam_project::table.find(id.as_str()).select(Row::as_select()).first(connection).optional()?;
    row.map(Row::into_project).transpose()
}

/// Which projects: all, these, or also all of these organisations.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProjectFilter {
    /// Only these.
    pub only: Option<BTreeSet<ProjectId>>,
    /// Only of this organisation.
    pub organisation: Option<OrganisationId>,
}

/// Open ones by name.
pub(crate) fn list(
    connection: &mut Connection,
    filter: &ProjectFilter,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Project>, RepositoryError> {
    let mut query = iam_project::table.filter(iam_project::closed.eq(false)).select(Row::as_select()).into_boxed();
    if let Some(only) = &filter.only {
        query = query.filter(iam_project::name.eq_any(only.iter().map(ProjectId::to_string)));
    }
    if let Some(organisation) = &filter.organisation {
        query = query.filter(iam_project::organisation.eq(organisation.to_string()));
    }
    if let Some(after) = after {
        query = query.filter(iam_project::name.gt(after.to_owned()));
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<Row> = query.order(iam_project::name.asc()).limit(limit).load(connection)?;
    rows.into_iter().map(Row::into_project).collect()
}

/// The names of all projects of these organisations, closed ones too: what
/// happened in them is still theirs.
pub(crate) fn names_of(
    connection: &mut Connection,
    organisations: &BTreeSet<OrganisationId>,
) -> Result<Vec<ProjectId>, RepositoryError> {
    let names: Vec<String> = iam_project::table
        .filter(iam_project::organisation.eq_any(organisations.iter().map(OrganisationId::to_string)))
        .select(iam_project::name)
        .load(connection)?;
    names.iter().map(|name| text::from_column("name of a project", name)).collect()
}

/// Whether an organisation has an open project.
pub(crate) fn any_open(connection: &mut Connection, of: &OrganisationId) -> Result<bool, RepositoryError> {
    let open: Option<String> = iam_project::table
        .filter(iam_project::organisation.eq(of.as_str()))
        .filter(iam_project::closed.eq(false))
        .select(iam_project::name)
        .first(connection)
        .optional()?;
    Ok(open.is_some())
}
