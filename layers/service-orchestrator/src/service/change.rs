//! Changing what is wanted: each is one transaction that writes the wish, an
//! operation, an event and a work item, and nothing else.

use super::{QUEUE, ServiceOrchestrator, quota};
use crate::{
    error::OrchestratorError,
    model::{Accepted, Application, Change, DesiredState, IdempotencyKey, Phase},
    moving::MoveKind,
    performance::PERFORMANCE_QUEUE,
    scaling::{SCALING_QUEUE, replicas_set, wanted},
    store,
};
use chrono::{DateTime, Utc};
use hansa_mco::relocation::{Transfer, told};
use hansa_ontology::{Actor, ApplicationId, OperationId, ResourceModel, quota::QuotaUsage};
use hansa_repository::{
    Connection, RepositoryError, event,
    idempotency::{self, Begin, StoredAnswer},
    json, operation, project, work,
};
use serde_json::json;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// What a change does to an application, in the words of events and operations.
pub(super) struct Verb {
    kind: &'static str,
    event: &'static str,
    done: Cow<'static, str>,
    /// The earlier revision whose model is taken over.
    restores: Option<i64>,
}

impl Verb {
    const fn new(kind: &'static str, event: &'static str, done: &'static str) -> Self {
        Self { kind, event, done: Cow::Borrowed(done), restores: None }
    }

    /// Going back to an earlier revision.
    pub(super) fn rollback(to: i64) -> Self {
        let done = format!("rolled back to revision {to}").into();
        Self { done, restores: Some(to), ..Self::new("application.rollback", "application.rolled-back", "") }
    }

    /// Moving some of it, because somebody asks.
    pub(super) fn moving(kind: MoveKind, transfers: &[Transfer]) -> Self {
        let done = match kind {
            MoveKind::Consolidation => format!("asked to be consolidated: {}", told(transfers)),
            _ => format!("asked to move {}", told(transfers)),
        };
        let verb = match kind {
            MoveKind::Consolidation => Self::new("application.consolidate", "application.consolidation-requested", ""),
            _ => Self::new("application.move", "application.move-requested", ""),
        };
        Self { done: done.into(), ..verb }
    }
}

pub(super) const SUBMIT: Verb = Verb::new("application.submit", "application.submitted", "submitted");
pub(super) const UPDATE: Verb = Verb::new("application.update", "application.updated", "updated");
const SCALE: Verb = Verb::new("application.scale", "application.scaled", "scaled");
pub(super) const PROMOTE: Verb = Verb::new("application.promote", "application.promoted", "asked to be promoted");
const REMOVE: Verb = Verb::new("application.remove", "application.removal-requested", "asked to be removed");

impl ServiceOrchestrator {
    /// Takes a new application on.
    ///
    /// # Errors
    /// When its name is taken; when a quota would be broken; when the
    /// idempotency key was used for something else.
    pub async fn submit(&self, model: ResourceModel, change: Change) -> Result<Accepted, OrchestratorError> {
        let price = if quota::limits_price(&change.quotas) { Some(self.price(None, &model).await?) } else { None };
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
            scaled: BTreeMap::new(),
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
                    quota::expect_of(connection, &change, &application, &QuotaUsage::default())?;
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
        self.revise(id, change, move |_, application| {
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
            Ok(UPDATE)
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
        self.revise(id, change, move |_, application| {
            replicas_set(&mut application.model, replicas.clone())?;
            Ok(SCALE)
        })
        .await
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

    /// A new revision of a living application. The edit puts the model in its
    /// place and says what it does.
    pub(super) async fn revise(
        &self,
        id: ApplicationId,
        change: Change,
        edit: impl Fn(&mut Connection, &mut Application) -> Result<Verb, OrchestratorError> + Send + Sync + 'static,
    ) -> Result<Accepted, OrchestratorError> {
        let edit = Arc::new(edit);
        let priced = self.priced(id, &change, Arc::clone(&edit)).await?;
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
                    let verb = edit(connection, &mut application)?;
                    if let Some((expected, price)) = priced {
                        if expected != current {
                            // The price is that of another model.
                            return Err(OrchestratorError::VersionMismatch { expected, current });
                        }
                        application.price = Some(price);
                    }
                    quota::expect_of(connection, &change, &application, &before)?;
                    renew(connection, application, operation, &change.actor, &verb, now)
                })
            })
            .await
    }
}

/// The application of an id.
pub(super) fn known(connection: &mut Connection, id: ApplicationId) -> Result<Application, OrchestratorError> {
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
    if let Some(restores) = verb.restores {
        store::restores_set(connection, application.id, application.revision, restores)?;
    }
    accept(connection, &application, actor, verb, now)
}

/// A partner's order is changed by that partner only.
pub(super) fn expect_own(application: &Application, change: &Change) -> Result<(), OrchestratorError> {
    match &application.owner {
        Actor::Partner(partner) if change.actor != application.owner => {
            Err(OrchestratorError::PartnersOrder { name: application.name.clone(), partner: partner.clone() })
        }
        _ => Ok(()),
    }
}

pub(super) fn expect_version(application: &Application, change: &Change) -> Result<(), OrchestratorError> {
    match change.expected_version {
        Some(expected) if expected != application.version => {
            Err(OrchestratorError::VersionMismatch { expected, current: application.version })
        }
        _ => Ok(()),
    }
}

/// Ends the operation that a newer one takes the place of.
pub(super) fn supersede(
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
    let mut data =
        json!({"name": application.name, "revision": application.revision, "operation": application.operation});
    if let (Some(number), Some(fields)) = (verb.restores, data.as_object_mut()) {
        fields.insert("restores".to_owned(), number.into());
    }
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
            data,
        },
    )?;
    work::enqueue(connection, QUEUE, &application.id.to_string(), now)?;
    if wanted::is_watched(&application.model) {
        work::enqueue(connection, SCALING_QUEUE, &application.id.to_string(), now)?;
    }
    if !application.model.service_levels.is_empty() {
        work::enqueue(connection, PERFORMANCE_QUEUE, &application.id.to_string(), now)?;
    }
    Ok(accepted(application))
}

/// Carries a change out once for each idempotency key, in the transaction of the change itself.
pub(super) fn once(
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
