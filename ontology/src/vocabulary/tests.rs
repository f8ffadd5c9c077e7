//! Every word is declared, explained and used.

use super::{HANSA, NS, SHAPES_TTL, VERSION, VOCABULARY_TTL, shorten};
use oxigraph::{
    io::{RdfFormat, RdfParser},
    model::{NamedOrBlankNode, Quad, Term},
};
use std::collections::{BTreeMap, BTreeSet};

const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
const COMMENT: &str = "http://www.w3.org/2000/01/rdf-schema#comment";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const VERSION_INFO: &str = "http://www.w3.org/2002/07/owl#versionInfo";
const MESSAGE: &str = "http://www.w3.org/ns/shacl#message";

fn quads(turtle: &str) -> Vec<Quad> {
    RdfParser::from_format(RdfFormat::Turtle).for_slice(turtle.as_bytes()).map(|quad| quad.unwrap()).collect()
}

/// The declared words with their properties.
fn declared() -> BTreeMap<String, Vec<Quad>> {
    let mut declared: BTreeMap<String, Vec<Quad>> = BTreeMap::new();
    for quad in quads(VOCABULARY_TTL) {
        if let NamedOrBlankNode::NamedNode(name) = &quad.subject
            && name.as_str().starts_with(NS)
        {
            declared.entry(name.as_str().to_owned()).or_default().push(quad);
        }
    }
    declared
}

/// Every hansa: word that these triples mention.
fn mentioned(quads: &[Quad]) -> BTreeSet<String> {
    let terms = quads
        .iter()
        .flat_map(|quad| [Term::from(quad.subject.clone()), quad.predicate.clone().into(), quad.object.clone()]);
    terms
        .filter_map(|term| match term {
            Term::NamedNode(name) if name.as_str().starts_with(NS) => Some(name.into_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_word_of_the_code_is_declared_with_label_and_comment() {
    let declared = declared();
    for term in HANSA::ALL {
        assert!(declared.contains_key(term.iri), "{term} is not declared in hansa.ttl");
    }
    for (word, quads) in &declared {
        for property in [TYPE, LABEL, COMMENT] {
            let values: Vec<_> = quads.iter().filter(|quad| quad.predicate.as_str() == property).collect();
            assert_eq!(values.len(), 1, "{word} needs exactly one {property}");
            if let Term::Literal(text) = &values[0].object {
                assert_eq!(text.language(), Some("en"), "{word}");
                assert!(!text.value().is_empty(), "{word}");
            }
        }
    }
}

#[test]
fn every_declared_word_is_used() {
    let declared = declared();
    let used: BTreeSet<&str> = HANSA::ALL.iter().map(|term| term.iri).collect();
    for word in declared.keys() {
        // The classes of individuals that the code uses are used through them.
        let is_class_of_used = declared.iter().any(|(other, quads)| {
            used.contains(other.as_str())
                && quads.iter().any(|quad| {
                    quad.predicate.as_str() == TYPE
                        && matches!(&quad.object, Term::NamedNode(name) if name.as_str() == word)
                })
        });
        assert!(used.contains(word.as_str()) || is_class_of_used, "{word} is declared and never used");
    }
}

#[test]
fn vocabulary_and_shapes_mention_declared_words_only() {
    let declared = declared();
    for word in mentioned(&quads(VOCABULARY_TTL)) {
        assert!(declared.contains_key(&word), "{word} is not declared");
    }
    for word in mentioned(&quads(SHAPES_TTL)) {
        let class = word.strip_suffix("Shape").unwrap_or(&word);
        assert!(declared.contains_key(class), "{word}: {class} is not declared");
    }
}

#[test]
fn each_shape_is_versioned_open_and_explains_itself() {
    let quads = quads(SHAPES_TTL);
    let of = |subject: &NamedOrBlankNode, property: &str| -> Vec<Term> {
        let found = quads.iter().filter(|quad| quad.subject == *subject && quad.predicate.as_str() == property);
        found.map(|quad| quad.object.clone()).collect()
    };
    let mut shapes = 0;
    for quad in quads.iter().filter(|quad| quad.predicate.as_str() == "http://www.w3.org/ns/shacl#targetClass") {
        shapes += 1;
        let version = of(&quad.subject, VERSION_INFO);
        assert_eq!(version, [oxigraph::model::Literal::new_simple_literal(VERSION).into()], "{}", quad.subject);
    }
    assert!(shapes >= 12, "one for each class");
    for quad in quads.iter().filter(|quad| quad.predicate.as_str() == "http://www.w3.org/ns/shacl#property") {
        let Term::BlankNode(property) = &quad.object else { panic!("{quad}") };
        if matches!(quad.subject, NamedOrBlankNode::BlankNode(_)) {
            continue; // A part of sh:or; what it belongs to explains it.
        }
        let property = NamedOrBlankNode::from(property.clone());
        let path = of(&property, "http://www.w3.org/ns/shacl#path");
        let message = of(&property, MESSAGE);
        let [Term::Literal(message)] = message.as_slice() else { panic!("no message for {path:?}") };
        if let [Term::NamedNode(path)] = path.as_slice() {
            let name = shorten(path.as_str());
            assert!(message.value().starts_with(&format!("{name}: ")), "{name}: {message}");
        }
    }
    assert!(!SHAPES_TTL.contains("sh:closed"), "shapes are open");
    assert!(!SHAPES_TTL.contains("sh:sparql"), "shapes are SHACL Core");
}

#[test]
fn the_version_is_the_same_everywhere() {
    let versions: Vec<_> =
        quads(VOCABULARY_TTL).into_iter().filter(|quad| quad.predicate.as_str() == VERSION_INFO).collect();
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].object, oxigraph::model::Literal::new_simple_literal(VERSION).into());
}

#[test]
fn iris_are_shortened_only_where_the_short_form_is_a_name() {
    assert_eq!(shorten("https://w3id.org/hansa/ns#vcpu"), "hansa:vcpu");
    assert_eq!(shorten("http://qudt.org/vocab/unit/MegaBIT-PER-SEC"), "unit:MegaBIT-PER-SEC");
    for iri in ["https://schema.org/", "https://schema.org/a/b", "urn:a"] {
        assert_eq!(shorten(iri), iri);
    }
}
