//! The audit trail as rows.

use super::{AuditError, Record};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    EscapeExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _, TextExpressionMethods as _,
};
use hansa_ontology::{Actor, ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, time};
use std::collections::HashMap;
use tlog_tiles::Hash;
use uuid::Uuid;

diesel::table! {
    audit_intake (number) {
        number -> BigInt,
        record -> Text,
    }
}

diesel::table! {
    audit_record (place) {
        place -> BigInt,
        line -> Text,
        at -> Timestamp,
        kind -> Text,
        actor -> Text,
        action -> Text,
        subject -> Text,
        outcome -> Nullable<Text>,
        project -> Nullable<Text>,
        request -> Nullable<Text>,
        intake -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_hash (number) {
        number -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    audit_checkpoint (size) {
        size -> BigInt,
        at -> Timestamp,
        note -> Text,
    }
}

diesel::table! {
    audit_key (public) {
        public -> Text,
        number -> BigInt,
        statement -> Text,
    }
}

diesel::table! {
    audit_state (id) {
        id -> Integer,
        origin -> Text,
        size -> BigInt,
        last_event -> BigInt,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_record)]
struct Row {
    place: i64,
    line: String,
    at: NaiveDateTime,
    kind: String,
    actor: String,
    action: String,
    subject: String,
    outcome: Option<String>,
    project: Option<String>,
    request: Option<String>,
    intake: Option<i64>,
}

/// How far the sealer is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_state)]
pub(super) struct State {
    /// The name of this trail.
    pub(super) origin: String,
    /// How many records are sealed.
    pub(super) size: i64,
    /// The last event that is.
    pub(super) last_event: i64,
    /// Who seals.
    pub(super) lease_owner: Option<String>,
    lease_until: Option<NaiveDateTime>,
}

impl State {
    /// Whether somebody else seals now.
    pub(super) fn is_others(&self, owner: &str, now: DateTime<Utc>) -> bool {
        self.lease_owner.as_deref().is_some_and(|other| other != owner)
            && self.lease_until.is_some_and(|until| until > now.naive_utc())
    }
}

/// Which records. The default: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those before this place.
    pub before: Option<u64>,
    /// Only those of this actor.
    pub actor: Option<String>,
    /// Only those whose action, or event's kind, begins so.
    pub action_prefix: Option<String>,
    /// Only those about this.
    pub subject: Option<String>,
    /// Only those with this outcome: `allowed`, `denied`, `failed`.
    pub outcome: Option<String>,
    /// Only `decision` or `event`.
    pub kind: Option<String>,
    /// Only those of this request.
    pub request: Option<Uuid>,
    /// Only those from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Only those before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only those of these projects.
    pub scope: ProjectScope,
}

/// PostgreSQL takes no NUL in a text.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn actor_column(actor: &Actor) -> String {
    without_nul(&actor.to_string())
}

impl Row {
    fn new(record: &Record, line: String, intake: Option<i64>) -> Self {
        Self {
            place: signed(record.place),
            line,
            at: time::to_column(record.at),
            kind: record.kind.name().to_owned(),
            actor: actor_column(&record.actor),
            action: without_nul(&record.action),
            subject: without_nul(&record.subject),
            outcome: record.outcome.as_ref().map(|outcome| outcome.name().to_owned()),
            project: record.project.as_ref().map(ToString::to_string),
            request: record.request.map(|id| id.to_string()),
            intake,
        }
    }

    /// The first column that isn't what the line says.
    fn disagreement(&self, record: &Record) -> Option<&'static str> {
        let wanted = Self::new(record, String::new(), None);
        let columns = [
            ("place", self.place == wanted.place),
            ("at", self.at == wanted.at),
            ("kind", self.kind == wanted.kind),
            ("actor", self.actor == wanted.actor),
            ("action", self.action == wanted.action),
            ("subject", self.subject == wanted.subject),
            ("outcome", self.outcome == wanted.outcome),
            ("project", self.project == wanted.project),
            ("request", self.request == wanted.request),
        ];
        columns.iter().find(|(_, same)| !same).map(|(name, _)| *name)
    }
}

/// A stored line, and which of its columns disagrees with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredLine {
    /// Its place, as the row says.
    pub(super) place: u64,
    /// The line.
    pub(super) line: String,
    /// The column that was altered.
    pub(super) altered: Option<&'static str>,
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Puts a decision into the intake.
pub(super) fn intake_add(connection: &mut Connection, record: &str) -> Result<(), RepositoryError> {
    diesel::insert_into(audit_intake::table).values(audit_intake::record.eq(record)).execute(connection)?;
    Ok(())
}

