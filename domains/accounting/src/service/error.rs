//! What can go wrong: a rule is broken, or the database fails.

use crate::AccountingError;
use hansa_repository::{ErrorKind, RepositoryError};

/// A failure of the service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A rule of accounting.
    #[error(transparent)]
    Rule(#[from] AccountingError),
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
            Self::Rule(AccountingError::Invalid { .. }) => ErrorKind::Invalid,
            Self::Rule(AccountingError::TooLarge { .. }) => ErrorKind::TooLarge,
            // Something has to be stated, or dated otherwise, before it can be done.
            Self::Rule(
                AccountingError::Unknown { .. }
                | AccountingError::NoExchangeRate { .. }
                | AccountingError::Closed { .. }
                | AccountingError::Conflict { .. },
            ) => ErrorKind::Conflict,
            Self::Rule(AccountingError::Unbalanced { .. } | AccountingError::Writing { .. }) => ErrorKind::Internal,
        }
    }

    pub(super) fn missing(what: impl Into<String>) -> Self {
        Self::Repository(RepositoryError::NotFound(what.into()))
    }

    pub(super) fn conflict(why: impl Into<String>) -> Self {
        Self::Repository(RepositoryError::conflict(why))
    }
}
