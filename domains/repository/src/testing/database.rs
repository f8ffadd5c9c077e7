//! A database that belongs to one test.

use super::postgres as server;
use crate::{Database, DatabaseOptions, DatabaseUrl, Migrations, RepositoryError};
use diesel::{Connection as _, connection::SimpleConnection as _};
use std::sync::atomic::{AtomicU32, Ordering};

/// A database that belongs to one test and goes away with it.
#[derive(Debug)]
pub struct TestDatabase {
    database: Option<Database>,
    url: DatabaseUrl,
    /// Keeps the SQLite file's folder.
    folder: Option<tempfile::TempDir>,
    /// Server and name of a PostgreSQL database to drop.
    drop: Option<(String, String)>,
}

impl TestDatabase {
    /// The open database.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database.clone().expect("open until dropped")
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The folder of the file. SQLite only.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }

    /// Ends every connection to it, as a restart of the server would.
    /// PostgreSQL only; elsewhere nothing happens.
    pub fn break_connections(&self) {
        let Some((server, name)) = &self.drop else {
            return;
        };
        let ends = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let mut connection = diesel::PgConnection::establish(server).expect("the test server answers");
        connection.batch_execute(&ends).expect("the owner may end connections");
    }

    /// Opens it once more, as another broker process would.
    ///
    /// # Errors
    /// As [`Database::open_with`].
    pub fn reopen(&self, migrations: &[Migrations], options: DatabaseOptions) -> Result<Database, RepositoryError> {
        Database::open_with(&self.url, migrations, options)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        drop(self.database.take());
        if let Some((server, name)) = self.drop.take()
            && let Ok(mut connection) = diesel::PgConnection::establish(&server)
            && let Err(error) = connection.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
        {
            eprintln!("{name} could not be dropped: {error}");
        }
    }
}

/// A SQLite database in a temporary folder.
#[must_use]
pub fn sqlite(migrations: &[Migrations]) -> TestDatabase {
    let folder = tempfile::Builder::new().prefix("hansa-test-").tempdir().expect("a temporary folder");
    let url = DatabaseUrl::sqlite(folder.path().join("hansa.db"));
    let database = Database::open(&url, migrations).expect("a new SQLite database opens");
    TestDatabase { database: Some(database), url, folder: Some(folder), drop: None }
}

/// A PostgreSQL database; None, loudly, where there is no PostgreSQL.
#[must_use]
pub fn postgres(migrations: &[Migrations]) -> Option<TestDatabase> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = server::server()?;
    let name = format!("hansa_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = diesel::PgConnection::establish(&server.url("postgres")).expect("the test server answers");
    connection.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database for the test");
    let url = DatabaseUrl::Postgres(server.url(&name));
    let database = Database::open(&url, migrations).expect("a new PostgreSQL database opens");
    Some(TestDatabase { database: Some(database), url, folder: None, drop: Some((server.url("postgres"), name)) })
}
