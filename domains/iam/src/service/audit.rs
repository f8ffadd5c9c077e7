//! The audit trail's side of the facade, and what is recorded of logins.

use super::Iam;
use crate::{AuditOutcome, IamError, NewAuditRecord, Principal, Trail, Via, session::Origin};
use chrono::{DateTime, Utc};
use hansa_ontology::Actor;
use hansa_repository::request;
use serde_json::Value;
use uuid::Uuid;

/// Whoever has proved nothing. No account has this handle.
const NOBODY: &str = "?";

impl Iam {
    /// Records a decision. When this returns it is written for good.
    ///
    /// # Errors
    /// When the database refuses. What was decided must then not be done.
    pub async fn audit_append(&self, record: NewAuditRecord) -> Result<(), IamError> {
        Ok(self.inner.trail.append(record).await?)
    }

    /// The audit trail: to seal, list, export and prove.
    #[must_use]
    pub fn trail(&self) -> &Trail {
        &self.inner.trail
    }

    /// Records that somebody who proved nothing was refused: `via` is what they
    /// tried, `action` what for, `reason` why not.
    pub async fn audit_refused(&self, via: Via, action: &str, origin: Option<std::net::IpAddr>, reason: String) {
        let record = NewAuditRecord {
            at: self.now(),
            actor: Actor::Person(NOBODY.to_owned()),
            account: None,
            via,
            origin,
            request: request::current(),
            action: action.to_owned(),
            subject: "broker".to_owned(),
            project: None,
            outcome: AuditOutcome::Denied { missing: reason },
            policies: Vec::new(),
            data: Value::Null,
        };
        // Nobody was let in; that must not depend on whether it could be written.
        if let Err(error) = self.audit_append(record).await {
            tracing::error!(%error, "a refusal is missing from the audit trail");
        }
    }

    pub(super) async fn login_failed(&self, origin: &Origin, error: &IamError) {
        let via = Via::Session(NOBODY.to_owned());
        self.audit_refused(via, "session.open", address(origin), error.to_string()).await;
    }
}

/// That a session of this person was opened or ended.
pub(super) fn of_session(
    action: &str,
    principal: &Principal,
    origin: &Origin,
    request: Option<Uuid>,
    at: DateTime<Utc>,
) -> NewAuditRecord {
    NewAuditRecord {
        at,
        actor: principal.actor.clone(),
        account: principal.account,
        via: principal.via.clone(),
        origin: address(origin),
        request,
        action: action.to_owned(),
        subject: principal.account.map_or_else(|| "broker".to_owned(), |account| format!("account/{account}")),
        project: None,
        outcome: AuditOutcome::Allowed,
        policies: Vec::new(),
        data: Value::Null,
    }
}

fn address(origin: &Origin) -> Option<std::net::IpAddr> {
    origin.address.as_ref().and_then(|address| address.parse().ok())
}
