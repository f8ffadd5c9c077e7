//! What stands in a cell of a table, or beside the name of a fact.

use crate::portal::parts::{Instant, StateMark};
use askama::{Template, filters::HtmlSafe};

/// The content of a cell.
#[derive(Debug, Clone, Template)]
#[template(path = "sheet/cell.html")]
pub(crate) enum Cell {
    /// Nothing is known: a dash, which a screen reader is told in words.
    Nothing(String),
    /// Words in the page's language, or a name.
    Text(String),
    /// A sentence of the broker's or a partner's own, which is English.
    English(String),
    /// An identifier, a digest.
    Code(String),
    /// A number with its unit.
    Number(String),
    /// A way to somewhere else: address and name.
    Link(String, String),
    /// A state.
    State(StateMark),
    /// A moment.
    Time(Instant),
    /// How much of something is used.
    Meter(Meter),
    /// Several, one under the other.
    Lines(Vec<Cell>),
    /// A small form: what one row can be told to do.
    Form(Box<super::FormBox>),
}

impl HtmlSafe for Cell {}

/// How much of something is used: a bar, and the words that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meter {
    /// The used part in percent of the whole, 0 to 100.
    pub(crate) percent: u32,
    /// The words.
    pub(crate) text: String,
    /// Whether it is well that it fills: how far something is, not what is used up.
    progress: bool,
}

impl Meter {
    /// `used` of `whole`. More than the whole fills the bar.
    pub(crate) fn new(used: u64, whole: u64, text: impl Into<String>) -> Self {
        let percent = match whole {
            0 => 0,
            whole => u128::from(used) * 100 / u128::from(whole),
        };
        Self { percent: u32::try_from(percent.min(100)).unwrap_or(100), text: text.into(), progress: false }
    }

    /// How far something is: `done` of `whole`.
    pub(crate) fn progress(done: u64, whole: u64, text: impl Into<String>) -> Self {
        Self { progress: true, ..Self::new(done, whole, text) }
    }

    /// Whether there is next to nothing left.
    pub(crate) const fn is_full(&self) -> bool {
        !self.progress && self.percent >= 90
    }
}

impl Cell {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A way to somewhere else.
    pub(crate) fn link(href: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Link(href.into(), name.into())
    }

    /// A number as text, at the right side.
    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number(number.to_string())
    }
}
