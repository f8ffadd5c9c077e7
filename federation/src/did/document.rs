//! A DID document: which keys a broker has, and where it is spoken to.
//!
//! Written in the words of DID Core 1.0 and of Controlled Identifiers 1.0
//! (`JsonWebKey`, `expires`, `revoked`). Read leniently where others may have
//! more than we know (other kinds of keys, other services), strictly where
//! trust hangs on it (names, owners, Ed25519, a bound on everything).

use super::Did;
use crate::{
    AddressGuard, FederationError, json,
    keys::{KeyId, KeySet, PublicKey, PublishedKey},
    limits,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// The type of the service that says where the broker's base URL is.
pub const SERVICE_BROKER: &str = "HansaBroker";
/// The type of the Dataspace Protocol's catalogue service (DSP 2025-1, "The well-known version metadata", DID service).
pub const SERVICE_CATALOG: &str = "CatalogService";

/// A broker's DID document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidDocument {
    /// `https://www.w3.org/ns/did/v1` first.
    #[serde(rename = "@context")]
    pub context: Value,
    /// The DID that it speaks of.
    pub id: Did,
    /// The keys, retired ones too.
    #[serde(default)]
    pub verification_method: Vec<VerificationMethod>,
    /// Keys that sign requests: references, or methods of their own, which are not read.
    #[serde(default)]
    pub authentication: Vec<Value>,
    /// Keys that sign documents.
    #[serde(default)]
    pub assertion_method: Vec<Value>,
    /// Where the broker is spoken to.
    #[serde(default)]
    pub service: Vec<Service>,
}

/// A key of a DID document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
    /// Its DID URL: `did:web:broker.example#thumbprint`, or `#thumbprint`.
    pub id: String,
    /// `JsonWebKey` (or the older `JsonWebKey2020`). Others are not read.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose it is.
    pub controller: String,
    /// The key (RFC 8037).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key_jwk: Option<Value>,
    /// When it ceases to be used; what it signed before stays good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// Since when it can't be trusted any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<DateTime<Utc>>,
}

/// A service of a DID document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its DID URL.
    pub id: String,
    /// What it is: [`SERVICE_BROKER`], [`SERVICE_CATALOG`].
    #[serde(rename = "type")]
    pub kind: Value,
    /// Its URL.
    pub service_endpoint: Value,
}

/// An Ed25519 key as JWK (RFC 8037 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The 32 bytes of the key, base64url.
    pub x: String,
}

impl DidDocument {
    /// The document of a broker: its keys, and its base URL, under which
    /// `/federation/v1` and `/dsp/2025-1` are.
    #[must_use]
    pub fn new(keys: &KeySet, base: &Url) -> Self {
        let base = base.as_str().trim_end_matches('/');
        let reference = |wanted: fn(&PublishedKey) -> bool| {
            keys.keys.iter().filter(|key| wanted(key)).map(|key| key.id.as_str().into()).collect()
        };
        let service = |name: &str, kind: &str, endpoint: String| Service {
            id: format!("{}#{name}", keys.did),
            kind: kind.into(),
            service_endpoint: endpoint.into(),
        };
        Self {
            context: serde_json::json!(["https://www.w3.org/ns/did/v1", "https://www.w3.org/ns/cid/v1"]),
            id: keys.did.clone(),
            verification_method: keys.keys.iter().map(|key| key.method(&keys.did)).collect(),
            authentication: reference(|key| key.authentication && key.revoked.is_none()),
            assertion_method: reference(|key| key.revoked.is_none()),
            service: vec![
                service("broker", SERVICE_BROKER, base.to_owned()),
                service("catalog", SERVICE_CATALOG, format!("{base}/dsp/2025-1/catalog")),
            ],
        }
    }

