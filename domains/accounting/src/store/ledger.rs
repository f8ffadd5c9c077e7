//! The ledger as rows: entries are only added.

use super::{
    insert_all,
    tables::{accounting_closing, accounting_entry, accounting_posting},
};
use crate::ledger::{Balance, Closing, Entry, LedgerAccount, TrialBalance};
use chrono::NaiveDate;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, QueryableByName, RunQueryDsl as _, dsl,
    sql_query,
    sql_types::{BigInt, Text},
};
use hansa_repository::{Connection, RepositoryError, json, text};

#[derive(Insertable)]
#[diesel(table_name = accounting_entry)]
struct EntryRow {
    place: i64,
    id: String,
    day: String,
    entry_group: String,
    about: String,
    body: String,
}

#[derive(Insertable)]
#[diesel(table_name = accounting_posting)]
struct PostingRow {
    entry: i64,
    side: i32,
    account: String,
    currency: String,
    day: String,
    debit: i64,
    credit: i64,
}

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    debit: i64,
    #[diesel(sql_type = BigInt)]
    credit: i64,
}

fn entries(bodies: Vec<String>) -> Result<Vec<Entry>, RepositoryError> {
    bodies.iter().map(|body| json::from_column("entry of the ledger", body)).collect()
}

/// Adds entries after all that are there.
pub(crate) fn entries_append(connection: &mut Connection, new: &[Entry]) -> Result<(), RepositoryError> {
    let last: Option<i64> = accounting_entry::table.select(dsl::max(accounting_entry::place)).first(connection)?;
    let (mut entries, mut postings) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len() * 2));
    for (place, entry) in (last.unwrap_or_default() + 1..).zip(new) {
        entries.push(EntryRow {
            place,
            id: entry.id().to_owned(),
            day: entry.day().to_string(),
            entry_group: entry.group().to_owned(),
            about: entry.about().to_owned(),
            body: json::to_column("entry of the ledger", entry)?,
        });
        for (side, posting) in (0..).zip(entry.postings()) {
            postings.push(PostingRow {
                entry: place,
                side,
                account: json::to_column("account of the ledger", &posting.account)?,
                currency: posting.currency.to_string(),
                day: entry.day().to_string(),
                debit: posting.micros.max(0),
                credit: posting.micros.min(0).saturating_neg(),
            });
        }
    }
    insert_all!(connection, accounting_entry::table, entries);
    insert_all!(connection, accounting_posting::table, postings);
    Ok(())
}

/// The entries of a group, in the order in which they were booked.
pub(crate) fn entries_of_group(connection: &mut Connection, group: &str) -> Result<Vec<Entry>, RepositoryError> {
    let bodies = accounting_entry::table
        .filter(accounting_entry::entry_group.eq(group))
        .order(accounting_entry::place)
        .select(accounting_entry::body)
        .load(connection)?;
    entries(bodies)
}

/// The entries of some days.
pub(crate) fn entries_between(
    connection: &mut Connection,
    after: Option<NaiveDate>,
    through: NaiveDate,
) -> Result<Vec<Entry>, RepositoryError> {
    let after = after.map(|day| day.to_string()).unwrap_or_default();
    let bodies = accounting_entry::table
        .filter(accounting_entry::day.gt(after))
        .filter(accounting_entry::day.le(through.to_string()))
        .select(accounting_entry::body)
        .load(connection)?;
    entries(bodies)
}

/// Entries in the order in which they were booked, after a place.
pub(crate) fn entry_list(
    connection: &mut Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Entry)>, RepositoryError> {
    let rows: Vec<(i64, String)> = accounting_entry::table
        .filter(accounting_entry::place.gt(after))
        .order(accounting_entry::place)
        .limit(limit)
        .select((accounting_entry::place, accounting_entry::body))
        .load(connection)?;
    rows.into_iter().map(|(place, body)| Ok((place, json::from_column("entry of the ledger", &body)?))).collect()
}

/// The closed periods in order.
pub(crate) fn closing_list(connection: &mut Connection) -> Result<Vec<Closing>, RepositoryError> {
    let rows: Vec<(String, i64, String)> =
        accounting_closing::table.order(accounting_closing::through).load(connection)?;
    let closing = |(through, entries, digest): (String, i64, String)| {
        let through = text::from_column("last day of a closed period", &through)?;
        Ok(Closing { through, entries: usize::try_from(entries).unwrap_or_default(), digest })
    };
    rows.into_iter().map(closing).collect()
}

pub(crate) fn closing_put(connection: &mut Connection, closing: &Closing) -> Result<(), RepositoryError> {
    let there: Option<String> = accounting_closing::table
        .find(closing.through.to_string())
        .select(accounting_closing::digest)
        .first(connection)
        .optional()?;
    if there.is_some() {
        return Err(RepositoryError::conflict(format!("the books are closed through {} already", closing.through)));
    }
    diesel::insert_into(accounting_closing::table)
        .values((
            accounting_closing::through.eq(closing.through.to_string()),
            accounting_closing::entries.eq(i64::try_from(closing.entries).unwrap_or(i64::MAX)),
            accounting_closing::digest.eq(&closing.digest),
        ))
        .execute(connection)?;
    Ok(())
}

/// Debits and credits of every account, added up by the database.
pub(crate) fn trial_balance(
    connection: &mut Connection,
    through: Option<NaiveDate>,
) -> Result<TrialBalance, RepositoryError> {
    const SUMS: &str = "SELECT account, currency, CAST(SUM(debit) AS BIGINT) AS debit, \
         CAST(SUM(credit) AS BIGINT) AS credit FROM accounting_posting WHERE day <= ";
    let through = through.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
    let group = "GROUP BY account, currency";
    let rows: Vec<BalanceRow> = match connection {
        Connection::Postgres(postgres) => {
            sql_query(format!("{SUMS} $1 {group}")).bind::<Text, _>(through).load(postgres)?
        }
        Connection::Sqlite(sqlite) => sql_query(format!("{SUMS} ? {group}")).bind::<Text, _>(through).load(sqlite)?,
    };
    rows.into_iter()
        .map(|row| {
            let account: LedgerAccount = json::from_column("account of the ledger", &row.account)?;
            let currency = text::from_column("currency of the ledger", &row.currency)?;
            Ok(((account, currency), Balance { debit: row.debit, credit: row.credit }))
        })
        .collect()
}
