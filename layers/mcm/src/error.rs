//! What can go wrong here, and what the caller does about it.

use hansa_pim::{ErrorKind, PimError};

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McmError {
    /// No room, no connector, a clash, or a failure of what is below.
    #[error(transparent)]
    Pim(#[from] PimError),
}

impl McmError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pim(error) => error.kind(),
        }
    }
}
