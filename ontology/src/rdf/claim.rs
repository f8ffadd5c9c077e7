//! `hansa:ComplianceClaim`.

use super::{
    description::{self, Described},
    node::{Node, Value},
    offer::TIME,
    order,
};
use crate::{
    offer::ComplianceClaim,
    reading::Violation,
    vocabulary::{CRED, HANSA, SCHEMA, XSD},
};
use oxigraph::model::NamedNode;

pub(super) fn nodes(claims: &[ComplianceClaim]) -> Vec<Value> {
    order::written(claims, Clone::clone, node)
}

fn node(claim: &ComplianceClaim) -> Node {
    Node::of_class(HANSA::COMPLIANCE_CLAIM)
        .text(HANSA::SCHEME, &claim.scheme)
        .with(SCHEMA::ISSUED_BY, claim.issuer.as_ref().map(Value::text))
        .with(CRED::EVIDENCE, claim.evidence.as_deref().map(evidence))
        .with(SCHEMA::VALID_THROUGH, claim.valid_through.map(Value::time))
}

/// What is no IRI must not break the document; the shape refuses it when it is read.
fn evidence(text: &str) -> Value {
    match NamedNode::new(text) {
        Ok(name) => Value::Iri(name.into_string()),
        Err(_) => Value::Literal(text.to_owned(), XSD::ANY_URI),
    }
}

pub(super) fn read_all(node: &Described<'_>) -> Result<Vec<ComplianceClaim>, Violation> {
    Ok(order::read(node.each_node(HANSA::CLAIM, HANSA::COMPLIANCE_CLAIM, read)?, Clone::clone))
}

fn read(node: &Described<'_>) -> Result<ComplianceClaim, Violation> {
    let iri = |value| description::iri(value).map(str::to_owned);
    Ok(ComplianceClaim {
        scheme: node.required(HANSA::SCHEME, "the scheme in lower case, such as \"iso-27001\"", description::string)?,
        issuer: node.optional(SCHEMA::ISSUED_BY, "a text", description::string)?,
        evidence: node.optional(CRED::EVIDENCE, "an absolute IRI", iri)?,
        valid_through: node.optional(SCHEMA::VALID_THROUGH, TIME, description::time)?,
    })
}
