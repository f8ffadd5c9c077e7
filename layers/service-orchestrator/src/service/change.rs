//! Changing what is wanted: each is one transaction that writes the wish, an
//! operation, an event and a work item, and nothing else.

use super::{QUEUE, ServiceOrchestrator, quota};
use crate::{
    error::OrchestratorError,
    model::{Accepted, Application, Change, DesiredState, IdempotencyKey, Phase},
    scaling::replicas_set,
    store,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, OperationId, ResourceModel, quota::QuotaUsage};
use hansa_repository::{
    Connection, RepositoryError, event,
    idempotency::{self, Begin, StoredAnswer},
    json, operation, project, work,
};
use serde_json::json;
use std::collections::BTreeMap;

/// What a change does to an application, in the words of events and operations.
pub(super) struct Verb {
    pub(super) kind: &'static str,
    pub(super) event: &'static str,
    pub(super) done: &'static str,
}

pub(super) const SUBMIT: Verb = Verb { kind: "application.submit", event: "application.submitted", done: "submitted" };
pub(super) const UPDATE: Verb = Verb { kind: "application.update", event: "application.updated", done: "updated" };
const SCALE: Verb = Verb { kind: "application.scale", event: "application.scaled", done: "scaled" };
const REMOVE: Verb =
    Verb { kind: "application.remove", event: "application.removal-requested", done: "asked to be removed" };

