//! Series of intensity, price and generation as rows, one for each month.

use super::tables::sustainability_series;
use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use hansa_repository::{Connection, RepositoryError, json};
use std::collections::BTreeSet;

/// Which series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// `intensity`, `price`, `generation`.
    pub(crate) kind: String,
    /// The zone; of generation the site.
    pub(crate) zone: String,
    /// How it was determined, in which currency.
    pub(crate) variant: String,
}

/// A month of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Its begin in seconds since 1970.
    pub(crate) month: i64,
    /// Seconds of a step.
    pub(crate) step: i64,
    /// Who says so.
    pub(crate) source: String,
    /// From the month's begin on; none where nothing is known.
    pub(crate) values: Vec<Option<i64>>,
}

type Columns = (i64, i64, String, String);

fn read((month, step, source, body): Columns) -> Result<Chunk, RepositoryError> {
    Ok(Chunk { month, step, source, values: json::from_column("values of a series", &body)? })
}

/// Writes a month in the place of what was there.
pub(crate) fn chunk_put(connection: &mut Connection, key: &Key, chunk: &Chunk) -> Result<(), RepositoryError> {
    let row = sustainability_series::table.find((&key.kind, &key.zone, &key.variant, chunk.month));
    diesel::delete(row).execute(connection)?;
    diesel::insert_into(sustainability_series::table)
        .values((
            sustainability_series::kind.eq(&key.kind),
            sustainability_series::zone.eq(&key.zone),
            sustainability_series::variant.eq(&key.variant),
            sustainability_series::month.eq(chunk.month),
            sustainability_series::step.eq(chunk.step),
            sustainability_series::source.eq(&chunk.source),
            sustainability_series::body.eq(json::to_column("values of a series", &chunk.values)?),
        ))
        .execute(connection)?;
    Ok(())
}

/// The months of a series that begin in a time, in its order.
pub(crate) fn chunk_load(
    connection: &mut Connection,
    key: &Key,
    (from, to): (i64, i64),
) -> Result<Vec<Chunk>, RepositoryError> {
    let rows: Vec<Columns> = sustainability_series::table
        .filter(sustainability_series::kind.eq(&key.kind))
        .filter(sustainability_series::zone.eq(&key.zone))
        .filter(sustainability_series::variant.eq(&key.variant))
        .filter(sustainability_series::month.between(from, to))
        .order(sustainability_series::month)
        .select((
            sustainability_series::month,
            sustainability_series::step,
            sustainability_series::source,
            sustainability_series::body,
        ))
        .load(connection)?;
    rows.into_iter().map(read).collect()
}

/// Forgets a series; whether it was there.
pub(crate) fn chunk_delete(connection: &mut Connection, key: &Key) -> Result<bool, RepositoryError> {
    let rows = sustainability_series::table
        .filter(sustainability_series::kind.eq(&key.kind))
        .filter(sustainability_series::zone.eq(&key.zone))
        .filter(sustainability_series::variant.eq(&key.variant));
    Ok(diesel::delete(rows).execute(connection)? > 0)
}

/// The series there are, each with its first and its last month.
pub(crate) fn chunk_list(connection: &mut Connection) -> Result<Vec<(Key, Chunk, Chunk)>, RepositoryError> {
    let keys: Vec<(String, String, String)> = sustainability_series::table
        .select((sustainability_series::kind, sustainability_series::zone, sustainability_series::variant))
        .distinct()
        .order((sustainability_series::kind, sustainability_series::zone, sustainability_series::variant))
        .load(connection)?;
    let mut found = Vec::new();
    for (kind, zone, variant) in keys {
        let key = Key { kind, zone, variant };
        if let (Some(first), Some(last)) = (end(connection, &key, true)?, end(connection, &key, false)?) {
            found.push((key, first, last));
        }
    }
    Ok(found)
}

fn end(connection: &mut Connection, key: &Key, first: bool) -> Result<Option<Chunk>, RepositoryError> {
    let query = sustainability_series::table
        .filter(sustainability_series::kind.eq(&key.kind))
        .filter(sustainability_series::zone.eq(&key.zone))
        .filter(sustainability_series::variant.eq(&key.variant))
        .select((
            sustainability_series::month,
            sustainability_series::step,
            sustainability_series::source,
            sustainability_series::body,
        ))
        .into_boxed();
    let query = match first {
        true => query.order(sustainability_series::month.asc()),
        false => query.order(sustainability_series::month.desc()),
    };
    let row: Option<Columns> = query.first(connection).optional()?;
    row.map(read).transpose()
}

/// The zones of which there is a series of a kind.
pub(crate) fn zones(connection: &mut Connection, kind: &str) -> Result<BTreeSet<String>, RepositoryError> {
    let zones: Vec<String> = sustainability_series::table
        .filter(sustainability_series::kind.eq(kind))
        .select(sustainability_series::zone)
        .distinct()
        .load(connection)?;
    Ok(zones.into_iter().collect())
}
