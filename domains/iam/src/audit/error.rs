//! What can go wrong with the audit trail.

use hansa_repository::RepositoryError;
use std::{io, path::PathBuf};

/// An error of the audit trail.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The file of the signing key.
    #[error("the audit trail's key {} can't be used: {source}; restore it, or move it away to begin with a new key", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is stored breaks the formats.
    #[error(
        "the audit trail is damaged: {0}; keep the database aside and compare it with an earlier export (`hansa audit verify`)"
    )]
    Damaged(String),
    /// An argument breaks a rule.
    #[error("{field}: {message}")]
    Invalid {
        /// Which argument.
        field: &'static str,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// No such record or checkpoint.
    #[error("{0} does not exist")]
    NotFound(String),
}

impl AuditError {
    /// What a caller decides by, in the repository's words.
    #[must_use]
    pub fn kind(&self) -> hansa_repository::ErrorKind {
        use hansa_repository::ErrorKind as Kind;
        match self {
            Self::Repository(error) => error.kind(),
            Self::KeyFile { .. } => Kind::Internal,
            Self::Damaged(_) => Kind::Corrupt,
            Self::Invalid { .. } => Kind::Invalid,
            Self::NotFound(_) => Kind::NotFound,
        }
    }
}
