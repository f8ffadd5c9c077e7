//! How many units a partner has left for us: a signed report that travels
//! without the offers, kept as it came, so that the partner can be held to it.

use super::publish::blocking;
use crate::{FederationError, FederationManager, TransportError, partners::Partner, store};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    SignedDocument, document,
    wire::{BASE, CapacityReport},
};
use hansa_repository::catalogue::partner as catalogue;
use serde::Serialize;

/// How far a partner's clock may be ahead of ours in a report.
const LEEWAY: TimeDelta = TimeDelta::minutes(15);

/// The last report of a partner.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedCapacity {
    /// When it was so, by the partner's clock.
    pub as_of: DateTime<Utc>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The report as it was signed.
    pub document: SignedDocument,
}

impl FederationManager {
    /// The last report of a partner; None: there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn capacity_received(&self, did: &str) -> Result<Option<ReceivedCapacity>, FederationError> {
        let did = did.to_owned();
        Ok(self.database().read(move |connection| store::received::capacity(connection, &did)).await?)
    }

    /// Asks for a partner's report and applies it; says how many numbers changed.
    pub(super) async fn capacity_pull(&self, partner: &Partner) -> Result<usize, FederationError> {
        let path = format!("{BASE}/capacity");
        let document: SignedDocument = match self.ask(partner, &path, self.options().answer_bytes).await {
            Ok(document) => document,
            // It has no report, or one that is too large to sign as one: its offers say what it has.
            Err(FederationError::Partner {
                source: TransportError::Refused { status: 404 | 413 | 503, .. }, ..
            }) => {
                return Ok(0);
            }
            Err(error) => return Err(error),
        };
        let keys = partner.keys.clone();
        let now = self.now();
        let (document, read) = blocking(move || {
            let read = document::verify(&document, &keys, now).and_then(|_| document.json::<CapacityReport>());
            (document, read)
        })
        .await?;
        let broken = |message: String| FederationError::Protocol { partner: partner.did.clone(), message };
        let report = read.map_err(|error| broken(format!("its capacity report is not good: {error}")))?;
        if report.issuer.as_str() != partner.did || report.partner != *self.did() {
            let message = format!("its capacity report is by {} for {}", report.issuer, report.partner);
            return Err(broken(message));
        }
        if report.as_of > now + LEEWAY {
            return Err(broken(format!("its capacity report is of {}, which is still to come", report.as_of)));
        }
        let did = partner.did.clone();
        self.database()
            .write(move |connection| {
                let before = store::received::capacity(connection, &did)?;
                if before.is_some_and(|before| before.as_of > report.as_of) {
                    // An older report that came late.
                    return Ok(0);
                }
                let changed = catalogue::capacity_set(connection, &did, &report.units, report.as_of)?;
                store::received::capacity_put(connection, &did, report.as_of, now, &document)?;
                Ok(changed)
            })
            .await
    }
}
