//! `hansa:Provider`.

use super::{
    description::{self, Described},
    node::{Node, Resource},
};
use crate::{
    id::ProviderId,
    place::Area,
    provider::Provider,
    reading::Violation,
    vocabulary::{HANSA, SCHEMA},
};
use oxigraph::model::Term;

pub(crate) fn resource(provider: &Provider) -> Resource {
    let node = Node::of_class(HANSA::PROVIDER)
        .text(SCHEMA::NAME, &provider.name)
        .text(SCHEMA::ADDRESS_COUNTRY, provider.country.as_str());
    Resource { iri: provider.id.to_string(), node }
}

pub(crate) fn read(node: &Described<'_>) -> Result<Provider, Violation> {
    Ok(Provider {
        id: identity(node, ProviderId::new)?,
        name: node.required(SCHEMA::NAME, "its name", description::string)?,
        country: node.required(SCHEMA::ADDRESS_COUNTRY, AREA, area)?,
    })
}

pub(super) const AREA: &str = "a country code of ISO 3166-1 such as \"DE\", or a group such as \"EU\"";

pub(super) fn area(value: &Term) -> Option<Area> {
    description::text(value).and_then(|code| Area::new(code).ok())
}

/// The resource's own IRI as a typed identifier.
pub(super) fn identity<T, E: std::fmt::Display>(
    node: &Described<'_>,
    id: impl Fn(String) -> Result<T, E>,
) -> Result<T, Violation> {
    id(node.iri().to_owned()).map_err(|error| node.own_violation(error.to_string()))
}
