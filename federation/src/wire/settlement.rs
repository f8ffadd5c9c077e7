//! What brokers owe each other: claims for what was promised and missed, and
//! statements of a period. Both are signed documents; what they say and how it
//! is computed stands in `docs/federation.md`.

use crate::SignedDocument;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The seller's word on a claim: the content of a signed document, and the
/// answer to `PUT /federation/v1/agreements/{id}/claims/{claim}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimAnswer {
    /// The claim.
    pub claim: String,
    /// SHA-256 of the claim's content, base64url.
    pub digest: String,
    /// Whether it is right.
    pub verdict: ClaimVerdict,
    /// Why not, when it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long the order could not be used in the claimed stretch by the seller's own measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_down_seconds: Option<u64>,
}

/// What the seller says to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerdict {
    /// It is owed.
    Accepted,
    /// It isn't, by what the seller knows.
    Disputed,
}

/// `POST /federation/v1/agreements/{id}/claims/{claim}/withdrawal`: the content
/// of a document that the buyer signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimWithdrawal {
    /// The claim.
    pub claim: String,
    /// SHA-256 of the claim's content, base64url.
    pub digest: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// `POST /federation/v1/statements`: who does not propose asks for a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementRequest {
    /// The first day (UTC).
    pub from: NaiveDate,
    /// The last day (UTC), today at most.
    pub through: NaiveDate,
    /// The currency, by ISO 4217.
    pub currency: String,
}

/// `PUT /federation/v1/statements/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementProposal {
    /// Begins at 1 and grows with each proposal that follows a dispute.
    pub revision: u32,
    /// The statement, signed by who proposes it.
    pub document: SignedDocument,
}

/// The answer to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementAnswer {
    /// Of which proposal.
    pub revision: u32,
    /// Whether it is right.
    pub verdict: StatementVerdict,
    /// Agreed: the same bytes, signed by who answers. Disputed: a signed [`StatementDispute`].
    pub document: SignedDocument,
}

/// What the other side says to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementVerdict {
    /// It makes the same bytes.
    Agreed,
    /// It makes others.
    Disputed,
}

/// Why a statement is not agreed: the content of a signed document. A proposal
/// that was disputed is never agreed; the next one has another revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatementDispute {
    /// The statement.
    pub statement: String,
    /// Of which proposal.
    pub revision: u32,
    /// SHA-256 of the proposal's content, base64url.
    pub digest: String,
    /// In words.
    pub reason: String,
    /// The charges, claims and stretches that differ, each as proposed and by the own books.
    pub differences: Vec<Value>,
    /// The own usage records of the orders whose charges differ.
    pub records: Vec<DisputedRecord>,
}

/// A usage record as one side has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisputedRecord {
    /// SHA-256 of the record's content, base64url.
    pub digest: String,
    /// The order.
    pub order: String,
    /// The record's begin.
    pub from: DateTime<Utc>,
    /// Unit seconds.
    pub unit_seconds: u64,
    /// `REPORTED`, `ACKNOWLEDGED`, `DISPUTED` or `SETTLED`.
    pub state: String,
}
