//! The same test on both databases, each time in a database of its own.
//!
//! ```no_run
//! # use hansa_repository::testing::for_each_database;
//! # use hansa_repository::{RepositoryError, event};
//! // In a room: for_each_database(&[crate::MIGRATIONS], async |db| { ... });
//! for_each_database(&[], async |db| {
//!     let last = db.read(event::last_sequence).await.unwrap();
//!     assert_eq!(last, 0);
//! });
//! ```
//!
//! PostgreSQL is started once for each test process, in a temporary folder and
//! on a Unix socket alone, and goes away with the process however that ends.
//! `HANSA_TEST_POSTGRES_URL` names an existing server instead; where neither is
//! to be had the test says so loudly, or fails if `HANSA_TEST_POSTGRES=required`.

#![expect(clippy::expect_used, reason = "a failing set-up fails the test")]
#![allow(clippy::missing_panics_doc, reason = "so does every function here")]

mod ambient;
mod database;
mod postgres;
mod systems;

pub use ambient::{CountedIds, HandClock};
pub use database::{TestDatabase, postgres, sqlite};
pub use systems::{PlainSecrets, systems};

use crate::{Database, Migrations};

/// Runs the test on SQLite and on PostgreSQL.
pub fn for_each_database(migrations: &[Migrations], test: impl AsyncFn(Database)) {
    for_each_test_database(migrations, async |database| test(database.database()).await);
}

/// As [`for_each_database`], for tests that reopen the database or need its address.
pub fn for_each_test_database(migrations: &[Migrations], test: impl AsyncFn(&TestDatabase)) {
    let databases = [Some(sqlite(migrations)), postgres(migrations)];
    for database in databases.into_iter().flatten() {
        // Shown by the test harness when the test fails.
        eprintln!("on {}", database.url());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(test(&database));
    }
}
