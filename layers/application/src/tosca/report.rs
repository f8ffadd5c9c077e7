//! Collects what is to be said about several files that are read together, and
//! puts names, places and pointers to it at the end.

use crate::{
    descriptor::node::{Data, Node, Position, field, item},
    diagnostic::{Code, Diagnostic, Severity},
    finding::{Extent, Finding, Place},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// How many diagnostics are listed.
const MAX_LISTED: usize = 500;
/// How many are kept while reading, so that no text can exhaust the broker.
const MAX_KEPT: usize = 5_000;

/// One thing to say, by place.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) at: Position,
    severity: Severity,
    code: Code,
    message: String,
    hint: Option<String>,
}

impl Fault {
    pub(crate) fn placed(self, at: Position) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn error(at: Position, code: Code, message: impl Into<String>) -> Self {
        Self { at, severity: Severity::Error, code, message: message.into(), hint: None }
    }

    pub(crate) fn warning(at: Position, code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(at, code, message) }
    }

    pub(crate) fn note(at: Position, code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(at, code, message) }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(crate) struct FileText {
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    pub(crate) root: Option<Arc<Node>>,
}

/// The files, and what is to be said about them.
#[derive(Debug, Default)]
pub(crate) struct Report {
    files: BTreeMap<u16, FileText>,
    faults: Vec<Fault>,
    seen: BTreeSet<(Position, Code, String)>,
    errors: usize,
    /// It is about types that the template doesn't use: other readers don't look at them.
    pub(crate) unused: bool,
    dropped: usize,
}

impl Report {
    pub(crate) fn file(&mut self, number: u16, file: FileText) {
        self.files.insert(number, file);
    }

    pub(crate) fn root(&mut self, number: u16, root: Arc<Node>) {
        if let Some(file) = self.files.get_mut(&number) {
            file.root = Some(root);
        }
    }

    /// Says it, once.
    pub(crate) fn say(&mut self, mut fault: Fault) {
        if self.unused && fault.severity == Severity::Error {
            fault.severity = Severity::Warning;
        }
        if !self.seen.insert((fault.at, fault.code, fault.message.clone())) {
            return;
        }
        self.errors += usize::from(fault.severity == Severity::Error);
        if self.faults.len() < MAX_KEPT {
            self.faults.push(fault);
        } else {
            self.dropped += 1;
        }
    }

    /// What the reader of YAML found: keys that stand twice and foreign tags are taken all the same.
    pub(crate) fn say_found(&mut self, file: u16, finding: Finding) {
        let at = match finding.place {
            Place::At(at) => at,
            _ => Position { file, ..Position::START },
        };
        let severity = match finding.code {
            Code::DuplicateKey | Code::UnknownTag | Code::KeyNotText => Severity::Warning,
            _ => Severity::Error,
        };
        let Finding { code, message, hint, .. } = finding;
        self.say(Fault { at, severity, code, message, hint });
    }

    pub(crate) fn text(&self, file: u16) -> Option<Arc<str>> {
        self.files.get(&file).map(|file| Arc::clone(&file.text))
    }

    /// How many known names are worth a look for a hint: none, when more was
    /// said than can be listed, so that many faults take no longer than few.
    pub(crate) fn room(&self) -> usize {
        if self.faults.len() < MAX_LISTED { 1_000 } else { 0 }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// All of it in the order of files and lines, with names and pointers; and how many more there were.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, usize, BTreeMap<u16, FileText>) {
        // Errors first where not all can be listed.
        self.faults.sort_by_key(|fault| fault.severity);
        let omitted = self.dropped + self.faults.len().saturating_sub(MAX_LISTED);
        self.faults.truncate(MAX_LISTED);
        self.faults.sort_by_key(|fault| (fault.at, fault.code));
        let extents: BTreeMap<u16, Extent> =
            self.files.iter().map(|(number, file)| (*number, Extent::of(&file.text))).collect();
        let wanted: HashSet<Position> = self.faults.iter().map(|fault| fault.at).collect();
        let roots = self.files.values().filter_map(|file| file.root.as_deref());
        let pointers: HashMap<Position, String> = roots.flat_map(|root| pointers(root, &wanted)).collect();
        let list = self.faults.iter().map(|fault| self.located(fault, &extents, &pointers)).collect();
        (list, omitted, self.files)
    }

    fn located(
        &self,
        fault: &Fault,
        extents: &BTreeMap<u16, Extent>,
        pointers: &HashMap<Position, String>,
    ) -> Diagnostic {
        let file = self.files.get(&fault.at.file);
        let at = extents.get(&fault.at.file).map_or(fault.at, |extent| extent.clamp(fault.at));
        Diagnostic {
            severity: fault.severity,
            file: file.map(|file| file.name.clone()),
            line: at.line,
            column: at.column,
            pointer: pointers.get(&fault.at).cloned().unwrap_or_default(),
            code: fault.code,
            message: fault.message.clone(),
            hint: fault.hint.clone(),
        }
    }
}

/// Where the first line of a text stands: of a block, the line behind its `|` or `>`.
pub(crate) fn block_begin(source: &str, node: &Node) -> Position {
    let first =
        node.text().and_then(|text| text.lines().find(|line| !line.trim().is_empty())).unwrap_or_default().trim();
    let here = source.lines().nth(node.at.line.saturating_sub(1)).unwrap_or_default();
    if here.contains(first) && !first.is_empty() {
        return node.at;
    }
    let behind = source.lines().enumerate().skip(node.at.line).take(50).find(|(_, line)| line.trim() == first);
    behind.map_or(node.at, |(index, line)| Position {
        line: index + 1,
        column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
        ..node.at
    })
}

/// The pointers (RFC 6901) of what stands at these places, in one walk.
pub(crate) fn pointers(root: &Node, wanted: &HashSet<Position>) -> HashMap<Position, String> {
    let mut found = HashMap::new();
    if !wanted.is_empty() {
        find(root, wanted, &mut String::new(), &mut found);
    }
    found
}

fn find(node: &Node, wanted: &HashSet<Position>, path: &mut String, found: &mut HashMap<Position, String>) {
    let mut here = |at: Position, path: &str| {
        if wanted.contains(&at) {
            found.entry(at).or_insert_with(|| path.to_owned());
        }
    };
    here(node.at, path);
    let length = path.len();
    match &node.data {
        Data::Mapping(entries) => {
            for entry in entries {
                path.push_str(&field("", &entry.key));
                if wanted.contains(&entry.at) {
                    found.entry(entry.at).or_insert_with(|| path.clone());
                }
                find(&entry.value, wanted, path, found);
                path.truncate(length);
            }
        }
        Data::Sequence(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push_str(&item("", index));
                find(value, wanted, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}
