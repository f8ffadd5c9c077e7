//! The work queue: one item for each key, taken with a lease, so that any
//! worker of any broker process may die and another takes over.
//!
//! An item says only that something wants looking at. Whoever takes it reads
//! the state afresh, so several wishes for one key become one round. A wish
//! that comes while the item is taken brings another round.

use crate::{
    Connection,
    error::RepositoryError,
    schema::{counter, work_item},
    scope, time,
};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use serde::Serialize;

/// A taken item. Whoever holds it is alone with its key until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The queue.
    pub queue: String,
    /// What wants looking at.
    pub key: String,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// Failures in a row so far.
    pub attempts: u32,
    /// Until when it is held, unless renewed.
    pub lease_until: DateTime<Utc>,
    /// The claim's number. No two claims have the same.
    fence: i64,
}

/// An item as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    /// The queue.
    pub queue: String,
    /// What wants looking at.
    pub key: String,
    /// When it may be taken.
    pub due: DateTime<Utc>,
    /// Who holds it, and until when.
    pub lease: Option<Lease>,
    /// Failures in a row.
    pub attempts: u32,
    /// What the last failure was.
    pub last_error: Option<String>,
}

/// Who holds an item, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The worker.
    pub owner: String,
    /// When others may take over.
    pub until: DateTime<Utc>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = work_item)]
struct Row {
    queue: String,
    key: String,
    due: NaiveDateTime,
    wanted: Option<NaiveDateTime>,
    lease_owner: Option<String>,
    lease_until: Option<NaiveDateTime>,
    fence: i64,
    attempts: i32,
    last_error: Option<String>,
}

/// Asks for a round for `key` at `due` or earlier.
///
/// # Errors
/// When the database refuses.
pub fn enqueue(connection: &mut Connection, queue: &str, key: &str, due: DateTime<Utc>) -> Result<(), RepositoryError> {
    let due = time::to_column(due);
    let row: Option<Row> = work_item::table.find((queue, key)).select(Row::as_select()).first(connection).optional()?;
    match row {
        None => {
            let row = Row {
                queue: queue.to_owned(),
                key: key.to_owned(),
                due,
                wanted: None,
                lease_owner: None,
                lease_until: None,
                fence: 0,
                attempts: 0,
                last_error: None,
            };
            diesel::insert_into(work_item::table).values(row).execute(connection)?;
        }
        Some(row) if row.lease_owner.is_some() => {
            let wanted = row.wanted.map_or(due, |wanted| wanted.min(due));
            diesel::update(work_item::table.find((queue, key)))
                .set(work_item::wanted.eq(Some(wanted)))
                .execute(connection)?;
        }
        Some(row) => {
            diesel::update(work_item::table.find((queue, key)))
                .set(work_item::due.eq(row.due.min(due)))
                .execute(connection)?;
        }
    }
    scope::work_enqueued();
    Ok(())
}

