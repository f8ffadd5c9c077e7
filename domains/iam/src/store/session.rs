//! Sessions as rows.

use super::account::{Row as AccountRow, StoredAccount, iam_account};
use crate::session::Session;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, JoinOnDsl as _, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::AccountId;
use hansa_repository::{Connection, RepositoryError, time};
use uuid::Uuid;

diesel::table! {
    iam_session (id) {
        id -> Text,
        hash -> Text,
        account -> Text,
        issuer -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        agent -> Nullable<Text>,
        address -> Nullable<Text>,
    }
}
diesel::allow_tables_to_appear_in_same_query!(iam_session, iam_account);

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = iam_session)]
struct Row {
    id: String,
    hash: String,
    account: String,
    issuer: String,
    created_at: NaiveDateTime,
    seen_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    agent: Option<String>,
    address: Option<String>,
}

impl Row {
    fn into_session(self) -> Result<Session, RepositoryError> {
        Ok(Session {
            id: Uuid::try_parse(&self.id).map_err(|error| RepositoryError::unreadable("session id", &error))?,
            account: self.account.parse().map_err(|error| RepositoryError::unreadable("account id", &error))?,
            issuer: self.issuer,
            created_at: time::from_column(self.created_at),
            seen_at: time::from_column(self.seen_at),
            expires_at: time::from_column(self.expires_at),
            agent: self.agent,
            address: self.address,
        })
    }
}

pub(crate) fn session_insert(connection: &mut Connection, new: &Session, hash: &str) -> Result<(), RepositoryError> {
    let row = Row {
        id: new.id.to_string(),
        hash: hash.to_owned(),
        account: new.account.to_string(),
        issuer: new.issuer.clone(),
        created_at: time::to_column(new.created_at),
        seen_at: time::to_column(new.seen_at),
        expires_at: time::to_column(new.expires_at),
        agent: new.agent.clone(),
        address: new.address.clone(),
    };
    diesel::insert_into(iam_session::table).values(row).execute(connection)?;
    Ok(())
}

/// The session whose cookie has this hash, with its account.
pub(crate) fn session_by_hash(
    connection: &mut Connection,
    hash: &str,
) -> Result<Option<(Session, StoredAccount)>, RepositoryError> {
    let found: Option<(Row, AccountRow)> = iam_session::table
        .inner_join(iam_account::table.on(iam_account::id.eq(iam_session::account)))
        .filter(iam_session::hash.eq(hash))
        .select((Row::as_select(), AccountRow::as_select()))
        .first(connection)
        .optional()?;
    found.map(|(session, account)| Ok((session.into_session()?, account.into_stored()?))).transpose()
}

pub(crate) fn session_seen(connection: &mut Connection, id: Uuid, at: DateTime<Utc>) -> Result<(), RepositoryError> {
    diesel::update(iam_session::table.find(id.to_string()))
        .set(iam_session::seen_at.eq(time::to_column(at)))
        .execute(connection)?;
    Ok(())
}

/// The newest first.
pub(crate) fn session_list(connection: &mut Connection, account: AccountId) -> Result<Vec<Session>, RepositoryError> {
    let rows: Vec<Row> = iam_session::table
        .filter(iam_session::account.eq(account.to_string()))
        .order((iam_session::created_at.desc(), iam_session::id.desc()))
        .limit(200)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_session).collect()
}

/// Ends one session of an account; tells whether there was one.
pub(crate) fn session_delete(
    connection: &mut Connection,
    account: AccountId,
    id: Uuid,
) -> Result<bool, RepositoryError> {
    let ended = diesel::delete(iam_session::table.find(id.to_string()))
        .filter(iam_session::account.eq(account.to_string()))
        .execute(connection)?;
    Ok(ended > 0)
}

pub(crate) fn session_delete_by_hash(connection: &mut Connection, hash: &str) -> Result<(), RepositoryError> {
    diesel::delete(iam_session::table.filter(iam_session::hash.eq(hash))).execute(connection)?;
    Ok(())
}

/// Ends every session of an account, but for one where that is given.
pub(crate) fn session_delete_all(
    connection: &mut Connection,
    account: AccountId,
    but: Option<Uuid>,
) -> Result<usize, RepositoryError> {
    let kept = but.map(|id| id.to_string()).unwrap_or_default();
    let ended = diesel::delete(iam_session::table.filter(iam_session::account.eq(account.to_string())))
        .filter(iam_session::id.ne(kept))
        .execute(connection)?;
    Ok(ended)
}

/// Forgets what has expired.
pub(crate) fn session_prune(connection: &mut Connection, now: DateTime<Utc>) -> Result<(), RepositoryError> {
    diesel::delete(iam_session::table.filter(iam_session::expires_at.le(time::to_column(now)))).execute(connection)?;
    Ok(())
}
