//! Long work that a person follows: what a 202 answer points at.

use crate::{
    Connection,
    error::RepositoryError,
    event::{self, NewEvent},
    json, project,
    schema::operation,
    text, time,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::{Actor, ApplicationId, OperationId, ProjectId, ProjectScope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Long work and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What is done: `application.submit`.
    pub kind: String,
    /// What it is done to: `application/<id>`.
    pub subject: String,
    /// The application it belongs to.
    pub application: Option<ApplicationId>,
    /// Who asked for it.
    pub actor: Actor,
    /// How it stands.
    pub state: OperationState,
    /// How far it is.
    pub progress: Progress,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// The project that it concerns; none where it concerns the broker alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum OperationState {
    /// Under way.
    Running,
    /// Done.
    Succeeded {
        /// What came of it.
        result: Value,
    },
    /// Given up.
    Failed {
        /// Why, for people.
        error: String,
    },
}

impl OperationState {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Running)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Steps done.
    pub done: u32,
    /// Steps in all, as far as they are known.
    pub total: u32,
    /// What is being done, for people.
    pub message: String,
}

/// An operation that is to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// Its id.
    pub id: OperationId,
    /// What is done: `application.submit`.
    pub kind: String,
    /// What it is done to: `application/<id>`.
    pub subject: String,
    /// The application it belongs to.
    pub application: Option<ApplicationId>,
    /// Who asks for it.
    pub actor: Actor,
    /// What is done first, for people.
    pub message: String,
}

/// Which operations. The default: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationFilter {
    /// Only those of this application.
    pub application: Option<ApplicationId>,
    /// Only those still running.
    pub running: bool,
    /// Only those created before this one, for the next page.
    pub before: Option<OperationId>,
    /// Only those that concern these projects.
    pub scope: ProjectScope,
    /// Besides those of `scope`: the ones that concern no project, but the broker itself.
    pub brokers: bool,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = operation)]
struct Row {
    id: String,
    kind: String,
    subject: String,
    application: Option<String>,
    actor: String,
    state: String,
    detail: String,
    done: i64,
    total: i64,
    message: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    project: Option<String>,
}

/// Starts an operation, with the event `operation.started`.
///
/// # Errors
/// [`crate::ErrorKind::Conflict`] when the id is taken.
pub fn start(connection: &mut Connection, new: NewOperation, now: DateTime<Utc>) -> Result<Operation, RepositoryError> {
    let concerned = project::concerned(connection, new.application, &new.subject)?;
    let operation = Operation {
        project: concerned.map(|id| text::from_column("project of an operation", &id)).transpose()?,
        id: new.id,
        kind: new.kind,
        subject: new.subject,
        application: new.application,
        actor: new.actor,
        state: OperationState::Running,
        progress: Progress { done: 0, total: 0, message: new.message },
        created_at: now,
        updated_at: now,
    };
    diesel::insert_into(operation::table).values(Row::new(&operation)?).execute(connection)?;
    tell(connection, &operation, "operation.started", now)?;
    Ok(operation)
}

/// Says how far it is, with the event `operation.progressed` when that has changed.
/// A final operation stays as it is.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`] when there is no such operation.
pub fn progress(
    connection: &mut Connection,
    id: OperationId,
    progress: Progress,
    now: DateTime<Utc>,
) -> Result<Operation, RepositoryError> {
    let mut operation = get(connection, id)?;
    if operation.state.is_final() || operation.progress == progress {
        return Ok(operation);
    }
    operation.progress = progress;
    save(connection, &mut operation, "operation.progressed", now)?;
    Ok(operation)
}

/// Ends it well, with the event `operation.succeeded`. Again: no change.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`]; [`crate::ErrorKind::Conflict`] when it has failed already.
pub fn succeed(
    connection: &mut Connection,
    id: OperationId,
    result: Value,
    now: DateTime<Utc>,
) -> Result<Operation, RepositoryError> {
    let mut operation = get(connection, id)?;
    match operation.state {
        OperationState::Succeeded { .. } => return Ok(operation),
        OperationState::Failed { .. } => {
            return Err(RepositoryError::conflict(format!("operation {id} has failed already")));
        }
        OperationState::Running => {}
    }
    operation.progress.done = operation.progress.total;
    operation.progress.message = "done".to_owned();
    operation.state = OperationState::Succeeded { result };
    save(connection, &mut operation, "operation.succeeded", now)?;
    Ok(operation)
}

/// Ends it badly, with the event `operation.failed`. Again: no change.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`]; [`crate::ErrorKind::Conflict`] when it has succeeded already.
pub fn fail(
    connection: &mut Connection,
    id: OperationId,
    error: &str,
    now: DateTime<Utc>,
) -> Result<Operation, RepositoryError> {
    let mut operation = get(connection, id)?;
    match operation.state {
        OperationState::Failed { .. } => return Ok(operation),
        OperationState::Succeeded { .. } => {
            return Err(RepositoryError::conflict(format!("operation {id} has succeeded already")));
        }
        OperationState::Running => {}
    }
    error.clone_into(&mut operation.progress.message);
    operation.state = OperationState::Failed { error: error.to_owned() };
    save(connection, &mut operation, "operation.failed", now)?;
    Ok(operation)
}

/// One operation.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`] when there is no such operation.
pub fn get(connection: &mut Connection, id: OperationId) -> Result<Operation, RepositoryError> {
    let row: Option<Row> =
        operation::table.find(id.to_string()).select(Row::as_select()).first(connection).optional()?;
    row.ok_or_else(|| missing(id))?.into_operation()
}

