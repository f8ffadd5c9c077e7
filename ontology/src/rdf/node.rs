//! A resource as a tree: what the mapping makes of a typed value, and what
//! both the Turtle writer and the triples are made from. A tree, and not a
//! graph, since everything below a provider, a site or an offer is its own.

use super::lexical;
use crate::vocabulary::{RDF, Term, XSD};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// A named resource with all that is its own.
pub(crate) struct Resource {
    pub(crate) iri: String,
    pub(crate) node: Node,
}

/// The properties of a node, in the order in which people read them.
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) properties: Vec<(Term, Vec<Value>)>,
}

/// What a property has as its value.
pub(crate) enum Value {
    /// A name of a vocabulary.
    Term(Term),
    /// The IRI of another resource.
    Iri(String),
    /// A text with its datatype.
    Literal(String, Term),
    /// A node of its own, without a name.
    Node(Node),
}

impl Node {
    pub(crate) fn of_class(class: Term) -> Self {
        Self::of_classes(&[class])
    }

    pub(crate) fn of_classes(classes: &[Term]) -> Self {
        Self::default().with(RDF::TYPE, classes.iter().copied().map(Value::Term))
    }

    /// Adds a property with its values; without any value there is no property.
    pub(crate) fn with(mut self, property: Term, values: impl IntoIterator<Item = Value>) -> Self {
        let values: Vec<Value> = values.into_iter().collect();
        if !values.is_empty() {
            self.properties.push((property, values));
        }
        self
    }

    pub(crate) fn term(self, property: Term, term: Term) -> Self {
        self.with(property, [Value::Term(term)])
    }

    pub(crate) fn iri(self, property: Term, iri: &str) -> Self {
        self.with(property, [Value::Iri(iri.to_owned())])
    }

    pub(crate) fn text(self, property: Term, text: impl Into<String>) -> Self {
        self.with(property, [Value::text(text)])
    }

    pub(crate) fn decimal(self, property: Term, number: Decimal) -> Self {
        self.with(property, [Value::decimal(number)])
    }

    pub(crate) fn node(self, property: Term, node: Self) -> Self {
        self.with(property, [Value::Node(node)])
    }
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Literal(text.into(), XSD::STRING)
    }

    pub(crate) fn integer(number: impl Into<u64>) -> Self {
        Self::Literal(number.into().to_string(), XSD::INTEGER)
    }

    pub(crate) fn time(time: DateTime<Utc>) -> Self {
        Self::Literal(lexical::time_text(time), XSD::DATE_TIME)
    }

    /// Always with a point, so that Turtle's short form reads it as a decimal again.
    pub(crate) fn decimal(number: Decimal) -> Self {
        let text = number.normalize().to_string();
        Self::Literal(if text.contains('.') { text } else { text + ".0" }, XSD::DECIMAL)
    }
}
