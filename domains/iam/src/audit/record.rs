//! What is to be recorded of a decision.

use crate::model::Via;
use chrono::{DateTime, Utc};
use hansa_ontology::{AccountId, Actor, ProjectId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::IpAddr;
use uuid::Uuid;

/// A decision that is to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAuditRecord {
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Who asked. Of a failed login: [`Actor::Person`] with the name that was tried, or `unknown`.
    pub actor: Actor,
    /// Their account, where they have one.
    pub account: Option<AccountId>,
    /// How they proved who they are.
    pub via: Via,
    /// The address from which they asked; none for what the broker does itself.
    pub origin: Option<IpAddr>,
    /// The request, which joins this record with the events that it caused.
    pub request: Option<Uuid>,
    /// What was asked for: the name of an [`Action`](crate::Action), or of
    /// what has none, such as `session.open` and `audit.export`.
    pub action: String,
    /// About what: `application/<id>`, `partner/<did>`, `broker`.
    pub subject: String,
    /// The project that it concerns: whose auditors see it. None: only the broker's auditors do.
    pub project: Option<ProjectId>,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// The policies that decided, by their ids.
    pub policies: Vec<String>,
    /// Particulars, `null` where there are none. No secrets.
    pub data: Value,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum AuditOutcome {
    /// It was permitted, and recorded before it was begun. What was done is told
    /// by the events of the same request; that nothing was, by [`Self::Failed`].
    Allowed,
    /// It was refused.
    Denied {
        /// The permission that is missing; of a failed login, why it failed.
        missing: String,
    },
    /// It was permitted and failed: the second record of its request.
    Failed {
        /// The HTTP status of the answer.
        status: u16,
    },
}

impl AuditOutcome {
    /// Its name, which lists can be cut down to: `allowed`, `denied`, `failed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied { .. } => "denied",
            Self::Failed { .. } => "failed",
        }
    }
}
