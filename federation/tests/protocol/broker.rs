//! A broker of a test: a DID, and real keys in a folder of its own.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{Did, FileKeyStore, KeySet, KeyStore};
use std::sync::Arc;
use tempfile::TempDir;

/// A Saturday noon, to the second.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).unwrap()
}

/// So many seconds after noon.
pub(crate) fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub(crate) struct Broker {
    pub(crate) did: Did,
    pub(crate) store: Arc<FileKeyStore>,
    pub(crate) folder: TempDir,
}

impl Broker {
    pub(crate) fn new(did: &str) -> Self {
        let did = Did::new(did).unwrap();
        let folder = TempDir::new().unwrap();
        let store = Arc::new(FileKeyStore::open(folder.path().join("keys"), did.clone(), noon()).unwrap());
        Self { did, store, folder }
    }

    pub(crate) fn keys(&self) -> KeySet {
        self.store.keys().unwrap()
    }
}

/// Runs a future to its end.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
