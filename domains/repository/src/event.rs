//! The event log: append-only, written in the same transaction as the change
//! it tells of, numbered in the order of the commits.

use crate::{Connection, error::RepositoryError, json, project, schema::event, scope, text, time};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    BoolExpressionMethods as _, EscapeExpressionMethods as _, ExpressionMethods as _, Insertable,
    OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable, SelectableHelper as _,
    TextExpressionMethods as _,
};
use hansa_ontology::{Actor, ApplicationId, ProjectId, ProjectScope};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number. Numbers grow in the order of the commits; some may be missing.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who acted.
    pub actor: Actor,
    /// The application it belongs to.
    pub application: Option<ApplicationId>,
    /// What it is about: `workload/<id>`, `offer/<iri>`.
    pub subject: String,
    /// What happened: `workload.started`.
    pub kind: String,
    /// One sentence for people.
    pub message: String,
    /// The same for programs.
    pub data: Value,
    /// The request that caused it; none where the broker acted by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    /// The project that it concerns; none where it concerns the broker alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
}

/// An event that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who acted.
    pub actor: Actor,
    /// The application it belongs to.
    pub application: Option<ApplicationId>,
    /// What it is about: `workload/<id>`, `offer/<iri>`.
    pub subject: String,
    /// What happened: `workload.started`.
    pub kind: String,
    /// One sentence for people.
    pub message: String,
    /// The same for programs. No secrets.
    pub data: Value,
}

/// Which events. The default: all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Only those with a greater number.
    pub after: Option<i64>,
    /// Only those with a smaller number.
    pub before: Option<i64>,
    /// Only those of this application.
    pub application: Option<ApplicationId>,
    /// Only those about this.
    pub subject: Option<String>,
    /// Only those whose kind begins so: `workload.`.
    pub kind_prefix: Option<String>,
    /// Only those that concern these projects.
    pub scope: ProjectScope,
    /// Besides those of `scope`: the ones that concern no project, but the broker itself.
    pub brokers: bool,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The oldest first: to follow the log.
    #[default]
    OldestFirst,
    /// The newest first: to look at the log.
    NewestFirst,
}

#[derive(Insertable)]
#[diesel(table_name = event)]
struct NewRow {
    at: NaiveDateTime,
    actor: String,
    application: Option<String>,
    subject: String,
    kind: String,
    message: String,
    data: String,
    request: Option<String>,
    project: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event)]
struct Row {
    sequence: i64,
    at: NaiveDateTime,
    actor: String,
    application: Option<String>,
    subject: String,
    kind: String,
    message: String,
    data: String,
    request: Option<String>,
    project: Option<String>,
}

/// How many rows one statement inserts: PostgreSQL takes 65,535 values at most.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Appends an event and gives its number.
///
/// # Errors
/// When the database refuses.
pub fn append(connection: &mut Connection, new: &NewEvent) -> Result<i64, RepositoryError> {
    append_all(connection, std::slice::from_ref(new))
}

/// Appends events in their order and gives the last one's number, or 0 when there are none.
///
/// # Errors
/// When the database refuses.
pub fn append_all(connection: &mut Connection, new: &[NewEvent]) -> Result<i64, RepositoryError> {
    let mut last = 0;
    for batch in new.chunks(ROWS_PER_STATEMENT) {
        let rows = batch.iter().map(|new| NewRow::new(connection, new)).collect::<Result<Vec<_>, _>>()?;
        last = insert(connection, rows)?.max(last);
    }
    if last > 0 {
        scope::event_appended(last);
    }
    Ok(last)
}

fn insert(connection: &mut Connection, rows: Vec<NewRow>) -> Result<i64, RepositoryError> {
    let sequences: Vec<i64> = match connection {
        Connection::Postgres(postgres) => {
            diesel::insert_into(event::table).values(rows).returning(event::sequence).get_results(postgres)?
        }
        Connection::Sqlite(sqlite) => {
            let mut sequences = Vec::with_capacity(rows.len());
            for row in rows {
                sequences
                    .push(diesel::insert_into(event::table).values(row).returning(event::sequence).get_result(sqlite)?);
            }
            sequences
        }
    };
    Ok(sequences.into_iter().max().unwrap_or_default())
}

