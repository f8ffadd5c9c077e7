//! This crate's tables: the courses of machines, readings, what each hour drew,
//! series, limits. The only module here that knows diesel.

mod cell;
mod limit;
mod machine;
mod series;
mod tables;

pub(crate) use cell::{Cells, Window, cells_add, cells_load};
pub(crate) use limit::{Stored, limit_delete, limit_list, limit_put, limit_told};
pub(crate) use machine::{
    Machines, Reading, ReadingKind, machines_due, machines_first, machines_get, machines_open, machines_put,
    readings_forget, readings_get, readings_put, workloads_get, workloads_put,
};
pub(crate) use series::{Chunk, Key, chunk_delete, chunk_list, chunk_load, chunk_put, zones};

use diesel_migrations::embed_migrations;
use hansa_repository::{Migrations, RepositoryError};

/// This crate's tables.
pub const MIGRATIONS: Migrations = Migrations::portable(embed_migrations!("migrations"));

/// How many names one statement asks for.
const AT_ONCE: usize = 500;

/// A whole number as both databases keep it.
fn small(what: &str, number: i128) -> Result<i64, RepositoryError> {
    i64::try_from(number)
        .ok()
        .ok_or_else(|| RepositoryError::invalid(what, format!("{number} is more than {}; split it", i64::MAX)))
}

/// Forgets all that was counted, as if nobody had followed the log yet.
#[cfg(test)]
pub(crate) fn testing_forget(connection: &mut hansa_repository::Connection) -> Result<(), RepositoryError> {
    use diesel::RunQueryDsl as _;
    for table in ["sustainability_machine", "sustainability_workload", "sustainability_cell", "follower"] {
        diesel::sql_query(format!("DELETE FROM {table}")).execute(connection)?;
    }
    Ok(())
}
