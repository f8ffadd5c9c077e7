//! What can go wrong here, and what the caller does about it.

use crate::transport::TransportError;
use hansa_federation::wire::ProblemKind;
use hansa_repository::RepositoryError;
use std::time::Duration;

/// A failure of this room.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FederationError {
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
    /// There is no unit left to hold or to order.
    #[error("{0}")]
    SoldOut(String),
    /// The agreement doesn't cover it, or doesn't stand any more: negotiate again.
    #[error("{0}")]
    Agreement(String),
    /// It was there, and has ended for good.
    #[error("{0} has ended")]
    Gone(String),
    /// A message whose sender isn't proved.
    #[error("{reason}")]
    Unauthenticated {
        /// What is wrong with the proof, and what would be right.
        reason: String,
    },
    /// The sender's token was seen before.
    #[error("the token was used before; sign each request anew")]
    Replayed,
    /// The sender is known, and may not do this.
    #[error("{reason}")]
    Forbidden {
        /// Why not, and what would change that.
        reason: String,
    },
    /// More than the receiver takes.
    #[error("{reason}; try again in {} s", retry_after.as_secs_f64().ceil())]
    TooMany {
        /// What there is too much of.
        reason: String,
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// Larger than the receiver takes.
    #[error("{0}")]
    TooLarge(String),
    /// The call to a partner came to nothing.
    #[error("the call to {partner} failed: {source}")]
    Partner {
        /// Its DID.
        partner: String,
        /// What happened to the call.
        source: TransportError,
    },
    /// A partner sent what the protocol doesn't allow.
    #[error("{partner} broke the protocol: {message}")]
    Protocol {
        /// Its DID.
        partner: String,
        /// What was wrong.
        message: String,
    },
    /// What this needs isn't there at the moment.
    #[error("{0}")]
    Unavailable(String),
    /// What somebody said isn't what the protocol asks for, or isn't proved.
    #[error(transparent)]
    Words(#[from] hansa_federation::FederationError),
    /// The database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// A bug or an unknown failure.
    #[error("{0}")]
    Internal(String),
}

/// What a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input is at fault.
    Invalid,
    /// It doesn't exist.
    NotFound,
    /// It clashes with what is there.
    Conflict,
    /// No unit is left.
    SoldOut,
    /// No agreement that stands covers it.
    Agreement,
    /// It has ended for good.
    Gone,
    /// Who sent it isn't proved.
    Unauthenticated,
    /// The sender may not.
    Forbidden,
    /// Later.
    TooMany,
    /// Smaller.
    TooLarge,
    /// The partner failed or said no.
    Partner,
    /// Try again.
    Unavailable,
    /// A disk is full: an operator must help.
    Full,
    /// A bug or an unknown failure.
    Internal,
}

impl FederationError {
    /// What a caller decides by.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::SoldOut(_) => ErrorKind::SoldOut,
            Self::Agreement(_) => ErrorKind::Agreement,
            Self::Gone(_) => ErrorKind::Gone,
            Self::Unauthenticated { .. } | Self::Replayed => ErrorKind::Unauthenticated,
            Self::Forbidden { .. } => ErrorKind::Forbidden,
            Self::TooMany { .. } => ErrorKind::TooMany,
            Self::TooLarge(_) => ErrorKind::TooLarge,
            Self::Partner { .. } | Self::Protocol { .. } => ErrorKind::Partner,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Words(error) => of_words(error),
            Self::Repository(error) => of_repository(error),
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    /// The kind of problem (RFC 9457) that a partner is told.
    #[must_use]
    pub fn problem(&self) -> ProblemKind {
        match self {
            Self::Replayed => ProblemKind::Replayed,
            Self::Words(error) if error.kind() == hansa_federation::ErrorKind::Clock => ProblemKind::Clock,
            other => match other.kind() {
                ErrorKind::Invalid => ProblemKind::Invalid,
                ErrorKind::NotFound => ProblemKind::NotFound,
                ErrorKind::Conflict => ProblemKind::Conflict,
                ErrorKind::SoldOut => ProblemKind::SoldOut,
                ErrorKind::Agreement => ProblemKind::Agreement,
                ErrorKind::Gone => ProblemKind::Gone,
                ErrorKind::Unauthenticated => ProblemKind::Untrusted,
                ErrorKind::Forbidden => ProblemKind::Forbidden,
                ErrorKind::TooMany => ProblemKind::Busy,
                ErrorKind::TooLarge => ProblemKind::TooLarge,
                ErrorKind::Partner | ErrorKind::Unavailable | ErrorKind::Full | ErrorKind::Internal => {
                    ProblemKind::Unavailable
                }
            },
        }
    }

    /// An argument that breaks a rule.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// The sender isn't proved.
    #[must_use]
    pub fn unauthenticated(reason: impl Into<String>) -> Self {
        Self::Unauthenticated { reason: reason.into() }
    }

    /// The sender may not.
    #[must_use]
    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self::Forbidden { reason: reason.into() }
    }
}

fn of_words(error: &hansa_federation::FederationError) -> ErrorKind {
    use hansa_federation::ErrorKind as Kind;
    match error.kind() {
        Kind::Invalid => ErrorKind::Invalid,
        Kind::TooLarge => ErrorKind::TooLarge,
        Kind::Untrusted | Kind::UnknownKey | Kind::Clock => ErrorKind::Unauthenticated,
        Kind::Address => ErrorKind::Forbidden,
        Kind::Unreachable => ErrorKind::Unavailable,
        Kind::Internal => ErrorKind::Internal,
    }
}

fn of_repository(error: &RepositoryError) -> ErrorKind {
    use hansa_repository::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Invalid => ErrorKind::Invalid,
        Kind::TooLarge => ErrorKind::TooLarge,
        Kind::Full => ErrorKind::Full,
        Kind::Busy | Kind::Unavailable | Kind::Timeout => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}
