//! Builds the tree from the parser's events: looks for keys that stand twice,
//! resolves aliases and merge keys, and bounds all of it, so that no text can
//! exhaust the broker.

use super::{
    node::{Data, Entry, Node, Position, field, item},
    scalar::{resolve, tagged},
    yaml::{Bounds, too_deep},
};
use crate::{
    diagnostic::Code,
    finding::{Finding, Place},
    suggestion::shown,
};
use saphyr_parser::{Event, ScalarStyle, Tag};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map},
};

/// How much aliases may add to the text, in bytes.
const MAX_ALIASED: usize = 4 << 20;

/// A collection that is being filled.
struct Frame {
    at: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    /// Each key, and which of the entries is its.
    seen: HashMap<String, usize>,
    merges: Vec<Node>,
    key: Key,
}

/// The key whose value comes next.
#[derive(Default)]
enum Key {
    #[default]
    Awaited,
    Field(String, Position),
    Merge,
    /// Reported; its value is left out.
    Refused,
}

/// What an alias stands for, and how much it adds.
struct Anchored {
    node: Node,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

type Step = Result<(), Box<Finding>>;

pub(super) struct Builder<'f> {
    bounds: Bounds,
    findings: &'f mut Vec<Finding>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    aliased: usize,
    documents: usize,
    root: Option<Node>,
}

impl<'f> Builder<'f> {
    pub(super) fn new(bounds: Bounds, findings: &'f mut Vec<Finding>) -> Self {
        let (frames, anchors) = (Vec::new(), HashMap::new());
        Self { bounds, findings, frames, anchors, nodes: 0, aliased: 0, documents: 0, root: None }
    }

    /// The document, if there was one that holds something.
    pub(super) fn finish(self) -> Option<Node> {
        self.root.filter(|root| !matches!(root.data, Data::Null))
    }

