//! The database: readers side by side, writers one after the other.

use crate::{
    Connection,
    connection::{self, Access},
    error::RepositoryError,
    migration::{self, Migrations},
    request,
    scope::{self, Scope},
    url::DatabaseUrl,
};
use diesel::connection::{SimpleConnection as _, TransactionManager};
use std::{
    convert::Infallible,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

type Transactions = <Connection as diesel::Connection>::TransactionManager;

/// How the database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseOptions {
    /// How long a writer waits for another process's lock.
    pub busy_timeout: Duration,
    /// How long a call waits for its turn among the calls of this process.
    pub queue_timeout: Duration,
    /// How long connecting to a server may take; whole seconds, at least 2.
    pub connect_timeout: Duration,
    /// How long one statement may take. PostgreSQL only.
    pub statement_timeout: Duration,
    /// How many calls may read at one time.
    pub readers: usize,
    /// The most pages of 4 KiB that the file may have; None: what the disk gives. SQLite only.
    pub max_page_count: Option<u32>,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(10),
            queue_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
            readers: 4,
            max_page_count: None,
        }
    }
}

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    options: DatabaseOptions,
    /// Whoever holds the permit writes; tokio's semaphore is fair, so writers
    /// take turns instead of racing for the lock.
    writer: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    idle_writer: Mutex<Vec<Connection>>,
    idle_relaxed_writer: Mutex<Vec<Connection>>,
    idle_readers: Mutex<Vec<Connection>>,
    events: watch::Sender<i64>,
    work: watch::Sender<u64>,
}

/// What a transaction gave that is rolled back.
struct Rehearsed<T, E>(Result<T, E>);

