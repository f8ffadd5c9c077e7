//! Invoices and credit notes as rows, with the charges that they rest on.

use super::{
    insert_all,
    tables::{accounting_charge, accounting_invoice},
};
use crate::price::Charge;
use diesel::{
    ExpressionMethods as _, Insertable, OptionalExtension as _, QueryDsl as _, Queryable, RunQueryDsl as _, dsl,
};
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_repository::{Connection, RepositoryError, json};

/// An invoice or a credit note with its place in its series.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable)]
#[diesel(table_name = accounting_invoice)]
pub(crate) struct StoredInvoice {
    pub(crate) number: String,
    pub(crate) series: String,
    pub(crate) year: i32,
    pub(crate) serial: i64,
    pub(crate) project: String,
    pub(crate) month: String,
    /// Whether it is a credit note.
    pub(crate) credit: bool,
    /// Whether a credit note has taken it back.
    pub(crate) taken_back: bool,
    /// The canonical bytes.
    pub(crate) document: String,
}

#[derive(Insertable)]
#[diesel(table_name = accounting_charge)]
struct ChargeRow {
    invoice: String,
    place: i64,
    body: String,
}

/// The next number of a series in a year. Whoever takes it must issue the
/// document in the same transaction: nobody else writes meanwhile.
pub(crate) fn next_serial(connection: &mut Connection, series: &str, year: i32) -> Result<i64, RepositoryError> {
    let last: Option<i64> = accounting_invoice::table
        .filter(accounting_invoice::series.eq(series))
        .filter(accounting_invoice::year.eq(year))
        .select(dsl::max(accounting_invoice::serial))
        .first(connection)?;
    Ok(last.unwrap_or_default() + 1)
}

/// Writes down a document and the charges that it rests on.
pub(crate) fn invoice_insert(
    connection: &mut Connection,
    invoice: StoredInvoice,
    charges: &[Charge],
) -> Result<(), RepositoryError> {
    let row = |(place, charge)| {
        let body = json::to_column("charge", charge)?;
        Ok(ChargeRow { invoice: invoice.number.clone(), place, body })
    };
    let rows = (0_i64..).zip(charges).map(row).collect::<Result<Vec<_>, RepositoryError>>()?;
    insert_all!(connection, accounting_charge::table, rows);
    diesel::insert_into(accounting_invoice::table).values(invoice).execute(connection)?;
    Ok(())
}

/// One document.
pub(crate) fn invoice_find(
    connection: &mut Connection,
    number: &str,
) -> Result<Option<StoredInvoice>, RepositoryError> {
    Ok(accounting_invoice::table.find(number).first(connection).optional()?)
}

/// The invoice of a project's month that no credit note has taken back.
pub(crate) fn invoice_of_month(
    connection: &mut Connection,
    project: &ProjectId,
    month: &str,
) -> Result<Option<StoredInvoice>, RepositoryError> {
    Ok(accounting_invoice::table
        .filter(accounting_invoice::project.eq(project.as_str()))
        .filter(accounting_invoice::month.eq(month))
        .filter(accounting_invoice::credit.eq(false))
        .filter(accounting_invoice::taken_back.eq(false))
        .first(connection)
        .optional()?)
}

/// Marks an invoice as taken back; whether it was not before.
pub(crate) fn invoice_taken_back(connection: &mut Connection, number: &str) -> Result<bool, RepositoryError> {
    let valid = accounting_invoice::table
        .filter(accounting_invoice::number.eq(number))
        .filter(accounting_invoice::taken_back.eq(false));
    Ok(diesel::update(valid).set(accounting_invoice::taken_back.eq(true)).execute(connection)? > 0)
}

/// Documents by number, after the last one of the page before.
pub(crate) fn invoice_list(
    connection: &mut Connection,
    scope: &ProjectScope,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<StoredInvoice>, RepositoryError> {
    let mut query = accounting_invoice::table.into_boxed();
    if let ProjectScope::Only(projects) = scope {
        let names: Vec<String> = projects.iter().map(ToString::to_string).collect();
        query = query.filter(accounting_invoice::project.eq_any(names));
    }
    if let Some(after) = after {
        query = query.filter(accounting_invoice::number.gt(after.to_owned()));
    }
    Ok(query.order(accounting_invoice::number).limit(limit).load(connection)?)
}

/// What an invoice rests on.
pub(crate) fn invoice_charges(connection: &mut Connection, number: &str) -> Result<Vec<Charge>, RepositoryError> {
    let bodies: Vec<String> = accounting_charge::table
        .filter(accounting_charge::invoice.eq(number))
        .order(accounting_charge::place)
        .select(accounting_charge::body)
        .load(connection)?;
    bodies.iter().map(|body| json::from_column("charge", body)).collect()
}
