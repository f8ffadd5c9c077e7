//! What can go wrong, in words that name the field and the remedy.

use chrono::NaiveDate;
use hansa_ontology::Currency;

/// Why something can't be metered, rated, booked or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountingError {
    /// A value that can't be right.
    #[error("{field}: {problem}")]
    Invalid {
        /// Where it stands: `rates[0].per`.
        field: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// Something is named that nobody has told us of.
    #[error("{field}: there is no {what} `{name}`; state it before this is computed")]
    Unknown {
        /// Where it is named.
        field: String,
        /// What kind of thing: `price plan`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// No exchange rate on that day or before it.
    #[error("exchange rates: none from {from} to {to} on {day} or before; add one that is valid on that day")]
    NoExchangeRate {
        /// The currency of the price.
        from: Currency,
        /// The currency of the bill.
        to: Currency,
        /// The day of the charge, in the billing time zone.
        day: NaiveDate,
    },
    /// A sum that no longer fits.
    #[error("{what}: the amount is larger than can be held; split it")]
    TooLarge {
        /// What was computed.
        what: &'static str,
    },
    /// Debits and credits differ.
    #[error(
        "entry `{entry}`: its postings in {currency} differ by {difference} micro-units; debits must equal credits"
    )]
    Unbalanced {
        /// The entry.
        entry: String,
        /// In which currency.
        currency: Currency,
        /// Debits less credits.
        difference: i128,
    },
    /// The period is closed.
    #[error("entry `{entry}`: the books are closed through {through}; date a counter-entry after that day")]
    Closed {
        /// The entry.
        entry: String,
        /// The last closed day.
        through: NaiveDate,
    },
    /// The same name for something else.
    #[error("{what} `{name}` exists with another content; take a new name, or write a counter-entry")]
    Conflict {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A document could not be written.
    #[error("{what} can't be written: {reason}")]
    Writing {
        /// Which document.
        what: &'static str,
        /// What its writer says.
        reason: String,
    },
}

impl AccountingError {
    pub(crate) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    pub(crate) fn writing(what: &'static str, reason: impl ToString) -> Self {
        Self::Writing { what, reason: reason.to_string() }
    }
}
