//! Verifying a stored document offline: nothing is fetched, everything needed is in the file.

use crate::{
    FederationError, SignedDocument,
    did::DidDocument,
    document::{self, Verified},
    json,
    keys::KeySet,
    limits,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A document with all that is needed to verify it: what `hansa agreement show` and `offer show` write to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// The document.
    pub document: SignedDocument,
    /// Signatures of others over the same content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countersignatures: Vec<String>,
    /// The signers' DID documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_documents: Vec<DidDocument>,
    /// The signers' keys, as they were pinned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<KeySet>,
    /// Since when the broker that wrote the file has held the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<DateTime<Utc>>,
}

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who signed, with which key, when.
    pub verified: Verified,
    /// The content's media type.
    pub content_type: String,
    /// SHA-256 of the content, base64url.
    pub digest: String,
    /// Whether the key was pinned by the broker that wrote the file, and not only taken from the DID document in it.
    pub pinned: bool,
}

/// Verifies a [`Bundle`]: the document, and every countersignature.
///
/// # Errors
/// [`FederationError::Untrusted`], [`FederationError::UnknownKey`] when the
/// file has no key of a signer; [`FederationError::Invalid`], [`FederationError::TooLarge`].
pub fn verify_file(bytes: &[u8], now: DateTime<Utc>) -> Result<Vec<Finding>, FederationError> {
    bundle_verify(&bundle_read(bytes)?, now)
}

/// As [`verify_file`], by keys that the verifier has from elsewhere: those in
/// the file count for nothing.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_file_by(bytes: &[u8], keys: &[KeySet], now: DateTime<Utc>) -> Result<Vec<Finding>, FederationError> {
    let bundle = Bundle { pinned: keys.to_vec(), did_documents: Vec::new(), ..bundle_read(bytes)? };
    bundle_verify(&bundle, now)
}

/// Reads a [`Bundle`]. Nothing is proved by this.
///
/// # Errors
/// [`FederationError::Invalid`], [`FederationError::TooLarge`].
pub fn bundle_read(bytes: &[u8]) -> Result<Bundle, FederationError> {
    json::read("file", bytes, limits::FILE_BYTES)
}

/// A signer's keys from a file: its DID document, or a set of keys as a bundle has it.
///
/// # Errors
/// [`FederationError::Invalid`], [`FederationError::TooLarge`].
pub fn keys_read(bytes: &[u8]) -> Result<KeySet, FederationError> {
    let document: Result<DidDocument, _> = json::read("keys", bytes, limits::FILE_BYTES);
    document.map_or_else(|_| json::read("keys", bytes, limits::FILE_BYTES), |document| document.keys())
}

fn bundle_verify(bundle: &Bundle, now: DateTime<Utc>) -> Result<Vec<Finding>, FederationError> {
    let known_at = bundle.received_at.map_or(now, |received| received.min(now));
    let mut findings = vec![finding(bundle, &bundle.document, known_at)?];
    for signature in &bundle.countersignatures {
        let document = SignedDocument { signature: signature.clone(), ..bundle.document.clone() };
        findings.push(finding(bundle, &document, known_at)?);
    }
    Ok(findings)
}

fn finding(bundle: &Bundle, document: &SignedDocument, known_at: DateTime<Utc>) -> Result<Finding, FederationError> {
    let key = document.key_id()?;
    let pinned = bundle.pinned.iter().find(|keys| keys.did == *key.did());
    let keys = match pinned {
        Some(keys) => keys.clone(),
        None => {
            let owner = bundle.did_documents.iter().find(|owner| owner.id == *key.did());
            owner.ok_or_else(|| FederationError::UnknownKey { kid: key.to_string() })?.keys()?
        }
    };
    Ok(Finding {
        verified: document::verify(document, &keys, known_at)?,
        content_type: document.content_type.clone(),
        digest: document.digest(),
        pinned: pinned.is_some(),
    })
}
