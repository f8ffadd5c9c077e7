//! What can go wrong with credentials. No text has anything of a secret.

use hansa_repository::RepositoryError;
use std::{io, path::PathBuf};

/// An error of the credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// There is none of this name.
    #[error("there is no credential `{0}`")]
    NotFound(String),
    /// There is one of this name.
    #[error("there is a credential `{0}`; rotate it, or take another name")]
    Taken(String),
    /// It changed since the caller saw it.
    #[error("credential `{0}` changed in the meantime; read it again")]
    Changed(String),
    /// A field breaks a rule.
    #[error("{field}: {message}")]
    Invalid {
        /// Which, as a JSON Pointer.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The key does not open it.
    #[error(
        "credential `{0}` was sealed under another key, or altered; restore the key file, or rotate the credential"
    )]
    Sealed(String),
    /// The key file can't be used.
    #[error("the key of the credentials, {}: {reason}", .path.display())]
    KeyFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what would be right.
        reason: String,
        /// What the system said.
        #[source]
        source: Option<io::Error>,
    },
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto(#[from] aws_lc_rs::error::Unspecified),
    /// Of the database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// What a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No such thing.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// It is not as the caller saw it.
    PreconditionFailed,
    /// It is wrong in itself.
    Invalid,
    /// An operator must help, or a fault of ours.
    Internal,
}

impl CredentialError {
    /// What a caller decides by.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Taken(_) => ErrorKind::Conflict,
            Self::Changed(_) => ErrorKind::PreconditionFailed,
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Sealed(_) | Self::KeyFile { .. } | Self::Crypto(_) | Self::Repository(_) => ErrorKind::Internal,
        }
    }
}
