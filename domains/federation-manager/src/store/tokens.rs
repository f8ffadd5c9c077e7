//! Tokens that were seen, so that none is taken twice, also after a restart.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_repository::{Connection, RepositoryError, time};

diesel::table! {
    federation_token_seen (issuer, jti) {
        issuer -> Text,
        jti -> Text,
        expires_at -> Timestamp,
    }
}

/// Notes a token. False: it was seen before.
pub(crate) fn note(
    connection: &mut Connection,
    issuer: &str,
    jti: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, RepositoryError> {
    let seen: Option<NaiveDateTime> = federation_token_seen::table
        .find((issuer, jti))
        .select(federation_token_seen::expires_at)
        .first(connection)
        .optional()?;
    if seen.is_some() {
        return Ok(false);
    }
    diesel::insert_into(federation_token_seen::table)
        .values((
            federation_token_seen::issuer.eq(issuer),
            federation_token_seen::jti.eq(jti),
            federation_token_seen::expires_at.eq(time::to_column(expires_at)),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Forgets tokens that are refused by their time.
pub(crate) fn forget(connection: &mut Connection, now: DateTime<Utc>) -> Result<usize, RepositoryError> {
    let old = federation_token_seen::table.filter(federation_token_seen::expires_at.lt(time::to_column(now)));
    Ok(diesel::delete(old).execute(connection)?)
}
