//! One connection type over both databases. It stands alone because the derive
//! needs the name `Connection` for diesel's trait.

/// A connection to either database. Plain diesel DSL works on it, except for
/// ON CONFLICT and the insertion of several rows at once: match on the variant there.
#[derive(diesel::MultiConnection)]
#[expect(missing_docs, reason = "the variants say what they are")]
pub enum AnyConnection {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}
