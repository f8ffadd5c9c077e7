//! The audit trail on the wire.

use chrono::{DateTime, Utc};
use hansa_iam::{
    AuditOutcome, Via,
    audit::{self, Listed},
};
use hansa_ontology::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A record of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    /// Its place in the trail, from 0.
    pub place: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// `decision`, or `event` of the event log.
    pub kind: String,
    /// Who: the handle of an account, a partner's DID, `local`, `broker`.
    pub actor: String,
    /// What they are: `person`, `service-account`, `partner`, `local`, `broker`.
    pub actor_kind: String,
    /// Their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How they proved who they are: `loopback`, `session:ID`, `bearer:ISSUER`, `token:ID`, `signature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The address they asked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The request, which joins a decision with the events that it caused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    /// What was asked for (`application.update`), or the kind of the event.
    pub action: String,
    /// About what: `application/…`.
    pub subject: String,
    /// The project that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Of a decision: `allowed`, `denied`, `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Of a denial: the permission that was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Of a failure: the status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it was allowed: the policies that decided.
    pub policies: Vec<String>,
    /// Particulars.
    #[serde(default)]
    pub data: serde_json::Value,
    /// The leaf hash of the record before, base64.
    pub previous: String,
    /// A column of the database that was altered; the record itself is what was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altered: Option<String>,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditCheckpoint {
    /// How many records it covers.
    pub size: u64,
    /// When it was signed.
    pub at: DateTime<Utc>,
    /// The checkpoint: C2SP tlog-checkpoint in a signed-note.
    pub note: String,
}

/// A key that signs or has signed checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditKey {
    /// Eight hexadecimal digits.
    pub id: String,
    /// The public key, as C2SP signed-note writes it: `name+id+key`.
    pub public: String,
    /// How many records there were when it came into use.
    pub from: u64,
    /// The id of the key that it replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Its statement: a note signed by it, and by the key that it replaced.
    pub statement: String,
}

/// The proof that a record is in the trail (RFC 6962, section 2.1.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditInclusion {
    /// The record's place.
    pub place: u64,
    /// The record: the very line that is hashed.
    pub line: String,
    /// Of how many records.
    pub size: u64,
    /// The root over them, base64.
    pub root: String,
    /// The audit path, base64, from the leaf up.
    pub hashes: Vec<String>,
    /// The signed checkpoint of this size, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// The proof that the trail has only grown (RFC 6962, section 2.1.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditConsistency {
    /// From how many records.
    pub from: u64,
    /// The root over them, base64.
    pub from_root: String,
    /// To how many.
    pub to: u64,
    /// The root over those, base64.
    pub to_root: String,
    /// The proof, base64.
    pub hashes: Vec<String>,
}

const fn actor_kind(actor: &Actor) -> &'static str {
    match actor {
        Actor::Local => "local",
        Actor::Broker => "broker",
        Actor::Partner(_) => "partner",
        Actor::Person(_) => "person",
        Actor::ServiceAccount(_) => "service-account",
        Actor::Workload(_) => "workload",
    }
}

fn via(via: &Via) -> String {
    match via {
        Via::Loopback => "loopback".to_owned(),
        Via::Session(id) => format!("session:{id}"),
        Via::Bearer(issuer) => format!("bearer:{issuer}"),
        Via::Token(id) => format!("token:{id}"),
        Via::Workload(id) => format!("workload:{id}"),
        Via::Signature => "signature".to_owned(),
    }
}

impl From<Listed> for AuditRecord {
    fn from(Listed { record, altered }: Listed) -> Self {
        let (missing, status) = match &record.outcome {
            Some(AuditOutcome::Denied { missing }) => (Some(missing.clone()), None),
            Some(AuditOutcome::Failed { status }) => (None, Some(*status)),
            _ => (None, None),
        };
        Self {
            place: record.place,
            at: record.at,
            kind: record.kind.name().to_owned(),
            actor: record.actor.to_string(),
            actor_kind: actor_kind(&record.actor).to_owned(),
            account: record.account.map(|id| id.to_string()),
            via: record.via.as_ref().map(via),
            origin: record.origin.map(|address| address.to_string()),
            request: record.request,
            action: record.action,
            subject: record.subject,
            project: record.project.map(|project| project.to_string()),
            outcome: record.outcome.as_ref().map(|outcome| outcome.name().to_owned()),
            missing,
            status,
            policies: record.policies,
            data: record.data,
            previous: record.previous,
            altered: altered.map(str::to_owned),
        }
    }
}

impl From<audit::StoredCheckpoint> for AuditCheckpoint {
    fn from(stored: audit::StoredCheckpoint) -> Self {
        Self { size: stored.size, at: stored.at, note: stored.note }
    }
}

impl From<audit::AuditKey> for AuditKey {
    fn from(key: audit::AuditKey) -> Self {
        Self { id: key.id, public: key.public, from: key.from, replaces: key.replaces, statement: key.statement }
    }
}

impl From<audit::InclusionProof> for AuditInclusion {
    fn from(proof: audit::InclusionProof) -> Self {
        Self {
            place: proof.place,
            line: proof.line,
            size: proof.size,
            root: proof.root,
            hashes: proof.hashes,
            checkpoint: proof.checkpoint,
        }
    }
}

impl From<audit::ConsistencyProof> for AuditConsistency {
    fn from(proof: audit::ConsistencyProof) -> Self {
        Self {
            from: proof.from,
            from_root: proof.from_root,
            to: proof.to,
            to_root: proof.to_root,
            hashes: proof.hashes,
        }
    }
}
