//! What is wrong with a rule, told so that its author can mend it: where, what, and what to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// It can't be read as Python 3.
    Syntax,
    /// It is Python 2.
    Python2,
    /// It is Python that a rule may not use: imports, functions, attributes, calls to the outside.
    Forbidden,
    /// A name that has no value.
    Name,
    /// Values that don't go together: `None > 3`.
    Type,
    /// A value that is out of place: an index beyond the end, a key that is not there, a text that is no number.
    Value,
    /// Arithmetic that has no result here: a division by zero, a number beyond 128 bits.
    Arithmetic,
    /// More steps, more memory or deeper nesting than a rule may have.
    Limit,
}

/// One thing that is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Rule fault")]
pub struct RuleFault {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What sort of thing is wrong.
    pub kind: FaultKind,
    /// What is wrong, in plain words.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleFault {}

/// A fault that doesn't know yet where it happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trouble(Box<Told>);

#[derive(Debug, Clone, PartialEq)]
struct Told {
    kind: FaultKind,
    message: String,
    hint: Option<String>,
    /// Byte offset in the rule's text.
    at: Option<u32>,
}

impl Trouble {
    pub(super) fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self(Box::new(Told { kind, message: message.into(), hint: None, at: None }))
    }

    pub(super) fn kind(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Type, message)
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Value, message)
    }

    pub(super) fn arithmetic(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Arithmetic, message)
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Limit, message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(super) fn is_limit(&self) -> bool {
        self.0.kind == FaultKind::Limit
    }

    /// The innermost place wins.
    pub(super) fn at(mut self, offset: u32) -> Self {
        self.0.at.get_or_insert(offset);
        self
    }

    pub(super) fn fault(self, text: &str) -> RuleFault {
        let (line, column) = place(text, self.0.at.unwrap_or(0));
        RuleFault { line, column, kind: self.0.kind, message: self.0.message, hint: self.0.hint }
    }
}

/// Line and column of a byte offset, both from 1.
pub(super) fn place(text: &str, offset: u32) -> (u32, u32) {
    let mut end = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or(text);
    let lines = before.bytes().filter(|byte| *byte == b'\n').count();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
    (count(lines), count(line.chars().count()))
}

/// The most letters of a name that is compared, and that is shown.
const NAME: usize = 60;

/// A name as it is shown: a rule may have names as long as itself.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME).chain(['…']).collect()
}

/// The known name that is most like `name`, if one is like it at all. Long
/// names are like none: comparing takes the product of their lengths.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > NAME {
        return None;
    }
    let lower = name.to_lowercase();
    known
        .into_iter()
        .filter(|other| *other != name && other.len() <= NAME)
        .map(|other| (strsim::damerau_levenshtein(&lower, &other.to_lowercase()), other))
        .filter(|(distance, other)| *distance <= name.len().min(other.len()) / 3)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_never_fall_between_them() {
        assert_eq!(place("a\nüb", 0), (1, 1));
        assert_eq!(place("a\nüb", 2), (2, 1));
        assert_eq!(place("a\nüb", 3), (2, 1), "the middle of ü is its beginning");
        assert_eq!(place("a\nüb", 4), (2, 2));
        assert_eq!(place("a\nüb", 400), (2, 3));
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["m_node_count", "m_nodes", "ITEMS"];
        assert_eq!(nearest("m_nodecount", known), Some("m_node_count"));
        assert_eq!(nearest("items", known), Some("ITEMS"));
        assert_eq!(nearest("load", known), None);
    }
}
