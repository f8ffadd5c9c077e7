//! The vocabulary and the shapes as the broker serves them, and the names
//! (IRIs) that the mapping uses.

mod term;

pub use term::{Prefix, Term};

pub(crate) use term::{
    CRED, DCAT, DCTERMS, GEO, HANSA, ODRL, PREFIXES, QUDT, RDF, SCHEMA, UNIT, XSD, prefix_of, shorten,
};

/// What a distribution of an offer gives: machines by order.
pub const ORDER: Term = HANSA::ORDER;
/// The duty to run an offer under certain laws and with certain energy.
pub const OPERATE: Term = HANSA::OPERATE;
/// The duty to keep an objective.
pub const PROVIDE: Term = HANSA::PROVIDE;

/// Hansa's namespace; its prefix is `hansa:`.
pub const NS: &str = "https://w3id.org/hansa/ns#";

/// The version of the vocabulary and of the shapes.
pub const VERSION: &str = "0.1.0";

/// The vocabulary in Turtle.
pub const VOCABULARY_TTL: &str = include_str!("../../vocabulary/hansa.ttl");

/// All the shapes in one Turtle document; each is a file of its own in `ontology/shapes`.
pub const SHAPES_TTL: &str = concat!(
    include_str!("../../shapes/provider.ttl"),
    include_str!("../../shapes/site.ttl"),
    include_str!("../../shapes/latency.ttl"),
    include_str!("../../shapes/energy-profile.ttl"),
    include_str!("../../shapes/offer.ttl"),
    include_str!("../../shapes/flavour.ttl"),
    include_str!("../../shapes/capacity.ttl"),
    include_str!("../../shapes/price-plan.ttl"),
    include_str!("../../shapes/sla.ttl"),
    include_str!("../../shapes/service-level-objective.ttl"),
    include_str!("../../shapes/remedy.ttl"),
    include_str!("../../shapes/compliance-claim.ttl"),
);

#[cfg(test)]
mod tests;
