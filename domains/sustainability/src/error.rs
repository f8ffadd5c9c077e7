//! What can go wrong, in words that name the field and the remedy.

/// Why something can't be read, computed or planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SustainabilityError {
    /// A value that can't be right.
    #[error("{field}: {problem}")]
    Invalid {
        /// Where it stands: `row 7, column intensity`.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// Something is needed that nobody has told us of.
    #[error("{field}: there is no {what} of `{name}`; load it before this is computed")]
    Unknown {
        /// Where it is needed.
        field: &'static str,
        /// What kind of thing: `carbon intensity`.
        what: &'static str,
        /// Of what.
        name: String,
    },
    /// A sum that no longer fits.
    #[error("{what}: the amount is larger than can be held; split it")]
    TooLarge {
        /// What was computed.
        what: &'static str,
    },
    /// A source on the network that did not answer as it should.
    #[error("source `{source_name}`: {problem}")]
    Fetch {
        /// The source, without anything secret.
        source_name: String,
        /// What happened, and what to do.
        problem: String,
    },
}

impl SustainabilityError {
    pub(crate) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}
