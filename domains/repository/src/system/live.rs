//! Connectors that are in use: one for each system, made when it is first
//! asked for and made anew when the system or its credential has changed.

use super::{SystemConnection, SystemError, SystemErrorKind, Systems};
use crate::error::RepositoryError;
use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Mutex as Gate;

/// So long a failure to connect is what all hear who ask for the same.
const HEARD: Duration = Duration::from_millis(500);

/// A connector on its way.
pub type Connecting<C> = Pin<Box<dyn Future<Output = Result<Arc<C>, SystemError>> + Send>>;

/// A kind of system that a layer can speak to: its registration.
pub struct Kind<C: ?Sized> {
    /// Its name, as owners write it: `kubernetes`.
    pub name: &'static str,
    /// Makes a connector. It may look whether the connection can work at all,
    /// and makes nothing in the system.
    pub connect: fn(SystemConnection) -> Connecting<C>,
}

impl<C: ?Sized> fmt::Debug for Kind<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// The connectors of one layer. Clones share everything.
pub struct LiveConnectors<C: ?Sized + 'static> {
    systems: Systems,
    kinds: &'static [Kind<C>],
    live: Arc<Mutex<BTreeMap<String, Live<C>>>>,
    /// One at a time connects to a system; hundreds may ask for it at once.
    gates: Arc<Mutex<Gates>>,
}

/// By system: who holds it connects, and finds what connecting came to last.
type Gates = BTreeMap<String, Arc<Gate<Option<Failure>>>>;

/// What connecting came to last.
struct Failure {
    version: (i64, i64),
    at: Instant,
    error: SystemError,
}

struct Live<C: ?Sized> {
    /// Versions of the system and of its credential.
    version: (i64, i64),
    connector: Arc<C>,
}

impl<C: ?Sized> Clone for LiveConnectors<C> {
    fn clone(&self) -> Self {
        Self {
            systems: self.systems.clone(),
            kinds: self.kinds,
            live: Arc::clone(&self.live),
            gates: Arc::clone(&self.gates),
        }
    }
}

impl<C: ?Sized> fmt::Debug for LiveConnectors<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveConnectors").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl<C: ?Sized> LiveConnectors<C> {
    /// The connectors of these kinds, over these systems.
    #[must_use]
    pub fn new(systems: Systems, kinds: &'static [Kind<C>]) -> Self {
        Self { systems, kinds, live: Arc::default(), gates: Arc::default() }
    }

    /// Whether this layer speaks to systems of that kind.
    #[must_use]
    pub fn speaks(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known.name == kind)
    }

    /// The kinds to which it speaks.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + use<C> {
        self.kinds.iter().map(|kind| kind.name)
    }

    /// The systems to which it speaks, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&self) -> Result<Vec<String>, RepositoryError> {
        let all = self.systems.system_list().await?;
        Ok(all.into_iter().filter(|system| self.speaks(&system.kind)).map(|system| system.name).collect())
    }

    /// The connector of a system that is connected.
    ///
    /// # Errors
    /// `NotFound` when there is no such system; `Unsupported` when this layer
    /// does not speak to its kind; what making the connector says.
    pub async fn get(&self, name: &str) -> Result<Arc<C>, SystemError> {
        let (_, version) = self.systems.versions(name).await?;
        self.current(name, version).await
    }

    /// The same; None when this layer does not speak to its kind.
    ///
    /// # Errors
    /// `NotFound` when there is no such system; what making the connector says.
    pub async fn find(&self, name: &str) -> Result<Option<Arc<C>>, SystemError> {
        let (kind, version) = self.systems.versions(name).await?;
        if self.speaks(&kind) { self.current(name, version).await.map(Some) } else { Ok(None) }
    }

    async fn current(&self, name: &str, version: (i64, i64)) -> Result<Arc<C>, SystemError> {
        if let Some(known) = self.known(name, version) {
            return Ok(known);
        }
        let gate = Arc::clone(self.gates().entry(name.to_owned()).or_default());
        let mut failed = gate.lock().await;
        if let Some(known) = self.known(name, version) {
            return Ok(known);
        }
        if let Some(failure) = failed.as_ref().filter(|it| it.version == version && it.at.elapsed() < HEARD) {
            return Err(failure.error.clone());
        }
        match self.connected(name).await {
            Ok(connector) => {
                *failed = None;
                self.table().insert(name.to_owned(), Live { version, connector: Arc::clone(&connector) });
                Ok(connector)
            }
            Err(error) => {
                *failed = Some(Failure { version, at: Instant::now(), error: error.clone() });
                Err(error)
            }
        }
    }

    async fn connected(&self, name: &str) -> Result<Arc<C>, SystemError> {
        self.connect(self.systems.connection(name).await?).await
    }

    fn known(&self, name: &str, version: (i64, i64)) -> Option<Arc<C>> {
        self.table().get(name).filter(|live| live.version == version).map(|live| Arc::clone(&live.connector))
    }

    /// A connector for a system that need not be connected yet: to test it.
    ///
    /// # Errors
    /// `Unsupported` when this layer does not speak to its kind; what making the connector says.
    pub async fn connect(&self, connection: SystemConnection) -> Result<Arc<C>, SystemError> {
        let kind = self.kinds.iter().find(|known| known.name == connection.system.kind).ok_or_else(|| SystemError {
            system: connection.system.name.clone(),
            kind: SystemErrorKind::Unsupported,
            action: format!("speak to a system of the kind `{}`", connection.system.kind),
            said: String::new(),
            remedy: format!("name one of: {}", self.kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")),
        })?;
        (kind.connect)(connection).await
    }

    fn gates(&self) -> MutexGuard<'_, Gates> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Live<C>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
