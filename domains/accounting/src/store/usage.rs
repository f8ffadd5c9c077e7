//! Usage records as rows: the same join as in memory, made by the database for
//! any number of records at once.

use super::{
    insert_all, small,
    tables::{accounting_course, accounting_record, accounting_subject},
};
use crate::{
    Interval, RESOLUTION,
    usage::{PlanId, Source, Standing, Subject, Usage, UsageRecord},
};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, QueryableByName, RunQueryDsl as _, dsl, sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Text},
};
use hansa_ontology::ProjectId;
use hansa_repository::{Connection, RepositoryError, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// The name space of the digests of subjects (RFC 9562, version 5).
const SUBJECTS: Uuid = Uuid::from_u128(0x2a90_4c1f_8e13_5d7b_a6c4_95d0_3be8_17f2);
/// How many names one statement asks for.
const AT_ONCE: usize = 500;
/// How many records one statement joins.
const RECORDS_PER_STATEMENT: usize = 10_000;

#[derive(Insertable)]
#[diesel(table_name = accounting_subject)]
struct SubjectRow {
    id: i64,
    digest: String,
    slot: i64,
    slot_digest: String,
    rank: String,
    project: String,
    included: bool,
    body: String,
}

#[derive(QueryableByName)]
#[diesel(table_name = accounting_record)]
struct RecordRow {
    began: i64,
    ended: i64,
    subject: i64,
    quantity: i64,
    revision: i64,
    standing: i32,
    source: i32,
}

/// Which records are loaded.
#[derive(Debug, Clone)]
pub(crate) struct UsageWindow {
    /// Whose.
    pub(crate) project: ProjectId,
    /// Within which time.
    pub(crate) within: Interval,
    /// Whether what is paid for with its machine is among them.
    pub(crate) included: bool,
}

fn digest(parts: &[&str]) -> String {
    Uuid::new_v5(&SUBJECTS, parts.join("\n").as_bytes()).simple().to_string()
}

/// What a subject is known by.
struct Names {
    /// All of it.
    subject: String,
    /// What of what is counted.
    slot: String,
    /// The rest, in the order of `Subject`'s own fields, so that both joins prefer the same.
    rank: String,
}

impl Names {
    fn of(subject: &Subject) -> Self {
        let Subject { provider, resource, meter, project, application, offer, plan } = subject;
        let slot = digest(&[provider.as_str(), &resource.to_string(), meter.as_str()]);
        let application = application.map(|id| id.to_string()).unwrap_or_default();
        let offer = offer.as_ref().map_or("", |offer| offer.as_str());
        let rank = [project.as_str(), &application, offer, plan.as_str()].join("\n");
        Self { subject: digest(&[&slot, &rank]), slot, rank }
    }
}

/// The numbers (slot, subject) of subjects; new ones are written down.
fn numbered(
    connection: &mut Connection,
    subjects: &[Arc<Subject>],
) -> Result<HashMap<Arc<Subject>, (i64, i64)>, RepositoryError> {
    let named: Vec<(&Arc<Subject>, Names)> = subjects.iter().map(|subject| (subject, Names::of(subject))).collect();
    let (mut known, mut slots) = (HashMap::new(), HashMap::new());
    for some in named.chunks(AT_ONCE) {
        let wanted: Vec<&str> = some.iter().map(|(_, names)| names.slot.as_str()).collect();
        let rows: Vec<(String, i64, String, i64)> = accounting_subject::table
            .filter(accounting_subject::slot_digest.eq_any(wanted))
            .select((
                accounting_subject::digest,
                accounting_subject::id,
                accounting_subject::slot_digest,
                accounting_subject::slot,
            ))
            .load(connection)?;
        for (digest, id, slot_digest, slot) in rows {
            known.insert(digest, id);
            slots.insert(slot_digest, slot);
        }
    }
    let last: Option<i64> = accounting_subject::table.select(dsl::max(accounting_subject::id)).first(connection)?;
    let mut next = last.unwrap_or_default();
    let mut numbers = HashMap::with_capacity(named.len());
    let mut new = Vec::new();
    for (subject, Names { subject: digest, slot: slot_digest, rank }) in named {
        let (id, slot) = match (known.get(&digest), slots.get(&slot_digest)) {
            (Some(id), Some(slot)) => (*id, *slot),
            _ => {
                next += 1;
                let slot = *slots.entry(slot_digest.clone()).or_insert(next);
                let (project, included) = (subject.project.to_string(), subject.plan == PlanId::included());
                let body = json::to_column("subject of usage", &**subject)?;
                new.push(SubjectRow { id: next, digest, slot, slot_digest, rank, project, included, body });
                (next, slot)
            }
        };
        numbers.insert(Arc::clone(subject), (slot, id));
    }
    insert_all!(connection, accounting_subject::table, new);
    Ok(numbers)
}

/// The columns of records that come in.
#[derive(Default)]
struct Incoming {
    slot: Vec<i64>,
    began: Vec<i64>,
    ended: Vec<i64>,
    subject: Vec<i64>,
    quantity: Vec<i64>,
    revision: Vec<i64>,
    standing: Vec<i32>,
    source: Vec<i32>,
}

/// Joins records with what is there: of each cell the greatest revision holds,
/// of two of one revision with one begin what [`Usage`] says. In the
/// transaction at hand.
pub(crate) fn usage_join(connection: &mut Connection, usage: &Usage) -> Result<(), RepositoryError> {
    let subjects: BTreeSet<&Arc<Subject>> = usage.records().iter().map(UsageRecord::subject).collect();
    let numbers = numbered(connection, &subjects.into_iter().cloned().collect::<Vec<_>>())?;
    // Parts of a cell may come one after the other: they are of one revision.
    for some in usage.records().chunks(RECORDS_PER_STATEMENT) {
        join(connection, &Incoming::new(some, &numbers)?)?;
    }
    Ok(())
}

fn join(connection: &mut Connection, incoming: &Incoming) -> Result<(), RepositoryError> {
    match connection {
        Connection::Postgres(postgres) => {
            // A few cells of a large table: found one by one by its key. The
            // planner knows nothing of the arrays, and would compare all with all.
            sql_query("SELECT set_config('enable_hashjoin', 'off', TRUE), set_config('enable_mergejoin', 'off', TRUE)")
                .execute(postgres)?;
            for statement in [forget(POSTGRES), insert(POSTGRES, "COLLATE \"C\"")] {
                sql_query(statement)
                    .bind::<Array<BigInt>, _>(&incoming.slot)
                    .bind::<Array<BigInt>, _>(&incoming.began)
                    .bind::<Array<BigInt>, _>(&incoming.ended)
                    .bind::<Array<BigInt>, _>(&incoming.subject)
                    .bind::<Array<BigInt>, _>(&incoming.quantity)
                    .bind::<Array<BigInt>, _>(&incoming.revision)
                    .bind::<Array<Integer>, _>(&incoming.standing)
                    .bind::<Array<Integer>, _>(&incoming.source)
                    .execute(postgres)?;
            }
            sql_query("SELECT set_config('enable_hashjoin', 'on', TRUE), set_config('enable_mergejoin', 'on', TRUE)")
                .execute(postgres)?;
        }
        Connection::Sqlite(sqlite) => {
            let rows = incoming.json();
            for statement in [forget(SQLITE), insert(SQLITE, "")] {
                sql_query(statement).bind::<Text, _>(&rows).execute(sqlite)?;
            }
        }
    }
    Ok(())
}

impl Incoming {
    fn new(records: &[UsageRecord], numbers: &HashMap<Arc<Subject>, (i64, i64)>) -> Result<Self, RepositoryError> {
        let mut incoming = Self::default();
        for record in records {
            let Some((slot, subject)) = numbers.get(record.subject()).copied() else { continue };
            incoming.slot.push(slot);
            incoming.began.push(record.interval().begin());
            incoming.ended.push(record.interval().end());
            incoming.subject.push(subject);
            incoming.quantity.push(small("quantity of a usage record", record.quantity())?);
            incoming.revision.push(small("revision of a usage record", record.revision())?);
            incoming.standing.push(i32::from(record.standing() == Standing::Measured));
            incoming.source.push(match record.source() {
                Source::Lifecycle => 0,
                Source::Measurement => 1,
                Source::Partner => 2,
            });
        }
        Ok(incoming)
    }

    /// An array of arrays.
    fn json(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(self.slot.len() * 70 + 2);
        text.push('[');
        let times = self.slot.iter().zip(&self.began).zip(&self.ended).zip(&self.subject);
        let amounts = self.quantity.iter().zip(&self.revision).zip(&self.standing).zip(&self.source);
        for ((((slot, began), ended), subject), (((quantity, revision), standing), source)) in times.zip(amounts) {
            if text.len() > 1 {
                text.push(',');
            }
            // Writing to a text can't fail.
            write!(text, "[{slot},{began},{ended},{subject},{quantity},{revision},{standing},{source}]").ok();
        }
        text.push(']');
        text
    }
}

const POSTGRES: &str = "SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
     AS row (slot, began, ended, subject, quantity, revision, standing, source)";
const SQLITE: &str = "SELECT value ->> 0 AS slot, value ->> 1 AS began, value ->> 2 AS ended, value ->> 3 AS subject, \
     value ->> 4 AS quantity, value ->> 5 AS revision, value ->> 6 AS standing, value ->> 7 AS source FROM json_each(?)";

/// Forgets records of cells that come in with a greater revision.
fn forget(rows: &str) -> String {
    format!(
        "WITH incoming AS ({rows}), newest AS ( \
           SELECT slot, began - ((began % {RESOLUTION}) + {RESOLUTION}) % {RESOLUTION} AS cell, MAX(revision) AS revision \
           FROM incoming GROUP BY 1, 2) \
         DELETE FROM accounting_record WHERE (slot, began) IN ( \
           SELECT held.slot, held.began FROM newest CROSS JOIN accounting_record AS held \
           WHERE held.slot = newest.slot AND held.began >= newest.cell AND held.began < newest.cell + {RESOLUTION} \
           AND held.revision < newest.revision)"
    )
}

/// Inserts what is not older than its cell, and prefers of two with one begin
/// the surer, the longer, the larger, then the one of the lesser subject and
/// source. SQLite compares texts by their bytes, PostgreSQL where it is told to.
fn insert(rows: &str, by_bytes: &str) -> String {
    let rank = |of: &str| format!("(SELECT rank {by_bytes} FROM accounting_subject WHERE id = {of}.subject)");
    let (new, old) = (rank("excluded"), rank("accounting_record"));
    format!(
        "WITH incoming AS ({rows}) \
         INSERT INTO accounting_record (slot, began, ended, subject, quantity, revision, standing, source) \
         SELECT slot, began, ended, subject, quantity, revision, standing, source FROM incoming \
         WHERE NOT EXISTS ( \
           SELECT 1 FROM accounting_record AS held WHERE held.slot = incoming.slot \
           AND held.began >= incoming.began - ((incoming.began % {RESOLUTION}) + {RESOLUTION}) % {RESOLUTION} \
           AND held.began < incoming.began - ((incoming.began % {RESOLUTION}) + {RESOLUTION}) % {RESOLUTION} + {RESOLUTION} \
           AND held.revision > incoming.revision) \
         ON CONFLICT (slot, began) DO UPDATE SET ended = excluded.ended, subject = excluded.subject, \
           quantity = excluded.quantity, revision = excluded.revision, standing = excluded.standing, \
           source = excluded.source \
         WHERE (excluded.standing, excluded.ended, excluded.quantity) \
             > (accounting_record.standing, accounting_record.ended, accounting_record.quantity) \
           OR ((excluded.standing, excluded.ended, excluded.quantity) \
             = (accounting_record.standing, accounting_record.ended, accounting_record.quantity) \
             AND ({new}, excluded.source) < ({old}, accounting_record.source))"
    )
}

/// The records of what a project uses in a window, and whatever else claims the
/// same seconds of the same things.
pub(crate) fn usage_load(connection: &mut Connection, window: &UsageWindow) -> Result<Usage, RepositoryError> {
    const RECORDS: &str = "SELECT r.slot, r.began, r.ended, r.subject, r.quantity, r.revision, r.standing, r.source \
         FROM (SELECT DISTINCT slot FROM accounting_subject WHERE project = {1} AND (included = {2} OR included = {3})) s \
         JOIN accounting_record r ON r.slot = s.slot AND r.began >= {4} AND r.began < {5}";
    // A record lies within one hour.
    let from = window.within.begin() - RESOLUTION;
    macro_rules! load {
        ($connection:expr, $mark:expr) => {{
            let statement = (1..=5).fold(RECORDS.to_owned(), |text, n| text.replace(&format!("{{{n}}}"), &$mark(n)));
            sql_query(statement)
                .bind::<Text, _>(window.project.as_str())
                .bind::<Bool, _>(false)
                .bind::<Bool, _>(window.included)
                .bind::<BigInt, _>(from)
                .bind::<BigInt, _>(window.within.end())
                .load($connection)?
        }};
    }
    let rows: Vec<RecordRow> = match connection {
        Connection::Postgres(postgres) => load!(postgres, |n| format!("${n}")),
        Connection::Sqlite(sqlite) => load!(sqlite, |_| "?".to_owned()),
    };
    let wanted: BTreeSet<i64> = rows.iter().map(|row| row.subject).collect();
    let subjects = subjects(connection, &wanted)?;
    rows.into_iter().map(|row| row.into_record(&subjects)).collect()
}

fn subjects(
    connection: &mut Connection,
    wanted: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Arc<Subject>>, RepositoryError> {
    let wanted: Vec<i64> = wanted.iter().copied().collect();
    let mut subjects = BTreeMap::new();
    for some in wanted.chunks(AT_ONCE) {
        let rows: Vec<(i64, String)> = accounting_subject::table
            .filter(accounting_subject::id.eq_any(some.to_vec()))
            .select((accounting_subject::id, accounting_subject::body))
            .load(connection)?;
        for (id, body) in rows {
            subjects.insert(id, Arc::new(json::from_column("subject of usage", &body)?));
        }
    }
    Ok(subjects)
}

/// The projects that have used anything that is charged, or that run something, in order.
pub(crate) fn projects_used(connection: &mut Connection) -> Result<BTreeSet<ProjectId>, RepositoryError> {
    let mut names: Vec<String> = accounting_subject::table
        .filter(accounting_subject::included.eq(false))
        .select(accounting_subject::project)
        .distinct()
        .load(connection)?;
    let running: Vec<String> = accounting_course::table
        .filter(accounting_course::running.eq(true))
        .select(accounting_course::project)
        .distinct()
        .load(connection)?;
    names.extend(running);
    names.iter().map(|name| hansa_repository::text::from_column("project of a subject", name)).collect()
}

impl RecordRow {
    fn into_record(self, subjects: &BTreeMap<i64, Arc<Subject>>) -> Result<UsageRecord, RepositoryError> {
        let unreadable = |why: &str| RepositoryError::unreadable("usage record", &why);
        let subject = subjects.get(&self.subject).ok_or_else(|| unreadable("its subject is missing"))?;
        let interval = Interval::of_seconds(self.began, self.ended).ok_or_else(|| unreadable("it is empty"))?;
        let standing = if self.standing == 1 { Standing::Measured } else { Standing::Estimate };
        let source = match self.source {
            0 => Source::Lifecycle,
            1 => Source::Measurement,
            _ => Source::Partner,
        };
        let (quantity, revision) = (self.quantity.unsigned_abs(), self.revision.unsigned_abs());
        UsageRecord::new(Arc::clone(subject), interval, quantity, revision, standing, source)
            .map_err(|error| RepositoryError::unreadable("usage record", &error))
    }
}
