//! Keys in files: a folder of mode 0700 with one PKCS#8 file of mode 0600 for
//! each private key, and `keys.json`, which says what they are and keeps every
//! key list. A new private key is on the disk before `keys.json` names it, and
//! `keys.json` is replaced in one step, so a broker that is killed at any
//! moment finds either the old state or the new. Brokers that share the folder
//! take turns by a lock and see each other's rotations.

mod disk;

use super::{KeyId, KeyList, KeySet, KeyStore, PublicKey, PublishedKey, Rotation};
use crate::{
    Did, FederationError, SignedDocument,
    document::{self, Draft},
};
use async_trait::async_trait;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use disk::{Folder, Stamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What `keys.json` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Index {
    did: Did,
    keys: Vec<Entry>,
    lists: Vec<SignedDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    /// From when it signs.
    signs_from: DateTime<Utc>,
    #[serde(flatten)]
    key: PublishedKey,
}

impl Index {
    fn key_set(&self) -> KeySet {
        KeySet { did: self.did.clone(), keys: self.keys.iter().map(|entry| entry.key.clone()).collect() }
    }

    /// The newest key that may sign; in a pinch one that is only announced.
    fn signer(&self, now: DateTime<Utc>) -> Option<&Entry> {
        let usable = || self.keys.iter().rev().filter(|entry| entry.key.signs_requests(now));
        usable().find(|entry| entry.signs_from <= now).or_else(|| usable().next())
    }
}

#[derive(Default)]
struct Cache {
    index: Option<(Stamp, Arc<Index>)>,
    pairs: HashMap<KeyId, Arc<Ed25519KeyPair>>,
}

/// Keys in a folder.
pub struct FileKeyStore {
    folder: Folder,
    did: Did,
    cache: Mutex<Cache>,
}

impl FileKeyStore {
    /// Opens the folder of a broker's keys; makes it, and a first key, where there is none.
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when it can't be read or written, when
    /// others may read it, or when it holds the keys of another DID.
    pub fn open(folder: impl Into<PathBuf>, did: Did, now: DateTime<Utc>) -> Result<Self, FederationError> {
        let store = Self { folder: Folder::open(folder.into())?, did, cache: Mutex::default() };
        let _turn = store.folder.lock()?;
        match store.read()? {
            Some(index) if index.did == store.did => {}
            Some(index) => {
                let reason = format!("the keys are of {}, not of {}; name another folder", index.did, store.did);
                return Err(store.folder.wrong(reason));
            }
            None => store.begin(now)?,
        }
        Ok(store)
    }

    fn begin(&self, now: DateTime<Utc>) -> Result<(), FederationError> {
        let first = self.key_make(now)?;
        let signer = first.key.id.clone();
        self.index_write(Index { did: self.did.clone(), keys: vec![first], lists: Vec::new() }, &signer, now)
    }

    fn key_make(&self, signs_from: DateTime<Utc>) -> Result<Entry, FederationError> {
        let pair = Ed25519KeyPair::generate()
            .map_err(|_unspecified| FederationError::Crypto("no Ed25519 key could be made".to_owned()))?;
        let public_key = public_key(&pair)?;
        let id = KeyId::of(&self.did, &public_key)?;
        self.folder.pair_write(&public_key.thumbprint(), &pair)?;
        self.cache().pairs.insert(id.clone(), Arc::new(pair));
        let key = PublishedKey { id, public_key, authentication: true, assertion: true, expires: None, revoked: None };
        Ok(Entry { signs_from, key })
    }

    /// Adds the list of all keys, signed by a key that was good before, and
    /// again by the newest where that is another: whoever comes to know the
    /// newest first, by an invitation, must be able to learn the older ones.
    fn index_write(&self, mut index: Index, before: &KeyId, now: DateTime<Utc>) -> Result<(), FederationError> {
        self.list_add(&mut index, before, now)?;
        let newest = index.keys.iter().rev().find(|entry| entry.key.signs_requests(now));
        let newest = newest.map(|entry| entry.key.id.clone());
        if let Some(newest) = newest.filter(|newest| newest != before) {
            self.list_add(&mut index, &newest, now)?;
        }
        let stamp = self.folder.index_write(&index)?;
        self.cache().index = Some((stamp, Arc::new(index)));
        Ok(())
    }

    fn list_add(&self, index: &mut Index, signer: &KeyId, now: DateTime<Utc>) -> Result<(), FederationError> {
        let sequence = u64::try_from(index.lists.len()).unwrap_or(u64::MAX).saturating_add(1);
        let list = KeyList { did: self.did.clone(), sequence, issued: now, keys: index.key_set().keys };
        let content =
            serde_json::to_string(&list).map_err(|error| FederationError::invalid("key list", error.to_string()))?;
        let draft = Draft::new(signer, document::JSON, content, now)?;
        let signature = self.pair(signer)?.sign(draft.input());
        index.lists.push(draft.signed(signature.as_ref()));
        Ok(())
    }

    fn read(&self) -> Result<Option<Arc<Index>>, FederationError> {
        let Some(stamp) = self.folder.index_stamp()? else { return Ok(None) };
        if let Some((known, index)) = &self.cache().index
            && *known == stamp
        {
            return Ok(Some(Arc::clone(index)));
        }
        let index: Arc<Index> = Arc::new(self.folder.index_read()?);
        self.cache().index = Some((stamp, Arc::clone(&index)));
        Ok(Some(index))
    }

    fn index(&self) -> Result<Arc<Index>, FederationError> {
        self.read()?.ok_or_else(|| self.folder.wrong("keys.json is gone; put it back from a backup".to_owned()))
    }

    fn pair(&self, id: &KeyId) -> Result<Arc<Ed25519KeyPair>, FederationError> {
        if let Some(pair) = self.cache().pairs.get(id) {
            return Ok(Arc::clone(pair));
        }
        let index = self.index()?;
        let entry = index.keys.iter().find(|entry| entry.key.id == *id);
        let key = &entry.ok_or_else(|| FederationError::UnknownKey { kid: id.to_string() })?.key;
        let pair = Arc::new(self.folder.pair_read(&key.public_key.thumbprint())?);
        if public_key(&pair)? != key.public_key {
            return Err(self.folder.wrong(format!("the file of {id} holds another key; put it back from a backup")));
        }
        self.cache().pairs.insert(id.clone(), Arc::clone(&pair));
        Ok(pair)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Nothing in it is ever half changed.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn public_key(pair: &Ed25519KeyPair) -> Result<PublicKey, FederationError> {
    let bytes = <[u8; 32]>::try_from(pair.public_key().as_ref())
        .map_err(|_wrong_length| FederationError::Crypto("an Ed25519 key has not 32 bytes".to_owned()))?;
    PublicKey::new(bytes)
}

fn seconds(duration: std::time::Duration) -> chrono::TimeDelta {
    chrono::TimeDelta::try_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
        .unwrap_or(chrono::TimeDelta::MAX)
}

#[async_trait]
impl KeyStore for FileKeyStore {
    fn did(&self) -> &Did {
        &self.did
    }

    fn keys(&self) -> Result<KeySet, FederationError> {
        Ok(self.index()?.key_set())
    }

    fn key_lists(&self) -> Result<Vec<SignedDocument>, FederationError> {
        Ok(self.index()?.lists.clone())
    }

    fn signer(&self, now: DateTime<Utc>) -> Result<KeyId, FederationError> {
        let index = self.index()?;
        let signer = index.signer(now).map(|entry| entry.key.id.clone());
        signer.ok_or_else(|| self.folder.wrong("every key is retired; rotate".to_owned()))
    }

    async fn sign(&self, key: &KeyId, message: &[u8]) -> Result<Vec<u8>, FederationError> {
        Ok(self.pair(key)?.sign(message).as_ref().to_vec())
    }

    async fn rotate(&self, now: DateTime<Utc>, rotation: Rotation) -> Result<KeyId, FederationError> {
        let _turn = self.folder.lock()?;
        let mut index = self.index()?.as_ref().clone();
        let before = index.signer(now).map(|entry| entry.key.id.clone());
        let starts = now.checked_add_signed(seconds(rotation.announce)).unwrap_or(now);
        let ends = starts.checked_add_signed(seconds(rotation.overlap)).unwrap_or(starts);
        for entry in &mut index.keys {
            entry.key.expires = Some(entry.key.expires.map_or(ends, |earlier| earlier.min(ends)));
        }
        let new = self.key_make(starts)?;
        let id = new.key.id.clone();
        index.keys.push(new);
        self.index_write(index, before.as_ref().unwrap_or(&id), now)?;
        Ok(id)
    }

    async fn revoke(&self, key: &KeyId, now: DateTime<Utc>) -> Result<KeyId, FederationError> {
        let _turn = self.folder.lock()?;
        let mut index = self.index()?.as_ref().clone();
        let entry = index.keys.iter_mut().find(|entry| entry.key.id == *key);
        let entry = entry.ok_or_else(|| FederationError::UnknownKey { kid: key.to_string() })?;
        if entry.key.revoked.is_none() {
            entry.key.revoked = Some(now);
            (entry.key.authentication, entry.key.assertion) = (false, false);
            // Signed by another key where one is left: the one that is given up has no word any more.
            let other = index.signer(now).map(|entry| entry.key.id.clone());
            if other.is_none() {
                index.keys.push(self.key_make(now)?);
            }
            self.index_write(index, other.as_ref().unwrap_or(key), now)?;
        }
        self.signer(now)
    }
}

impl fmt::Debug for FileKeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKeyStore").field("folder", &self.folder).field("did", &self.did).finish_non_exhaustive()
    }
}
