//! Why a query has no answer.

use crate::reading::ErrorKind;
use std::time::Duration;

/// Why a query has no answer, or the graph can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// Not a SPARQL query.
    #[error("the query is not well-formed SPARQL 1.1: {reason}")]
    Syntax {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// A SPARQL update.
    #[error(
        "the offer graph is read only: write SELECT, ASK, CONSTRUCT or DESCRIBE instead of an update, and import offers to change them"
    )]
    ReadOnly,
    /// A query that would ask other servers.
    #[error("the query asks another server by SERVICE, which is not allowed: leave SERVICE out")]
    Service,
    /// A query text longer than allowed.
    #[error("the query has {bytes} bytes, more than the {limit} allowed: shorten it")]
    TooLong {
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It took longer than allowed.
    #[error("the query took longer than the {} s allowed: make it more specific", limit.as_secs_f64())]
    Timeout {
        /// How long it may take.
        limit: Duration,
    },
    /// Too many queries at the same time.
    #[error("{most} queries are being answered, which is the most at one time: try again in a moment")]
    Busy {
        /// How many may be answered at one time.
        most: usize,
    },
    /// The query is well-formed and can't be evaluated.
    #[error("the query can't be evaluated: {reason}")]
    Evaluation {
        /// What the engine says.
        reason: String,
    },
    /// An answer of this kind can't be written in this format.
    #[error("{answer} can't be written as {format}: ask for {instead}")]
    Format {
        /// What kind of answer it is.
        answer: &'static str,
        /// The format that was asked for.
        format: &'static str,
        /// What it can be written as.
        instead: &'static str,
    },
    /// The store failed.
    #[error("the offer graph failed: {source}")]
    Store {
        /// What the store says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl GraphError {
    pub(super) fn store(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Store { source: Box::new(source) }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } | Self::ReadOnly | Self::Service | Self::Evaluation { .. } | Self::Format { .. } => {
                ErrorKind::Invalid
            }
            Self::TooLong { .. } => ErrorKind::TooLarge,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Busy { .. } => ErrorKind::Busy,
            Self::Store { .. } => ErrorKind::Internal,
        }
    }
}