impl<T, E: From<RepositoryError>> From<RepositoryError> for Rehearsed<T, E> {
    fn from(error: RepositoryError) -> Self {
        Self(Err(error.into()))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url", &self.inner.url).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database and runs the repository's migrations and the rooms'.
    /// Blocks until that is done: call it at the start.
    ///
    /// # Errors
    /// When it cannot be reached, is locked, damaged, full, or from a newer Hansa.
    pub fn open(url: &DatabaseUrl, migrations: &[Migrations]) -> Result<Self, RepositoryError> {
        Self::open_with(url, migrations, DatabaseOptions::default())
    }

    /// [`Database::open`] with options.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with(
        url: &DatabaseUrl,
        migrations: &[Migrations],
        options: DatabaseOptions,
    ) -> Result<Self, RepositoryError> {
        let inner = Inner {
            writer: Arc::new(Semaphore::new(1)),
            readers: Arc::new(Semaphore::new(options.readers.max(1))),
            idle_writer: Mutex::default(),
            idle_relaxed_writer: Mutex::default(),
            idle_readers: Mutex::default(),
            events: watch::Sender::new(0),
            work: watch::Sender::new(0),
            url: url.clone(),
            options,
        };
        let rooms: Vec<&Migrations> = std::iter::once(&crate::MIGRATIONS).chain(migrations).collect();
        let last_event = inner.run(Access::Write, None, |connection| {
            migration::run(connection, &rooms)?;
            crate::event::last_sequence(connection)
        })?;
        inner.events.send_replace(last_event);
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which database this is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Reads: `f` sees one state of the database throughout and cannot write.
    ///
    /// # Errors
    /// What `f` returns, or that the database cannot be used.
    pub async fn read<T, E>(&self, f: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<RepositoryError> + Send + 'static,
    {
        self.call(Access::Read, f).await
    }

    /// Writes: `f` is one transaction, committed durably when it returns `Ok`
    /// and rolled back when it returns `Err` or panics. No other transaction
    /// writes meanwhile, in this process or another, so keep outside calls out of it.
    /// Once begun it ends, even when the future is dropped.
    ///
    /// # Errors
    /// What `f` returns, or that the database cannot be used.
    pub async fn write<T, E>(&self, f: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<RepositoryError> + Send + 'static,
    {
        self.call(Access::Write, f).await
    }

    /// What [`Database::write`] would give: whatever comes of `f`, nothing of it is kept.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn rehearse<T, E>(&self, f: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<RepositoryError> + Send + 'static,
    {
        let rehearsed = self.write(move |connection| Err::<Infallible, _>(Rehearsed(f(connection)))).await;
        match rehearsed {
            Err(Rehearsed(result)) => result,
            Ok(never) => match never {},
        }
    }

    /// [`Database::write`] for what may be forgotten when the power fails, and
    /// only then: whose turn it is, when something is looked at again. A killed
    /// process loses nothing. It waits for no disk, which makes it some ten
    /// times as fast; the next durable write makes it durable too.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn write_relaxed<T, E>(
        &self,
        f: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<RepositoryError> + Send + 'static,
    {
        self.call(Access::WriteRelaxed, f).await
    }

    /// Carries the number of the last event that this process knows to be
    /// committed. Events of other processes do not wake it: poll for those.
    #[must_use]
    pub fn event_signal(&self) -> watch::Receiver<i64> {
        self.inner.events.subscribe()
    }

    /// Changes whenever this process has committed new work. Work of other
    /// processes does not wake it: poll for that.
    #[must_use]
    pub fn work_signal(&self) -> watch::Receiver<u64> {
        self.inner.work.subscribe()
    }

    async fn call<T, E>(
        &self,
        access: Access,
        f: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<RepositoryError> + Send + 'static,
    {
        let turns = Arc::clone(match access {
            Access::Read => &self.inner.readers,
            Access::Write | Access::WriteRelaxed => &self.inner.writer,
        });
        let turn = tokio::time::timeout(self.inner.options.queue_timeout, turns.acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(RepositoryError::Busy(None).into());
        };
        let inner = Arc::clone(&self.inner);
        let request = request::current();
        let done = tokio::task::spawn_blocking(move || {
            let result = inner.run(access, request, f);
            drop(turn);
            result
        });
        match done.await {
            Ok(result) => result,
            Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
            Err(_) => Err(RepositoryError::Unavailable {
                database: self.inner.url.to_string(),
                reason: "the program is shutting down".to_owned(),
            }
            .into()),
        }
    }
}

impl Inner {
    /// One transaction on this thread.
    fn run<T, E: From<RepositoryError>>(
        &self,
        access: Access,
        request: Option<Uuid>,
        f: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        scope::enter(Scope { request, ..self.scope() });
        let mut connection = self.begin(access)?;
        // A panic in `f` drops the connection, which rolls back.
        let result = f(&mut connection);
        let result = match result {
            Ok(value) => commit(&mut connection, access).map(|()| value).map_err(E::from),
            Err(error) => {
                if let Err(failure) = Transactions::rollback_transaction(&mut connection) {
                    tracing::debug!(error = %failure, "rollback failed; the connection is closed, which rolls back too");
                    scope::leave();
                    return Err(error);
                }
                Err(error)
            }
        };
        let scope = scope::leave();
        if result.is_ok() {
            self.tell(&scope);
        }
        self.put_back(access, connection);
        result
    }

    fn scope(&self) -> Scope {
        let folder = match &self.url {
            DatabaseUrl::Sqlite(path) => {
                Some(path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf())
            }
            DatabaseUrl::Postgres(_) => None,
        };
        Scope { database: self.url.to_string(), folder, ..Scope::default() }
    }

    /// A connection within a transaction. A connection that has lain idle may
    /// have died with its server, which shows at the begin: then a new one is opened.
    fn begin(&self, access: Access) -> Result<Connection, RepositoryError> {
        loop {
            // A statement of its own, so that the list is unlocked again before the wait.
            let idle = self.idle(access).pop();
            let Some(mut connection) = idle else { break };
            match connection::begin(&mut connection, access, &self.options) {
                Ok(()) => return Ok(connection),
                Err(error) if error.kind() == crate::ErrorKind::Busy => {
                    self.roll_back_and_keep(access, connection);
                    return Err(error);
                }
                Err(error) => {
                    tracing::debug!(%error, "an idle connection has died; opening another")
                }
            }
        }
        let mut connection = connection::open(&self.url, access, &self.options)?;
        connection::begin(&mut connection, access, &self.options)?;
        Ok(connection)
    }

    fn idle(&self, access: Access) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        let idle = match access {
            Access::Read => &self.idle_readers,
            Access::Write => &self.idle_writer,
            Access::WriteRelaxed => &self.idle_relaxed_writer,
        };
        idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, access: Access, mut connection: Connection) {
        let clean = matches!(
            <Transactions as TransactionManager<Connection>>::transaction_manager_status_mut(&mut connection)
                .transaction_depth(),
            Ok(None)
        );
        if clean {
            self.idle(access).push(connection);
        }
    }

    /// On PostgreSQL the lock is waited for within the transaction, which then has to end.
    fn roll_back_and_keep(&self, access: Access, mut connection: Connection) {
        if matches!(connection, Connection::Postgres(_)) && Transactions::rollback_transaction(&mut connection).is_err()
        {
            return;
        }
        self.put_back(access, connection);
    }

    fn tell(&self, scope: &Scope) {
        if let Some(sequence) = scope.last_event {
            self.events.send_if_modified(|last| {
                let newer = sequence > *last;
                *last = sequence.max(*last);
                newer
            });
        }
        if scope.work {
            self.work.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

/// PostgreSQL answers COMMIT in a failed transaction with a mere rollback and
/// no error. A caller that swallowed the failure would take that for success.
fn commit(connection: &mut Connection, access: Access) -> Result<(), RepositoryError> {
    if access != Access::Read
        && let Connection::Postgres(postgres) = connection
        && let Err(error) = postgres.batch_execute("SELECT 1")
    {
        Transactions::rollback_transaction(connection)?;
        return Err(error.into());
    }
    Ok(Transactions::commit_transaction(connection)?)
}
