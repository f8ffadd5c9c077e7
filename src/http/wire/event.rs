//! Events on the wire.

use chrono::{DateTime, Utc};
use hansa_repository::event;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    /// Its place in the log; grows.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it: `local` or `broker`.
    pub actor: String,
    /// The application's id, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// What it is about: `workload/…`, `offer/…`, `operation/…`.
    pub subject: String,
    /// What happened: `workload.started`.
    pub kind: String,
    /// One sentence for people.
    pub message: String,
    /// Particulars, by kind.
    #[serde(default)]
    pub data: serde_json::Value,
    /// The id of the request that caused it, as answered in `X-Request-Id`; absent where the broker acted by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<uuid::Uuid>,
}

impl From<event::Event> for Event {
    fn from(event: event::Event) -> Self {
        Self {
            sequence: event.sequence,
            at: event.at,
            actor: event.actor.to_string(),
            application: event.application.map(|id| id.to_string()),
            subject: event.subject,
            kind: event.kind,
            message: event.message,
            data: event.data,
            request: event.request,
        }
    }
}
