//! An invitation: one line that one owner hands the other by a way they trust.

use crate::{Did, FederationError, json};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use url::Url;

const PREFIX: &str = "hansa-invite:";
const MOST_BYTES: usize = 8 * 1024;

/// An invitation to federate. As text: `hansa-invite:` and the base64url of its JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invitation {
    /// Who invites.
    pub did: Did,
    /// The base URL of its broker.
    #[serde(with = "crate::json::url_text")]
    pub endpoint: Url,
    /// 256 random bits, base64url. The inviter keeps its hash only; it is good once, for a time.
    pub secret: String,
    /// The thumbprints (RFC 7638) of the keys that the inviter signs with now: pins them.
    pub keys: Vec<String>,
}

impl Invitation {
    /// An invitation with a new secret from the operating system.
    ///
    /// # Errors
    /// [`FederationError::Crypto`] when it has no randomness.
    pub fn new(did: Did, endpoint: Url, keys: Vec<String>) -> Result<Self, FederationError> {
        let mut secret = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut secret)
            .map_err(|_unspecified| FederationError::Crypto("the system gives no random bytes".to_owned()))?;
        Ok(Self { did, endpoint, secret: json::encode(&secret), keys })
    }

    /// SHA-256 of the secret, base64url: what the inviter keeps and compares.
    #[must_use]
    pub fn secret_hash(&self) -> String {
        secret_hash(&self.secret)
    }

    /// The line to hand over. It holds the secret.
    ///
    /// # Errors
    /// [`FederationError::Invalid`], never for what [`Self::new`] or parsing gave.
    pub fn to_line(&self) -> Result<String, FederationError> {
        Ok(format!("{PREFIX}{}", json::encode(&json::write("invitation", self)?)))
    }
}

/// SHA-256 of an invitation's secret, base64url.
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    json::sha256(secret.as_bytes())
}

impl FromStr for Invitation {
    type Err = FederationError;
    fn from_str(line: &str) -> Result<Self, FederationError> {
        let encoded = line.trim().strip_prefix(PREFIX).ok_or_else(|| {
            FederationError::invalid("invitation", format!("it begins with `{PREFIX}`; copy the whole line"))
        })?;
        if encoded.len() > MOST_BYTES {
            return Err(FederationError::bytes("invitation", MOST_BYTES));
        }
        let read: Self = json::read("invitation", &json::decode("invitation", encoded)?, MOST_BYTES)?;
        if json::decode("invitation.secret", &read.secret)?.len() != 32 {
            return Err(FederationError::invalid("invitation.secret", "it has 256 bits; copy the whole line"));
        }
        if read.keys.is_empty() {
            return Err(FederationError::invalid("invitation.keys", "it names no key of the inviter"));
        }
        Ok(read)
    }
}

/// Without the secret, so that it can stand in a log.
impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("did", &self.did)
            .field("endpoint", &self.endpoint.as_str())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