/// The first of what waits.
pub(super) fn intake_list(connection: &mut Connection, limit: usize) -> Result<Vec<(i64, String)>, RepositoryError> {
    Ok(audit_intake::table
        .order(audit_intake::number.asc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(connection)?)
}

/// Takes out what has its place.
pub(super) fn intake_remove(connection: &mut Connection, up_to: i64) -> Result<(), RepositoryError> {
    diesel::delete(audit_intake::table.filter(audit_intake::number.le(up_to))).execute(connection)?;
    Ok(())
}

/// How far the sealer is; None before the first round.
pub(super) fn state(connection: &mut Connection) -> Result<Option<State>, RepositoryError> {
    Ok(audit_state::table.find(1).select(State::as_select()).first(connection).optional()?)
}

/// Begins the trail.
pub(super) fn state_begin(connection: &mut Connection, origin: &str) -> Result<(), RepositoryError> {
    diesel::insert_into(audit_state::table)
        .values((
            audit_state::id.eq(1),
            audit_state::origin.eq(origin),
            audit_state::size.eq(0_i64),
            audit_state::last_event.eq(0_i64),
        ))
        .execute(connection)?;
    Ok(())
}

/// The sealer has come further, or has taken its lease anew.
pub(super) fn state_set(
    connection: &mut Connection,
    size: u64,
    last_event: i64,
    lease: (&str, DateTime<Utc>),
) -> Result<(), RepositoryError> {
    diesel::update(audit_state::table.find(1))
        .set((
            audit_state::size.eq(signed(size)),
            audit_state::last_event.eq(last_event),
            audit_state::lease_owner.eq(lease.0),
            audit_state::lease_until.eq(time::to_column(lease.1)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Gives the lease back: another may seal from now on.
pub(super) fn lease_end(connection: &mut Connection, owner: &str) -> Result<(), RepositoryError> {
    diesel::update(audit_state::table.find(1).filter(audit_state::lease_owner.eq(owner)))
        .set((audit_state::lease_owner.eq(None::<String>), audit_state::lease_until.eq(None::<NaiveDateTime>)))
        .execute(connection)?;
    Ok(())
}

/// Writes sealed records: the record, its line, its number in the intake.
pub(super) fn records_add(
    connection: &mut Connection,
    records: Vec<(Record, String, Option<i64>)>,
) -> Result<(), RepositoryError> {
    let rows: Vec<Row> = records.into_iter().map(|(record, line, intake)| Row::new(&record, line, intake)).collect();
    match connection {
        Connection::Postgres(postgres) => {
            diesel::insert_into(audit_record::table).values(rows).execute(postgres)?;
        }
        Connection::Sqlite(sqlite) => {
            for row in rows {
                diesel::insert_into(audit_record::table).values(row).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

/// Writes hashes of the tree.
pub(super) fn hashes_add(connection: &mut Connection, hashes: &[(u64, Hash)]) -> Result<(), RepositoryError> {
    let row = |(number, hash): &(u64, Hash)| {
        (audit_hash::number.eq(signed(*number)), audit_hash::hash.eq(super::tree::text(*hash)))
    };
    match connection {
        Connection::Postgres(postgres) => {
            let rows: Vec<_> = hashes.iter().map(row).collect();
            diesel::insert_into(audit_hash::table).values(rows).execute(postgres)?;
        }
        Connection::Sqlite(sqlite) => {
            for hash in hashes {
                diesel::insert_into(audit_hash::table).values(row(hash)).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

/// Hashes of the tree by their numbers.
pub(super) fn hashes(connection: &mut Connection, numbers: &[u64]) -> Result<HashMap<u64, Hash>, AuditError> {
    let wanted: Vec<i64> = numbers.iter().map(|number| signed(*number)).collect();
    let rows: Vec<(i64, String)> =
        audit_hash::table.filter(audit_hash::number.eq_any(wanted)).load(connection).map_err(RepositoryError::from)?;
    rows.into_iter()
        .map(|(number, text)| {
            let hash = Hash::parse_hash(&text)
                .map_err(|error| AuditError::Damaged(format!("hash {number} of the tree: {error}")))?;
            Ok((unsigned(number), hash))
        })
        .collect()
}

/// At most `limit` lines from a place on.
pub(super) fn lines(
    connection: &mut Connection,
    from: u64,
    until: u64,
    limit: usize,
) -> Result<Vec<StoredLine>, RepositoryError> {
    let rows: Vec<Row> = audit_record::table
        .filter(audit_record::place.ge(signed(from)))
        .filter(audit_record::place.lt(signed(until)))
        .order(audit_record::place.asc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(Row::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(StoredLine::from).collect())
}

impl From<Row> for StoredLine {
    fn from(row: Row) -> Self {
        // A line that can't be read is found by its hash.
        let altered = serde_json::from_str::<Record>(&row.line).ok().and_then(|record| row.disagreement(&record));
        Self { place: unsigned(row.place), line: row.line, altered }
    }
}

/// The newest records that pass the filter.
pub(super) fn list(
    connection: &mut Connection,
    filter: &AuditFilter,
    limit: usize,
) -> Result<Vec<StoredLine>, RepositoryError> {
    let mut query = audit_record::table.select(Row::as_select()).into_boxed();
    if let Some(before) = filter.before {
        query = query.filter(audit_record::place.lt(signed(before)));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_record::actor.eq(without_nul(actor)));
    }
    if let Some(prefix) = &filter.action_prefix {
        query = query.filter(audit_record::action.like(like_prefix(prefix)).escape('\\'));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(audit_record::subject.eq(without_nul(subject)));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(audit_record::outcome.eq(outcome.clone()));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(audit_record::kind.eq(kind.clone()));
    }
    if let Some(request) = filter.request {
        query = query.filter(audit_record::request.eq(request.to_string()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_record::at.ge(time::to_column(from)));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_record::at.lt(time::to_column(until)));
    }
    if let ProjectScope::Only(projects) = &filter.scope {
        let projects: Vec<String> = projects.iter().map(ProjectId::to_string).collect();
        query = query.filter(audit_record::project.eq_any(projects));
    }
    let rows: Vec<Row> =
        query.order(audit_record::place.desc()).limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    Ok(rows.into_iter().map(StoredLine::from).collect())
}

fn like_prefix(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for letter in without_nul(prefix).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Writes a checkpoint.
pub(super) fn checkpoint_add(
    connection: &mut Connection,
    size: u64,
    at: DateTime<Utc>,
    note: &str,
) -> Result<(), RepositoryError> {
    diesel::insert_into(audit_checkpoint::table)
        .values((
            audit_checkpoint::size.eq(signed(size)),
            audit_checkpoint::at.eq(time::to_column(at)),
            audit_checkpoint::note.eq(note),
        ))
        .execute(connection)?;
    Ok(())
}

/// A checkpoint as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many records it covers.
    pub size: u64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The signed note.
    pub note: String,
}

/// The newest checkpoints of at most this size.
pub(super) fn checkpoints(
    connection: &mut Connection,
    at_most: Option<u64>,
    limit: usize,
) -> Result<Vec<StoredCheckpoint>, RepositoryError> {
    let rows: Vec<(i64, NaiveDateTime, String)> = audit_checkpoint::table
        .filter(audit_checkpoint::size.le(at_most.map_or(i64::MAX, signed)))
        .order(audit_checkpoint::size.desc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(connection)?;
    let stored = |(size, at, note)| StoredCheckpoint { size: unsigned(size), at: time::from_column(at), note };
    Ok(rows.into_iter().map(stored).collect())
}

/// Brings a key into use.
pub(super) fn key_add(connection: &mut Connection, public: &str, statement: &str) -> Result<(), RepositoryError> {
    let last: Option<i64> =
        audit_key::table.select(audit_key::number).order(audit_key::number.desc()).first(connection).optional()?;
    diesel::insert_into(audit_key::table)
        .values((
            audit_key::public.eq(public),
            audit_key::number.eq(last.unwrap_or_default() + 1),
            audit_key::statement.eq(statement),
        ))
        .execute(connection)?;
    Ok(())
}

/// The statements of all keys, in the order in which they came into use.
pub(super) fn keys(connection: &mut Connection) -> Result<Vec<String>, RepositoryError> {
    Ok(audit_key::table.select(audit_key::statement).order(audit_key::number.asc()).load(connection)?)
}

/// Whether a key is in the list.
pub(super) fn key_is_known(connection: &mut Connection, key: &str) -> Result<bool, RepositoryError> {
    let found: Option<String> = audit_key::table.find(key).select(audit_key::public).first(connection).optional()?;
    Ok(found.is_some())
}

/// What somebody with the database's password may do.
#[cfg(test)]
pub(super) async fn tamper(database: &hansa_repository::Database, sql: &str) -> Result<(), RepositoryError> {
    use diesel::connection::SimpleConnection as _;
    let sql = sql.to_owned();
    database.write(move |connection| Ok(connection.batch_execute(&sql)?)).await
}

/// Takes the triggers away.
#[cfg(test)]
pub(super) async fn without_triggers(database: &hansa_repository::Database) {
    let sqlite = "DROP TRIGGER audit_record_no_update; DROP TRIGGER audit_record_no_delete";
    let postgres = "DROP TRIGGER audit_record_no_change ON audit_record";
    let is_sqlite = tamper(database, sqlite).await.is_ok();
    assert!(is_sqlite || tamper(database, postgres).await.is_ok(), "the triggers are there");
}
