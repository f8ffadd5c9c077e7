//! Sessions of the portal: kept on the server. The browser holds a random
//! value of which only the hash is kept here.

use crate::{Principal, Secret};
use chrono::{DateTime, Utc};
use hansa_ontology::AccountId;
use serde::Serialize;
use uuid::Uuid;

/// A session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its public id: for lists, for ending it, for the audit trail.
    pub id: Uuid,
    /// Whose it is.
    pub account: AccountId,
    /// The issuer (its id in the settings) that vouched for the person.
    pub issuer: String,
    /// When the person logged in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, coarsely.
    pub seen_at: DateTime<Utc>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
    /// What the browser called itself.
    pub agent: Option<String>,
    /// The address that the login came from.
    pub address: Option<String>,
}

/// Where a login comes from, for the list of one's own sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The client's IP address.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session just opened: the one time its secret is known.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// What goes into the cookie.
    pub cookie: Secret,
    /// The session.
    pub session: Session,
}

/// A login that succeeded.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The new session; whatever session the browser had is ended.
    pub opened: OpenedSession,
    /// Who it is.
    pub principal: Principal,
    /// The path of this broker to go on to.
    pub return_to: String,
}
