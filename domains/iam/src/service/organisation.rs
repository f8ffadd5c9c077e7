//! Organisations: made, named, closed when nothing is in them.

use super::Iam;
use crate::{IamError, Organisation, store};
use hansa_ontology::{Actor, OrganisationId};
use hansa_repository::{
    Connection,
    event::{self, NewEvent},
};
use serde_json::json;
use std::collections::BTreeSet;

/// The longest title, in letters.
pub(super) const LONGEST_TITLE: usize = 200;

impl Iam {
    /// Makes an organisation.
    ///
    /// # Errors
    /// When the name was given before; when the title is too long.
    pub async fn organisation_create(
        &self,
        id: OrganisationId,
        title: String,
        actor: Actor,
    ) -> Result<Organisation, IamError> {
        expect_title(&title)?;
        let now = self.now();
        let new = Organisation { id, title, closed: false, created_at: now, updated_at: now, version: 1 };
        self.inner
            .database
            .write(move |connection| {
                if let Some(known) = store::organisation::get(connection, &new.id)? {
                    return Err(taken("organisation", known.id.as_str(), known.closed));
                }
                store::organisation::insert(connection, &new)?;
                tell(connection, &new, &actor, "organisation.created", "was made")?;
                Ok(new)
            })
            .await
    }

    /// An open organisation.
    ///
    /// # Errors
    /// When there is none.
    pub async fn organisation_get(&self, id: &OrganisationId) -> Result<Organisation, IamError> {
        let id = id.clone();
        self.inner.database.read(move |connection| open(connection, &id)).await
    }

    /// At most `limit` open organisations by name: all, or of these.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organisation_list(
        &self,
        only: Option<BTreeSet<OrganisationId>>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Organisation>, IamError> {
        self.inner
            .database
            .read(move |connection| Ok(store::organisation::list(connection, only.as_ref(), after.as_deref(), limit)?))
            .await
    }

    /// Gives an organisation another title.
    ///
    /// # Errors
    /// When there is none, or it has another version than `expected`.
    pub async fn organisation_update(
        &self,
        id: OrganisationId,
        title: String,
        expected: Option<i64>,
        actor: Actor,
    ) -> Result<Organisation, IamError> {
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
                let changed = Organisation { title, updated_at: now, version: known.version + 1, ..known };
                store::organisation::update(connection, &changed)?;
                tell(connection, &changed, &actor, "organisation.updated", "was renamed")?;
                Ok(changed)
            })
            .await
    }

    /// Closes an organisation that has no open project. Its name is never given again.
    ///
    /// # Errors
    /// When there is none, it has another version than `expected`, or projects.
    pub async fn organisation_close(
        &self,
        id: OrganisationId,
        expected: Option<i64>,
        actor: Actor,
    ) -> Result<(), IamError> {
        let now = self.now();
        self.inner
            .database
            .write(move |connection| {
                let known = open(connection, &id)?;
                expect_version(expected, known.version)?;
                if store::project::any_open(connection, &id)? {
                    return Err(IamError::Conflict(format!("the organisation {id} has projects; close them first")));
                }
                let closed = Organisation { closed: true, updated_at: now, version: known.version + 1, ..known };
                store::organisation::update(connection, &closed)?;
                tell(connection, &closed, &actor, "organisation.closed", "was closed")
            })
            .await
    }
}

/// The open organisation of a name.
pub(super) fn open(connection: &mut Connection, id: &OrganisationId) -> Result<Organisation, IamError> {
    let found = store::organisation::get(connection, id)?.filter(|known| !known.closed);
    found.ok_or_else(|| IamError::NotFound(format!("the organisation {id}")))
}

pub(super) fn taken(what: &str, name: &str, closed: bool) -> IamError {
    let why = if closed { "was closed, and a name is given once" } else { "exists already" };
    IamError::Conflict(format!("the {what} {name} {why}; choose another name"))
}

pub(super) fn expect_title(title: &str) -> Result<(), IamError> {
    if title.trim().is_empty() || title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        let message = format!("must have 1 to {LONGEST_TITLE} letters, and no control characters");
        return Err(IamError::invalid("/title", message));
    }
    Ok(())
}

pub(super) fn expect_version(expected: Option<i64>, current: i64) -> Result<(), IamError> {
    match expected {
        Some(expected) if expected != current => Err(IamError::PreconditionFailed { expected, current }),
        _ => Ok(()),
    }
}

fn tell(connection: &mut Connection, of: &Organisation, actor: &Actor, kind: &str, what: &str) -> Result<(), IamError> {
    event::append(
        connection,
        &NewEvent {
            at: of.updated_at,
            actor: actor.clone(),
            application: None,
            subject: format!("organisation/{}", of.id),
            kind: kind.to_owned(),
            message: format!("the organisation {} {what}", of.id),
            data: json!({"title": of.title, "version": of.version}),
        },
    )?;
    Ok(())
}
