//! Problem documents (RFC 9457) between brokers.

use crate::ErrorKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URI; ours are [`ProblemKind::uri`].
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// A short name of the kind.
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// What is wrong here, and the remedy.
    #[serde(default)]
    pub detail: String,
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

/// The kinds of problems that brokers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// 400: the message is wrong; don't send it again.
    Invalid,
    /// 401: the token, its key or its signature isn't good.
    Untrusted,
    /// 401: the clocks differ; sign again by the Date field of the answer.
    Clock,
    /// 401: the token was seen before; sign again.
    Replayed,
    /// 403: known, but not allowed: the partner's state or policy says no.
    Forbidden,
    /// 404: not there, or not for you.
    NotFound,
    /// 409: the same id with other content, or a state that doesn't allow it.
    Conflict,
    /// 409: capacity is gone; plan again without this offer.
    SoldOut,
    /// 409: the agreement doesn't cover this, or stands no longer.
    Agreement,
    /// 410: it was there and has ended.
    Gone,
    /// 413: too large.
    TooLarge,
    /// 429: too often; Retry-After says when.
    Busy,
    /// 503: can't now; nothing was done; try later.
    Unavailable,
}

impl ProblemKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Invalid,
        Self::Untrusted,
        Self::Clock,
        Self::Replayed,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::SoldOut,
        Self::Agreement,
        Self::Gone,
        Self::TooLarge,
        Self::Busy,
        Self::Unavailable,
    ];

    /// The last part of its URI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Untrusted => "untrusted",
            Self::Clock => "clock",
            Self::Replayed => "replayed",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::SoldOut => "sold-out",
            Self::Agreement => "agreement",
            Self::Gone => "gone",
            Self::TooLarge => "too-large",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// The `type` of the problem document: `https://w3id.org/hansa/problems/federation/…`.
    #[must_use]
    pub fn uri(self) -> String {
        format!("https://w3id.org/hansa/problems/federation/{}", self.name())
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Untrusted | Self::Clock | Self::Replayed => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::SoldOut | Self::Agreement => 409,
            Self::Gone => 410,
            Self::TooLarge => 413,
            Self::Busy => 429,
            Self::Unavailable => 503,
        }
    }

    /// The kind that a problem document names, where it is one of ours.
    #[must_use]
    pub fn of(problem: &Problem) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == problem.kind)
    }
}

impl From<ErrorKind> for ProblemKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::Invalid,
            ErrorKind::TooLarge => Self::TooLarge,
            ErrorKind::Untrusted | ErrorKind::UnknownKey => Self::Untrusted,
            ErrorKind::Clock => Self::Clock,
            ErrorKind::Address => Self::Forbidden,
            ErrorKind::Unreachable | ErrorKind::Internal => Self::Unavailable,
        }
    }
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind: kind.uri(), title: kind.name().replace('-', " "), status: kind.status(), detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.detail.is_empty() { &self.title } else { &self.detail };
        write!(f, "{} ({})", text, self.status)
    }
}
