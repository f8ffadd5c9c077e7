//! Ed25519 keys: what a broker signs with, and what it believes of others.
//!
//! A key is named by a DID URL; ours have the key's thumbprint (RFC 7638) as
//! fragment, so that a name pins its key. What a key is good for depends on
//! two times in its entry, both set once and never moved to later:
//!
//! - `expires`: the end of a rotation's overlap. From then on it signs no
//!   request; documents with an earlier `iat` stay good for ever.
//! - `revoked`: it may be in wrong hands. From then on it signs no request, and
//!   a document counts only where the verifier has held it since before then,
//!   because a thief can write any `iat`.

mod chain;
mod file;

pub use chain::{KeyList, chain_follow};
pub use file::FileKeyStore;

use crate::{
    Did, FederationError, SignedDocument,
    did::{PublicJwk, VerificationMethod},
    json, limits,
};
use async_trait::async_trait;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

/// The name of a key: a DID URL with a fragment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    text: String,
    did: Did,
}

impl KeyId {
    /// Takes `did:web:broker.example#name`; the name has letters, digits, `-`, `.` and `_`.
    ///
    /// # Errors
    /// [`FederationError::Invalid`].
    pub fn new(text: impl Into<String>) -> Result<Self, FederationError> {
        let text = text.into();
        let wrong = || FederationError::invalid("kid", "not a DID URL such as did:web:broker.example#key");
        let (did, name) = text.split_once('#').ok_or_else(wrong)?;
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if name.is_empty() || name.len() > 128 || !letters {
            return Err(wrong());
        }
        let did = Did::new(did)?;
        Ok(Self { text, did })
    }

    /// The name of a key of a DID: its thumbprint.
    ///
    /// # Errors
    /// [`FederationError::Invalid`], never for a thumbprint.
    pub fn of(did: &Did, key: &PublicKey) -> Result<Self, FederationError> {
        Self::new(format!("{did}#{}", key.thumbprint()))
    }

    /// The DID URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whose key it is.
    #[must_use]
    pub const fn did(&self) -> &Did {
        &self.did
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for KeyId {
    type Err = FederationError;
    fn from_str(text: &str) -> Result<Self, FederationError> {
        Self::new(text)
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An Ed25519 public key (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// [`FederationError::Untrusted`] for a point of small order: under such a
    /// key one signature fits many messages, so it proves nothing.
    pub fn new(bytes: [u8; 32]) -> Result<Self, FederationError> {
        if is_small_order(bytes) {
            return Err(FederationError::untrusted("the key is a point of small order; make a new key"));
        }
        Ok(Self(bytes))
    }

    /// Takes a key from a JWK.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] when it is no Ed25519 key of 32 bytes.
    pub fn from_jwk(jwk: &PublicJwk) -> Result<Self, FederationError> {
        if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
            return Err(FederationError::invalid("jwk", "only kty OKP with crv Ed25519 is taken"));
        }
        let bytes = json::decode("jwk.x", &jwk.x)?;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_wrong_length| FederationError::invalid("jwk.x", "an Ed25519 key has 32 bytes"))?;
        Self::new(bytes)
    }

    /// The key as JWK.
    #[must_use]
    pub fn jwk(&self) -> PublicJwk {
        PublicJwk { kty: "OKP".to_owned(), crv: "Ed25519".to_owned(), x: json::encode(&self.0) }
    }

    /// The thumbprint (RFC 7638, RFC 8037 appendix A.3): SHA-256 in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        json::sha256(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, json::encode(&self.0)).as_bytes())
    }

    /// Whether `signature` is this key's over `message` (RFC 8032 section 5.1.7).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", json::encode(&self.0))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.jwk().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_jwk(&PublicJwk::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The eight points of small order in all their encodings, sign bit aside.
fn is_small_order(mut bytes: [u8; 32]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
            0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
            0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    bytes[31] &= 0x7f;
    let [first, middle @ .., last] = bytes;
    // y = 0 and y = 1; y = p - 1, p and p + 1, where p = 2^255 - 19.
    let tiny = first <= 1 && last == 0 && middle.iter().all(|b| *b == 0);
    let near_p = (0xec..=0xee).contains(&first) && last == 0x7f && middle.iter().all(|b| *b == 0xff);
    tiny || near_p || ORDER_8.contains(&bytes)
}

/// A key as its owner publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedKey {
    /// Its name.
    pub id: KeyId,
    /// The key.
    pub public_key: PublicKey,
    /// It may sign requests (while neither expired nor revoked).
    pub authentication: bool,
    /// It may sign documents.
    pub assertion: bool,
    /// The end of its use, see the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// Since when it isn't trusted, see the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<DateTime<Utc>>,
}

impl PublishedKey {
    /// Whether a request that arrives now may be signed by it.
    #[must_use]
    pub fn signs_requests(&self, now: DateTime<Utc>) -> bool {
        self.authentication && self.expires.is_none_or(|end| now < end) && self.revoked.is_none_or(|end| now < end)
    }

