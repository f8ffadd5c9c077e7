//! An issuer's public keys (RFC 7517): those that can verify, and no others.

use super::Algorithm;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use std::fmt;

/// The most keys that are kept of one issuer.
const MOST: usize = 100;
/// RSA keys, in bytes of their modulus: 2,048 to 8,192 bits (RFC 7518, section 3.3).
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// The keys of an issuer.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

/// One key.
pub(crate) struct Key {
    kid: Option<String>,
    /// The one algorithm that it may be used with, where the issuer says so.
    algorithm: Option<String>,
    kind: Kind,
    verify: DecodingKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Keys {
    /// The keys of a JWK set that can verify signatures. Secrets (`oct`), keys
    /// for encryption, weak and unknown ones are passed over.
    pub(crate) fn read(set: &Value) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?;
        Some(Self(keys.iter().take(MOST).filter_map(Key::read).collect()))
    }

    /// The keys that a token of this `kid` and algorithm may be signed with. A
    /// token without `kid` fits where there is but one key.
    pub(crate) fn fitting(&self, kid: Option<&str>, algorithm: Algorithm) -> Vec<&Key> {
        let fits = |key: &&Key| key.fits(algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        let found: Vec<&Key> = self.0.iter().filter(fits).collect();
        if kid.is_none() && found.len() != 1 { Vec::new() } else { found }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Key {
    fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|use_| use_ != "sig") {
            return None;
        }
        if let Some(operations) = jwk.get("key_ops").and_then(Value::as_array)
            && !operations.iter().any(|operation| operation == "verify")
        {
            return None;
        }
        let (kind, verify) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Kind::Rsa, rsa(text("n")?, text("e")?)?),
            ("EC", Some("P-256")) => (Kind::P256, curve(text("x")?, text("y")?, 32)?),
            ("EC", Some("P-384")) => (Kind::P384, curve(text("x")?, text("y")?, 48)?),
            ("OKP", Some("Ed25519")) => (Kind::Ed25519, edwards(text("x")?)?),
            _ => return None,
        };
        Some(Self { kid: text("kid").map(str::to_owned), algorithm: text("alg").map(str::to_owned), kind, verify })
    }

    /// Whether its kind, and what its issuer says of it, allow this algorithm.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Kind::Rsa,
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
            Algorithm::EdDSA | Algorithm::Ed25519 => Kind::Ed25519,
        };
        let named = self.algorithm.as_deref().is_none_or(|named| {
            named == algorithm.name() || (kind == Kind::Ed25519 && ["EdDSA", "Ed25519"].contains(&named))
        });
        self.kind == kind && named
    }

    /// Whether it made this signature.
    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &str, signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &self.verify, algorithm.verifier()).unwrap_or(false)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let (modulus, exponent) = (bytes(modulus)?, bytes(exponent)?);
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
    // An exponent of 1 would make every text its own signature.
    let value = exponent
        .iter()
        .skip_while(|byte| **byte == 0)
        .fold(0_u128, |value, byte| value.saturating_mul(256).saturating_add(u128::from(*byte)));
    if !RSA_BYTES.contains(&significant) || !odd || value < 3 {
        return None;
    }
    let modulus: Vec<u8> = modulus.into_iter().skip_while(|byte| *byte == 0).collect();
    Some(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn curve(x: &str, y: &str, size: usize) -> Option<DecodingKey> {
    let (x, y) = (bytes(x)?, bytes(y)?);
    if x.len() != size || y.len() != size {
        return None;
    }
    let point: Vec<u8> = std::iter::once(4).chain(x).chain(y).collect();
    Some(DecodingKey::from_ec_der(&point))
}

fn edwards(x: &str) -> Option<DecodingKey> {
    let x = bytes(x)?;
    (x.len() == 32).then(|| DecodingKey::from_ed_der(&x))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).field("kind", &self.kind).finish_non_exhaustive()
    }
}
