//! Signed documents: offers, agreements, capacity and usage as the exact bytes
//! that were signed, with a detached signature (RFC 7515 appendix F). Whoever
//! holds one can store it, pass it on and prove it later.

use crate::{Did, FederationError, KeyId, KeyStore, json, jws, keys::KeySet, limits};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The header's `typ`.
pub const TYPE: &str = "hansa-document+jws";
/// The media type of RDF documents.
pub const TURTLE: &str = "text/turtle";
/// The media type of JSON documents.
pub const JSON: &str = "application/json";

/// A document and its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedDocument {
    /// The content's media type, which is signed too: [`TURTLE`] or [`JSON`].
    pub content_type: String,
    /// The content. Its UTF-8 bytes are what was signed, unchanged.
    pub content: String,
    /// `header..signature`: a JWS whose payload is left out.
    pub signature: String,
}

/// What a good signature proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who signed.
    pub signer: Did,
    /// With which key.
    pub key: KeyId,
    /// When, as the signer says, to the second.
    pub issued_at: DateTime<Utc>,
}

/// Signs a text.
///
/// # Errors
/// [`FederationError::TooLarge`]; [`FederationError::KeyFile`] when no key can be used.
pub async fn sign(
    keys: &dyn KeyStore,
    content_type: &str,
    content: impl Into<String>,
    now: DateTime<Utc>,
) -> Result<SignedDocument, FederationError> {
    let draft = Draft::new(&keys.signer(now)?, content_type, content.into(), now)?;
    let signature = keys.sign(draft.key(), draft.input()).await?;
    Ok(draft.signed(&signature))
}

/// A document that is about to be signed.
pub(crate) struct Draft {
    key: KeyId,
    content_type: String,
    content: String,
    prepared: jws::Prepared,
}

impl Draft {
    pub(crate) fn new(
        key: &KeyId,
        content_type: &str,
        content: String,
        now: DateTime<Utc>,
    ) -> Result<Self, FederationError> {
        if content.len() > limits::DOCUMENT_BYTES {
            return Err(FederationError::bytes("document", limits::DOCUMENT_BYTES));
        }
        let payload = json::encode(content.as_bytes());
        let prepared = jws::prepare(key, &payload, TYPE, Some((content_type, now.timestamp())))?;
        Ok(Self { key: key.clone(), content_type: content_type.to_owned(), content, prepared })
    }

    pub(crate) const fn key(&self) -> &KeyId {
        &self.key
    }

    pub(crate) const fn input(&self) -> &[u8] {
        self.prepared.input.as_bytes()
    }

    pub(crate) fn signed(self, signature: &[u8]) -> SignedDocument {
        SignedDocument {
            content_type: self.content_type,
            content: self.content,
            signature: format!("{}..{}", self.prepared.header, json::encode(signature)),
        }
    }
}

/// Signs a value as JSON.
///
/// # Errors
/// As [`sign`].
pub async fn sign_json<T: Serialize + Sync>(
    keys: &dyn KeyStore,
    value: &T,
    now: DateTime<Utc>,
) -> Result<SignedDocument, FederationError> {
    let text = serde_json::to_string(value).map_err(|error| FederationError::invalid("document", error.to_string()))?;
    sign(keys, JSON, text, now).await
}

/// Verifies a document with its signer's keys. `known_at` is since when the
/// verifier has held it: now, for one that has just come.
///
/// # Errors
/// [`FederationError::UnknownKey`] when `keys` lack the one that signed;
/// [`FederationError::Untrusted`] when the signature doesn't fit, its key could
/// not sign at that time, or the time is in the future;
/// [`FederationError::Invalid`], [`FederationError::TooLarge`].
pub fn verify(document: &SignedDocument, keys: &KeySet, known_at: DateTime<Utc>) -> Result<Verified, FederationError> {
    if document.content.len() > limits::DOCUMENT_BYTES {
        return Err(FederationError::bytes("document", limits::DOCUMENT_BYTES));
    }
    let parsed = parse(document)?;
    let issued_at = issued_at(&parsed.header)?;
    let key = parsed.verify(&json::encode(document.content.as_bytes()), keys)?;
    if issued_at > known_at + limits::SKEW {
        return Err(FederationError::untrusted(format!(
            "the document says that it was signed at {issued_at}, later than it came"
        )));
    }
    if !key.signs_document(issued_at, known_at) {
        return Err(FederationError::untrusted(format!("the key {} may not sign a document of {issued_at}", key.id)));
    }
    Ok(Verified { signer: keys.did.clone(), key: key.id.clone(), issued_at })
}

impl SignedDocument {
    /// Which key says it signed. Nothing is proved by this.
    ///
    /// # Errors
    /// [`FederationError::Invalid`], [`FederationError::Untrusted`] when the signature has another form.
    pub fn key_id(&self) -> Result<KeyId, FederationError> {
        Ok(parse(self)?.header.kid)
    }

    /// SHA-256 of the content, base64url: what agreements and catalogues refer to.
    #[must_use]
    pub fn digest(&self) -> String {
        json::sha256(self.content.as_bytes())
    }

    /// The content as a type. Verify first.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] when it isn't JSON of that type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, FederationError> {
        if self.content_type != JSON {
            return Err(FederationError::invalid("contentType", format!("`{}` is not {JSON}", self.content_type)));
        }
        json::read("document", self.content.as_bytes(), limits::DOCUMENT_BYTES)
    }
}

fn parse(document: &SignedDocument) -> Result<jws::Unverified<'_>, FederationError> {
    let parsed = jws::Unverified::parse(&document.signature, TYPE)?;
    if !parsed.payload.is_empty() {
        return Err(FederationError::invalid("signature", "the payload is detached: header..signature"));
    }
    if parsed.header.cty.as_deref() != Some(document.content_type.as_str()) {
        return Err(FederationError::untrusted("the signature's cty is not the document's contentType"));
    }
    Ok(parsed)
}

fn issued_at(header: &jws::Header) -> Result<DateTime<Utc>, FederationError> {
    let time = header.iat.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.ok_or_else(|| {
        FederationError::invalid("iat", "a document's signature says in seconds since 1970 when it was made")
    })
}
