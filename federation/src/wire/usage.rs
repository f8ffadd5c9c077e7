//! What was delivered, signed by who delivered it and countersigned by who ordered it.

use crate::SignedDocument;
use chrono::{DateTime, Utc};
use hansa_ontology::{MachineId, OfferId};
use serde::{Deserialize, Serialize};

/// What one order used in one stretch of time: the content of a signed
/// document. Named by (order, from): the same stretch is never told twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsageRecord {
    /// The order.
    pub order: MachineId,
    /// The `@id` of its agreement.
    pub agreement: String,
    /// The offer.
    pub offer: OfferId,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Units times seconds.
    pub unit_seconds: u64,
    /// Why the stretch ends.
    pub reason: UsageReason,
}

/// Why a stretch of usage ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageReason {
    /// The clock struck; another follows.
    Interim,
    /// The order ended.
    Ended,
    /// It could not be delivered any longer.
    Failed,
}

/// `GET /federation/v1/orders/{id}/usage?after=TIME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePage {
    /// Each a signed [`UsageRecord`], by its `from`.
    pub records: Vec<SignedDocument>,
}

/// `POST /federation/v1/orders/{id}/usage/ack`: the content of a signed document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsageAcknowledgement {
    /// The order.
    pub order: MachineId,
    /// The record's `from`.
    pub from: DateTime<Utc>,
    /// SHA-256 of the record's content, base64url.
    pub digest: String,
    /// Whether it is right.
    pub verdict: UsageVerdict,
    /// Why not, when it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the buyer says to a usage record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageVerdict {
    /// It agrees with what the buyer saw.
    Acknowledged,
    /// It doesn't.
    Disputed,
}
