//! Secrets: made of 256 random bits, shown once, and kept as a hash alone.

use crate::IamError;
use aws_lc_rs::{constant_time, rand};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use uuid::Uuid;

/// Bytes of a new secret: 256 bits.
const BYTES: usize = 32;

/// A text that no log, error or answer may show by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret from elsewhere, such as a client's.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new one of 256 random bits, as 64 hexadecimal digits.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, IamError> {
        let mut bytes = [0_u8; BYTES];
        rand::fill(&mut bytes).map_err(|_unspecified| IamError::Internal("no random bytes".to_owned()))?;
        Ok(Self(hex(&bytes)))
    }

    /// The text itself: for whoever owns it, and for nobody's log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it: its SHA-256.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub(crate) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Whether two texts are the same, in a time that doesn't tell where they differ.
#[must_use]
pub(crate) fn same(left: &str, right: &str) -> bool {
    constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// What a token names, and the rest of it: `PREFIX`, an id, `_`, the rest.
/// Only the one text that was made is read: no capitals, no hyphens.
pub(crate) fn named<'a>(text: &'a str, prefix: &str) -> Option<(Uuid, &'a str)> {
    let (id, rest) = text.strip_prefix(prefix)?.split_once('_')?;
    let read = Uuid::try_parse(id).ok()?;
    (id == read.simple().to_string()).then_some((read, rest))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text can't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_shows_itself_to_nobody() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_eq!(one.reveal().len(), 64);
        assert_ne!(one, other);
        assert!(!format!("{one:?}").contains(one.reveal()));
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
