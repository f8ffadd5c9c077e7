//! The record of what was decided: every change, and every refusal.
//!
//! That a change is permitted is recorded before its handler has it, so that a
//! broker that is killed at whatever moment has no change without its decision.
//! What was then done is told by the events, in the transaction of the change
//! and under the same request id; that nothing was done, by a second record.

use super::object::subject;
use crate::http::{Broker, defence::ClientAddress, problem::ApiError};
use actix_web::{HttpMessage as _, dev::ServiceRequest, http::StatusCode};
use hansa_iam::{Action, AuditOutcome, NewAuditRecord, Principal, Resource};
use hansa_repository::request;
use serde_json::json;
use std::net::IpAddr;

/// The longest path that a record keeps, in bytes.
const LONGEST_PATH: usize = 200;

/// What is known of a request before its handler has it.
pub(super) struct Asked {
    principal: Principal,
    action: String,
    resource: Option<Resource>,
    policies: Vec<String>,
    origin: Option<IpAddr>,
    method: String,
    path: String,
    /// Whether it can change something.
    changes: bool,
}

impl Asked {
    pub(super) fn new(request: &ServiceRequest, principal: &Principal, action: Option<Action>) -> Self {
        let path = request.path();
        let end = path.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST_PATH).last().unwrap_or_default();
        let shown = if path.len() <= LONGEST_PATH { path } else { path.get(..end).unwrap_or_default() };
        Self {
            principal: principal.clone(),
            action: action.map_or_else(|| "account.self".to_owned(), |action| action.name().to_owned()),
            resource: None,
            policies: Vec::new(),
            origin: request.extensions().get::<ClientAddress>().map(|client| client.0),
            method: request.method().to_string(),
            path: shown.to_owned(),
            changes: !request.method().is_safe(),
        }
    }

    /// About this, and decided by these policies.
    pub(super) fn decided(&mut self, resource: Option<Resource>, policies: Vec<String>) {
        self.resource = resource;
        self.policies = policies;
    }

    /// It is permitted, and about to be done.
    ///
    /// # Errors
    /// When that can't be written; then it must not be done.
    pub(super) async fn permitted(&self, broker: &Broker) -> Result<(), ApiError> {
        if !self.changes {
            return Ok(());
        }
        Ok(broker.iam.audit_append(self.record(broker, AuditOutcome::Allowed)).await?)
    }

    /// It was permitted, and ended so.
    pub(super) async fn done(self, broker: &Broker, status: StatusCode) {
        if self.changes && (status.is_client_error() || status.is_server_error()) {
            self.write(broker, AuditOutcome::Failed { status: status.as_u16() }).await;
        }
    }

    /// It was refused, for want of the action.
    pub(super) async fn denied(self, broker: &Broker) {
        let missing = self.action.clone();
        self.write(broker, AuditOutcome::Denied { missing }).await;
    }

    async fn write(self, broker: &Broker, outcome: AuditOutcome) {
        if let Err(error) = broker.iam.audit_append(self.record(broker, outcome)).await {
            tracing::error!(%error, "a record is missing from the audit trail");
        }
    }

    fn record(&self, broker: &Broker, outcome: AuditOutcome) -> NewAuditRecord {
        let (subject, project) = subject(self.resource.as_ref());
        NewAuditRecord {
            at: broker.clock.now(),
            actor: self.principal.actor.clone(),
            account: self.principal.account,
            via: self.principal.via.clone(),
            origin: self.origin,
            request: request::current(),
            action: self.action.clone(),
            subject,
            project,
            outcome,
            policies: self.policies.clone(),
            data: json!({"method": self.method, "path": self.path}),
        }
    }
}
