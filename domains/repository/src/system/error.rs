//! What a real system refuses or fails at: its own words, what Hansa makes of
//! them, and what a person can do. One type for the connectors of all layers.

use std::fmt;

/// An answer of a real system that is not the wished one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemError {
    /// The system's name.
    pub system: String,
    /// What a caller decides by.
    pub kind: SystemErrorKind,
    /// What was tried, such as `create server hansa-1f2e`.
    pub action: String,
    /// What the system said, in its own words, without secrets.
    pub said: String,
    /// What to do about it.
    pub remedy: String,
}

impl std::error::Error for SystemError {}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, kind, action, said, remedy } = self;
        write!(f, "system {system} {kind} ({action})")?;
        if !said.is_empty() {
            write!(f, "; it says: {said}")?;
        }
        if remedy.is_empty() { Ok(()) } else { write!(f, "; {remedy}") }
    }
}

/// The sort of a [`SystemError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SystemErrorKind {
    /// Nobody answers at its address, or with a certificate that is not trusted.
    Unreachable,
    /// It took longer than allowed; whether it did it is not known.
    TimedOut,
    /// It does not accept the credential, or no longer.
    Unauthenticated,
    /// The credential does not allow it.
    Forbidden,
    /// It does not know the thing.
    NotFound,
    /// It has the thing already, or is busy with it.
    Conflict,
    /// A quota of the tenant that the credential is of is reached.
    Quota,
    /// It has no room for it.
    NoRoom,
    /// It is asked too often.
    RateLimited,
    /// It finds the request wrong.
    Invalid,
    /// It can't do that, or not in its version.
    Unsupported,
    /// It failed at it.
    Failed,
}

impl SystemErrorKind {
    /// A stable name: `quota`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::NoRoom => "no-room",
            Self::RateLimited => "rate-limited",
            Self::Invalid => "invalid",
            Self::Unsupported => "unsupported",
            Self::Failed => "failed",
        }
    }

    /// It may well succeed when it is tried again.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut | Self::RateLimited | Self::Conflict | Self::Failed)
    }

    /// Another provider should be asked instead.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::Quota | Self::NoRoom | Self::Forbidden | Self::Unsupported | Self::Invalid)
    }
}

impl fmt::Display for SystemErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "can't be reached",
            Self::TimedOut => "did not answer in time",
            Self::Unauthenticated => "does not accept the credential",
            Self::Forbidden => "does not allow it",
            Self::NotFound => "does not have it",
            Self::Conflict => "is in the way of itself",
            Self::Quota => "is at its quota",
            Self::NoRoom => "has no room",
            Self::RateLimited => "is asked too often",
            Self::Invalid => "finds the request wrong",
            Self::Unsupported => "can't do that",
            Self::Failed => "failed",
        })
    }
}