/// Takes the item that has been due longest, if one is due and free.
///
/// # Errors
/// When the database refuses.
pub fn claim(
    connection: &mut Connection,
    queue: &str,
    owner: &str,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<Claim>, RepositoryError> {
    let Some(row) = first_free(connection, queue, time::to_column(now))? else {
        return Ok(None);
    };
    let fence = next_number(connection, "work-fence")?;
    let until = time::to_column(now + lease);
    diesel::update(work_item::table.find((&row.queue, &row.key)))
        .set((
            work_item::lease_owner.eq(Some(owner)),
            work_item::lease_until.eq(Some(until)),
            work_item::fence.eq(fence),
            work_item::wanted.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    Ok(Some(Claim {
        queue: row.queue,
        key: row.key,
        due: time::from_column(row.due),
        attempts: count(row.attempts),
        lease_until: time::from_column(until),
        fence,
    }))
}

/// Writers take turns, so nothing can change between this and the update; rows
/// that another transaction has locked all the same are passed over.
fn first_free(connection: &mut Connection, queue: &str, now: NaiveDateTime) -> Result<Option<Row>, RepositoryError> {
    macro_rules! free {
        () => {
            work_item::table
                .select(Row::as_select())
                .filter(work_item::queue.eq(queue))
                .filter(work_item::due.le(now))
                .filter(work_item::lease_until.is_null().or(work_item::lease_until.le(now)))
                .order((work_item::due.asc(), work_item::key.asc()))
                .limit(1)
        };
    }
    let row = match connection {
        Connection::Postgres(postgres) => free!().for_update().skip_locked().first(postgres).optional()?,
        Connection::Sqlite(sqlite) => free!().first(sqlite).optional()?,
    };
    Ok(row)
}

/// Holds the item longer.
///
/// # Errors
/// [`crate::ErrorKind::Conflict`] when another worker has taken over.
pub fn renew(
    connection: &mut Connection,
    claim: &Claim,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Claim, RepositoryError> {
    held(connection, claim)?;
    let until = time::to_column(now + lease);
    diesel::update(work_item::table.find((&claim.queue, &claim.key)))
        .set(work_item::lease_until.eq(Some(until)))
        .execute(connection)?;
    Ok(Claim { lease_until: time::from_column(until), ..claim.clone() })
}

/// The round went well. The item comes again at `next_due`, or when it was
/// enqueued meanwhile, whichever is earlier; otherwise it is gone.
///
/// # Errors
/// [`crate::ErrorKind::Conflict`] when another worker has taken over. Within a
/// transaction that undoes the round's other writes too.
pub fn finish(
    connection: &mut Connection,
    claim: &Claim,
    next_due: Option<DateTime<Utc>>,
) -> Result<(), RepositoryError> {
    let row = held(connection, claim)?;
    let next = earliest(row.wanted, next_due.map(time::to_column));
    let item = work_item::table.find((&claim.queue, &claim.key));
    match next {
        None => diesel::delete(item).execute(connection)?,
        Some(due) => put_back(connection, claim, due, 0, None)?,
    };
    if row.wanted.is_some() {
        scope::work_enqueued();
    }
    Ok(())
}

/// The round failed. The item comes again at `retry_at`, or when it was
/// enqueued meanwhile, whichever is earlier.
///
/// # Errors
/// As [`finish`].
pub fn fail(
    connection: &mut Connection,
    claim: &Claim,
    retry_at: DateTime<Utc>,
    error: &str,
) -> Result<(), RepositoryError> {
    let row = held(connection, claim)?;
    let due = earliest(row.wanted, Some(time::to_column(retry_at))).unwrap_or(time::to_column(retry_at));
    put_back(connection, claim, due, row.attempts.saturating_add(1), Some(error))?;
    if row.wanted.is_some() {
        scope::work_enqueued();
    }
    Ok(())
}

/// Gives the item back untouched, for another worker: when this one shuts down.
///
/// # Errors
/// As [`finish`].
pub fn release(connection: &mut Connection, claim: &Claim) -> Result<(), RepositoryError> {
    let row = held(connection, claim)?;
    let due = earliest(row.wanted, Some(row.due)).unwrap_or(row.due);
    put_back(connection, claim, due, row.attempts, row.last_error.as_deref())?;
    scope::work_enqueued();
    Ok(())
}

/// Frees what a worker held when it died, so that nobody waits for its leases
/// to end, and says how much that was. Only for whoever starts again under the
/// name of a worker that is certainly dead.
///
/// # Errors
/// When the database refuses.
pub fn take_back(connection: &mut Connection, queue: &str, owner: &str) -> Result<usize, RepositoryError> {
    let held = work_item::table.filter(work_item::queue.eq(queue)).filter(work_item::lease_owner.eq(owner));
    let freed = diesel::update(held)
        .set((
            work_item::fence.eq(work_item::fence + 1),
            work_item::lease_owner.eq(None::<String>),
            work_item::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(connection)?;
    scope::work_enqueued();
    Ok(freed)
}

/// When the next item of the queue can be taken: now or later. None: there is none.
///
/// # Errors
/// When the database fails.
pub fn next_due(connection: &mut Connection, queue: &str) -> Result<Option<DateTime<Utc>>, RepositoryError> {
    let free: Option<NaiveDateTime> = work_item::table
        .filter(work_item::queue.eq(queue).and(work_item::lease_until.is_null()))
        .select(diesel::dsl::min(work_item::due))
        .first(connection)?;
    let held: Option<NaiveDateTime> = work_item::table
        .filter(work_item::queue.eq(queue))
        .select(diesel::dsl::min(work_item::lease_until))
        .first(connection)?;
    Ok(earliest(free, held).map(time::from_column))
}

/// The items of a queue, the earliest due first.
///
/// # Errors
/// When the database fails.
pub fn list(connection: &mut Connection, queue: &str) -> Result<Vec<WorkItem>, RepositoryError> {
    let rows: Vec<Row> = work_item::table
        .filter(work_item::queue.eq(queue))
        .order((work_item::due.asc(), work_item::key.asc()))
        .select(Row::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(Row::into_item).collect())
}

/// The next number of a counter, given with the commit.
pub(crate) fn next_number(connection: &mut Connection, name: &str) -> Result<i64, RepositoryError> {
    diesel::update(counter::table.find(name)).set(counter::value.eq(counter::value + 1)).execute(connection)?;
    Ok(counter::table.find(name).select(counter::value).first(connection)?)
}

fn held(connection: &mut Connection, claim: &Claim) -> Result<Row, RepositoryError> {
    work_item::table
        .find((&claim.queue, &claim.key))
        .filter(work_item::fence.eq(claim.fence).and(work_item::lease_owner.is_not_null()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .ok_or_else(|| {
            RepositoryError::conflict(format!(
                "the lease of {}/{} ended and another worker has taken over",
                claim.queue, claim.key
            ))
        })
}

fn put_back(
    connection: &mut Connection,
    claim: &Claim,
    due: NaiveDateTime,
    attempts: i32,
    error: Option<&str>,
) -> Result<usize, RepositoryError> {
    Ok(diesel::update(work_item::table.find((&claim.queue, &claim.key)))
        .set((
            work_item::due.eq(due),
            work_item::wanted.eq(None::<NaiveDateTime>),
            work_item::lease_owner.eq(None::<String>),
            work_item::lease_until.eq(None::<NaiveDateTime>),
            work_item::attempts.eq(attempts),
            work_item::last_error.eq(error),
        ))
        .execute(connection)?)
}

fn earliest(one: Option<NaiveDateTime>, other: Option<NaiveDateTime>) -> Option<NaiveDateTime> {
    [one, other].into_iter().flatten().min()
}

fn count(attempts: i32) -> u32 {
    u32::try_from(attempts).unwrap_or_default()
}

impl Row {
    fn into_item(self) -> WorkItem {
        let lease = self.lease_owner.zip(self.lease_until);
        WorkItem {
            queue: self.queue,
            key: self.key,
            due: time::from_column(self.due),
            lease: lease.map(|(owner, until)| Lease { owner, until: time::from_column(until) }),
            attempts: count(self.attempts),
            last_error: self.last_error,
        }
    }
}
