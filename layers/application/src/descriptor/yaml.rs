//! YAML 1.2 text into a [`Node`] tree: the parser's events go to the builder,
//! and the parser's complaints are turned into plain words.

use super::{
    builder::Builder,
    node::{Node, Position},
};
use crate::{
    diagnostic::Code,
    finding::{Finding, Place},
};
use saphyr_parser::{Marker, Parser, ScanError, StrInput};

/// What is read, and where it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How deeply collections may be nested.
    pub(crate) depth: usize,
    /// How many values there may be, aliases resolved.
    pub(crate) nodes: usize,
    /// The number of the file, for positions.
    pub(crate) file: u16,
    /// Whether, of a key that stands twice, the last is taken, and keys that
    /// are no text are read as text. Both are findings all the same.
    pub(crate) lenient: bool,
    /// What belongs into an empty file.
    pub(crate) begins: &'static str,
}

impl Bounds {
    /// Of the resource model, whose format needs eight levels.
    pub(crate) const DESCRIPTOR: Self = Self {
        depth: 64,
        nodes: 200_000,
        file: 0,
        lenient: false,
        begins: "it begins with the fields `hansa: 1`, `name` and `components`",
    };
}

/// Reads one document. Findings don't hinder the reading; None does.
pub(crate) fn read(text: &str, bounds: Bounds, findings: &mut Vec<Finding>) -> Option<Node> {
    let mut builder = Builder::new(bounds, findings);
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let outcome = match event {
            Ok((event, span)) => builder.take(event, position(&span.start, bounds.file)),
            Err(error) => Err(Box::new(syntax(&error, bounds))),
        };
        if let Err(fatal) = outcome {
            findings.push(*fatal);
            return None;
        }
    }
    let root = builder.finish();
    if root.is_none() {
        let empty = Finding::key("", Code::Empty, "there is nothing in this descriptor");
        findings.push(empty.hint(bounds.begins));
    }
    root
}

fn position(marker: &Marker, file: u16) -> Position {
    Position { file, line: marker.line(), column: marker.col() + 1 }
}

/// The words of the parser, and what usually lies behind them.
const REMEDIES: [(&str, &str); 6] = [
    ("tab", "YAML indents with spaces, never with tabs"),
    ("mapping values are not allowed", "check the indentation of this line; text that holds `: ` needs quotes"),
    (
        "unknown anchor",
        "an alias `*name` stands for a value marked `&name` further up; text that begins with `*` needs quotes",
    ),
    ("cannot start any token", "text that begins with this character needs quotes"),
    ("expected", "check the indentation, and the brackets and quotes before this place"),
    ("indent", "check the indentation"),
];

fn syntax(error: &ScanError, bounds: Bounds) -> Finding {
    let at = position(error.marker(), bounds.file);
    if error.info().contains("recursion limit") {
        return too_deep(at, "", bounds.depth);
    }
    let info: String = error.info().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let hint = REMEDIES.iter().find(|(words, _)| info.contains(words)).map(|(_, hint)| (*hint).to_owned());
    Finding::new("", Place::At(at), Code::Syntax, format!("this is no YAML: {info}")).maybe_hint(hint)
}

pub(super) fn too_deep(at: Position, pointer: impl Into<String>, depth: usize) -> Finding {
    let message = format!("this is nested more than {depth} levels deep");
    Finding::new(pointer, Place::At(at), Code::TooDeep, message)
}
