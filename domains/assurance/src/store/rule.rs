//! Alert rules, as rows.

use super::tables::assurance_rule;
use crate::alert::Rule;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, RepositoryError, json};

const RULE: &str = "alert rule";

/// Writes one in the place of what was known.
pub(crate) fn rule_put(connection: &mut Connection, one: &Rule) -> Result<(), RepositoryError> {
    let id = one.id.to_string();
    diesel::delete(assurance_rule::table.find(&id)).execute(connection)?;
    diesel::insert_into(assurance_rule::table)
        .values((
            assurance_rule::id.eq(id),
            assurance_rule::project.eq(one.project.as_ref().map(ProjectId::to_string)),
            assurance_rule::name.eq(&one.name),
            assurance_rule::body.eq(json::to_column(RULE, one)?),
        ))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn rule_find(connection: &mut Connection, id: &str) -> Result<Option<Rule>, RepositoryError> {
    let body: Option<String> =
        assurance_rule::table.find(id).select(assurance_rule::body).first(connection).optional()?;
    body.map(|body| json::from_column(RULE, &body)).transpose()
}

/// Those of a project, or of the broker itself, by name.
pub(crate) fn rules_of(connection: &mut Connection, project: Option<&ProjectId>) -> Result<Vec<Rule>, RepositoryError> {
    use assurance_rule::{body, name, project as of, table};
    let query = table.select(body).into_boxed();
    let query = match project {
        Some(project) => query.filter(of.eq(project.to_string())),
        None => query.filter(of.is_null()),
    };
    let bodies: Vec<String> = query.order(name).load(connection)?;
    bodies.iter().map(|text| json::from_column(RULE, text)).collect()
}

/// Forgets one.
pub(crate) fn rule_delete(connection: &mut Connection, id: &str) -> Result<(), RepositoryError> {
    diesel::delete(assurance_rule::table.find(id)).execute(connection)?;
    Ok(())
}
