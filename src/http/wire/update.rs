//! Blue-green updates on the wire.

use chrono::{DateTime, Utc};
use hansa_service_orchestrator::{BlueGreen, UpdateStage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A revision that takes the place of another all at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateStanding {
    /// The new revision.
    pub revision: i64,
    /// The one that stands beside it.
    pub from: i64,
    /// `starting`: callers are led to the old. `ready`: so are they until somebody promotes the
    /// new. `switched`: they are led to the new, and the old is kept. `returned`: they are led
    /// back. `abandoned`: the new was taken away.
    pub stage: String,
    /// When the new was started beside the old.
    pub begun_at: DateTime<Utc>,
    /// `starting`: until then the new must be healthy. `switched`, `returned`: so long the other is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// When somebody promoted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_at: Option<DateTime<Utc>>,
    /// Why it was abandoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl UpdateStanding {
    /// How it stands, by what the model says of updates.
    pub(crate) fn new(update: &BlueGreen, policy: &hansa_ontology::resource_model::UpdatePolicy) -> Self {
        let (promoted_at, reason) = match &update.stage {
            UpdateStage::Ready { promoted, .. } => (*promoted, None),
            UpdateStage::Abandoned { reason, .. } => (None, Some(reason.clone())),
            _ => (None, None),
        };
        Self {
            revision: update.revision,
            from: update.from,
            stage: update.stage.name().to_owned(),
            begun_at: update.begun_at,
            until: update.until(policy),
            promoted_at,
            reason,
        }
    }
}
