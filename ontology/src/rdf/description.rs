//! What a document says about one resource: its triples and those of what is
//! nested in it; and how the mapping asks for fields. What the shapes let
//! through and the types can't hold becomes a violation here.

use super::lexical;
use crate::{
    reading::Violation,
    vocabulary::{RDF, SCHEMA, Term as Name, shorten},
};
use oxigraph::model::{NamedNode, NamedOrBlankNode, Term};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// The properties of each node of one resource.
#[derive(Default)]
pub(crate) struct Description {
    nodes: HashMap<NamedOrBlankNode, Vec<(NamedNode, Term)>>,
}

impl Description {
    pub(crate) fn add(&mut self, node: NamedOrBlankNode, properties: Vec<(NamedNode, Term)>) {
        self.nodes.insert(node, properties);
    }

    /// The resource itself; `class` names its shape.
    pub(crate) fn root(&self, node: &NamedOrBlankNode, class: Name) -> Described<'_> {
        Described { description: self, node: node.clone(), class, path: Vec::new() }
    }
}

/// A node, and how it was reached from the resource.
pub(crate) struct Described<'a> {
    description: &'a Description,
    node: NamedOrBlankNode,
    class: Name,
    path: Vec<&'static str>,
}

impl<'a> Described<'a> {
    /// The node's IRI.
    pub(crate) fn iri(&self) -> &str {
        match &self.node {
            NamedOrBlankNode::NamedNode(name) => name.as_str(),
            NamedOrBlankNode::BlankNode(blank) => blank.as_str(),
        }
    }

    pub(crate) fn values(&self, property: Name) -> impl Iterator<Item = &'a Term> + use<'a> {
        let properties = self.description.nodes.get(&self.node).map_or(&[][..], Vec::as_slice);
        properties.iter().filter(move |(name, _)| name.as_str() == property.iri).map(|(_, value)| value)
    }

    /// Whether the node says that it is of this class.
    pub(crate) fn is_a(&self, class: Name) -> bool {
        self.values(RDF::TYPE).any(|value| is_name(value, class))
    }

    /// A violation of a field of this node.
    pub(crate) fn violation(&self, property: Name, value: Option<&Term>, message: String) -> Violation {
        let mut path = self.path.clone();
        path.push(property.curie);
        Violation {
            field: path.join(" / "),
            value: value.and_then(readable),
            message: format!("{property}: {message}"),
            shape: format!("{}Shape", self.class),
        }
    }

    /// A violation of the node as a whole.
    pub(crate) fn own_violation(&self, message: String) -> Violation {
        Violation { field: self.path.join(" / "), value: None, message, shape: format!("{}Shape", self.class) }
    }

    /// At most one value, understood by `read`; otherwise `expected` says what would be right.
    pub(crate) fn optional<T>(
        &self,
        property: Name,
        expected: &str,
        read: impl Fn(&'a Term) -> Option<T>,
    ) -> Result<Option<T>, Violation> {
        let mut values = self.values(property);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(self.violation(property, None, format!("give it once only: {expected}")));
        }
        self.understood(property, value, expected, read).map(Some)
    }

    /// Exactly one value.
    pub(crate) fn required<T>(
        &self,
        property: Name,
        expected: &str,
        read: impl Fn(&'a Term) -> Option<T>,
    ) -> Result<T, Violation> {
        self.optional(property, expected, read)?
            .ok_or_else(|| self.violation(property, None, format!("it is missing: give {expected}")))
    }

    /// Any number of values.
    pub(crate) fn each<T, C: FromIterator<T>>(
        &self,
        property: Name,
        expected: &str,
        read: impl Fn(&'a Term) -> Option<T>,
    ) -> Result<C, Violation> {
        self.values(property).map(|value| self.understood(property, value, expected, &read)).collect()
    }

    fn understood<T>(
        &self,
        property: Name,
        value: &'a Term,
        expected: &str,
        read: impl Fn(&'a Term) -> Option<T>,
    ) -> Result<T, Violation> {
        read(value).ok_or_else(|| self.violation(property, Some(value), format!("give {expected}")))
    }

    /// At most one nested node.
    pub(crate) fn optional_node(&self, property: Name, class: Name) -> Result<Option<Self>, Violation> {
        Ok(self.optional(property, "a node of its own", node)?.map(|node| self.nested(property, class, node)))
    }

    /// Exactly one nested node.
    pub(crate) fn required_node(&self, property: Name, class: Name) -> Result<Self, Violation> {
        Ok(self.nested(property, class, self.required(property, "a node of its own", node)?))
    }

    /// Any number of nested nodes, each with its place in the order, if it says one.
    pub(crate) fn each_node<T>(
        &self,
        property: Name,
        class: Name,
        read: impl Fn(&Self) -> Result<T, Violation>,
    ) -> Result<Vec<(Option<u32>, T)>, Violation> {
        let nodes: Vec<NamedOrBlankNode> = self.each(property, "a node of its own", node)?;
        nodes
            .into_iter()
            .map(|node| {
                let nested = self.nested(property, class, node);
                Ok((nested.optional(SCHEMA::POSITION, "a whole number", count)?, read(&nested)?))
            })
            .collect()
    }

    fn nested(&self, property: Name, class: Name, node: NamedOrBlankNode) -> Self {
        let mut path = self.path.clone();
        path.push(property.curie);
        Self { description: self.description, node, class, path }
    }
}

/// A value as a person reads it; a blank node has nothing to read.
pub(crate) fn readable(value: &Term) -> Option<String> {
    match value {
        Term::NamedNode(name) => Some(shorten(name.as_str())),
        Term::Literal(literal) => Some(literal.value().to_owned()),
        _ => None,
    }
}

fn is_name(value: &Term, name: Name) -> bool {
    matches!(value, Term::NamedNode(node) if node.as_str() == name.iri)
}

// How values are understood, as arguments to the methods above.

pub(crate) fn iri(value: &Term) -> Option<&str> {
    match value {
        Term::NamedNode(name) => Some(name.as_str()),
        _ => None,
    }
}

pub(crate) fn text(value: &Term) -> Option<&str> {
    match value {
        Term::Literal(literal) => Some(literal.value()),
        _ => None,
    }
}

pub(crate) fn string(value: &Term) -> Option<String> {
    text(value).map(str::to_owned)
}

pub(crate) fn decimal(value: &Term) -> Option<Decimal> {
    text(value).and_then(lexical::decimal)
}

pub(crate) fn count(value: &Term) -> Option<u32> {
    text(value).and_then(lexical::count)
}

pub(crate) fn time(value: &Term) -> Option<chrono::DateTime<chrono::Utc>> {
    text(value).and_then(lexical::time)
}

/// A decimal number that is a whole number of `1 / parts`, as that whole number.
pub(crate) fn whole_parts(value: &Term, parts: u32) -> Option<u64> {
    let number = decimal(value)?.checked_mul(Decimal::from(parts))?;
    number.is_integer().then(|| u64::try_from(number).ok()).flatten()
}

/// One of several names.
pub(crate) fn one_of<T: Copy>(value: &Term, names: &[(Name, T)]) -> Option<T> {
    names.iter().find(|(name, _)| is_name(value, *name)).map(|(_, meaning)| *meaning)
}

fn node(value: &Term) -> Option<NamedOrBlankNode> {
    match value {
        Term::NamedNode(name) => Some(name.clone().into()),
        Term::BlankNode(blank) => Some(blank.clone().into()),
        _ => None,
    }
}