    /// Takes one event. An error ends the reading.
    pub(super) fn take(&mut self, event: Event<'_>, at: Position) -> Step {
        match event {
            Event::DocumentStart(_) => self.document(at),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text, style, tag.as_deref(), at);
                self.complete(node, anchor, style == ScalarStyle::Plain)
            }
            Event::SequenceStart(anchor, tag) => self.open(at, anchor, tag, Content::Sequence(Vec::new())),
            Event::MappingStart(anchor, tag) => self.open(at, anchor, tag, Content::Mapping(Mapping::default())),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, at: Position) -> Step {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let finding = Finding::new("", Place::At(at), Code::SeveralDocuments, "a second document begins here");
        Err(Box::new(
            finding.hint("a descriptor is one document: remove what follows `---`, or put it into a file of its own"),
        ))
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Node {
        let data = match tag {
            Some(tag) if tag.is_yaml_core_schema() => {
                let as_text = || self.bounds.lenient.then(|| Data::Text(text.to_string()));
                tagged(&text, &tag.suffix).or_else(as_text)
            }
            Some(tag) if tag.to_string() == "!" => Some(Data::Text(text.to_string())),
            Some(tag) => {
                self.unknown_tag(tag, at);
                resolve(&text)
            }
            None if style == ScalarStyle::Plain => resolve(&text),
            None => Some(Data::Text(text.to_string())),
        };
        let data = data.unwrap_or_else(|| {
            let message = format!("`{}` is no value that a descriptor can hold", shown(&text));
            let finding = Finding::new(self.pointer(), Place::At(at), Code::InvalidScalar, message);
            self.findings.push(finding.hint("write a finite number, or put text in quotes"));
            Data::Null
        });
        Node { at, data }
    }

    fn unknown_tag(&mut self, tag: &Tag, at: Position) {
        let message = format!("the tag `{}` means nothing here", shown(&tag.to_string()));
        let finding = Finding::new(self.pointer(), Place::At(at), Code::UnknownTag, message);
        self.findings.push(finding.hint("remove it; text that begins with `!` needs quotes"));
    }

    fn open(&mut self, at: Position, anchor: usize, tag: Option<Cow<'_, Tag>>, content: Content) -> Step {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema() || !matches!(tag.suffix.as_str(), "map" | "seq"))
        {
            self.unknown_tag(&tag, at);
        }
        if self.frames.len() >= self.bounds.depth {
            return Err(Box::new(too_deep(at, self.pointer(), self.bounds.depth)));
        }
        self.frames.push(Frame { at, anchor, content });
        Ok(())
    }

    fn close(&mut self) -> Step {
        let Some(Frame { at, anchor, content }) = self.frames.pop() else {
            return Ok(());
        };
        let data = match content {
            Content::Sequence(items) => Data::Sequence(items),
            Content::Mapping(mapping) => Data::Mapping(mapping.merged()),
        };
        self.complete(Node { at, data }, anchor, false)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Step {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let message = "this alias stands for a value that holds the alias itself";
            return Err(Box::new(Finding::new(self.pointer(), Place::At(at), Code::Syntax, message)));
        };
        let Size { nodes, bytes, depth } = anchored.size;
        if self.frames.len() + depth > self.bounds.depth {
            return Err(Box::new(too_deep(at, self.pointer(), self.bounds.depth)));
        }
        let node = anchored.node.clone();
        self.nodes += nodes;
        self.copy(bytes, at)?;
        self.complete(node, 0, false)
    }

    /// Counts what anchors and aliases copy.
    fn copy(&mut self, bytes: usize, at: Position) -> Step {
        self.aliased += bytes;
        if self.aliased <= MAX_ALIASED {
            return Ok(());
        }
        let message = format!("aliases make this descriptor larger than {} MiB", MAX_ALIASED >> 20);
        Err(Box::new(Finding::new(self.pointer(), Place::At(at), Code::TooLarge, message)))
    }

    /// A value is whole: it goes to where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, plain: bool) -> Step {
        self.nodes += 1;
        if self.nodes > self.bounds.nodes {
            let message = format!("this file holds more than {} values", self.bounds.nodes);
            return Err(Box::new(Finding::new("", Place::At(node.at), Code::TooLarge, message)));
        }
        if anchor != 0 {
            let size = size(&node);
            self.copy(size.bytes, node.at)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
        }
        let finding = match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => {
                self.root = Some(node);
                None
            }
            Some(Content::Sequence(items)) => {
                items.push(node);
                None
            }
            Some(Content::Mapping(mapping)) => mapping.take(node, plain, self.bounds.lenient),
        };
        if let Some(mut finding) = finding {
            finding.pointer.insert_str(0, &self.pointer());
            self.findings.push(finding);
        }
        Ok(())
    }

    /// Where the reading is.
    fn pointer(&self) -> String {
        self.frames.iter().fold(String::new(), |pointer, frame| match &frame.content {
            Content::Sequence(items) => item(&pointer, items.len()),
            Content::Mapping(Mapping { key: Key::Field(name, _), .. }) => field(&pointer, name),
            Content::Mapping(_) => pointer,
        })
    }
}

impl Mapping {
    /// Takes a key or the value of the key before. What it finds is told by a
    /// pointer from where the reading then is.
    fn take(&mut self, node: Node, plain: bool, lenient: bool) -> Option<Finding> {
        match std::mem::take(&mut self.key) {
            Key::Awaited => self.take_key(node, plain, lenient),
            Key::Refused => None,
            Key::Field(key, at) => {
                let entry = Entry { key, at, value: node };
                // A key that stands twice has its place already, and the later value takes it.
                match self.seen.get(&entry.key).and_then(|slot| self.entries.get_mut(*slot)) {
                    Some(slot) => *slot = entry,
                    None => self.entries.push(entry),
                }
                None
            }
            Key::Merge => self.take_merge(node),
        }
    }