impl ServiceOrchestrator {
    /// Takes a new application on.
    ///
    /// # Errors
    /// When its name is taken; when a quota would be broken; when the
    /// idempotency key was used for something else.
    pub async fn submit(&self, model: ResourceModel, change: Change) -> Result<Accepted, OrchestratorError> {
        let price = if quota::limits_price(&change) { Some(self.price(None, &model).await?) } else { None };
        let now = self.clock.now();
        let operation = OperationId(self.ids.next());
        let application = Application {
            id: ApplicationId(self.ids.next()),
            name: model.name.clone(),
            project: change.project.clone(),
            price,
            owner: change.actor.clone(),
            desired: DesiredState::Running,
            revision: 1,
            model,
            phase: Phase::Planning,
            operation,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.database
            .write(move |connection| {
                once(connection, &change, now, |connection| {
                    if store::find_living(connection, &application.project, &application.name)?.is_some() {
                        return Err(OrchestratorError::NameTaken(application.name.clone()));
                    }
                    quota::expect(connection, &change, &application, &QuotaUsage::default())?;
                    project::assign(connection, application.id, &application.project)?;
                    store::insert(connection, &application)?;
                    store::revision_insert(connection, &application, &change.actor)?;
                    accept(connection, &application, &change.actor, &SUBMIT, now)
                })
            })
            .await
    }

    /// Gives an application another model.
    ///
    /// # Errors
    /// When there is no such application, it is being removed, its version
    /// isn't the expected one, or the model has another name.
    pub async fn update(
        &self,
        id: ApplicationId,
        model: ResourceModel,
        change: Change,
    ) -> Result<Accepted, OrchestratorError> {
        self.revise(id, change, &UPDATE, move |application| {
            let model = model.clone();
            if model.name != application.name {
                return Err(OrchestratorError::Invalid {
                    field: "/name".to_owned(),
                    message: format!(
                        "is `{}`, but the application is `{}`; a name can't be changed: submit a new application",
                        model.name, application.name
                    ),
                });
            }
            application.model = model;
            Ok(())
        })
        .await
    }

    /// Gives components of an application another number of instances.
    ///
    /// # Errors
    /// As [`Self::update`]; when there is no such component.
    pub async fn scale(
        &self,
        id: ApplicationId,
        replicas: BTreeMap<String, u32>,
        change: Change,
    ) -> Result<Accepted, OrchestratorError> {
        self.revise(id, change, &SCALE, move |application| replicas_set(&mut application.model, replicas.clone())).await
    }

    /// Takes an application away. Repeating it is harmless.
    ///
    /// # Errors
    /// When there is no such application or its version isn't the expected one.
    pub async fn remove(&self, id: ApplicationId, change: Change) -> Result<Accepted, OrchestratorError> {
        let (now, operation) = (self.clock.now(), OperationId(self.ids.next()));
        self.database
            .write(move |connection| {
                once(connection, &change, now, |connection| {
                    let mut application = known(connection, id)?;
                    expect_own(&application, &change)?;
                    if application.desired == DesiredState::Removed {
                        return Ok(accepted(&application));
                    }
                    expect_version(&application, &change)?;
                    supersede(connection, &application, operation, now)?;
                    application.desired = DesiredState::Removed;
                    application.phase = Phase::Removing;
                    application.operation = operation;
                    application.version += 1;
                    application.updated_at = now;
                    store::update(connection, &application)?;
                    accept(connection, &application, &change.actor, &REMOVE, now)
                })
            })
            .await
    }

    /// A new revision of a living application.
    async fn revise(
        &self,
        id: ApplicationId,
        change: Change,
        verb: &'static Verb,
        edit: impl Fn(&mut Application) -> Result<(), OrchestratorError> + Send + 'static,
    ) -> Result<Accepted, OrchestratorError> {
        let priced = self.priced(id, &change, &edit).await?;
        let (now, operation) = (self.clock.now(), OperationId(self.ids.next()));
        self.database
            .write(move |connection| {
                once(connection, &change, now, |connection| {
                    let mut application = known(connection, id)?;
                    expect_own(&application, &change)?;
                    if application.desired == DesiredState::Removed {
                        return Err(OrchestratorError::BeingRemoved(application.name));
                    }
                    expect_version(&application, &change)?;
                    let before = quota::taken(&application);
                    let current = application.version;
                    edit(&mut application)?;
                    if let Some((expected, price)) = priced {
                        if expected != current {
                            // The price is that of another model.
                            return Err(OrchestratorError::VersionMismatch { expected, current });
                        }
                        application.price = Some(price);
                    }
                    quota::expect(connection, &change, &application, &before)?;
                    renew(connection, application, operation, &change.actor, verb, now)
                })
            })
            .await
    }
}

/// The application of an id.
fn known(connection: &mut Connection, id: ApplicationId) -> Result<Application, OrchestratorError> {
    store::get(connection, id)?.ok_or_else(|| OrchestratorError::NotFound(id.to_string()))
}

/// Writes the next revision of an application, whose model has been put in its place.
pub(super) fn renew(
    connection: &mut Connection,
    mut application: Application,
    operation: OperationId,
    actor: &Actor,
    verb: &Verb,
    now: DateTime<Utc>,
) -> Result<Accepted, OrchestratorError> {
    supersede(connection, &application, operation, now)?;
    application.revision += 1;
    application.phase = Phase::Planning;
    application.operation = operation;
    application.version += 1;
    application.updated_at = now;
    store::update(connection, &application)?;
    store::revision_insert(connection, &application, actor)?;
    accept(connection, &application, actor, verb, now)
}

/// A partner's order is changed by that partner only.
fn expect_own(application: &Application, change: &Change) -> Result<(), OrchestratorError> {
    match &application.owner {
        Actor::Partner(partner) if change.actor != application.owner => {
            Err(OrchestratorError::PartnersOrder { name: application.name.clone(), partner: partner.clone() })
        }
        _ => Ok(()),
    }
}

fn expect_version(application: &Application, change: &Change) -> Result<(), OrchestratorError> {
    match change.expected_version {
        Some(expected) if expected != application.version => {
            Err(OrchestratorError::VersionMismatch { expected, current: application.version })
        }
        _ => Ok(()),
    }
}

/// Ends the operation that a newer one takes the place of.
fn supersede(
    connection: &mut Connection,
    application: &Application,
    by: OperationId,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let old = operation::get(connection, application.operation)?;
    if !old.state.is_final() {
        operation::fail(connection, old.id, &format!("superseded by operation {by}"), now)?;
    }
    Ok(())
}

fn accepted(application: &Application) -> Accepted {
    Accepted { application: application.id, operation: application.operation, version: application.version }
}

/// Writes operation, event and work item of a change.
pub(super) fn accept(
    connection: &mut Connection,
    application: &Application,
    actor: &Actor,
    verb: &Verb,
    now: DateTime<Utc>,
) -> Result<Accepted, OrchestratorError> {
    let subject = format!("application/{}", application.id);
    operation::start(
        connection,
        operation::NewOperation {
            id: application.operation,
            kind: verb.kind.to_owned(),
            subject: subject.clone(),
            application: Some(application.id),
            actor: actor.clone(),
            message: "accepted".to_owned(),
        },
        now,
    )?;
    event::append(
        connection,
        &event::NewEvent {
            at: now,
            actor: actor.clone(),
            application: Some(application.id),
            subject,
            kind: verb.event.to_owned(),
            message: format!("{} was {} (revision {})", application.name, verb.done, application.revision),
            data: json!({"name": application.name, "revision": application.revision, "operation": application.operation}),
        },
    )?;
    work::enqueue(connection, QUEUE, &application.id.to_string(), now)?;
    Ok(accepted(application))
}

/// Carries a change out once for each idempotency key, in the transaction of the change itself.
fn once(
    connection: &mut Connection,
    change: &Change,
    now: DateTime<Utc>,
    carry_out: impl FnOnce(&mut Connection) -> Result<Accepted, OrchestratorError>,
) -> Result<Accepted, OrchestratorError> {
    let Some(IdempotencyKey { key, digest }) = &change.idempotency else {
        return carry_out(connection);
    };
    match idempotency::begin(connection, &change.actor, key, digest, now)? {
        Begin::Replay(answer) => Ok(json::from_column("stored answer", &answer.body)?),
        Begin::Mismatch => Err(OrchestratorError::KeyReused(key.clone())),
        Begin::New | Begin::InFlight => {
            let accepted = carry_out(connection)?;
            let answer = StoredAnswer { status: 202, headers: Vec::new(), body: json::to_column("answer", &accepted)? };
            idempotency::finish(connection, &change.actor, key, &answer)?;
            Ok(accepted)
        }
    }
}
