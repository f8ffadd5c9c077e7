//! Projects: made, named, closed when nothing runs in them.

use super::{
    Iam,
    organisation::{self, expect_title, expect_version, taken},
};
use crate::{
    IamError, Project,
    store::{self, project::ProjectFilter},
};
use hansa_ontology::{Actor, OrganisationId, ProjectId, ProjectScope};
use hansa_repository::{
    Connection, RepositoryError,
    event::{self, NewEvent},
    project as repository,
};
use serde_json::json;

/// How many things live in a project; asked in the transaction that closes it.
pub type Living = fn(&mut Connection, &ProjectId) -> Result<u64, RepositoryError>;

impl Iam {
    /// Makes a project in an organisation.
    ///
    /// # Errors
    /// When there is no such organisation; when the name was given before.
    pub async fn project_create(&self, id: ProjectId, title: String, actor: Actor) -> Result<Project, IamError> {
        expect_title(&title)?;
        let now = self.now();
        let new = Project { id, title, closed: false, created_at: now, updated_at: now, version: 1 };
        self.inner
            .database
            .write(move |connection| {
                organisation::open(connection, &new.id.organisation())?;
                if let Some(known) = store::project::get(connection, &new.id)? {
                    return Err(taken("project", known.id.as_str(), known.closed));
                }
                store::project::insert(connection, &new)?;
                tell(connection, &new, &actor, "project.created", "was made")?;
                Ok(new)
            })
            .await
    }

    /// Makes projects, and the organisations that they belong to, as far as they
    /// aren't there: at the start, so that what claims give roles in exists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_ensure(&self, wanted: Vec<ProjectId>) -> Result<(), IamError> {
        for id in wanted {
            let organisation = id.organisation();
            let title = organisation.to_string();
            known(self.organisation_create(organisation, title, Actor::Broker).await.map(|_| ()))?;
            let title = id.name().to_owned();
            known(self.project_create(id, title, Actor::Broker).await.map(|_| ()))?;
        }
        Ok(())
    }

    /// An open project.
    ///
    /// # Errors
    /// When there is none.
    pub async fn project_get(&self, id: &ProjectId) -> Result<Project, IamError> {
        let id = id.clone();
        self.inner.database.read(move |connection| open(connection, &id)).await
    }

    /// At most `limit` open projects of the scope by name, or those of an organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_list(
        &self,
        scope: ProjectScope,
        organisation: Option<OrganisationId>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Project>, IamError> {
        let only = match scope {
            ProjectScope::All => None,
            ProjectScope::Only(projects) => Some(projects),
        };
        let filter = ProjectFilter { only, organisation };
        self.inner
            .database
            .read(move |connection| Ok(store::project::list(connection, &filter, after.as_deref(), limit)?))
            .await
    }

    /// Gives a project another title.
    ///
    /// # Errors
    /// When there is none, or it has another version than `expected`.
    pub async fn project_update(
        &self,
        id: ProjectId,
        title: String,
        expected: Option<i64>,
        actor: Actor,
    ) -> Result<Project, IamError> {
        expect_title(&title)?;
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                let known = open(connection, &id)?;
                expect_version(expected, known.version)?;
                if known.title == title {
                    return Ok(known);
                }
                let changed = Project { title, updated_at: now, version: known.version + 1, ..known };
                store::project::update(connection, &changed)?;
                tell(connection, &changed, &actor, "project.updated", "was renamed")?;
                Ok(changed)
            })
            .await
    }

    /// Closes a project in which nothing lives. Its name is never given again.
    ///
    /// # Errors
    /// When there is none, it has another version than `expected`, or something lives in it.
    pub async fn project_close(
        &self,
        id: ProjectId,
        expected: Option<i64>,
        actor: Actor,
        living: Living,
    ) -> Result<(), IamError> {
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                let known = open(connection, &id)?;
                expect_version(expected, known.version)?;
                if id == ProjectId::local() || id == ProjectId::orders() {
                    return Err(IamError::Conflict(format!(
                        "the project {id} is the broker's own and can't be closed"
                    )));
                }
                let count = living(connection, &id)?;
                if count > 0 {
                    let message = format!("{count} applications live in the project {id}; remove them first");
                    return Err(IamError::Conflict(message));
                }
                // From here on nothing new can come to live in it.
                repository::close(connection, &id)?;
                let closed = Project { closed: true, updated_at: now, version: known.version + 1, ..known };
                store::project::update(connection, &closed)?;
                tell(connection, &closed, &actor, "project.closed", "was closed")
            })
            .await
    }
}

/// What was made before, or closed for good, is no failure of making sure that it is there.
fn known(made: Result<(), IamError>) -> Result<(), IamError> {
    match made {
        Err(IamError::Conflict(_) | IamError::NotFound(_)) => Ok(()),
        other => other,
    }
}

/// The open project of a name.
pub(super) fn open(connection: &mut Connection, id: &ProjectId) -> Result<Project, IamError> {
    let found = store::project::get(connection, id)?.filter(|known| !known.closed);
    found.ok_or_else(|| IamError::NotFound(format!("the project {id}")))
}

fn tell(connection: &mut Connection, of: &Project, actor: &Actor, kind: &str, what: &str) -> Result<(), IamError> {
    event::append(
        connection,
        &NewEvent {
            at: of.updated_at,
            actor: actor.clone(),
            application: None,
            subject: format!("project/{}", of.id),
            kind: kind.to_owned(),
            message: format!("the project {} {what}", of.id),
            data: json!({"title": of.title, "version": of.version}),
        },
    )?;
    Ok(())
}
