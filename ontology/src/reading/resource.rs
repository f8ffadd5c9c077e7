//! One resource of a document: found by its class, checked alone, converted.

use super::{
    ReadError, RefusedResource, Violation,
    document::Document,
    parts::{self, GoodParts},
    shapes,
};
use crate::{
    catalogue::Catalogue,
    rdf::{
        description::{Described, Description},
        offer, provider, site,
    },
    vocabulary::{HANSA, RDF, Term as Name, shorten},
};
use indexmap::IndexSet;
use oxigraph::model::{BlankNode, NamedOrBlankNode, Term, Triple};
use rudof_rdf::rdf_impl::OxigraphInMemory;
use std::collections::HashMap;

/// The classes that make a subject a resource, each with the class whose shape it has.
const CLASSES: [(Name, Name); 6] = [
    (HANSA::PROVIDER, HANSA::PROVIDER),
    (HANSA::SITE, HANSA::SITE),
    (HANSA::BARE_METAL_OFFER, HANSA::OFFER),
    (HANSA::VIRTUAL_MACHINE_OFFER, HANSA::OFFER),
    (HANSA::CONTAINER_OFFER, HANSA::OFFER),
    (HANSA::OFFER, HANSA::OFFER),
];

/// What people are told to choose from: an offer must say its kind.
pub(super) const CHOICE: &str =
    "hansa:Provider, hansa:Site, hansa:BareMetalOffer, hansa:VirtualMachineOffer, hansa:ContainerOffer";

/// The classes of a subject that Hansa knows as resources, by shape; none for anything else.
pub(super) fn shape_classes(document: &Document, subject: &NamedOrBlankNode) -> IndexSet<Name> {
    let classes = document.classes(subject);
    classes.filter_map(|class| CLASSES.iter().find(|(name, _)| name.iri == class).map(|(_, shape)| *shape)).collect()
}

/// A resource with the nodes that are its own.
pub(super) struct Resource<'a> {
    pub(super) document: &'a Document,
    pub(super) subject: &'a NamedOrBlankNode,
    pub(super) class: Name,
    pub(super) nodes: &'a IndexSet<NamedOrBlankNode>,
}

impl Resource<'_> {
    /// Checks it and adds it to the catalogue.
    ///
    /// # Errors
    /// When the shapes can't be applied at all. What is wrong with the resource is in the answer.
    pub(super) fn accept(&self, catalogue: &mut Catalogue, good: &mut GoodParts) -> Result<Vec<Violation>, ReadError> {
        let mut graph = OxigraphInMemory::new();
        for triple in self.triples() {
            graph
                .add_triple_ref(&triple.subject, &triple.predicate, &triple.object)
                .map_err(|error| ReadError::Shapes { reason: error.to_string() })?;
        }
        let parts = parts::parts_of(self.document, self.nodes);
        let known = parts.iter().filter(|part| good.contains(part));
        let violations = shapes::violations(self.class, self.subject.clone().into(), &graph, known)?;
        if !violations.is_empty() {
            return Ok(violations);
        }
        good.extend(parts);
        let mut description = Description::default();
        for node in self.nodes {
            description.add(node.clone(), self.document.properties(node).cloned().collect());
        }
        let converted = convert(&description.root(self.subject, self.class), self.class, catalogue);
        Ok(converted.err().into_iter().collect())
    }

    fn triples(&self) -> impl Iterator<Item = Triple> {
        self.nodes.iter().flat_map(|node| {
            let properties = self.document.properties(node);
            properties.map(|(property, value)| Triple::new(node.clone(), property.clone(), value.clone()))
        })
    }

    /// All that the document says about it, as N-Triples. The labels of blank
    /// nodes count from b0 in the order of the document.
    pub(super) fn source(&self) -> String {
        let blanks: HashMap<&NamedOrBlankNode, BlankNode> = self
            .nodes
            .iter()
            .filter(|node| node.is_blank_node())
            .zip(0_usize..)
            .map(|(node, number)| (node, BlankNode::new_unchecked(format!("b{number}"))))
            .collect();
        let subject = |node: NamedOrBlankNode| blanks.get(&node).cloned().map_or(node, NamedOrBlankNode::from);
        let object = |value: Term| match value {
            Term::BlankNode(blank) => subject(blank.into()).into(),
            other => other,
        };
        let mut lines: Vec<String> = self
            .triples()
            .map(|triple| {
                format!("{} .\n", Triple::new(subject(triple.subject), triple.predicate, object(triple.object)))
            })
            .collect();
        lines.sort();
        lines.concat()
    }
}

