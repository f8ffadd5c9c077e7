//! Systems for tests: credentials that are plain texts.

use crate::{
    Database,
    ambient::{RandomIds, SharedClock, SharedIds},
    system::{SystemSecret, SystemSecrets, Systems},
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Credentials by name, each with its version.
#[derive(Debug, Default)]
pub struct PlainSecrets(Mutex<BTreeMap<String, (i64, String)>>);

impl PlainSecrets {
    /// Sets a credential's secret, and with it another version.
    pub fn set(&self, name: &str, secret: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let version = all.get(name).map_or(1, |(version, _)| version + 1);
        all.insert(name.to_owned(), (version, secret.to_owned()));
    }

    fn get(&self, name: &str) -> Result<(i64, String), String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).cloned().ok_or_else(|| format!("there is no credential `{name}`"))
    }
}

#[async_trait]
impl SystemSecrets for PlainSecrets {
    async fn secret(&self, credential: &str) -> Result<SystemSecret, String> {
        Ok(SystemSecret::new(self.get(credential)?.1.into_bytes()))
    }

    async fn version(&self, credential: &str) -> Result<i64, String> {
        Ok(self.get(credential)?.0)
    }
}

/// The systems of a test's database, opened with these secrets.
pub async fn systems(database: &Database, clock: &SharedClock, secrets: &Arc<PlainSecrets>) -> Systems {
    let ids: SharedIds = Arc::new(RandomIds);
    let secrets: Arc<dyn SystemSecrets> = secrets.clone();
    Systems::open(database.clone(), clock.clone(), &ids, secrets).await.expect("systems")
}
