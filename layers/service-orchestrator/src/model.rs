//! Applications and what can be done to them.

use crate::{blue_green::BlueGreen, deferral::DeferredJob};
use chrono::{DateTime, Utc};
use hansa_mco::model::{Machine, Plan, Workload};
use hansa_ontology::{
    Actor, ApplicationId, Money, OperationId, ProjectId, ProjectScope, ResourceModel,
    quota::{Quota, QuotaHolder},
};
use hansa_repository::event::NewEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A resource model that the broker keeps at its desired state.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its name, which no other application of its project has that isn't removed.
    pub name: String,
    /// Whose it is.
    pub project: ProjectId,
    /// Who submitted it.
    pub owner: Actor,
    /// What is wanted of it.
    pub desired: DesiredState,
    /// Number of the wanted revision, from 1.
    pub revision: i64,
    /// The wanted revision, with the numbers that its policies have decided.
    pub model: ResourceModel,
    /// How many of each component and machine group its policies want, by name.
    pub scaled: BTreeMap<String, u32>,
    /// Where it stands.
    pub phase: Phase,
    /// The operation that last changed what is wanted.
    pub operation: OperationId,
    /// Grows with each change of what is wanted: the ETag of its representation.
    pub version: i64,
    /// What its plan costs an hour. None: there is no plan yet.
    pub price: Option<Money>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When what is wanted or the phase last changed.
    pub updated_at: DateTime<Utc>,
}

impl Application {
    /// What the broker tells of it in the event log.
    pub(crate) fn news(&self, kind: &str, message: String, data: Value, at: DateTime<Utc>) -> NewEvent {
        NewEvent {
            at,
            actor: Actor::Broker,
            application: Some(self.id),
            subject: format!("application/{}", self.id),
            kind: kind.to_owned(),
            message,
            data,
        }
    }
}

/// What is wanted of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesiredState {
    /// It runs.
    Running,
    /// It is gone, with all that belongs to it.
    Removed,
}

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
pub enum Phase {
    /// A plan is being made.
    Planning,
    /// The plan is being carried out.
    Deploying,
    /// Everything that is wanted runs and is healthy.
    Running,
    /// It ran, and a part of it doesn't; why. It is being repaired.
    Degraded(String),
    /// No plan satisfies the model; why. What runs of an earlier revision goes on.
    Blocked(String),
    /// It is being taken away.
    Removing,
    /// Nothing of it is left.
    Removed,
}

impl Phase {
    /// The stable name: `planning`, `deploying`, `running`, `degraded`, `blocked`, `removing`, `removed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Deploying => "deploying",
            Self::Running => "running",
            Self::Degraded(_) => "degraded",
            Self::Blocked(_) => "blocked",
            Self::Removing => "removing",
            Self::Removed => "removed",
        }
    }

    /// Why, where there is something to say.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Degraded(reason) | Self::Blocked(reason) => Some(reason),
            _ => None,
        }
    }
}

/// An application with everything that belongs to it now.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationDetail {
    /// The application.
    pub application: Application,
    /// The plan in force, if one was made, and the revision it was made for.
    pub plan: Option<(i64, Plan)>,
    /// Its machines.
    pub machines: Vec<Machine>,
    /// Its workloads, here and at partners.
    pub workloads: Vec<Workload>,
    /// Its jobs that may wait, or did, by component.
    pub deferred: BTreeMap<String, DeferredJob>,
    /// How its blue-green update stands, where one is under way or was abandoned.
    pub update: Option<BlueGreen>,
}

/// The answer to a change: it is written down, and an operation tells how it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The application.
    pub application: ApplicationId,
    /// The operation to follow.
    pub operation: OperationId,
    /// The application's version after the change.
    pub version: i64,
}

/// Who changes an application, on what condition, and under which idempotency key.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Who.
    pub actor: Actor,
    /// The project that a new application belongs to. An application's project never changes.
    pub project: ProjectId,
    /// The quotas that the change has to fit into, with their holders.
    pub quotas: Vec<(QuotaHolder, Quota)>,
    /// Why nothing may grow now, for people: what the project may spend is spent.
    pub frozen: Option<String>,
    /// The version that the caller saw (If-Match); the change is refused when it isn't the current one.
    pub expected_version: Option<i64>,
    /// The caller's idempotency key.
    pub idempotency: Option<IdempotencyKey>,
}

/// A caller's key for one call: the same key with the same content gives the first answer again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, chosen by the caller.
    pub key: String,
    /// Digest of method, path and body: the same key with another digest is refused.
    pub digest: String,
}

/// Which applications to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// Only of these projects.
    pub scope: ProjectScope,
    /// Also those that are removed.
    pub include_removed: bool,
    /// Also partners' orders, which are applications of this broker too.
    pub include_orders: bool,
    /// Only those whose name begins so.
    pub name_prefix: Option<String>,
}

/// One page of a list, and where the next begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The opaque token of the next page.
    pub next: Option<String>,
}
