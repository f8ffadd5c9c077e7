//! What can go wrong with a partner's words, and with our own keys.

use std::path::PathBuf;

/// What went wrong. Texts name the field and the remedy, never a secret.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// A value isn't what the protocol asks for.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field, key or part.
        field: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// More than this broker reads.
    #[error("{what} has more than {limit} {unit}; send less")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The bound.
        limit: usize,
        /// Of what: bytes, entries, levels.
        unit: &'static str,
    },
    /// A signature, a key or a claim of identity doesn't hold.
    #[error("{0}")]
    Untrusted(String),
    /// Signed by a key that the signer isn't known to have: read its keys again.
    #[error("the key {kid} is not among those known of its owner; read its key list again, or pin it")]
    UnknownKey {
        /// The key's DID URL.
        kid: String,
    },
    /// The token's time doesn't fit this broker's clock.
    #[error(
        "the token is valid from {issued_at} to {expires_at} (Unix time), and it is {now} here; correct the clock by the Date field of this answer"
    )]
    Clock {
        /// Claim `iat`, in seconds since 1970.
        issued_at: i64,
        /// Claim `exp`.
        expires_at: i64,
        /// What the verifier's clock says.
        now: i64,
    },
    /// An address that a partner may not make this broker connect to.
    #[error("{host} is refused: {reason}")]
    Address {
        /// Host or address, without path and query.
        host: String,
        /// Why.
        reason: String,
    },
    /// A message doesn't fit the Dataspace Protocol's schema.
    #[error("{message} does not fit the schema of DSP 2025-1: {}", .violations.join("; "))]
    Schema {
        /// The message's type.
        message: &'static str,
        /// Each violation with its place (JSON pointer).
        violations: Vec<String>,
    },
    /// The other side could not be read.
    #[error("{host}: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// Why, without secrets.
        reason: String,
    },
    /// The key store's files can't be read or written.
    #[error("{}: {reason}", .path.display())]
    KeyFile {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and the remedy.
        reason: String,
        /// The operating system's word, where it has one.
        #[source]
        source: Option<std::io::Error>,
    },
    /// The cryptographic library or the TLS settings failed.
    #[error("{0}")]
    Crypto(String),
}

/// Kinds of errors, by what a caller does about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The message is wrong: 400.
    Invalid,
    /// Too large: 413.
    TooLarge,
    /// Who sent or signed it isn't proved: 401.
    Untrusted,
    /// The same, and reading the owner's keys again may help: 401.
    UnknownKey,
    /// Clocks differ: 401 with the problem type `clock`.
    Clock,
    /// An address that is refused: 403.
    Address,
    /// Nothing was reached: try later.
    Unreachable,
    /// This broker's own keys or settings.
    Internal,
}

impl FederationError {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::Schema { .. } => ErrorKind::Invalid,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Untrusted(_) => ErrorKind::Untrusted,
            Self::UnknownKey { .. } => ErrorKind::UnknownKey,
            Self::Clock { .. } => ErrorKind::Clock,
            Self::Address { .. } => ErrorKind::Address,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::KeyFile { .. } | Self::Crypto(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    pub(crate) fn untrusted(reason: impl Into<String>) -> Self {
        Self::Untrusted(reason.into())
    }

    pub(crate) const fn bytes(what: &'static str, limit: usize) -> Self {
        Self::TooLarge { what, limit, unit: "bytes" }
    }
}
