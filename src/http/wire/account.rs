//! Accounts, tokens and sessions on the wire.

use chrono::{DateTime, Utc};
use hansa_iam::{
    Action, Grant, GrantScope, TokenLimits,
    account::{self, AccountOwner, AccountState},
    session, token,
};
use hansa_ontology::ProjectId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// How one logs in at this broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Login {
    /// Whether one has to.
    pub required: bool,
    /// Where one can.
    pub issuers: Vec<Issuer>,
}

/// An OpenID Provider that this broker trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issuer {
    /// Its id: the browser's login begins at `/login/{id}`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its issuer identifier.
    pub url: String,
    /// The client of the command line (device flow, RFC 8628).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cli_client_id: Option<String>,
    /// What the command line asks for.
    pub scopes: Vec<String>,
}

/// Who one is to this broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Me {
    /// The account's id. Absent where there is no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How events name one.
    pub handle: String,
    /// One's name.
    pub name: String,
    /// One's address, as the issuer said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// One's roles, here and now.
    pub grants: Vec<RoleGrant>,
    /// How one proved it: `loopback`, `session`, `bearer`, `token`, `signature`.
    pub via: String,
    /// What the token that one came with is limited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// An account of a person or a service, as whoever runs the broker sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    /// Its id.
    pub id: String,
    /// How events name it. Never given to another.
    pub handle: String,
    /// `person` or `service`.
    pub kind: String,
    /// How people call it.
    pub name: String,
    /// A person's address, as the issuer said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Who vouches for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The person's name at the issuer (`sub`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `active`, `locked` or `removed`.
    pub state: String,
    /// Why it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When somebody last came with it, within some minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<DateTime<Utc>>,
    /// Grows with each change.
    pub version: i64,
}

impl From<account::Account> for Account {
    fn from(account: account::Account) -> Self {
        let (kind, issuer, subject) = match account.owner {
            AccountOwner::Person { issuer, subject } => ("person", Some(issuer), Some(subject)),
            AccountOwner::Service { .. } => ("service", None, None),
        };
        let (state, reason) = match account.state {
            AccountState::Active => ("active", None),
            AccountState::Locked { reason } => ("locked", Some(reason)),
            AccountState::Removed => ("removed", None),
        };
        Self {
            id: account.id.to_string(),
            handle: account.handle,
            kind: kind.to_owned(),
            name: account.name,
            email: account.email,
            issuer,
            subject,
            state: state.to_owned(),
            reason,
            created_at: account.created_at,
            seen_at: account.seen_at,
            version: account.version,
        }
    }
}

/// Why an account is locked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LockRequest {
    /// For whoever looks at it later; 200 letters at most.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub reason: String,
}

/// What was ended of an account, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CutOff {
    /// The account's handle.
    pub account: String,
    /// How many sessions or tokens.
    pub ended: usize,
    /// Nothing was written.
    pub dry_run: bool,
}

/// A role over something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleGrant {
    /// The role: `use-case-user`.
    pub role: String,
    /// Over what: `broker`, `organisation/acme`, `project/acme/web`, `partner/did:…`.
    pub over: String,
}

/// What a token is limited to, whatever its owner may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    /// Only these permissions, such as `application.read`. Absent: all of its owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// Only these projects. Absent: all of its owner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewToken {
    /// What it is for: 1 to 100 letters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Only these permissions. Absent: all of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// Only these projects. Absent: all of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// From when on it is refused. Absent: after the longest time (`auth.token_longest`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Token {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// What it is limited to.
    pub limits: Limits,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to a few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
    /// The token itself: in the answer that makes it, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A session of the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// Its id.
    pub id: String,
    /// The issuer that vouched for one.
    pub issuer: String,
    /// When one logged in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a few minutes.
    pub seen_at: DateTime<Utc>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
    /// What the browser called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The address that the login came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl NewToken {
    /// As the identity room wants it.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub(crate) fn read(&self) -> Result<token::NewToken, (&'static str, String)> {
        let actions = each("/actions", self.actions.as_deref(), |text| {
            text.parse::<Action>().map_err(|unknown| unknown.to_string())
        })?;
        let projects = each("/projects", self.projects.as_deref(), |text| {
            text.parse::<ProjectId>().map_err(|invalid| invalid.to_string())
        })?;
        let limits = TokenLimits { actions, projects };
        Ok(token::NewToken { name: self.name.clone(), limits, expires_at: self.expires_at })
    }
}

fn each<T: Ord>(
    field: &'static str,
    texts: Option<&[String]>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<BTreeSet<T>>, (&'static str, String)> {
    let Some(texts) = texts else {
        return Ok(None);
    };
    if texts.is_empty() {
        return Err((field, "it is empty: such a token could do nothing; leave it out for no limit".to_owned()));
    }
    texts.iter().map(|text| read(text).map_err(|message| (field, message))).collect::<Result<_, _>>().map(Some)
}

impl Token {
    /// A token as it stands now, without its secret.
    pub(crate) fn new(token: &token::Token, now: DateTime<Utc>) -> Self {
        let state = match token.revoked_at {
            Some(_) => "revoked",
            None if now >= token.expires_at => "expired",
            None => "active",
        };
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            state: state.to_owned(),
            limits: Limits::from(&token.limits),
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            used_at: token.used_at,
            secret: None,
        }
    }
}

impl From<&TokenLimits> for Limits {
    fn from(limits: &TokenLimits) -> Self {
        Self {
            actions: limits.actions.as_ref().map(|all| all.iter().map(ToString::to_string).collect()),
            projects: limits.projects.as_ref().map(|all| all.iter().map(ToString::to_string).collect()),
        }
    }
}

impl From<&Grant> for RoleGrant {
    fn from(grant: &Grant) -> Self {
        let over = match &grant.over {
            GrantScope::Broker => "broker".to_owned(),
            GrantScope::Organisation(name) => format!("organisation/{name}"),
            GrantScope::Project(name) => format!("project/{name}"),
            GrantScope::Partner(did) => format!("partner/{did}"),
        };
        Self { role: grant.role.name().to_owned(), over }
    }
}

impl From<session::Session> for Session {
    fn from(session: session::Session) -> Self {
        Self {
            id: session.id.to_string(),
            issuer: session.issuer,
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
            agent: session.agent,
            address: session.address,
        }
    }
}
