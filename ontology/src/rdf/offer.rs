//! `hansa:Offer` and its kinds: a `dcat:Dataset` with an `odrl:Offer`.

use super::{
    claim,
    description::{self, Described},
    energy, flavour,
    node::{Node, Resource, Value},
    provider::{AREA, area, identity},
    site::{provider_id, site_id},
    sla, terms,
};
use crate::{
    id::{OfferId, ProviderId},
    offer::{Offer, OfferKind},
    reading::Violation,
    vocabulary::{DCAT, DCTERMS, HANSA, ODRL, SCHEMA, Term},
};

/// Each kind of offer and its class.
pub(crate) const KINDS: [(Term, OfferKind); 3] = [
    (HANSA::BARE_METAL_OFFER, OfferKind::BareMetal),
    (HANSA::VIRTUAL_MACHINE_OFFER, OfferKind::VirtualMachine),
    (HANSA::CONTAINER_OFFER, OfferKind::Container),
];

pub(crate) fn resource(offer: &Offer) -> Resource {
    let class = match offer.kind {
        OfferKind::BareMetal => HANSA::BARE_METAL_OFFER,
        OfferKind::VirtualMachine => HANSA::VIRTUAL_MACHINE_OFFER,
        OfferKind::Container => HANSA::CONTAINER_OFFER,
    };
    let node = Node::of_classes(&[class, DCAT::DATASET])
        .text(DCTERMS::TITLE, &offer.title)
        .iri(SCHEMA::PROVIDER, offer.provider.as_str())
        .iri(HANSA::AT_SITE, offer.site.as_str())
        .with(HANSA::SERVICE_AREA, offer.service_area.iter().map(|area| Value::text(area.as_str())))
        .with(HANSA::CAPABILITY, offer.capabilities.iter().map(Value::text))
        .node(HANSA::FLAVOUR_OF, flavour::node(&offer.flavour))
        .node(HANSA::CAPACITY_OF, terms::capacity_node(&offer.capacity))
        .node(HANSA::PRICE_PLAN_OF, terms::price_plan_node(&offer.price_plan))
        .with(HANSA::SLA_OF, offer.sla.as_ref().map(|sla| Value::Node(sla::node(sla))))
        .with(HANSA::ENERGY, offer.energy.as_ref().map(|energy| Value::Node(energy::node(energy))))
        .with(HANSA::CLAIM, claim::nodes(&offer.claims))
        .with(SCHEMA::VALID_FROM, offer.valid_from.map(Value::time))
        .with(SCHEMA::VALID_THROUGH, offer.valid_through.map(Value::time))
        .node(ODRL::HAS_POLICY, policy(offer));
    Resource { iri: offer.id.to_string(), node }
}

/// The contract offer that the Dataspace Protocol asks for.
fn policy(offer: &Offer) -> Node {
    Node::of_class(ODRL::OFFER)
        .iri(ODRL::ASSIGNER, offer.provider.as_str())
        .node(ODRL::PERMISSION, Node::default().term(ODRL::ACTION, ODRL::USE))
}

pub(crate) fn read(node: &Described<'_>) -> Result<Offer, Violation> {
    let time = description::time;
    let provider = node.required(SCHEMA::PROVIDER, "the IRI of its provider", provider_id)?;
    node.each_node(ODRL::HAS_POLICY, HANSA::OFFER, |policy| check_assigner(policy, &provider))?;
    Ok(Offer {
        id: identity(node, OfferId::new)?,
        title: node.required(DCTERMS::TITLE, "its title", description::string)?,
        provider,
        site: node.required(HANSA::AT_SITE, "the IRI of its site", site_id)?,
        kind: kind(node)?,
        flavour: flavour::read(&node.required_node(HANSA::FLAVOUR_OF, HANSA::FLAVOUR)?)?,
        capacity: terms::read_capacity(&node.required_node(HANSA::CAPACITY_OF, HANSA::CAPACITY)?)?,
        price_plan: terms::read_price_plan(&node.required_node(HANSA::PRICE_PLAN_OF, HANSA::PRICE_PLAN)?)?,
        sla: node.optional_node(HANSA::SLA_OF, HANSA::SLA)?.map(|sla| sla::read(&sla)).transpose()?,
        energy: energy::read_optional(node)?,
        claims: claim::read_all(node)?,
        capabilities: node.each(HANSA::CAPABILITY, "a text", description::string)?,
        service_area: node.each(HANSA::SERVICE_AREA, AREA, area)?,
        valid_from: node.optional(SCHEMA::VALID_FROM, TIME, time)?,
        valid_through: node.optional(SCHEMA::VALID_THROUGH, TIME, time)?,
    })
}

/// Who offers must be who provides: a contract with somebody else would bind nobody.
fn check_assigner(policy: &Described<'_>, provider: &ProviderId) -> Result<(), Violation> {
    let expected = format!("the offer's schema:provider, <{provider}>, or leave it out");
    let same = |value| (description::iri(value)? == provider.as_str()).then_some(());
    policy.each::<(), ()>(ODRL::ASSIGNER, &expected, same)
}

pub(super) const TIME: &str = "a time with its zone, such as \"2026-01-31T12:00:00Z\"^^xsd:dateTime";

fn kind(node: &Described<'_>) -> Result<OfferKind, Violation> {
    let kinds: Vec<OfferKind> = KINDS.iter().filter(|(class, _)| node.is_a(*class)).map(|(_, kind)| *kind).collect();
    match kinds.as_slice() {
        [kind] => Ok(*kind),
        _ => Err(node.own_violation(format!(
            "an offer is of exactly one kind: give it one of the classes {}",
            KINDS.map(|(class, _)| class.curie).join(", ")
        ))),
    }
}
