//! JSON Web Signatures (RFC 7515), in the one shape that the protocol has:
//! compact form, `alg` EdDSA over Ed25519 (RFC 8037), a key named by its DID
//! URL. One reader for tokens and documents; `typ` keeps the two apart
//! (RFC 8725 section 3.11). A header member that this page doesn't name is
//! refused, so none can point to another key or change what is signed
//! (`jwk`, `jku`, `x5u`, `x5c`, `crit`, `b64`, `zip`).

use crate::{
    FederationError, KeyId, json,
    keys::{KeySet, PublishedKey},
    limits,
};
use serde::{Deserialize, Serialize};

/// The only algorithm. Its name says no more than the key does: Ed25519.
pub const ALGORITHM: &str = "EdDSA";

/// A protected header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`ALGORITHM`].
    pub alg: String,
    /// What is signed: [`crate::token::TYPE`] or [`crate::document::TYPE`].
    pub typ: String,
    /// Which key signed.
    pub kid: KeyId,
    /// The media type of a document's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cty: Option<String>,
    /// When a document was signed, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
}

/// A signature that is read, but not yet verified.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// The protected header. Nothing in it is proved yet.
    pub header: Header,
    /// The payload as it was sent, base64url; empty in a detached one.
    pub payload: &'a str,
    encoded_header: &'a str,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Reads `header.payload.signature`.
    ///
    /// # Errors
    /// [`FederationError::TooLarge`], [`FederationError::Invalid`] for anything
    /// but three parts of base64url with a header as above,
    /// [`FederationError::Untrusted`] for another algorithm or type.
    pub fn parse(text: &'a str, typ: &'static str) -> Result<Self, FederationError> {
        let wrong = || FederationError::invalid("signature", "not header.payload.signature, each in base64url");
        let mut parts = text.split('.');
        let (Some(encoded_header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        if encoded_header.len() > limits::HEADER_BYTES {
            return Err(FederationError::bytes("signature header", limits::HEADER_BYTES));
        }
        let header = read_header(&json::decode("signature header", encoded_header)?, typ)?;
        let signature = json::decode("signature", signature)?;
        if signature.len() != 64 {
            return Err(FederationError::invalid("signature", "an Ed25519 signature has 64 bytes"));
        }
        Ok(Self { header, payload, encoded_header, signature })
    }

    /// Verifies with the key that the header names, which must be in `keys`.
    /// Whether that key may sign this, at this time, is the caller's question.
    ///
    /// # Errors
    /// [`FederationError::UnknownKey`], [`FederationError::Untrusted`].
    pub fn verify<'k>(&self, payload: &str, keys: &'k KeySet) -> Result<&'k PublishedKey, FederationError> {
        let key = keys.find(&self.header.kid)?;
        let input = format!("{}.{payload}", self.encoded_header);
        if key.public_key.verifies(input.as_bytes(), &self.signature) {
            Ok(key)
        } else {
            Err(FederationError::untrusted(format!("the signature by {} does not fit what was sent", key.id)))
        }
    }
}

fn read_header(bytes: &[u8], typ: &'static str) -> Result<Header, FederationError> {
    let value = json::value("signature header", bytes, limits::HEADER_BYTES)?;
    // The algorithm is looked at first, so that `none` and HS256 are called by their names.
    if value.get("alg").and_then(serde_json::Value::as_str) != Some(ALGORITHM) {
        return Err(FederationError::untrusted(format!("the signature's alg is not {ALGORITHM}")));
    }
    let header: Header = serde_json::from_value(value)
        .map_err(|error| FederationError::invalid("signature header", error.to_string()))?;
    if header.typ != typ {
        return Err(FederationError::untrusted(format!("the signature's typ is not {typ}")));
    }
    Ok(header)
}

/// A signature that is about to be made.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The protected header, encoded.
    pub(crate) header: String,
    /// What is signed.
    pub(crate) input: String,
}

/// Prepares a signature over a payload. `document` has content type and `iat`.
pub(crate) fn prepare(
    kid: &KeyId,
    payload: &str,
    typ: &str,
    document: Option<(&str, i64)>,
) -> Result<Prepared, FederationError> {
    let header = Header {
        alg: ALGORITHM.to_owned(),
        typ: typ.to_owned(),
        kid: kid.clone(),
        cty: document.map(|(content_type, _)| content_type.to_owned()),
        iat: document.map(|(_, issued_at)| issued_at),
    };
    let header = json::encode(&json::write("signature header", &header)?);
    Ok(Prepared { input: format!("{header}.{payload}"), header })
}
