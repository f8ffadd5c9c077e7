//! The room's one door. What it does stands in the modules, one
//! `impl FederationManager` in each.

use crate::{FederationError, FederationOptions, exchange, orders, outbox, partners, transport::Transport};
use chrono::{DateTime, Utc};
use hansa_federation::{Did, KeyStore};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
    catalogue::CatalogueService,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What this room builds on.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// The database.
    pub database: Database,
    /// The time.
    pub clock: SharedClock,
    /// New identifiers.
    pub ids: SharedIds,
    /// The catalogue of offers, own and partners'.
    pub catalogue: CatalogueService,
    /// This broker's keys, and with them its DID.
    pub keys: Arc<dyn KeyStore>,
    /// How partners are reached.
    pub transport: Arc<dyn Transport>,
    /// How this room is set up.
    pub options: FederationOptions,
}

/// The Federation Manager. Clones share everything.
#[derive(Debug, Clone)]
pub struct FederationManager {
    pub(crate) inner: Arc<Inner>,
}

/// What clones share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) rooms: Rooms,
    /// What is remembered of partners between calls.
    pub(crate) partners: partners::Memory,
    /// What the exchange remembers between calls.
    pub(crate) exchange: exchange::Memory,
    /// What orders, agreements and their workers remember between calls.
    pub(crate) orders: orders::Memory,
}

impl FederationManager {
    /// The service over these rooms. It does nothing by itself until [`FederationManager::run`].
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        let (partners, exchange) = (partners::Memory::default(), exchange::Memory::default());
        Self { inner: Arc::new(Inner { rooms, partners, exchange, orders: orders::Memory::default() }) }
    }

    /// Does this room's own work (pulling from partners, publishing, sending
    /// what was written down) until the token is cancelled, then ends the calls under way.
    ///
    /// # Errors
    /// When the database can't be used at the start.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), FederationError> {
        tokio::try_join!(exchange::run(self.clone(), shutdown.clone()), outbox::run(self.clone(), shutdown))?;
        Ok(())
    }

    /// How this room is set up.
    #[must_use]
    pub fn options(&self) -> &FederationOptions {
        &self.inner.rooms.options
    }

    /// Who this broker is.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.inner.rooms.keys.did()
    }

    pub(crate) fn keys(&self) -> &dyn KeyStore {
        self.inner.rooms.keys.as_ref()
    }

    pub(crate) fn catalogue(&self) -> &CatalogueService {
        &self.inner.rooms.catalogue
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.rooms.clock.now()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.rooms.database
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        self.inner.rooms.transport.as_ref()
    }
}
