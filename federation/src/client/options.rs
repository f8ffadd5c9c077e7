//! What an operator can set about the client.

use crate::AddressGuard;
use std::{fmt, time::Duration};

/// What an operator can set about the client.
#[derive(Clone)]
pub struct ClientOptions {
    /// Which addresses may be connected to.
    pub guard: AddressGuard,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for a whole answer.
    pub timeout: Duration,
    /// Certificates of further authorities that partners' certificates may be signed by, as PEM.
    pub root_certificates: Vec<u8>,
    /// Our own certificate and its private key, as PEM, for partners that ask for one (mutual TLS).
    pub identity: Option<Vec<u8>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            guard: AddressGuard::strict(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(20),
            root_certificates: Vec::new(),
            identity: None,
        }
    }
}

/// Without the private key.
impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("guard", &self.guard)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("identity", &self.identity.is_some())
            .finish_non_exhaustive()
    }
}