    /// Whether a document that says it was signed at `issued_at`, and that the
    /// verifier has held since `known_at`, may be signed by it.
    #[must_use]
    pub fn signs_document(&self, issued_at: DateTime<Utc>, known_at: DateTime<Utc>) -> bool {
        let revoked = self.revoked.is_some_and(|end| known_at >= end || issued_at >= end);
        (self.assertion || self.revoked.is_some()) && self.expires.is_none_or(|end| issued_at < end) && !revoked
    }

    pub(crate) fn method(&self, did: &Did) -> VerificationMethod {
        VerificationMethod {
            id: self.id.to_string(),
            kind: "JsonWebKey".to_owned(),
            controller: did.to_string(),
            public_key_jwk: serde_json::to_value(self.public_key).ok(),
            expires: self.expires,
            revoked: self.revoked,
        }
    }
}

/// The keys of one DID, as read from its document, pinned, or typed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySet {
    /// Whose they are.
    pub did: Did,
    /// The keys, retired ones too.
    pub keys: Vec<PublishedKey>,
}

impl KeySet {
    /// The key of that name.
    ///
    /// # Errors
    /// [`FederationError::Untrusted`] when the name is another's,
    /// [`FederationError::UnknownKey`] when its owner isn't known to have it.
    pub fn find(&self, id: &KeyId) -> Result<&PublishedKey, FederationError> {
        if *id.did() != self.did {
            return Err(FederationError::untrusted(format!("signed by a key of {}, not of {}", id.did(), self.did)));
        }
        let found = self.keys.iter().find(|key| key.id == *id);
        found.ok_or_else(|| FederationError::UnknownKey { kid: id.to_string() })
    }

    /// The thumbprints of the keys that may sign requests now.
    #[must_use]
    pub fn thumbprints(&self, now: DateTime<Utc>) -> Vec<String> {
        self.keys.iter().filter(|key| key.signs_requests(now)).map(|key| key.public_key.thumbprint()).collect()
    }

    /// Refuses sets that can't be told apart or can't be used: a name twice, a
    /// key of another DID, too many, none that may sign requests.
    ///
    /// # Errors
    /// [`FederationError::Untrusted`], [`FederationError::TooLarge`].
    pub fn check(&self) -> Result<(), FederationError> {
        if self.keys.len() > limits::KEYS {
            return Err(FederationError::TooLarge { what: "key list", limit: limits::KEYS, unit: "keys" });
        }
        for (position, key) in self.keys.iter().enumerate() {
            if *key.id.did() != self.did {
                return Err(FederationError::untrusted(format!("{} lists the key {} of another", self.did, key.id)));
            }
            if self.keys.iter().take(position).any(|other| other.id == key.id) {
                return Err(FederationError::untrusted(format!("{} lists the key {} twice", self.did, key.id)));
            }
        }
        if !self.keys.iter().any(|key| key.authentication) {
            return Err(FederationError::untrusted(format!("{} has no Ed25519 key that may sign requests", self.did)));
        }
        Ok(())
    }
}

/// How a key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// How long the new key is published before it signs: partners read it meanwhile.
    pub announce: Duration,
    /// How long the old key stays good for requests after the new one begins to sign.
    pub overlap: Duration,
}

impl Default for Rotation {
    /// The new key signs at once; partners that don't know it read the key list. A day of overlap.
    fn default() -> Self {
        Self { announce: Duration::ZERO, overlap: Duration::from_secs(24 * 60 * 60) }
    }
}

/// Where a broker's own keys are. A file store now; a key management service
/// fits behind the same trait, which is why signing is asynchronous and no
/// method gives a private key away.
#[async_trait]
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// Whose keys they are.
    fn did(&self) -> &Did;

    /// All keys as they are published, retired and revoked ones too.
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when they can't be read.
    fn keys(&self) -> Result<KeySet, FederationError>;

    /// Every key list since the first, oldest first; see [`chain_follow`].
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when they can't be read.
    fn key_lists(&self) -> Result<Vec<SignedDocument>, FederationError>;

    /// The key that signs now.
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when they can't be read, or none is usable.
    fn signer(&self, now: DateTime<Utc>) -> Result<KeyId, FederationError>;

    /// Signs bytes with one of the keys: 64 bytes (RFC 8032).
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when it isn't there.
    async fn sign(&self, key: &KeyId, message: &[u8]) -> Result<Vec<u8>, FederationError>;

    /// Makes a new key and lets the others expire; gives the new one's name.
    ///
    /// # Errors
    /// [`FederationError::KeyFile`] when it can't be written.
    async fn rotate(&self, now: DateTime<Utc>, rotation: Rotation) -> Result<KeyId, FederationError>;

    /// Declares a key untrusted from now on, and makes a new one when none is
    /// left; gives the name of the key that signs from now on.
    ///
    /// # Errors
    /// [`FederationError::UnknownKey`] when it isn't one of ours;
    /// [`FederationError::KeyFile`] when it can't be written.
    async fn revoke(&self, key: &KeyId, now: DateTime<Utc>) -> Result<KeyId, FederationError>;
}
