//! Who changes what an owner has, and on what condition.

use crate::error::RepositoryError;
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;

/// Who changes something, and on what condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerChange {
    /// Who.
    pub actor: Actor,
    /// When.
    pub now: DateTime<Utc>,
    /// The version that they saw.
    pub expected: Option<i64>,
    /// Only check.
    pub dry_run: bool,
}

impl OwnerChange {
    /// Whether it is as the caller saw it.
    pub(crate) fn expect(&self, what: &str, version: i64) -> Result<(), RepositoryError> {
        match self.expected {
            Some(expected) if expected != version => Err(RepositoryError::Changed(what.to_owned())),
            _ => Ok(()),
        }
    }

    /// A change that follows by itself.
    #[must_use]
    pub const fn of_broker(now: DateTime<Utc>) -> Self {
        Self { actor: Actor::Broker, now, expected: None, dry_run: false }
    }
}
