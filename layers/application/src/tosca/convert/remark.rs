//! The report of a conversion: what is not as it was in the template, where, why, and what to do.

use crate::{
    descriptor::node::{Node, Position},
    tosca::report::{FileText, block_begin, pointers},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

/// What happened to a part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemarkKind {
    /// It is in the model although the template says it another way, or only implies it.
    Derived,
    /// It is in the model and means something else there.
    Changed,
    /// It is still to be filled in.
    ToBind,
    /// It was read and checked, and is not carried out yet.
    NotCarriedOut,
    /// It is not in the model.
    LeftOut,
}

impl RemarkKind {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Derived => "derived",
            Self::Changed => "changed",
            Self::ToBind => "to bind",
            Self::NotCarriedOut => "not carried out yet",
            Self::LeftOut => "left out",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// What happened.
    pub kind: RemarkKind,
    /// The file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Line, counted from 1. 0: it is about the whole.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The field, as a JSON Pointer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The part of the template, or what was derived of it.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it. Empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        }
        write!(f, "{}: {}: {}", self.kind.as_str(), self.what, self.why)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

/// How many lines a report has at most.
const MOST: usize = 5_000;

/// Collects the report.
pub(super) struct Remarks<'a> {
    files: &'a BTreeMap<u16, FileText>,
    list: Vec<(RemarkKind, Position, String, String, String)>,
}

impl<'a> Remarks<'a> {
    pub(super) const fn new(files: &'a BTreeMap<u16, FileText>) -> Self {
        Self { files, list: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        kind: RemarkKind,
        at: Position,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.list.len() < MOST {
            self.list.push((kind, at, what.into(), why.into(), remedy.into()));
        }
    }

    pub(super) fn left_out(
        &mut self,
        at: Position,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(RemarkKind::LeftOut, at, what, why, remedy);
    }

    pub(super) fn changed(
        &mut self,
        at: Position,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(RemarkKind::Changed, at, what, why, remedy);
    }

    pub(super) fn derived(&mut self, at: Position, what: impl Into<String>, why: impl Into<String>) {
        self.add(RemarkKind::Derived, at, what, why, "");
    }

    pub(super) fn unbound(&mut self, at: Position, what: impl Into<String>, why: impl Into<String>) {
        self.add(RemarkKind::ToBind, at, what, why, "give it before the application is deployed");
    }

    /// The name of a position's file, and its line and column.
    pub(super) fn place(&self, at: Position) -> (String, usize, usize) {
        let name = self.files.get(&at.file).map(|file| file.name.clone()).unwrap_or_default();
        (name, at.line, at.column)
    }

    /// Where the first line of a text stands: of a block, the line behind its `|` or `>`.
    pub(super) fn block_begin(&self, node: &Node) -> Position {
        let text = self.files.get(&node.at.file).map(|file| file.text.as_ref()).unwrap_or_default();
        block_begin(text, node)
    }

    /// In the order of files and lines, each once.
    pub(super) fn finish(mut self) -> Vec<Remark> {
        self.list.sort_by_key(|line| (line.1, line.0));
        let mut seen = BTreeSet::new();
        let list = std::mem::take(&mut self.list);
        let wanted: HashSet<Position> = list.iter().map(|line| line.1).filter(|at| *at != Position::START).collect();
        let roots = self.files.values().filter_map(|file| file.root.as_deref());
        let pointers: HashMap<Position, String> = roots.flat_map(|root| pointers(root, &wanted)).collect();
        let each = list.into_iter().filter(|(kind, at, what, ..)| seen.insert((*kind, *at, what.clone())));
        each.map(|(kind, at, what, why, remedy)| {
            // What is about the whole has no line.
            let (file, line, column) = if at == Position::START { (String::new(), 0, 0) } else { self.place(at) };
            let path = pointers.get(&at).cloned().unwrap_or_default();
            Remark { kind, file, line, column, path, what, why, remedy }
        })
        .collect()
    }
}
