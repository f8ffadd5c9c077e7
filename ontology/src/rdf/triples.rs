//! A resource as triples.

use super::node::{Node, Resource, Value};
use crate::vocabulary::Term as Name;
use oxigraph::model::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

/// All triples of a resource. Its blank nodes get labels that begin with
/// `label`, so that those of several resources don't meet.
pub(crate) fn triples(resource: &Resource, label: &str) -> Vec<Triple> {
    let mut triples = Vec::new();
    let mut pending: Vec<(NamedOrBlankNode, &Node)> =
        vec![(NamedNode::new_unchecked(resource.iri.as_str()).into(), &resource.node)];
    let mut blanks = 0_usize;
    while let Some((subject, node)) = pending.pop() {
        for (property, values) in &node.properties {
            for value in values {
                let object: Term = match value {
                    Value::Term(term) => name(*term).into(),
                    Value::Iri(iri) => NamedNode::new_unchecked(iri.as_str()).into(),
                    Value::Literal(text, datatype) => Literal::new_typed_literal(text.as_str(), name(*datatype)).into(),
                    Value::Node(node) => {
                        blanks += 1;
                        let blank = BlankNode::new_unchecked(format!("{label}{blanks}"));
                        pending.push((blank.clone().into(), node));
                        blank.into()
                    }
                };
                triples.push(Triple::new(subject.clone(), name(*property), object));
            }
        }
    }
    triples
}

fn name(term: Name) -> NamedNode {
    NamedNode::new_unchecked(term.iri)
}
