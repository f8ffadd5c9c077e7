//! Agreements beyond the Dataspace Protocol: the signed paper, and what becomes of it.

use crate::Did;
use chrono::{DateTime, Utc};
use hansa_ontology::OfferId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What both sides sign after FINALIZED: the content of a signed document,
/// signed by the provider and, over the same bytes, by the consumer
/// (`POST /federation/v1/agreements/{id}/signature`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementDocument {
    /// The ODRL agreement, as it stood in the ContractAgreementMessage.
    pub agreement: Value,
    /// Who delivers.
    pub provider: Did,
    /// Who orders.
    pub consumer: Did,
    /// The offer.
    pub offer: OfferId,
    /// SHA-256 of the offer's signed content, base64url: price, SLA with its
    /// remedies, carbon and jurisdiction are what stands there.
    pub offer_digest: String,
    /// When it was agreed.
    pub agreed_at: DateTime<Utc>,
    /// Until when it stands; absent: until one side retires it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_through: Option<DateTime<Utc>>,
}

/// `POST /federation/v1/agreements/{id}/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgreementEvent {
    /// What became of it.
    pub event: AgreementEventKind,
    /// Why, for people.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What becomes of an agreement after FINALIZED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementEventKind {
    /// No new orders under it.
    Retired,
    /// One side didn't keep it.
    Breached,
}
