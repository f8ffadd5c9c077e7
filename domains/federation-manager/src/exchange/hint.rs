//! Hints: "there may be something new". Losing one costs time, nothing else,
//! so none is repeated.

use super::PULL_QUEUE;
use crate::{Call, FederationError, FederationManager, Method, Peer, outbox, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    json as strict,
    wire::{BASE, Hint, HintKind},
};
use hansa_repository::work;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// However many hints come, a partner is pulled from no more often than this.
const LEAST_PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How long a hint may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the exchange remembers between calls. Nothing of it must survive the process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// When each partner was last pulled from.
    rounds: Mutex<HashMap<String, DateTime<Utc>>>,
    /// When each partner's keys were last compared.
    keys: Mutex<HashMap<String, DateTime<Utc>>>,
}

impl Memory {
    pub(super) fn round_begins(&self, did: &str, now: DateTime<Utc>) {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner).insert(did.to_owned(), now);
    }

    fn earliest(&self, did: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        let rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.get(did).map_or(now, |last| (*last + LEAST_PAUSE).max(now))
    }

    /// Whether keys that were compared longer ago than this are due; notes that they are compared now.
    pub(super) fn keys_due(&self, did: &str, every: TimeDelta, now: DateTime<Utc>) -> bool {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let due = keys.get(did).is_none_or(|at| now.signed_duration_since(*at).abs() >= every);
        if due {
            keys.insert(did.to_owned(), now);
        }
        due
    }

    fn keys_forget(&self, did: &str) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(did);
    }
}

impl FederationManager {
    /// A partner hints that there is something new: `POST /federation/v1/inbox`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn inbox(&self, peer: &Peer, hint: Hint) -> Result<(), FederationError> {
        match hint.kind {
            HintKind::Offers | HintKind::Capacity => self.pull_soon(&peer.did).await,
            HintKind::Identity => {
                self.inner.exchange.keys_forget(&peer.did);
                self.pull_soon(&peer.did).await
            }
            HintKind::Orders | HintKind::Agreements | HintKind::Usage => {
                let (did, now) = (peer.did.clone(), self.now());
                self.database()
                    .write_relaxed(move |connection| outbox::enqueue(connection, &did, &outbox::Item::Partner, now))
                    .await?;
                Ok(())
            }
        }
    }

    /// Asks for a round with a partner as soon as may be.
    pub(crate) async fn pull_soon(&self, did: &str) -> Result<(), FederationError> {
        let due = self.inner.exchange.earliest(did, self.now());
        let did = did.to_owned();
        self.database().write_relaxed(move |connection| work::enqueue(connection, PULL_QUEUE, &did, due)).await?;
        Ok(())
    }

    /// Hints to every partner that reads our feed. Returns at once.
    pub(crate) fn hint_all(&self, kind: HintKind) {
        let manager = self.clone();
        tokio::spawn(async move {
            let partners = match manager.database().read(store::partners::list).await {
                Ok(partners) => partners,
                Err(error) => return tracing::debug!(%error, "nobody is hinted to"),
            };
            let connected = partners.into_iter().filter(|partner| partner.state.is_connected());
            let hints = connected.map(|partner| {
                let manager = manager.clone();
                async move { manager.hint(&partner.did, &partner.endpoint, kind).await }
            });
            futures_util::future::join_all(hints).await;
        });
    }

    /// Hints to one partner, and waits no longer than a moment.
    pub(crate) async fn hint(&self, did: &str, endpoint: &str, kind: HintKind) {
        let Ok(body) = strict::write("hint", &Hint { kind }) else { return };
        let call = Call {
            partner: did.to_owned(),
            endpoint: endpoint.to_owned(),
            method: Method::Post,
            path: format!("{BASE}/inbox"),
            body,
            timeout: PATIENCE,
            limit: 64 << 10,
        };
        if let Err(error) = self.transport().call(&call).await {
            tracing::debug!(partner = did, %error, "a hint was lost, which costs nothing but time");
        }
    }
}
