//! Parts that were found good before. Offers of one provider repeat the same
//! SLA, flavour or energy profile; whether a part conforms depends on nothing
//! but what hangs on it, so the SHACL engine, whose every check is costly,
//! needs to see each such content once.

use super::document::Document;
use crate::vocabulary::{HANSA, Term as Name};
use indexmap::IndexSet;
use oxigraph::model::{NamedNode, NamedOrBlankNode, Term};
use std::collections::{HashMap, HashSet};

/// Each property whose value has a shape of its own, and the class of that shape.
const PARTS: [(Name, Name); 9] = [
    (HANSA::FLAVOUR_OF, HANSA::FLAVOUR),
    (HANSA::CAPACITY_OF, HANSA::CAPACITY),
    (HANSA::PRICE_PLAN_OF, HANSA::PRICE_PLAN),
    (HANSA::SLA_OF, HANSA::SLA),
    (HANSA::OBJECTIVE, HANSA::SERVICE_LEVEL_OBJECTIVE),
    (HANSA::REMEDY_OF, HANSA::REMEDY),
    (HANSA::ENERGY, HANSA::ENERGY_PROFILE),
    (HANSA::CLAIM, HANSA::COMPLIANCE_CLAIM),
    (HANSA::LATENCY_TO, HANSA::LATENCY),
];

/// A node of a resource, the class whose shape it has to fulfil, and all that hangs on it.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) node: NamedOrBlankNode,
    pub(super) class: Name,
    content: String,
}

/// The contents that are known to be good. They say nothing about who wrote
/// them, so they count for other documents too.
#[derive(Default)]
pub(super) struct GoodParts {
    contents: HashSet<(Name, String)>,
    bytes: usize,
}

/// How much is remembered before all of it is forgotten.
const MAX_MEMORY: usize = 8 << 20;

impl GoodParts {
    pub(super) fn contains(&self, part: &Part) -> bool {
        self.contents.contains(&(part.class, part.content.clone()))
    }

    pub(super) fn extend(&mut self, parts: Vec<Part>) {
        if self.bytes > MAX_MEMORY {
            *self = Self::default();
        }
        for part in parts {
            let bytes = part.content.len();
            if self.contents.insert((part.class, part.content)) {
                self.bytes += bytes;
            }
        }
    }
}

/// The parts of a resource. One that hangs on itself has no content to compare, and is left out.
pub(super) fn parts_of(document: &Document, nodes: &IndexSet<NamedOrBlankNode>) -> Vec<Part> {
    let contents = contents(document, nodes);
    let mut parts = Vec::new();
    for node in nodes {
        for (property, value) in document.properties(node) {
            let Some((_, class)) = PARTS.iter().find(|(name, _)| name.iri == property.as_str()) else {
                continue;
            };
            let Some(node) = as_node(value) else { continue };
            if let Some(Some(content)) = contents.get(&node) {
                parts.push(Part { node, class: *class, content: content.clone() });
            }
        }
    }
    parts
}

/// For each node its properties with the contents of what hangs on it in place
/// of labels, sorted. The nodes come breadth first, so what hangs on a node
/// comes after it; where it doesn't there is a circle, and no content.
fn contents(document: &Document, nodes: &IndexSet<NamedOrBlankNode>) -> HashMap<NamedOrBlankNode, Option<String>> {
    let mut contents: HashMap<NamedOrBlankNode, Option<String>> = HashMap::new();
    for (index, node) in nodes.iter().enumerate().rev() {
        let line = |(property, value): &(NamedNode, Term)| -> Option<String> {
            let nested = as_node(value).filter(|node| nodes.contains(node));
            match nested {
                None => Some(format!("{property} {value} ")),
                Some(nested) if nodes.get_index_of(&nested)? > index => {
                    let name = if nested.is_named_node() { nested.to_string() } else { String::new() };
                    let content = contents.get(&nested)?.as_deref()?;
                    Some(format!("{property} {name}[{content}] "))
                }
                Some(_) => None,
            }
        };
        let lines: Option<Vec<String>> = document.properties(node).map(line).collect();
        let content = lines.map(|mut lines| {
            lines.sort();
            lines.concat()
        });
        contents.insert(node.clone(), content.filter(|content| content.len() <= MAX_CONTENT));
    }
    contents
}

/// Longer contents are not worth remembering, and one may hang on many nodes.
const MAX_CONTENT: usize = 16 << 10;

fn as_node(value: &Term) -> Option<NamedOrBlankNode> {
    match value {
        Term::NamedNode(name) => Some(name.clone().into()),
        Term::BlankNode(blank) => Some(blank.clone().into()),
        _ => None,
    }
}
