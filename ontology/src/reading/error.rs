//! Why a document as a whole can't be read.

use crate::rdf::RdfFormat;

/// Why a document as a whole can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not the syntax that it is said to be.
    #[error("{}the document is not well-formed {format}: {reason}", place(*line, *column))]
    Syntax {
        /// The format that was expected.
        format: RdfFormat,
        /// Line, from 1, where the parser knows it.
        line: Option<u64>,
        /// Column in characters, from 1, where the parser knows it.
        column: Option<u64>,
        /// What the parser says.
        reason: String,
    },
    /// More bytes than allowed.
    #[error("the document has {bytes} bytes, more than the {limit} allowed: split it into several documents")]
    TooLong {
        /// How many it has.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// More triples than allowed.
    #[error("the document has more than the {limit} triples allowed: split it into several documents")]
    TooManyTriples {
        /// How many are allowed.
        limit: usize,
    },
    /// Deeper nested than allowed.
    #[error("the document nests deeper than the {limit} levels allowed: nest less deeply")]
    TooDeep {
        /// How many levels are allowed.
        limit: usize,
    },
    /// The shapes that are built in can't be compiled or applied: a fault of Hansa, not of the document.
    #[error("the built-in SHACL shapes can't be applied: {reason}")]
    Shapes {
        /// What the SHACL engine says.
        reason: String,
    },
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller's input is at fault.
    Invalid,
    /// The caller's input is too large.
    TooLarge,
    /// The query took too long.
    Timeout,
    /// Others are being served: the same call may succeed later.
    Busy,
    /// Hansa is at fault.
    Internal,
}

impl ReadError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } => ErrorKind::Invalid,
            Self::TooLong { .. } | Self::TooManyTriples { .. } | Self::TooDeep { .. } => ErrorKind::TooLarge,
            Self::Shapes { .. } => ErrorKind::Internal,
        }
    }
}

fn place(line: Option<u64>, column: Option<u64>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        _ => String::new(),
    }
}
