//! Faults as the checks find them, by field; line and column come at the end.

use crate::descriptor::node::{Node, Position};
use crate::diagnostic::{Code, Diagnostic, Severity};
use std::collections::BTreeSet;

/// What of a field a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its key; for an entry of a list, or the whole, the value.
    Key,
    /// Its value.
    Value,
    /// A place of its own.
    At(Position),
}

/// A fault, by field.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) pointer: String,
    pub(crate) place: Place,
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Finding {
    /// About a field's key.
    pub(crate) fn key(pointer: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        Self::new(pointer, Place::Key, code, message)
    }

    /// About a field's value.
    pub(crate) fn value(pointer: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        Self::new(pointer, Place::Value, code, message)
    }

    pub(crate) fn new(pointer: impl Into<String>, place: Place, code: Code, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), place, code, message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// With line and column, both inside `text`.
    fn locate(self, root: Option<&Node>, extent: &Extent) -> Diagnostic {
        let found = root.map(|root| root.place(&self.pointer));
        let position = match (self.place, found) {
            (Place::At(position), _) => position,
            (Place::Key, Some((key, value))) => key.unwrap_or(value),
            (Place::Value, Some((_, value))) => value,
            (_, None) => Position::START,
        };
        let Position { line, column, .. } = extent.clamp(position);
        Diagnostic {
            severity: Severity::Error,
            file: None,
            line,
            column,
            pointer: self.pointer,
            code: self.code,
            message: self.message,
            hint: self.hint,
        }
    }
}

/// How long each line of a text is, so that no place lies outside.
pub(crate) struct Extent(Vec<usize>);

impl Extent {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.split('\n').map(|line| line.trim_end_matches('\r').chars().count()).collect())
    }

    /// The nearest place inside: a line that exists, at most one column behind its end.
    pub(crate) fn clamp(&self, position: Position) -> Position {
        let line = position.line.clamp(1, self.0.len().max(1));
        let length = self.0.get(line - 1).copied().unwrap_or(0);
        Position { line, column: position.column.clamp(1, length + 1), ..position }
    }
}

/// The findings as people get them: located, in the order of the text, each once.
pub(crate) fn located(findings: Vec<Finding>, root: Option<&Node>, text: &str) -> Vec<Diagnostic> {
    let extent = Extent::of(text);
    let mut diagnostics: Vec<Diagnostic> = findings.into_iter().map(|finding| finding.locate(root, &extent)).collect();
    diagnostics.sort_by(|a, b| (a.line, a.column, &a.pointer, a.code).cmp(&(b.line, b.column, &b.pointer, b.code)));
    let mut seen = BTreeSet::new();
    diagnostics.retain(|d| seen.insert((d.line, d.column, d.pointer.clone(), d.code, d.message.clone())));
    diagnostics
}