fn convert(node: &Described<'_>, class: Name, catalogue: &mut Catalogue) -> Result<(), Violation> {
    if class == HANSA::PROVIDER {
        catalogue.providers.push(provider::read(node)?);
    } else if class == HANSA::SITE {
        catalogue.sites.push(site::read(node)?);
    } else {
        catalogue.offers.push(offer::read(node)?);
    }
    Ok(())
}

/// A subject that is refused.
pub(super) fn refused(document: &Document, subject: &NamedOrBlankNode, violations: Vec<Violation>) -> RefusedResource {
    let classes: Vec<String> = document.classes(subject).map(shorten).collect();
    let subject = match subject {
        NamedOrBlankNode::NamedNode(name) => name.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(blank) => blank.to_string(),
    };
    RefusedResource { subject, class: classes.join(", "), violations }
}

/// Classes of Gaia-X, by the end of their names, and ours that is nearest. The first that fits counts.
const NEAR_GAIA_X: &[(&str, &str)] = &[
    ("BareMetalServiceOffering", "hansa:BareMetalOffer"),
    ("ContainerServiceOffering", "hansa:ContainerOffer"),
    ("ServiceOffering", "hansa:VirtualMachineOffer"),
    ("LegalPerson", "hansa:Provider"),
    ("LegalParticipant", "hansa:Provider"),
    ("AvailabilityZone", "hansa:Site"),
    ("Datacenter", "hansa:Site"),
];

/// Why a subject that is no resource is refused.
pub(super) fn unknown(document: &Document, subject: &NamedOrBlankNode) -> Violation {
    let class = document.classes(subject).next().map(shorten);
    let message = match class.as_deref() {
        Some(
            part @ ("hansa:Flavour"
            | "hansa:Capacity"
            | "hansa:PricePlan"
            | "hansa:SLA"
            | "hansa:ServiceLevelObjective"
            | "hansa:Remedy"
            | "hansa:EnergyProfile"
            | "hansa:ComplianceClaim"
            | "hansa:Latency"),
        ) => {
            format!(
                "rdf:type: a {part} is a part of an offer or a site, and none of this document names this one: let one name it"
            )
        }
        Some(class) if class.contains("gaia-x") => {
            let near = NEAR_GAIA_X.iter().find(|(theirs, _)| class.ends_with(theirs)).map_or(CHOICE, |(_, ours)| ours);
            format!(
                "rdf:type: a Gaia-X description states no tariff, no units and no carbon intensity, which Hansa needs: give it the class {near} besides, with what that class asks for"
            )
        }
        _ => format!("rdf:type: nothing that Hansa knows: give it one of the classes {CHOICE}"),
    };
    Violation { field: RDF::TYPE.curie.to_owned(), value: class, message, shape: String::new() }
}

/// Why a subject of several classes is refused.
pub(super) fn ambiguous(classes: &IndexSet<Name>) -> Violation {
    let names: Vec<&str> = classes.iter().map(|class| class.curie).collect();
    Violation {
        field: RDF::TYPE.curie.to_owned(),
        value: None,
        message: format!("rdf:type: one thing can't be {} at once: give it one of the classes", names.join(" and ")),
        shape: String::new(),
    }
}