/// At most `limit` events that pass the filter.
///
/// # Errors
/// When the database fails, or holds what this program cannot read.
pub fn list(
    connection: &mut Connection,
    filter: &EventFilter,
    limit: usize,
    order: Order,
) -> Result<Vec<Event>, RepositoryError> {
    let rows = match project::parts(&filter.scope, filter.brokers) {
        None => rows(connection, filter, limit, order, &Whose::Anybodys)?,
        // What an application or a subject has is little, and has an index of its own.
        Some(parts) if filter.application.is_some() || filter.subject.is_some() => {
            rows(connection, filter, limit, order, &Whose::OneOf(parts))?
        }
        // Each project's events lie side by side in their order: the first few
        // of each hold the first few of all.
        Some(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(rows(connection, filter, limit, order, &Whose::OneOf(vec![part]))?);
            }
            match order {
                Order::OldestFirst => found.sort_unstable_by_key(|row| row.sequence),
                Order::NewestFirst => found.sort_unstable_by_key(|row| std::cmp::Reverse(row.sequence)),
            }
            found.truncate(limit);
            found
        }
    };
    rows.into_iter().map(Row::into_event).collect()
}

/// Whose rows a statement reads. No project: the broker's own.
enum Whose {
    Anybodys,
    OneOf(Vec<Option<String>>),
}

fn rows(
    connection: &mut Connection,
    filter: &EventFilter,
    limit: usize,
    order: Order,
    whose: &Whose,
) -> Result<Vec<Row>, RepositoryError> {
    let mut query = event::table.select(Row::as_select()).into_boxed();
    query = match whose {
        Whose::Anybodys => query,
        Whose::OneOf(parts) => {
            let projects: Vec<String> = parts.iter().flatten().cloned().collect();
            match (projects.as_slice(), parts.contains(&None)) {
                ([one], false) => query.filter(event::project.eq(one.clone())),
                ([], true) => query.filter(event::project.is_null()),
                (_, false) => query.filter(event::project.eq_any(projects)),
                (_, true) => query.filter(event::project.eq_any(projects).or(event::project.is_null())),
            }
        }
    };
    if let Some(after) = filter.after {
        query = query.filter(event::sequence.gt(after));
    }
    if let Some(before) = filter.before {
        query = query.filter(event::sequence.lt(before));
    }
    if let Some(application) = filter.application {
        query = query.filter(event::application.eq(application.to_string()));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(event::subject.eq(subject.clone()));
    }
    if let Some(prefix) = &filter.kind_prefix {
        query = query.filter(event::kind.like(like_prefix(prefix)).escape('\\'));
    }
    query = match order {
        Order::OldestFirst => query.order(event::sequence.asc()),
        Order::NewestFirst => query.order(event::sequence.desc()),
    };
    Ok(query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?)
}

/// The number of the last event, or 0.
///
/// # Errors
/// When the database fails.
pub fn last_sequence(connection: &mut Connection) -> Result<i64, RepositoryError> {
    let last = event::table.select(event::sequence).order(event::sequence.desc()).first(connection).optional()?;
    Ok(last.unwrap_or_default())
}

/// A LIKE pattern for what begins so, with the wildcards taken literally.
pub(crate) fn like_prefix(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in prefix.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

impl NewRow {
    fn new(connection: &mut Connection, event: &NewEvent) -> Result<Self, RepositoryError> {
        Ok(Self {
            project: project::concerned(connection, event.application, &event.subject)?,
            at: time::to_column(event.at),
            actor: json::to_column("actor", &event.actor)?,
            application: event.application.map(|id| id.to_string()),
            subject: without_nul(&event.subject),
            kind: event.kind.clone(),
            message: without_nul(&event.message),
            data: json::to_column("event", &event.data)?,
            request: scope::request().map(|id| id.to_string()),
        })
    }
}

/// PostgreSQL takes no NUL in a text. What was said by others (the output of a
/// workload, a title) may hold one, and must not stop what the event tells of.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Row {
    fn into_event(self) -> Result<Event, RepositoryError> {
        Ok(Event {
            sequence: self.sequence,
            at: time::from_column(self.at),
            actor: json::from_column("actor", &self.actor)?,
            application: self
                .application
                .map(|id| id.parse().map_err(|error| RepositoryError::unreadable("application of an event", &error)))
                .transpose()?,
            subject: self.subject,
            kind: self.kind,
            message: self.message,
            data: json::from_column("event", &self.data)?,
            request: self.request.map(|id| text::from_column("request of an event", &id)).transpose()?,
            project: self.project.map(|id| text::from_column("project of an event", &id)).transpose()?,
        })
    }
}