    fn take_key(&mut self, node: Node, plain: bool, lenient: bool) -> Option<Finding> {
        self.key = Key::Refused;
        let at = Place::At(node.at);
        let name = match node.data {
            Data::Text(name) => name,
            Data::Number(_, written) | Data::Bool(_, written) => {
                if lenient {
                    let text = Node { at: node.at, data: Data::Text(written) };
                    return self.take_key(text, false, lenient);
                }
                let message = format!("the key `{}` is no text", shown(&written));
                let finding = Finding::new("", at, Code::KeyNotText, message);
                return Some(finding.hint(format!("write it in quotes: \"{}\"", shown(&written))));
            }
            // A key may be a call of a function, which is kept as it is written.
            Data::Null | Data::Sequence(_) | Data::Mapping(_) if lenient => {
                let written = Node { at: node.at, data: node.data }.to_value().to_string();
                let message = format!("the key `{}` is no text", shown(&written));
                let _taken = self.take_key(Node { at: node.at, data: Data::Text(written) }, false, lenient);
                return Some(Finding::new("", at, Code::KeyNotText, message).hint("it is taken as it is written"));
            }
            Data::Null | Data::Sequence(_) | Data::Mapping(_) => {
                return Some(Finding::new("", at, Code::KeyNotText, "a key must be text"));
            }
        };
        if name == "<<" && plain {
            self.key = Key::Merge;
        } else if let hash_map::Entry::Vacant(slot) = self.seen.entry(name.clone()) {
            slot.insert(self.entries.len());
            self.key = Key::Field(name, node.at);
        } else {
            let message = format!("the field `{}` stands here a second time", shown(&name));
            let finding =
                Finding::new(if lenient { String::new() } else { field("", &name) }, at, Code::DuplicateKey, message);
            if lenient {
                self.key = Key::Field(name, node.at);
                return Some(finding.hint("this one is taken; remove the other"));
            }
            return Some(finding.hint("keep one of the two"));
        }
        None
    }

    fn take_merge(&mut self, node: Node) -> Option<Finding> {
        let at = node.at;
        let fits = |node: &Node| matches!(node.data, Data::Mapping(_));
        match node.data {
            Data::Mapping(_) => self.merges.push(node),
            Data::Sequence(nodes) if nodes.iter().all(fits) => self.merges.extend(nodes),
            _ => {
                let message = "the merge key `<<` takes a mapping, or a list of mappings";
                return Some(Finding::new("", Place::At(at), Code::InvalidMerge, message));
            }
        }
        None
    }

    /// With what the merge keys bring: fields of its own win, then those of the earlier merge.
    fn merged(self) -> Vec<Entry> {
        let Self { mut entries, mut seen, merges, .. } = self;
        for merge in merges {
            if let Data::Mapping(more) = merge.data {
                entries.extend(more.into_iter().filter(|entry| seen.insert(entry.key.clone(), 0).is_none()));
            }
        }
        entries
    }
}

fn size(node: &Node) -> Size {
    let sum = |parts: &mut dyn Iterator<Item = Size>| {
        parts.fold(Size::default(), |a, b| Size {
            nodes: a.nodes + b.nodes,
            bytes: a.bytes + b.bytes,
            depth: a.depth.max(b.depth),
        })
    };
    let (inner, own, level) = match &node.data {
        Data::Null => (Size::default(), 0, 0),
        Data::Bool(_, text) | Data::Number(_, text) | Data::Text(text) => (Size::default(), text.len(), 0),
        Data::Sequence(items) => (sum(&mut items.iter().map(size)), 0, 1),
        Data::Mapping(entries) => {
            let keys = entries.iter().map(|entry| entry.key.len()).sum();
            (sum(&mut entries.iter().map(|entry| size(&entry.value))), keys, 1)
        }
    };
    Size { nodes: inner.nodes + 1, bytes: inner.bytes + own + 32, depth: inner.depth + level }
}
