//! Events of orders, agreements and usage.

use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId};
use hansa_repository::{Connection, RepositoryError, event};
use serde_json::Value;

/// Appends an event to the log, in the transaction at hand.
pub(crate) fn note(
    connection: &mut Connection,
    now: DateTime<Utc>,
    who: (Actor, Option<ApplicationId>),
    what: (&str, String),
    message: String,
    data: Value,
) -> Result<(), RepositoryError> {
    let (actor, application) = who;
    let (kind, subject) = what;
    let new = event::NewEvent { at: now, actor, application, subject, kind: kind.to_owned(), message, data };
    event::append(connection, &new).map(|_| ())
}
