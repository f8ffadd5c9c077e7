//! Logins under way as rows.

use crate::oidc::Attempt;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _,
};
use hansa_repository::{Connection, RepositoryError, time};

diesel::table! {
    iam_login_attempt (state) {
        state -> Text,
        browser -> Text,
        issuer -> Text,
        nonce -> Text,
        verifier -> Text,
        return_to -> Text,
        expires_at -> Timestamp,
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = iam_login_attempt)]
struct Row {
    state: String,
    browser: String,
    issuer: String,
    nonce: String,
    verifier: String,
    return_to: String,
    expires_at: NaiveDateTime,
}

pub(crate) fn attempt_insert(connection: &mut Connection, new: &Attempt) -> Result<(), RepositoryError> {
    let row = Row {
        state: new.state.clone(),
        browser: new.browser.clone(),
        issuer: new.issuer.clone(),
        nonce: new.nonce.clone(),
        verifier: new.verifier.reveal().to_owned(),
        return_to: new.return_to.clone(),
        expires_at: time::to_column(new.expires_at),
    };
    diesel::insert_into(iam_login_attempt::table).values(row).execute(connection)?;
    Ok(())
}

pub(crate) fn attempt_get(connection: &mut Connection, state: &str) -> Result<Option<Attempt>, RepositoryError> {
    let row: Option<Row> =
        iam_login_attempt::table.find(state).select(Row::as_select()).first(connection).optional()?;
    Ok(row.map(|row| Attempt {
        state: row.state,
        browser: row.browser,
        issuer: row.issuer,
        nonce: row.nonce,
        verifier: crate::Secret::new(row.verifier),
        return_to: row.return_to,
        expires_at: time::from_column(row.expires_at),
    }))
}

pub(crate) fn attempt_delete(connection: &mut Connection, state: &str) -> Result<(), RepositoryError> {
    diesel::delete(iam_login_attempt::table.find(state)).execute(connection)?;
    Ok(())
}

/// Forgets what has expired, and the oldest where there are more than `most`.
pub(crate) fn attempt_prune(connection: &mut Connection, now: DateTime<Utc>, most: i64) -> Result<(), RepositoryError> {
    let expired = iam_login_attempt::expires_at.le(time::to_column(now));
    diesel::delete(iam_login_attempt::table.filter(expired)).execute(connection)?;
    let kept: Option<NaiveDateTime> = iam_login_attempt::table
        .order(iam_login_attempt::expires_at.desc())
        .offset(most)
        .select(iam_login_attempt::expires_at)
        .first(connection)
        .optional()?;
    if let Some(oldest) = kept {
        let older = iam_login_attempt::expires_at.le(oldest);
        diesel::delete(iam_login_attempt::table.filter(older)).execute(connection)?;
    }
    Ok(())
}
