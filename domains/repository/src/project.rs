//! Whose an application is, so that events and operations are cut down to
//! what somebody may see by the database itself, in an order that an index has.

use crate::{
    Connection,
    error::RepositoryError,
    schema::{application_project, closed_project},
    text,
};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_ontology::{ApplicationId, ProjectId, ProjectScope};

/// The subject of events about a project itself: `project/acme/web`.
const SUBJECT: &str = "project/";

/// Writes down whose a new application is. It never changes hands.
///
/// # Errors
/// `Conflict` when the project is closed; when the database refuses.
pub fn assign(connection: &mut Connection, application: ApplicationId, to: &ProjectId) -> Result<(), RepositoryError> {
    let closed: Option<String> =
        closed_project::table.find(to.as_str()).select(closed_project::project).first(connection).optional()?;
    if closed.is_some() {
        return Err(RepositoryError::conflict(format!("the project {to} is closed; choose another")));
    }
    diesel::insert_into(application_project::table)
        .values((
            application_project::application.eq(application.to_string()),
            application_project::project.eq(to.as_str()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Lets nothing new come to live in a project, for ever.
///
/// # Errors
/// When it is closed already.
pub fn close(connection: &mut Connection, project: &ProjectId) -> Result<(), RepositoryError> {
    diesel::insert_into(closed_project::table)
        .values(closed_project::project.eq(project.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Whose an application is; none where there is no such application.
///
/// # Errors
/// When the database fails.
pub fn of(connection: &mut Connection, application: ApplicationId) -> Result<Option<ProjectId>, RepositoryError> {
    let found: Option<String> = application_project::table
        .find(application.to_string())
        .select(application_project::project)
        .first(connection)
        .optional()?;
    found.map(|project| text::from_column("project of an application", &project)).transpose()
}

/// Whose something is that is told of an application, or of a subject.
pub(crate) fn concerned(
    connection: &mut Connection,
    application: Option<ApplicationId>,
    subject: &str,
) -> Result<Option<String>, RepositoryError> {
    match application {
        Some(application) => Ok(of(connection, application)?.map(|project| project.to_string())),
        None => Ok(subject.strip_prefix(SUBJECT).and_then(|name| ProjectId::new(name).ok()).map(|id| id.to_string())),
    }
}

/// What a list is cut down to: each project of the scope, and whether what is
/// nobody's belongs to it. None: nothing is cut.
pub(crate) fn parts(scope: &ProjectScope, nobodys: bool) -> Option<Vec<Option<String>>> {
    match scope {
        ProjectScope::All => None,
        ProjectScope::Only(projects) => {
            let own = projects.iter().map(|project| Some(project.to_string()));
            Some(own.chain(nobodys.then_some(None)).collect())
        }
    }
}
