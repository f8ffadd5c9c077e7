//! What can go wrong: a rule is broken, or the database fails.

use crate::SustainabilityError;
use hansa_repository::{ErrorKind, RepositoryError};

/// A failure of the service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A rule of sustainability.
    #[error(transparent)]
    Rule(#[from] SustainabilityError),
    /// The database, or that something does not exist in it.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl ServiceError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Repository(error) => error.kind(),
            Self::Rule(SustainabilityError::Invalid { .. }) => ErrorKind::Invalid,
            Self::Rule(SustainabilityError::TooLarge { .. }) => ErrorKind::TooLarge,
            // Something has to be stated before it can be computed.
            Self::Rule(SustainabilityError::Unknown { .. }) => ErrorKind::Conflict,
            Self::Rule(SustainabilityError::Fetch { .. }) => ErrorKind::Unavailable,
        }
    }

    pub(super) fn missing(what: impl Into<String>) -> Self {
        Self::Repository(RepositoryError::NotFound(what.into()))
    }

    pub(super) fn internal(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Repository(RepositoryError::Internal { message: format!("{what}: {error}"), source: None })
    }
}