/// At most `limit` operations that pass the filter, the newest first.
///
/// # Errors
/// When the database fails.
pub fn list(
    connection: &mut Connection,
    filter: &OperationFilter,
    limit: usize,
) -> Result<Vec<Operation>, RepositoryError> {
    let before = match filter.before {
        None => None,
        // A place in somebody else's list is no place in this one.
        Some(id) => match get(connection, id)? {
            known if filter.covers(&known) => Some((time::to_column(known.created_at), id.to_string())),
            _ => return Err(missing(id)),
        },
    };
    let Some(parts) = project::parts(&filter.scope, filter.brokers) else {
        return rows(connection, filter, before.as_ref(), limit, None)?.into_iter().map(Row::into_operation).collect();
    };
    let mut found = Vec::new();
    for part in parts {
        found.extend(rows(connection, filter, before.as_ref(), limit, Some(part))?);
    }
    found.sort_unstable_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    found.truncate(limit);
    found.into_iter().map(Row::into_operation).collect()
}

/// The rows of one project, of the broker itself (`Some(None)`), or of all.
fn rows(
    connection: &mut Connection,
    filter: &OperationFilter,
    before: Option<&(NaiveDateTime, String)>,
    limit: usize,
    part: Option<Option<String>>,
) -> Result<Vec<Row>, RepositoryError> {
    let mut query = operation::table.select(Row::as_select()).into_boxed();
    query = match part {
        None => query,
        Some(None) => query.filter(operation::project.is_null()),
        Some(Some(project)) => query.filter(operation::project.eq(project)),
    };
    if let Some(application) = filter.application {
        query = query.filter(operation::application.eq(application.to_string()));
    }
    if filter.running {
        query = query.filter(operation::state.eq("running"));
    }
    if let Some((at, id)) = before {
        query = query
            .filter(operation::created_at.lt(*at).or(operation::created_at.eq(*at).and(operation::id.lt(id.clone()))));
    }
    Ok(query
        .order((operation::created_at.desc(), operation::id.desc()))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(connection)?)
}

impl OperationFilter {
    /// Whether an operation is within the scope, whatever else is filtered.
    #[must_use]
    pub fn covers(&self, operation: &Operation) -> bool {
        match (&self.scope, &operation.project) {
            (ProjectScope::All, _) => true,
            (ProjectScope::Only(_), None) => self.brokers,
            (scope, Some(project)) => scope.covers(project),
        }
    }
}

fn missing(id: OperationId) -> RepositoryError {
    RepositoryError::NotFound(format!("operation {id}"))
}

fn save(
    connection: &mut Connection,
    operation: &mut Operation,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    operation.updated_at = now;
    let row = Row::new(operation)?;
    diesel::update(operation::table.find(&row.id))
        .set((
            operation::state.eq(&row.state),
            operation::detail.eq(&row.detail),
            operation::done.eq(row.done),
            operation::total.eq(row.total),
            operation::message.eq(&row.message),
            operation::updated_at.eq(row.updated_at),
        ))
        .execute(connection)?;
    tell(connection, operation, kind, now)
}

fn tell(
    connection: &mut Connection,
    operation: &Operation,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let Progress { done, total, message } = &operation.progress;
    let event = NewEvent {
        at: now,
        actor: operation.actor.clone(),
        application: operation.application,
        subject: format!("operation/{}", operation.id),
        kind: kind.to_owned(),
        message: format!("{}: {message}", operation.kind),
        data: json!({ "kind": operation.kind, "subject": operation.subject, "done": done, "total": total }),
    };
    event::append(connection, &event)?;
    Ok(())
}

impl Row {
    fn new(operation: &Operation) -> Result<Self, RepositoryError> {
        let detail = match &operation.state {
            OperationState::Running => Value::Null,
            OperationState::Succeeded { result } => result.clone(),
            OperationState::Failed { error } => Value::String(error.clone()),
        };
        Ok(Self {
            id: operation.id.to_string(),
            kind: operation.kind.clone(),
            subject: operation.subject.clone(),
            application: operation.application.map(|id| id.to_string()),
            actor: json::to_column("actor", &operation.actor)?,
            state: operation.state.name().to_owned(),
            detail: json::to_column("result", &detail)?,
            done: operation.progress.done.into(),
            total: operation.progress.total.into(),
            message: operation.progress.message.clone(),
            created_at: time::to_column(operation.created_at),
            updated_at: time::to_column(operation.updated_at),
            project: operation.project.as_ref().map(ProjectId::to_string),
        })
    }

    fn into_operation(self) -> Result<Operation, RepositoryError> {
        let unreadable = |error: &dyn std::fmt::Display| RepositoryError::unreadable("operation", error);
        let detail: Value = json::from_column("result", &self.detail)?;
        let state = match (self.state.as_str(), detail) {
            ("running", _) => OperationState::Running,
            ("succeeded", result) => OperationState::Succeeded { result },
            ("failed", Value::String(error)) => OperationState::Failed { error },
            (other, _) => return Err(unreadable(&format!("state {other}"))),
        };
        let steps = |count: i64| u32::try_from(count).map_err(|error| unreadable(&error));
        Ok(Operation {
            id: self.id.parse().map_err(|error| unreadable(&error))?,
            kind: self.kind,
            subject: self.subject,
            application: self.application.map(|id| id.parse().map_err(|error| unreadable(&error))).transpose()?,
            actor: json::from_column("actor", &self.actor)?,
            state,
            progress: Progress { done: steps(self.done)?, total: steps(self.total)?, message: self.message },
            created_at: time::from_column(self.created_at),
            updated_at: time::from_column(self.updated_at),
            project: self.project.map(|id| text::from_column("project of an operation", &id)).transpose()?,
        })
    }
}
