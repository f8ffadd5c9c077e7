//! Accounts: who has been here. They are never deleted, so that a handle in an
//! old event or audit record never comes to mean somebody else.

pub mod handle;

use crate::{Grant, GrantScope, Role};
use chrono::{DateTime, Utc};
use hansa_ontology::{AccountId, Actor};
use serde::{Deserialize, Serialize};

/// An account: of a person, or of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its unique handle, never given to another.
    pub handle: String,
    /// Whose it is.
    pub owner: AccountOwner,
    /// How people call it.
    pub name: String,
    /// Where its person gets mail. As the issuer said; not checked here.
    pub email: Option<String>,
    /// The language of its person, such as `de`.
    pub locale: Option<String>,
    /// Whether it may be used.
    pub state: AccountState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Of a service account who made it, as events name them. None: that wasn't kept yet.
    pub created_by: Option<String>,
    /// When somebody last came with it, coarsely.
    pub seen_at: Option<DateTime<Utc>>,
    /// Grows with each change.
    pub version: i64,
}

/// Whose an account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum AccountOwner {
    /// A person, as an issuer knows them (OpenID Connect Core 1.0, section 2: iss and sub).
    Person {
        /// The issuer.
        issuer: String,
        /// The subject at that issuer.
        subject: String,
    },
    /// A service of an organisation or a project.
    Service {
        /// What it works for.
        over: GrantScope,
        /// Its role there.
        role: Role,
    },
}

/// Whether an account may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum AccountState {
    /// It may.
    Active,
    /// Not now; nobody gets in with it.
    Locked {
        /// Why.
        reason: String,
    },
    /// Never again.
    Removed,
}

impl Account {
    /// Who that is in events and in the audit trail.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.owner {
            AccountOwner::Person { .. } => Actor::Person(self.handle.clone()),
            AccountOwner::Service { .. } => Actor::ServiceAccount(self.handle.clone()),
        }
    }

    /// What its owner's kind alone gives: a service account has its role where it works.
    #[must_use]
    pub fn own_grants(&self) -> Vec<Grant> {
        match &self.owner {
            AccountOwner::Person { .. } => Vec::new(),
            AccountOwner::Service { over, role } => vec![Grant { role: *role, over: over.clone() }],
        }
    }
}

/// What an issuer says about a person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// The issuer's key of accounts.
    pub issuer: String,
    /// The subject there.
    pub subject: String,
    /// What they would like to be called: the issuer's `preferred_username`.
    pub handle: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their language.
    pub locale: Option<String>,
    /// What the claims give them. None: this proof says nothing about it.
    pub grants: Option<Vec<Grant>>,
}

/// Which accounts are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountFilter {
    /// Only after this handle.
    pub after: Option<String>,
    /// Only those whose handle begins so.
    pub prefix: Option<String>,
    /// Only service accounts of this.
    pub service_of: Option<GrantScope>,
    /// Only persons.
    pub persons: bool,
    /// Only those whose handle, name or e-mail address has this in it, in whichever case.
    pub text: Option<String>,
}

/// A service account that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewServiceAccount {
    /// Its name within what it works for: `ci`.
    pub name: String,
    /// The organisation or project that it works for.
    pub over: GrantScope,
    /// Its role there.
    pub role: Role,
}
