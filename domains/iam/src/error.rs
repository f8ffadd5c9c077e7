//! What can go wrong here, and what the caller does about it.

use hansa_repository::RepositoryError;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IamError {
    /// An argument breaks a rule.
    #[error("{field}: {message}")]
    Invalid {
        /// Which argument.
        field: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// It doesn't exist, or whoever asks may not see it.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It clashes with what is there.
    #[error("{0}")]
    Conflict(String),
    /// It changed since the caller saw it.
    #[error("it has version {current}, not {expected}; read it again and repeat the change")]
    PreconditionFailed {
        /// The version that was expected.
        expected: i64,
        /// The version there is.
        current: i64,
    },
    /// Who asks is not proved. The text tells the remedy, never what a secret was.
    #[error("{reason}")]
    Unauthenticated {
        /// What is wrong with the proof, and what would be right.
        reason: String,
    },
    /// Who asks is known, and may not do this.
    #[error("{reason}")]
    Forbidden {
        /// Why not, and what would change that.
        reason: String,
    },
    /// More than is taken.
    #[error("{0}")]
    TooMany(String),
    /// An issuer doesn't answer, or not as it should.
    #[error("the issuer `{issuer}` can't be used now: {reason}")]
    Issuer {
        /// Its id in the settings.
        issuer: String,
        /// What happened, and what to do.
        reason: String,
    },
    /// The audit trail.
    #[error(transparent)]
    Audit(#[from] crate::AuditError),
    /// The database.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A fault of ours.
    #[error("unexpected error: {0}")]
    Internal(String),
}

/// The kind of an [`IamError`]: what a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument breaks a rule.
    Invalid,
    /// It doesn't exist.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// It changed in the meantime.
    PreconditionFailed,
    /// Who asks is not proved.
    Unauthenticated,
    /// Who asks may not do this.
    Forbidden,
    /// More than is taken.
    TooMany,
    /// An issuer failed.
    Issuer,
    /// Try again.
    Unavailable,
    /// No room: an operator must help.
    Full,
    /// A bug or an unknown failure.
    Internal,
}

impl ErrorKind {
    /// What a kind of the repository's is here.
    fn of(kind: hansa_repository::ErrorKind) -> Self {
        use hansa_repository::ErrorKind as Kind;
        match kind {
            Kind::NotFound => Self::NotFound,
            Kind::Conflict => Self::Conflict,
            Kind::Invalid => Self::Invalid,
            Kind::Busy | Kind::Unavailable => Self::Unavailable,
            Kind::Full => Self::Full,
            _ => Self::Internal,
        }
    }
}

impl IamError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::PreconditionFailed { .. } => ErrorKind::PreconditionFailed,
            Self::Unauthenticated { .. } => ErrorKind::Unauthenticated,
            Self::Forbidden { .. } => ErrorKind::Forbidden,
            Self::TooMany(_) => ErrorKind::TooMany,
            Self::Issuer { .. } => ErrorKind::Issuer,
            Self::Repository(error) => ErrorKind::of(error.kind()),
            Self::Audit(error) => ErrorKind::of(error.kind()),
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// An argument that breaks a rule.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// A proof that proves nothing.
    #[must_use]
    pub fn unauthenticated(reason: impl Into<String>) -> Self {
        Self::Unauthenticated { reason: reason.into() }
    }
}
