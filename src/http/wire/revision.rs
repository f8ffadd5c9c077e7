//! Revisions of applications on the wire.

use chrono::{DateTime, Utc};
use hansa_service_orchestrator as orchestrator;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What was wanted of an application at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// Who made it.
    pub actor: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When everything of it first ran; absent where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_at: Option<DateTime<Utc>>,
    /// The earlier revision whose model it took over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<i64>,
    /// What it changed of the one before; nothing of the first.
    pub changes: Vec<FieldChange>,
}

/// A field of a resource model that a revision changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldChange {
    /// Which field, as a JSON Pointer (RFC 6901) into the model.
    pub pointer: String,
    /// What it was; absent where it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is; absent where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Where to go back to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RollbackRequest {
    /// The revision; where it is absent, the last one that ran and asked for something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub to: Option<i64>,
}

impl From<orchestrator::Revision> for Revision {
    fn from(revision: orchestrator::Revision) -> Self {
        Self {
            number: revision.number,
            actor: revision.actor.to_string(),
            created_at: revision.created_at,
            ran_at: revision.ran_at,
            restores: revision.restores,
            changes: revision.changes.into_iter().map(FieldChange::from).collect(),
        }
    }
}

impl From<orchestrator::FieldChange> for FieldChange {
    fn from(change: orchestrator::FieldChange) -> Self {
        Self { pointer: change.pointer, before: change.before, after: change.after }
    }
}
