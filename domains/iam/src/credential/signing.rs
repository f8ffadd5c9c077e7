//! Secrets that this broker makes for others, so that they know its messages:
//! told once when they are made, sealed from then on.

use super::{CredentialError, Credentials};
use aws_lc_rs::{hmac, rand};

/// Bytes of such a secret.
const SECRET: usize = 32;

impl Credentials {
    /// A new secret for a place, as it is told and as it is kept. The place
    /// holds a `/`, which no credential's name does.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn secret_make(&self, place: &str) -> Result<(String, String), CredentialError> {
        let mut bytes = [0; SECRET];
        rand::fill(&mut bytes)?;
        let secret = hex(&bytes);
        let sealed = self.key.seal(place, 0, secret.as_bytes())?;
        Ok((secret, sealed))
    }

    /// What shows that whoever has the secret of a place wrote a message:
    /// HMAC-SHA-256 (RFC 2104) under the secret's text, in hexadecimal digits.
    ///
    /// # Errors
    /// `Sealed` when this key does not open it.
    pub fn sign(&self, place: &str, sealed: &str, message: &[u8]) -> Result<String, CredentialError> {
        let secret = self.key.open(place, 0, sealed)?;
        Ok(hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message).as_ref()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SealingKey;
    use hansa_repository::testing::{HandClock, for_each_database};
    use std::sync::Arc;

    #[test]
    fn a_message_is_signed_by_the_secret_that_was_told() {
        for_each_database(&[], async |database| {
            let directory = tempfile::tempdir().unwrap();
            let key = SealingKey::in_file(&directory.path().join("k")).unwrap();
            let credentials = Credentials::new(database, Arc::new(HandClock::default()), key);
            let (secret, sealed) = credentials.secret_make("notification/1").unwrap();
            assert!(secret.len() == 64 && !sealed.contains(&secret));
            let signed = credentials.sign("notification/1", &sealed, b"hello").unwrap();
            let told = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            assert_eq!(signed, hex(hmac::sign(&told, b"hello").as_ref()));
            assert!(credentials.sign("notification/2", &sealed, b"hello").is_err(), "another place");
            assert_ne!(credentials.secret_make("notification/1").unwrap().0, secret);
        });
    }
}
