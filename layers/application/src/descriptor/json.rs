//! JSON text (RFC 8259) into a [`Node`] tree. YAML 1.2 nearly contains JSON,
//! but for details that matter to programs which write it (pairs of `\u`
//! escapes), so that text which is JSON is read as JSON.

use super::{
    node::{Data, Entry, Node, Position},
    yaml::Bounds,
};
use crate::{
    diagnostic::Code,
    finding::{Finding, Place},
    suggestion::shown,
};
use std::{collections::HashSet, str::Chars};

/// Reads the text if it is JSON. None: it isn't, or is beyond the bounds; the
/// YAML reader then says why.
pub(super) fn read(text: &str, findings: &mut Vec<Finding>) -> Option<Node> {
    let mut reader = Reader { rest: text.chars(), at: Position::START, nodes: 0, findings: Vec::new() };
    reader.skip_blank();
    let root = reader.value("", 0)?;
    reader.skip_blank();
    if reader.rest.next().is_some() {
        return None;
    }
    findings.append(&mut reader.findings);
    Some(root)
}

struct Reader<'t> {
    rest: Chars<'t>,
    at: Position,
    nodes: usize,
    findings: Vec<Finding>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.at = Position { line: self.at.line + 1, column: 1, ..self.at };
        } else {
            self.at.column += 1;
        }
        Some(c)
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn skip_blank(&mut self) {
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn value(&mut self, pointer: &str, depth: usize) -> Option<Node> {
        self.nodes += 1;
        if depth > Bounds::DESCRIPTOR.depth || self.nodes > Bounds::DESCRIPTOR.nodes {
            return None;
        }
        let at = self.at;
        let data = match self.peek()? {
            '{' => self.object(pointer, depth)?,
            '[' => self.array(pointer, depth)?,
            '"' => Data::Text(self.string()?),
            _ => self.word()?,
        };
        Some(Node { at, data })
    }

    fn object(&mut self, pointer: &str, depth: usize) -> Option<Data> {
        let (mut entries, mut seen) = (Vec::new(), HashSet::new());
        self.expect('{')?;
        self.skip_blank();
        if self.peek()? == '}' {
            self.next();
            return Some(Data::Mapping(entries));
        }
        loop {
            self.skip_blank();
            let at = self.at;
            let key = self.string()?;
            let inner = super::node::field(pointer, &key);
            self.skip_blank();
            self.expect(':')?;
            self.skip_blank();
            let value = self.value(&inner, depth + 1)?;
            if seen.insert(key.clone()) {
                entries.push(Entry { key, at, value });
            } else {
                let message = format!("the field `{}` stands here a second time", shown(&key));
                let finding = Finding::new(inner, Place::At(at), Code::DuplicateKey, message);
                self.findings.push(finding.hint("keep one of the two"));
            }
            self.skip_blank();
            match self.next()? {
                ',' => {}
                '}' => return Some(Data::Mapping(entries)),
                _ => return None,
            }
        }
    }

    fn array(&mut self, pointer: &str, depth: usize) -> Option<Data> {
        let mut items = Vec::new();
        self.expect('[')?;
        self.skip_blank();
        if self.peek()? == ']' {
            self.next();
            return Some(Data::Sequence(items));
        }
        loop {
            self.skip_blank();
            items.push(self.value(&super::node::item(pointer, items.len()), depth + 1)?);
            self.skip_blank();
            match self.next()? {
                ',' => {}
                ']' => return Some(Data::Sequence(items)),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let from = self.rest.as_str();
        self.expect('"')?;
        loop {
            match self.next()? {
                '"' => break,
                '\\' => {
                    self.next()?;
                }
                _ => {}
            }
        }
        serde_json::from_str(from.get(..from.len() - self.rest.as_str().len())?).ok()
    }

    fn word(&mut self) -> Option<Data> {
        let from = self.rest.as_str();
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
            self.next();
        }
        let word = from.get(..from.len() - self.rest.as_str().len())?;
        match word {
            "null" => Some(Data::Null),
            "true" | "false" => Some(Data::Bool(word == "true", word.to_owned())),
            _ => serde_json::from_str(word).ok().map(|number| Data::Number(number, word.to_owned())),
        }
    }
}
