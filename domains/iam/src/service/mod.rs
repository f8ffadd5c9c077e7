//! The one facade of this room.

mod account;
mod audit;
mod bearer;
mod leaving;
mod login;
mod member;
mod organisation;
mod principal;
mod project;
mod quota;
mod service_account;
mod session;
mod token;

pub use login::{IssuerView, LoginAnswer, LoginStart};
pub use project::Living;

use crate::{IamError, IamOptions, Trail, oidc::Party};
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};
use std::sync::Arc;

/// What this room is made of.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// Where accounts, sessions, tokens and the audit trail are.
    pub database: Database,
    /// Time.
    pub clock: SharedClock,
    /// Identifiers.
    pub ids: SharedIds,
    /// What it is told.
    pub options: IamOptions,
}

/// Security: who acts, what they may do, and the record of it. Clones are the same.
#[derive(Debug, Clone)]
pub struct Iam {
    pub(crate) inner: Arc<Inner>,
}

/// The facade's parts.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) clock: SharedClock,
    pub(crate) ids: SharedIds,
    pub(crate) options: IamOptions,
    /// The trusted issuers, in the order of the settings.
    pub(crate) parties: Vec<Arc<Party>>,
    /// The audit trail.
    pub(crate) trail: Trail,
}

impl Iam {
    /// Makes the facade. Issuers are asked when they are first needed, so one
    /// that is down keeps nobody else out.
    ///
    /// # Errors
    /// When an issuer's URL, or a certificate of a further authority, can't be used.
    pub fn new(rooms: Rooms) -> Result<Self, IamError> {
        let Rooms { database, clock, ids, options } = rooms;
        let parties = Party::all(&options, &clock)?;
        let keys_dir = options.keys_dir.clone();
        let trail = Trail::new(database.clone(), Arc::clone(&clock), Arc::clone(&ids), keys_dir);
        Ok(Self { inner: Arc::new(Inner { database, clock, ids, options, parties, trail }) })
    }

    /// Whether people have to prove who they are: whether there is an issuer.
    #[must_use]
    pub fn login_required(&self) -> bool {
        !self.inner.parties.is_empty()
    }

    /// What it is told.
    #[must_use]
    pub fn options(&self) -> &IamOptions {
        &self.inner.options
    }

    /// The time, as the database keeps it.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = self.inner.clock.now();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }

    /// The issuer of this id.
    pub(crate) fn party(&self, issuer: &str) -> Result<&Arc<Party>, IamError> {
        let found = self.inner.parties.iter().find(|party| party.id() == issuer);
        found.ok_or_else(|| IamError::NotFound(format!("the issuer `{issuer}`")))
    }
}
