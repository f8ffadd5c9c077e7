//! The record of what was decided: every change, and every refusal.

use super::object::subject;
use crate::http::{Broker, defence::ClientAddress};
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

    /// It was permitted, and ended so.
    pub(super) async fn done(self, broker: &Broker, status: StatusCode) {
        if self.changes {
            let failed = status.is_client_error() || status.is_server_error();
            let outcome = if failed { AuditOutcome::Failed { status: status.as_u16() } } else { AuditOutcome::Allowed };
            self.write(broker, outcome).await;
        }
    }

    /// It was refused, for want of the action.
    pub(super) async fn denied(self, broker: &Broker) {
        let missing = self.action.clone();
        self.write(broker, AuditOutcome::Denied { missing }).await;
    }

    async fn write(self, broker: &Broker, outcome: AuditOutcome) {
        let (subject, project) = subject(self.resource.as_ref());
        let record = NewAuditRecord {
            at: broker.clock.now(),
            actor: self.principal.actor,
            account: self.principal.account,
            via: self.principal.via,
            origin: self.origin,
            request: request::current(),
            action: self.action,
            subject,
            project,
            outcome,
            policies: self.policies,
            data: json!({"method": self.method, "path": self.path}),
        };
        if let Err(error) = broker.iam.audit_append(record).await {
            tracing::error!(%error, "a record is missing from the audit trail");
        }
    }
}
