//! Two brokers with keys that everybody knows, so that others can check their code against the examples.

use async_trait::async_trait;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{
    Did, FederationError, KeyId, KeySet, KeyStore, SignedDocument, document,
    keys::{KeyList, PublicKey, PublishedKey, Rotation},
};
use serde::Serialize;

/// A Saturday noon.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).unwrap()
}

pub(crate) fn minutes(count: i64) -> DateTime<Utc> {
    noon() + TimeDelta::minutes(count)
}

#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) did: Did,
    pair: Ed25519KeyPair,
}

/// The seller: its private key (RFC 8032) is 32 bytes of 1.
pub(crate) fn north() -> Signer {
    Signer::new("did:web:north.example", [1; 32])
}

/// The buyer: its private key is 32 bytes of 2.
pub(crate) fn south() -> Signer {
    Signer::new("did:web:south.example%3A8443:broker", [2; 32])
}

impl Signer {
    fn new(did: &str, seed: [u8; 32]) -> Self {
        Self { did: Did::new(did).unwrap(), pair: Ed25519KeyPair::from_seed_unchecked(&seed).unwrap() }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::new(self.pair.public_key().as_ref().try_into().unwrap()).unwrap()
    }

    pub(crate) fn key_set(&self) -> KeySet {
        let public_key = self.public_key();
        let id = KeyId::of(&self.did, &public_key).unwrap();
        let key = PublishedKey { id, public_key, authentication: true, assertion: true, expires: None, revoked: None };
        KeySet { did: self.did.clone(), keys: vec![key] }
    }

    pub(crate) fn signed(&self, content_type: &str, content: &str) -> SignedDocument {
        run(document::sign(self, content_type, content, noon())).unwrap()
    }

    pub(crate) fn signed_json(&self, value: &(impl Serialize + Sync)) -> SignedDocument {
        run(document::sign_json(self, value, noon())).unwrap()
    }
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[async_trait]
impl KeyStore for Signer {
    fn did(&self) -> &Did {
        &self.did
    }

    fn keys(&self) -> Result<KeySet, FederationError> {
        Ok(self.key_set())
    }

    fn key_lists(&self) -> Result<Vec<SignedDocument>, FederationError> {
        let list = KeyList { did: self.did.clone(), sequence: 1, issued: noon(), keys: self.key_set().keys };
        Ok(vec![self.signed_json(&list)])
    }

    fn signer(&self, _now: DateTime<Utc>) -> Result<KeyId, FederationError> {
        Ok(self.key_set().keys[0].id.clone())
    }

    async fn sign(&self, _key: &KeyId, message: &[u8]) -> Result<Vec<u8>, FederationError> {
        Ok(self.pair.sign(message).as_ref().to_vec())
    }

    async fn rotate(&self, _now: DateTime<Utc>, _rotation: Rotation) -> Result<KeyId, FederationError> {
        unreachable!("examples don't rotate")
    }

    async fn revoke(&self, _key: &KeyId, _now: DateTime<Utc>) -> Result<KeyId, FederationError> {
        unreachable!("examples don't revoke")
    }
}
