//! The key of the development login: ECDSA on P-256, made at the start, never written down.

use crate::IamError;
use aws_lc_rs::{
    encoding::{AsBigEndian as _, EcPublicKeyUncompressedBin},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey, SigningError,
    core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};

/// The key.
#[derive(Debug)]
pub(super) struct Key {
    pair: EcdsaKeyPair,
    kid: String,
}

impl Key {
    /// A new one.
    pub(super) fn new() -> Result<Self, IamError> {
        let failed = || IamError::Internal("no key of the development login can be made".to_owned());
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_unspecified| failed())?;
        let kid: String = crate::Secret::random()?.reveal().chars().take(16).collect();
        Ok(Self { pair, kid })
    }

    /// A signed token of this type.
    pub(super) fn token(&self, typ: &str, claims: &Value) -> Result<String, IamError> {
        let header = json!({"alg": "ES256", "typ": typ, "kid": self.kid});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(signed.as_bytes()).map_err(|error| IamError::Internal(error.to_string()))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Whether this key signed it.
    pub(super) fn made(&self, signed: &str, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return false;
        };
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref());
        public.verify(signed.as_bytes(), &signature).is_ok()
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let signed = self.pair.sign(&SystemRandom::new(), message);
        signed.map(|signature| signature.as_ref().to_vec()).map_err(|_unspecified| SigningError::CryptoError)
    }
}

impl PrivateSigningKey for Key {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, algorithm: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match algorithm {
            CoreJwsSigningAlgorithm::EcdsaP256Sha256 => self.signature(message),
            other => Err(SigningError::UnsupportedAlg(format!("{other:?}"))),
        }
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        let point: Result<EcPublicKeyUncompressedBin<'_>, _> = self.pair.public_key().as_be_bytes();
        let bytes = point.map(|point| point.as_ref().to_vec()).unwrap_or_default();
        // 4, then both coordinates (SEC 1, section 2.3.3).
        let (x, y) = bytes.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
        CoreJsonWebKey::new_ec(
            x.to_vec(),
            y.to_vec(),
            CoreJsonCurveType::P256,
            Some(JsonWebKeyId::new(self.kid.clone())),
        )
    }
}
