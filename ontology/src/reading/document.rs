//! A parsed document: what it says about each subject, in its own order.

use super::{ReadError, ReadLimits};
use crate::{
    rdf::RdfFormat,
    vocabulary::{HANSA, ODRL, RDF, Term as Name},
};
use indexmap::{IndexMap, IndexSet};
use oxigraph::{
    io::{JsonLdProfileSet, RdfFormat as Syntax, RdfParser, RdfSyntaxError},
    model::{NamedNode, NamedOrBlankNode, Term},
};
use std::collections::HashSet;

/// The properties that a subject has in the document, each once.
type Properties = IndexSet<(NamedNode, Term)>;

/// A parsed document.
pub(super) struct Document {
    subjects: IndexMap<NamedOrBlankNode, Properties>,
}

/// Properties whose value is a part of the resource, also where the part has an IRI.
const NESTING: [Name; 11] = [
    HANSA::FLAVOUR_OF,
    HANSA::CAPACITY_OF,
    HANSA::PRICE_PLAN_OF,
    HANSA::SLA_OF,
    HANSA::OBJECTIVE,
    HANSA::REMEDY_OF,
    HANSA::ENERGY,
    HANSA::CLAIM,
    HANSA::LATENCY_TO,
    ODRL::HAS_POLICY,
    ODRL::PERMISSION,
];

impl Document {
    pub(super) fn parse(bytes: &[u8], format: RdfFormat, limits: &ReadLimits) -> Result<Self, ReadError> {
        let syntax = match format {
            RdfFormat::Turtle => Syntax::Turtle,
            RdfFormat::NTriples => Syntax::NTriples,
            RdfFormat::JsonLd => Syntax::JsonLd { profile: JsonLdProfileSet::empty() },
            RdfFormat::RdfXml => Syntax::RdfXml,
        };
        ReadLimits::check_depth(bytes, format)?;
        let mut subjects: IndexMap<NamedOrBlankNode, Properties> = IndexMap::new();
        let parser = RdfParser::from_format(syntax)
            .without_named_graphs()
            .for_slice(bytes)
            .with_document_loader(|url| Err(format!("its @context is the document {url}, and none is fetched: put the context itself into the document, or give the same as Turtle").into()));
        for (count, quad) in parser.enumerate() {
            if count >= limits.triples {
                return Err(ReadError::TooManyTriples { limit: limits.triples });
            }
            let quad = quad.map_err(|error| syntax_error(format, &error))?;
            subjects.entry(quad.subject).or_default().insert((quad.predicate, quad.object));
        }
        Ok(Self { subjects })
    }

    /// Every subject, in the order of the document.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &NamedOrBlankNode> {
        self.subjects.keys()
    }

    /// What the document says about a subject.
    pub(super) fn properties(&self, subject: &NamedOrBlankNode) -> impl Iterator<Item = &(NamedNode, Term)> {
        self.subjects.get(subject).into_iter().flatten()
    }

    /// The classes of a subject.
    pub(super) fn classes(&self, subject: &NamedOrBlankNode) -> impl Iterator<Item = &str> {
        self.properties(subject).filter(|(property, _)| property.as_str() == RDF::TYPE.iri).filter_map(|(_, class)| {
            match class {
                Term::NamedNode(name) => Some(name.as_str()),
                _ => None,
            }
        })
    }

    /// A resource's nodes: itself, the blank nodes that hang on it, and the
    /// named parts; but no other resource. `None` if they have too many triples.
    pub(super) fn nodes_of(
        &self,
        resource: &NamedOrBlankNode,
        is_resource: impl Fn(&NamedOrBlankNode) -> bool,
        limit: usize,
    ) -> Option<IndexSet<NamedOrBlankNode>> {
        let mut nodes = IndexSet::from([resource.clone()]);
        let (mut next, mut triples) = (0, 0);
        while let Some(node) = nodes.get_index(next).cloned() {
            next += 1;
            for (property, value) in self.properties(&node) {
                triples += 1;
                if triples > limit {
                    return None;
                }
                let part: NamedOrBlankNode = match value {
                    Term::BlankNode(blank) => blank.clone().into(),
                    Term::NamedNode(name) if nests(property) => name.clone().into(),
                    _ => continue,
                };
                if self.subjects.contains_key(&part) && !is_resource(&part) {
                    nodes.insert(part);
                }
            }
        }
        Some(nodes)
    }

    /// The blank nodes that some subject has as a value.
    pub(super) fn referenced_blank_nodes(&self) -> HashSet<NamedOrBlankNode> {
        let values = self.subjects.values().flatten();
        values
            .filter_map(|(_, value)| match value {
                Term::BlankNode(blank) => Some(blank.clone().into()),
                _ => None,
            })
            .collect()
    }
}

fn nests(property: &NamedNode) -> bool {
    NESTING.iter().any(|name| name.iri == property.as_str())
}

fn syntax_error(format: RdfFormat, error: &RdfSyntaxError) -> ReadError {
    let start = error.location().map(|range| range.start);
    ReadError::Syntax {
        format,
        line: start.map(|position| position.line + 1),
        column: start.map(|position| position.column + 1),
        reason: error.to_string(),
    }
}