    /// Reads the document of `did` and checks it: at most
    /// [`limits::DID_DOCUMENT_BYTES`], no key twice in an object, it names
    /// `did` and no other, has an Ed25519 key, and all its services' addresses
    /// pass the guard.
    ///
    /// # Errors
    /// [`FederationError::TooLarge`], [`FederationError::Invalid`],
    /// [`FederationError::Untrusted`], [`FederationError::Address`].
    pub fn read(bytes: &[u8], did: &Did, guard: &AddressGuard) -> Result<Self, FederationError> {
        let document: Self = json::read("DID document", bytes, limits::DID_DOCUMENT_BYTES)?;
        if document.id != *did {
            return Err(FederationError::untrusted(format!("the DID document of {did} speaks of {}", document.id)));
        }
        document.keys()?;
        for service in &document.service {
            if let Some(endpoint) = service.service_endpoint.as_str() {
                let url = Url::parse(endpoint)
                    .map_err(|error| FederationError::invalid("serviceEndpoint", format!("`{endpoint}`: {error}")))?;
                guard.url_check(&url)?;
            }
        }
        Ok(document)
    }

    /// The Ed25519 keys in it.
    ///
    /// # Errors
    /// [`FederationError::Untrusted`] when a key belongs to another DID, when
    /// two have one name, or when none is there that may sign requests;
    /// [`FederationError::TooLarge`] with more than [`limits::KEYS`].
    pub fn keys(&self) -> Result<KeySet, FederationError> {
        if self.verification_method.len() > limits::KEYS {
            return Err(FederationError::TooLarge { what: "DID document", limit: limits::KEYS, unit: "keys" });
        }
        let mut keys = Vec::new();
        for method in &self.verification_method {
            if let Some(key) = self.key(method)? {
                keys.push(key);
            }
        }
        let set = KeySet { did: self.id.clone(), keys };
        set.check()?;
        Ok(set)
    }

    /// The base URL of the broker: the endpoint of its service [`SERVICE_BROKER`].
    #[must_use]
    pub fn endpoint(&self) -> Option<Url> {
        let broker = self.service.iter().find(|service| service.kind == SERVICE_BROKER)?;
        broker.service_endpoint.as_str().and_then(|endpoint| Url::parse(endpoint).ok())
    }

    fn key(&self, method: &VerificationMethod) -> Result<Option<PublishedKey>, FederationError> {
        if !matches!(method.kind.as_str(), "JsonWebKey" | "JsonWebKey2020") {
            return Ok(None);
        }
        let Some(jwk) = method.public_key_jwk.as_ref().filter(|jwk| jwk.get("kty").is_some_and(|kty| kty == "OKP"))
        else {
            return Ok(None);
        };
        if jwk.get("d").is_some() {
            return Err(FederationError::untrusted(format!("the DID document of {} publishes a private key", self.id)));
        }
        let jwk: PublicJwk = serde_json::from_value(jwk.clone())
            .map_err(|error| FederationError::invalid("publicKeyJwk", error.to_string()))?;
        if jwk.crv != "Ed25519" {
            return Ok(None);
        }
        if method.controller != self.id.as_str() {
            return Err(FederationError::untrusted(format!(
                "the key {} in the DID document of {} belongs to {}",
                method.id, self.id, method.controller
            )));
        }
        let id = self.absolute(&method.id)?;
        let named = |list: &[Value]| {
            list.iter().filter_map(Value::as_str).any(|name| self.absolute(name).is_ok_and(|name| name == id))
        };
        Ok(Some(PublishedKey {
            authentication: named(&self.authentication),
            assertion: named(&self.assertion_method),
            public_key: PublicKey::from_jwk(&jwk)?,
            expires: method.expires,
            revoked: method.revoked,
            id,
        }))
    }

    fn absolute(&self, name: &str) -> Result<KeyId, FederationError> {
        let text = if name.starts_with('#') { format!("{}{name}", self.id) } else { name.to_owned() };
        let id = KeyId::new(text)?;
        if *id.did() == self.id {
            Ok(id)
        } else {
            Err(FederationError::untrusted(format!("the DID document of {} names the key {id} of another", self.id)))
        }
    }
}
