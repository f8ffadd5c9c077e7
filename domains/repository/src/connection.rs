//! How a connection to each database is opened, set up, and brought into a transaction.

use crate::{
    any_connection::AnyConnection as Connection,
    database::DatabaseOptions,
    error::{ErrorKind, RepositoryError},
    url::DatabaseUrl,
};
use diesel::{
    Connection as _, ConnectionError,
    connection::{AnsiTransactionManager, SimpleConnection},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// The key of the advisory lock that all writers of one PostgreSQL database take ("hansa").
const WRITE_LOCK: i64 = 0x68_61_6e_73_61;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    /// To write what a failure of power may undo.
    WriteRelaxed,
}

/// Opens and sets up a connection.
pub(crate) fn open(
    url: &DatabaseUrl,
    access: Access,
    options: &DatabaseOptions,
) -> Result<Connection, RepositoryError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            prepare_file(path).map_err(|error| file_error(path, &error, url))?;
            let connection = diesel::SqliteConnection::establish(&url.secret()).map_err(|error| refused(url, error))?;
            set_up_sqlite(Connection::Sqlite(connection), access, options)
        }
        DatabaseUrl::Postgres(address) => {
            let address = with_connect_timeout(address, options);
            let connection = diesel::PgConnection::establish(&address).map_err(|error| refused(url, error))?;
            set_up_postgres(Connection::Postgres(connection), access, options)
        }
    }
}

fn refused(url: &DatabaseUrl, error: ConnectionError) -> RepositoryError {
    match error {
        ConnectionError::CouldntSetupConfiguration(error) => RepositoryError::from(error),
        other => RepositoryError::Unavailable {
            database: url.to_string(),
            reason: other.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
        },
    }
}

fn file_error(path: &Path, error: &std::io::Error, url: &DatabaseUrl) -> RepositoryError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        let folder = path.parent().map(|folder| folder.display().to_string());
        return RepositoryError::Full { folder, source: None };
    }
    RepositoryError::Unavailable { database: url.to_string(), reason: error.to_string() }
}

/// Makes the folder, and the file readable by its owner alone. SQLite gives
/// its write-ahead log the permissions of the file.
fn prepare_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    if !path.exists() {
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    }
    Ok(())
}

fn set_up_sqlite(
    mut connection: Connection,
    access: Access,
    options: &DatabaseOptions,
) -> Result<Connection, RepositoryError> {
    // The timeout comes first: switching to write-ahead logging takes a lock itself.
    connection.batch_execute(&format!("PRAGMA busy_timeout = {};", options.busy_timeout.as_millis()))?;
    // Two that switch a new file at one time would wait for each other: SQLite
    // refuses one at once, whatever the timeout, and that one tries again.
    patiently(options.busy_timeout, || Ok(connection.batch_execute("PRAGMA journal_mode = WAL;")?))?;
    connection.batch_execute(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF;",
    )?;
    if access == Access::WriteRelaxed {
        connection.batch_execute("PRAGMA synchronous = NORMAL;")?;
    }
    if let Some(pages) = options.max_page_count {
        connection.batch_execute(&format!("PRAGMA max_page_count = {pages};"))?;
    }
    if access == Access::Read {
        connection.batch_execute("PRAGMA query_only = ON;")?;
    } else {
        // A writer waits at the begin of its transaction and nowhere else; see `patiently`.
        connection.batch_execute("PRAGMA busy_timeout = 0;")?;
    }
    Ok(connection)
}

fn set_up_postgres(
    mut connection: Connection,
    access: Access,
    options: &DatabaseOptions,
) -> Result<Connection, RepositoryError> {
    connection.batch_execute(&format!(
        "SET application_name = 'hansa'; SET TIME ZONE 'UTC'; SET synchronous_commit = on; \
         SET client_min_messages = warning; SET statement_timeout = {}; SET lock_timeout = {}; \
         SET idle_in_transaction_session_timeout = {};",
        options.statement_timeout.as_millis(),
        options.busy_timeout.as_millis(),
        options.statement_timeout.as_millis().saturating_mul(2),
    ))?;
    if access == Access::WriteRelaxed {
        connection.batch_execute("SET synchronous_commit = off;")?;
    }
    Ok(connection)
}

fn with_connect_timeout(address: &str, options: &DatabaseOptions) -> String {
    if address.contains("connect_timeout=") {
        return address.to_owned();
    }
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}connect_timeout={}", options.connect_timeout.as_secs().max(2))
}

/// Begins a transaction. A writer waits here for its turn: on SQLite for the
/// file's write lock, on PostgreSQL for an advisory lock. So at any time one
/// transaction writes, in both: what it reads cannot change under it, events
/// are committed in the order of their numbers, and writers cannot deadlock.
pub(crate) fn begin(
    connection: &mut Connection,
    access: Access,
    options: &DatabaseOptions,
) -> Result<(), RepositoryError> {
    match connection {
        Connection::Sqlite(sqlite) if access == Access::Read => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?;
        }
        Connection::Sqlite(sqlite) => patiently(options.busy_timeout, || {
            Ok(AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?)
        })?,
        Connection::Postgres(postgres) if access == Access::Read => {
            AnsiTransactionManager::begin_transaction_sql(postgres, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        }
        Connection::Postgres(postgres) => {
            AnsiTransactionManager::begin_transaction_sql(postgres, "BEGIN ISOLATION LEVEL READ COMMITTED")?;
            postgres.batch_execute(&format!("SELECT pg_advisory_xact_lock({WRITE_LOCK})"))?;
        }
    }
    Ok(())
}

/// SQLite's own way of waiting tries ever more rarely, at last ten times a
/// second, and so starves beside a busy writer of another process. Trying
/// evenly every millisecond or so gives each its turn.
fn patiently(
    patience: Duration,
    mut attempt: impl FnMut() -> Result<(), RepositoryError>,
) -> Result<(), RepositoryError> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Busy && begun.elapsed() < patience => {}
            ended => return ended,
        }
        // An uneven step, so as not to fall into step with the other.
        let step = 700 + u64::from(begun.elapsed().subsec_nanos() % 1_000);
        std::thread::sleep(Duration::from_micros(step));
    }
}
