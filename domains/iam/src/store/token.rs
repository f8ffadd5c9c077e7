//! Tokens as rows. A token is found by its id, the primary key: what that
//! costs doesn't grow with the number of tokens, revoked or not.

use super::account::{Row as AccountRow, StoredAccount, iam_account};
use crate::token::Token;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, JoinOnDsl as _, OptionalExtension as _, QueryDsl as _, Queryable,
    RunQueryDsl as _, Selectable, SelectableHelper as _,
};
use hansa_ontology::AccountId;
use hansa_repository::{Connection, RepositoryError, json, time};
use uuid::Uuid;

diesel::table! {
    iam_token (id) {
        id -> Text,
        account -> Text,
        name -> Text,
        hash -> Text,
        limits -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        used_at -> Nullable<Timestamp>,
        created_by -> Nullable<Text>,
    }
}
diesel::allow_tables_to_appear_in_same_query!(iam_token, iam_account);

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = iam_token)]
struct Row {
    id: String,
    account: String,
    name: String,
    hash: String,
    limits: String,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    revoked_at: Option<NaiveDateTime>,
    used_at: Option<NaiveDateTime>,
    created_by: Option<String>,
}

impl Row {
    fn into_token(self) -> Result<Token, RepositoryError> {
        Ok(Token {
            id: Uuid::try_parse(&self.id).map_err(|error| RepositoryError::unreadable("token id", &error))?,
            account: self.account.parse().map_err(|error| RepositoryError::unreadable("account id", &error))?,
            name: self.name,
            limits: json::from_column("token limits", &self.limits)?,
            created_at: time::from_column(self.created_at),
            expires_at: time::from_column(self.expires_at),
            revoked_at: self.revoked_at.map(time::from_column),
            used_at: self.used_at.map(time::from_column),
            created_by: self.created_by,
        })
    }
}

pub(crate) fn token_insert(connection: &mut Connection, new: &Token, hash: &str) -> Result<(), RepositoryError> {
    let row = Row {
        id: new.id.to_string(),
        account: new.account.to_string(),
        name: new.name.clone(),
        hash: hash.to_owned(),
        limits: json::to_column("token limits", &new.limits)?,
        created_at: time::to_column(new.created_at),
        expires_at: time::to_column(new.expires_at),
        revoked_at: new.revoked_at.map(time::to_column),
        used_at: None,
        created_by: new.created_by.clone(),
    };
    diesel::insert_into(iam_token::table).values(row).execute(connection)?;
    Ok(())
}

/// A token with the hash of its text and its account.
pub(crate) fn token_with_account(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<(Token, String, StoredAccount)>, RepositoryError> {
    let found: Option<(Row, AccountRow)> = iam_token::table
        .inner_join(iam_account::table.on(iam_account::id.eq(iam_token::account)))
        .filter(iam_token::id.eq(id.to_string()))
        .select((Row::as_select(), AccountRow::as_select()))
        .first(connection)
        .optional()?;
    let read = |(row, account): (Row, AccountRow)| {
        let hash = row.hash.clone();
        Ok((row.into_token()?, hash, account.into_stored()?))
    };
    found.map(read).transpose()
}

/// A token of an account.
pub(crate) fn token_get(
    connection: &mut Connection,
    account: AccountId,
    id: Uuid,
) -> Result<Option<Token>, RepositoryError> {
    let row: Option<Row> = iam_token::table
        .find(id.to_string())
        .filter(iam_token::account.eq(account.to_string()))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(Row::into_token).transpose()
}

/// The newest first; at most `limit`, those made before `before` where that is given.
pub(crate) fn token_list(
    connection: &mut Connection,
    account: AccountId,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Token>, RepositoryError> {
    let mut query = iam_token::table
        .filter(iam_token::account.eq(account.to_string()))
        .select(Row::as_select())
        // Ids sort by the time they were made (RFC 9562, version 7).
        .order(iam_token::id.desc())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(iam_token::id.lt(before.to_string()));
    }
    let rows: Vec<Row> = query.limit(i64::try_from(limit).unwrap_or(i64::MAX)).load(connection)?;
    rows.into_iter().map(Row::into_token).collect()
}

/// How many tokens of an account may still be used.
pub(crate) fn token_count(
    connection: &mut Connection,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<i64, RepositoryError> {
    let count = iam_token::table
        .filter(iam_token::account.eq(account.to_string()))
        .filter(iam_token::revoked_at.is_null())
        .filter(iam_token::expires_at.gt(time::to_column(now)))
        .count()
        .get_result(connection)?;
    Ok(count)
}

pub(crate) fn token_revoke(connection: &mut Connection, id: Uuid, at: DateTime<Utc>) -> Result<(), RepositoryError> {
    diesel::update(iam_token::table.find(id.to_string()))
        .set(iam_token::revoked_at.eq(Some(time::to_column(at))))
        .execute(connection)?;
    Ok(())
}

pub(crate) fn token_revoke_all(
    connection: &mut Connection,
    account: AccountId,
    at: DateTime<Utc>,
) -> Result<usize, RepositoryError> {
    let revoked = diesel::update(iam_token::table.filter(iam_token::account.eq(account.to_string())))
        .filter(iam_token::revoked_at.is_null())
        .set(iam_token::revoked_at.eq(Some(time::to_column(at))))
        .execute(connection)?;
    Ok(revoked)
}

/// Revokes the tokens of an account that somebody made; tells how many.
pub(crate) fn token_revoke_made_by(
    connection: &mut Connection,
    account: AccountId,
    maker: &str,
    at: DateTime<Utc>,
) -> Result<usize, RepositoryError> {
    let revoked = diesel::update(iam_token::table.filter(iam_token::account.eq(account.to_string())))
        .filter(iam_token::created_by.eq(maker))
        .filter(iam_token::revoked_at.is_null())
        .set(iam_token::revoked_at.eq(Some(time::to_column(at))))
        .execute(connection)?;
    Ok(revoked)
}

/// How many tokens of an account that somebody made are not revoked.
pub(crate) fn token_count_made_by(
    connection: &mut Connection,
    account: AccountId,
    maker: &str,
) -> Result<usize, RepositoryError> {
    let count: i64 = iam_token::table
        .filter(iam_token::account.eq(account.to_string()))
        .filter(iam_token::created_by.eq(maker))
        .filter(iam_token::revoked_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(usize::try_from(count).unwrap_or_default())
}

pub(crate) fn token_used(connection: &mut Connection, id: Uuid, at: DateTime<Utc>) -> Result<(), RepositoryError> {
    diesel::update(iam_token::table.find(id.to_string()))
        .set(iam_token::used_at.eq(Some(time::to_column(at))))
        .execute(connection)?;
    Ok(())
}
