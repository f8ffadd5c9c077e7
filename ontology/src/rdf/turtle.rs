//! Turtle that people like to read: prefixes, one property a line, what is a
//! resource's own nested in it. Equal values give equal text.

use super::node::{Node, Resource, Value};
use crate::vocabulary::{HANSA, PREFIXES, RDF, Term, XSD, prefix_of};
use oxigraph::model::{Literal, NamedNode};
use std::collections::BTreeSet;

const INDENT: &str = "    ";

/// A document of these resources.
pub(super) fn document(resources: &[Resource]) -> String {
    let mut writer = Writer::default();
    for resource in resources {
        writer.resource(resource);
    }
    writer.prefixes.insert(prefix_of(HANSA::OFFER.curie).map_or("", |prefix| prefix.name));
    let mut document = String::new();
    for prefix in PREFIXES.iter().filter(|prefix| writer.prefixes.contains(prefix.name)) {
        document.push_str(&format!("@prefix {}: <{}> .\n", prefix.name, prefix.namespace));
    }
    document.push_str(&writer.text);
    document
}

#[derive(Default)]
struct Writer {
    text: String,
    prefixes: BTreeSet<&'static str>,
}

impl Writer {
    fn resource(&mut self, resource: &Resource) {
        self.text.push('\n');
        self.text.push_str(&iri(&resource.iri));
        self.properties(&resource.node, 1);
        self.text.push_str(" .\n");
    }

    /// ` a hansa:Offer ;` and so on, without the end.
    fn properties(&mut self, node: &Node, depth: usize) {
        for (index, (property, values)) in node.properties.iter().enumerate() {
            if index == 0 && *property == RDF::TYPE {
                self.text.push_str(" a ");
            } else {
                self.text.push_str(if index == 0 { "\n" } else { " ;\n" });
                self.text.push_str(&INDENT.repeat(depth));
                self.term(*property);
                self.text.push(' ');
            }
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    self.text.push_str(", ");
                }
                self.value(value, depth);
            }
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Term(term) => self.term(*term),
            Value::Iri(name) => self.text.push_str(&iri(name)),
            Value::Literal(text, datatype) => self.literal(text, *datatype),
            Value::Node(node) => {
                self.text.push('[');
                self.properties(node, depth + 1);
                self.text.push('\n');
                self.text.push_str(&INDENT.repeat(depth));
                self.text.push(']');
            }
        }
    }

    fn literal(&mut self, text: &str, datatype: Term) {
        if datatype == XSD::DECIMAL || datatype == XSD::INTEGER {
            self.text.push_str(text);
        } else {
            // N-Triples escapes are Turtle escapes.
            self.text.push_str(&Literal::new_simple_literal(text).to_string());
            if datatype != XSD::STRING {
                self.text.push_str("^^");
                self.term(datatype);
            }
        }
    }

    fn term(&mut self, term: Term) {
        self.prefixes.extend(prefix_of(term.curie).map(|prefix| prefix.name));
        self.text.push_str(term.curie);
    }
}

fn iri(text: &str) -> String {
    NamedNode::new_unchecked(text).to_string()
}
