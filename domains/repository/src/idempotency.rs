//! Idempotency keys: the same request with the same key is carried out once
//! and answered alike each time (draft-ietf-httpapi-idempotency-key-header).
//!
//! Best is `begin`, the change and `finish` in one transaction: then a crash
//! leaves either all of it or none. Where the work takes longer, a `begin`
//! without `finish` keeps others out for [`ABANDONED_AFTER`].

use crate::{Connection, error::RepositoryError, json, schema::idempotency_key, time};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_ontology::Actor;
use serde::{Deserialize, Serialize};

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// After this time a request that never finished counts as abandoned.
pub const ABANDONED_AFTER: TimeDelta = TimeDelta::minutes(2);
/// The longest key, in bytes.
pub const LONGEST_KEY: usize = 255;

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Carry it out, then call [`finish`].
    New,
    /// Give this answer again.
    Replay(StoredAnswer),
    /// Refuse it: the key was used for another request.
    Mismatch,
    /// Refuse it for now: the same request is being carried out.
    InFlight,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers that belong to the answer, such as Location.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = idempotency_key)]
struct Row {
    actor: String,
    key: String,
    digest: String,
    begun_at: NaiveDateTime,
    status: Option<i32>,
    headers: Option<String>,
    body: Option<String>,
}

/// Says what to do with a request. `digest` stands for its method, path and body.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when the key is empty or too long.
pub fn begin(
    connection: &mut Connection,
    actor: &Actor,
    key: &str,
    digest: &str,
    now: DateTime<Utc>,
) -> Result<Begin, RepositoryError> {
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(RepositoryError::invalid("Idempotency-Key", format!("must have 1 to {LONGEST_KEY} bytes")));
    }
    let actor = json::to_column("actor", actor)?;
    let stored: Option<Row> =
        idempotency_key::table.find((&actor, key)).select(Row::as_select()).first(connection).optional()?;
    if let Some(row) = stored {
        let age = now - time::from_column(row.begun_at);
        let limit = if row.status.is_some() { KEPT_FOR } else { ABANDONED_AFTER };
        if age < limit {
            return row.answer(digest);
        }
        diesel::delete(idempotency_key::table.find((&actor, key))).execute(connection)?;
    }
    let row = Row {
        actor,
        key: key.to_owned(),
        digest: digest.to_owned(),
        begun_at: time::to_column(now),
        status: None,
        headers: None,
        body: None,
    };
    diesel::insert_into(idempotency_key::table).values(row).execute(connection)?;
    Ok(Begin::New)
}

/// Keeps the answer.
///
/// # Errors
/// [`crate::ErrorKind::NotFound`] when the request was never begun or has expired.
pub fn finish(
    connection: &mut Connection,
    actor: &Actor,
    key: &str,
    answer: &StoredAnswer,
) -> Result<(), RepositoryError> {
    let actor = json::to_column("actor", actor)?;
    let changed = diesel::update(idempotency_key::table.find((&actor, key)))
        .set((
            idempotency_key::status.eq(Some(i32::from(answer.status))),
            idempotency_key::headers.eq(Some(json::to_column("headers", &answer.headers)?)),
            idempotency_key::body.eq(Some(&answer.body)),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Err(RepositoryError::NotFound("a begun request with this Idempotency-Key".to_owned()));
    }
    Ok(())
}

/// Forgets a request that failed before it changed anything, so that it can be tried again.
///
/// # Errors
/// When the database refuses.
pub fn forget(connection: &mut Connection, actor: &Actor, key: &str) -> Result<(), RepositoryError> {
    let actor = json::to_column("actor", actor)?;
    diesel::delete(idempotency_key::table.find((&actor, key))).execute(connection)?;
    Ok(())
}

/// Removes what is no longer kept and says how much that was.
///
/// # Errors
/// When the database refuses.
pub fn expire(connection: &mut Connection, now: DateTime<Utc>) -> Result<usize, RepositoryError> {
    let old = time::to_column(now - KEPT_FOR);
    Ok(diesel::delete(idempotency_key::table.filter(idempotency_key::begun_at.le(old))).execute(connection)?)
}

impl Row {
    fn answer(self, digest: &str) -> Result<Begin, RepositoryError> {
        if self.digest != digest {
            return Ok(Begin::Mismatch);
        }
        let (Some(status), Some(headers), Some(body)) = (self.status, self.headers, self.body) else {
            return Ok(Begin::InFlight);
        };
        Ok(Begin::Replay(StoredAnswer {
            status: u16::try_from(status).map_err(|error| RepositoryError::unreadable("status", &error))?,
            headers: json::from_column("headers", &headers)?,
            body,
        }))
    }
}
