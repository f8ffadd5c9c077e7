//! Operations on the wire: long work that a person can follow.

use chrono::{DateTime, Utc};
use hansa_repository::operation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Long work, and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    /// Its id.
    pub id: String,
    /// What is done: `application.submit`.
    pub kind: String,
    /// To what: `application/…`.
    pub subject: String,
    /// The application's id, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who asked for it.
    pub actor: String,
    /// `running`, `succeeded` or `failed`.
    pub state: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// How far it is.
    pub progress: OperationProgress,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationProgress {
    /// Steps done.
    pub done: u32,
    /// Steps in all; 0 while unknown.
    pub total: u32,
    /// What is being done.
    pub message: String,
}

impl Operation {
    /// Whether it has ended.
    pub(crate) fn is_final(&self) -> bool {
        self.state != "running"
    }
}

impl From<operation::Operation> for Operation {
    fn from(operation: operation::Operation) -> Self {
        let (state, error, result) = match operation.state {
            operation::OperationState::Running => ("running", None, None),
            operation::OperationState::Succeeded { result } => ("succeeded", None, Some(result)),
            operation::OperationState::Failed { error } => ("failed", Some(error), None),
        };
        Self {
            id: operation.id.to_string(),
            kind: operation.kind,
            subject: operation.subject,
            application: operation.application.map(|id| id.to_string()),
            actor: operation.actor.to_string(),
            state: state.to_owned(),
            error,
            result: result.filter(|result| !result.is_null()),
            progress: OperationProgress {
                done: operation.progress.done,
                total: operation.progress.total,
                message: operation.progress.message,
            },
            created_at: operation.created_at,
            updated_at: operation.updated_at,
        }
    }
}
