//! Very many rows at once, for measuring what they cost.

use diesel::{RunQueryDsl as _, sql_types::Text};
use hansa_ontology::AccountId;
use hansa_repository::{Connection, RepositoryError};

/// Fills in revoked tokens of an account.
pub(crate) fn revoked_tokens(
    connection: &mut Connection,
    account: AccountId,
    count: u32,
) -> Result<usize, RepositoryError> {
    let account = account.to_string();
    let columns = "id, account, name, hash, limits, created_at, expires_at, revoked_at";
    let limits = r#"'{"actions":null,"projects":null}'"#;
    let times = "'2026-01-01 00:00:00', '2027-01-01 00:00:00', '2026-02-01 00:00:00'";
    let inserted = match connection {
        Connection::Postgres(postgres) => diesel::sql_query(format!(
            "INSERT INTO iam_token ({columns}) SELECT gen_random_uuid()::text, $1, 'old', repeat(md5(i::text), 2), \
             {limits}, {} FROM generate_series(1, {count}) AS i",
            times.replace("',", "'::timestamp,")
        ))
        .bind::<Text, _>(account)
        .execute(postgres)?,
        Connection::Sqlite(sqlite) => diesel::sql_query(format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}), \
             r(h) AS (SELECT lower(hex(randomblob(16))) FROM n) \
             INSERT INTO iam_token ({columns}) SELECT substr(h,1,8)||'-'||substr(h,9,4)||'-'||substr(h,13,4)||'-'||\
             substr(h,17,4)||'-'||substr(h,21), $1, 'old', h||h, {limits}, {times} FROM r"
        ))
        .bind::<Text, _>(account)
        .execute(sqlite)?,
    };
    Ok(inserted)
}
