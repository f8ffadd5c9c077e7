//! This crate's tables: courses and records, what
//! people state, the ledger, invoices. The only module here that knows diesel.

mod breach;
mod course;
mod document;
mod invoice;
mod ledger;
mod tables;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use breach::{breaches_ended, breaches_put, breaches_told};
pub use course::Fault;
pub(crate) use course::{
    courses_forget, courses_get, courses_put, courses_running, courses_to_go_on, faults_list, faults_put,
    lifetimes_list, lifetimes_put,
};
pub(crate) use document::{Document, document_delete, document_get, document_list, document_put};
pub(crate) use invoice::{
    StoredInvoice, invoice_charges, invoice_find, invoice_insert, invoice_list, invoice_of_month, invoice_taken_back,
    next_serial,
};
pub(crate) use ledger::{
    closing_list, closing_put, entries_append, entries_between, entries_of_group, entry_list, trial_balance,
};
pub(crate) use usage::{UsageWindow, projects_used, usage_join, usage_load};

use diesel_migrations::embed_migrations;
use hansa_repository::{Migrations, RepositoryError};

/// This crate's tables.
pub const MIGRATIONS: Migrations = Migrations::split(
    embed_migrations!("migrations/portable"),
    embed_migrations!("migrations/sqlite"),
    embed_migrations!("migrations/postgres"),
);

/// How many rows one statement inserts: PostgreSQL takes 65,535 values at most.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Inserts rows, on PostgreSQL many at once.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        match $connection {
            hansa_repository::Connection::Postgres(postgres) => {
                let mut rows = $rows.into_iter().peekable();
                while rows.peek().is_some() {
                    let some: Vec<_> = rows.by_ref().take(crate::store::ROWS_PER_STATEMENT).collect();
                    diesel::insert_into($table).values(some).execute(postgres)?;
                }
            }
            hansa_repository::Connection::Sqlite(sqlite) => {
                for row in $rows {
                    diesel::insert_into($table).values(row).execute(sqlite)?;
                }
            }
        }
    };
}
use insert_all;

/// A count or a quantity as both databases keep it.
fn small(what: &str, number: u64) -> Result<i64, RepositoryError> {
    i64::try_from(number)
        .ok()
        .ok_or_else(|| RepositoryError::invalid(what, format!("{number} is more than {}; split it", i64::MAX)))
}
