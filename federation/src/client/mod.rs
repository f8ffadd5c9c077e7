//! Speaks to other brokers. One place for all that must never be forgotten:
//! addresses are judged where the connection is made, TLS is always verified,
//! nothing is redirected, every answer has a bound, every call ends in time,
//! every request is signed, and a failure says whether the request may have
//! been carried out.

mod call;
mod fetch;
mod options;

pub use call::{Answer, Call, CallError};
pub use fetch::Fetcher;
pub use options::ClientOptions;

use crate::{Did, FederationError, KeyStore};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use url::Url;
use uuid::Uuid;

/// Tells the time.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;
/// Gives ids that nobody else has.
pub type NewId = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// Whom a call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Who: the token's audience.
    pub did: Did,
    /// The base URL below which the call's path is; for DSP callbacks, the callback address.
    pub endpoint: Url,
}

/// Speaks to other brokers. Cloning it is cheap; clones share connections.
#[derive(Clone)]
pub struct Client {
    fetcher: Fetcher,
    keys: Arc<dyn KeyStore>,
    now: Now,
    new_id: NewId,
    skews: Arc<Mutex<HashMap<Did, TimeDelta>>>,
}

impl Client {
    /// A client that signs with these keys.
    ///
    /// # Errors
    /// [`FederationError::Crypto`] when the certificates in the options can't be used.
    pub fn new(
        options: &ClientOptions,
        keys: Arc<dyn KeyStore>,
        now: Now,
        new_id: NewId,
    ) -> Result<Self, FederationError> {
        Ok(Self { fetcher: Fetcher::new(options)?, keys, now, new_id, skews: Arc::default() })
    }

    /// The part that needs no signature: DID documents, key lists.
    #[must_use]
    pub const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// How far a partner's clock is ahead of ours, as far as it is known.
    #[must_use]
    pub fn skew(&self, peer: &Did) -> TimeDelta {
        let skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        skews.get(peer).copied().unwrap_or_default()
    }

    fn skew_set(&self, peer: &Did, skew: TimeDelta) {
        self.skews.lock().unwrap_or_else(PoisonError::into_inner).insert(peer.clone(), skew);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("fetcher", &self.fetcher).field("keys", &self.keys).finish_non_exhaustive()
    }
}
