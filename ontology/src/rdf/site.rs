//! `hansa:Site`, with its latencies.

use super::{
    description::{self, Described},
    energy,
    node::{Node, Resource, Value},
    provider::{AREA, area, identity},
};
use crate::{
    id::{ProviderId, SiteId},
    place::Coordinates,
    reading::Violation,
    site::Site,
    vocabulary::{DCAT, GEO, HANSA, QUDT, SCHEMA, UNIT},
};
use oxigraph::model::Term;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const MICROS_PER_MILLI: u32 = 1_000;

pub(crate) fn resource(site: &Site) -> Resource {
    let node = Node::of_class(HANSA::SITE)
        .text(SCHEMA::NAME, &site.name)
        .iri(SCHEMA::PROVIDER, site.provider.as_str())
        .text(SCHEMA::ADDRESS_COUNTRY, site.country.as_str())
        .with(DCAT::CENTROID, site.coordinates.map(point))
        .with(HANSA::JURISDICTION, site.jurisdictions.iter().map(|law| Value::text(law.as_str())))
        .with(HANSA::LATENCY_TO, site.latencies.iter().map(|(site, micros)| Value::Node(latency(site, *micros))))
        .with(HANSA::ENERGY, site.energy.as_ref().map(|energy| Value::Node(energy::node(energy))));
    Resource { iri: site.id.to_string(), node }
}

/// A point of WGS 84 in the axis order of CRS84, which is GeoSPARQL's default: longitude first.
fn point(coordinates: Coordinates) -> Value {
    let (longitude, latitude) = (coordinates.longitude.normalize(), coordinates.latitude.normalize());
    Value::Literal(format!("POINT({longitude} {latitude})"), GEO::WKT_LITERAL)
}

fn latency(site: &SiteId, micros: u32) -> Node {
    Node::of_class(HANSA::LATENCY)
        .iri(HANSA::TO_SITE, site.as_str())
        .decimal(QUDT::NUMERIC_VALUE, Decimal::new(i64::from(micros), 3))
        .term(QUDT::HAS_UNIT, UNIT::MILLI_SEC)
}

pub(crate) fn read(node: &Described<'_>) -> Result<Site, Violation> {
    Ok(Site {
        id: identity(node, SiteId::new)?,
        name: node.required(SCHEMA::NAME, "its name", description::string)?,
        provider: node.required(SCHEMA::PROVIDER, "the IRI of its provider", provider_id)?,
        country: node.required(SCHEMA::ADDRESS_COUNTRY, AREA, area)?,
        coordinates: node.optional(DCAT::CENTROID, POINT, coordinates)?,
        jurisdictions: node.each(HANSA::JURISDICTION, AREA, area)?,
        latencies: read_latencies(node)?,
        energy: energy::read_optional(node)?,
    })
}

const POINT: &str = "one point, longitude first, such as \"POINT(8.68 50.11)\"^^geo:wktLiteral";

pub(super) fn provider_id(value: &Term) -> Option<ProviderId> {
    description::iri(value).and_then(|iri| ProviderId::new(iri).ok())
}

pub(super) fn site_id(value: &Term) -> Option<SiteId> {
    description::iri(value).and_then(|iri| SiteId::new(iri).ok())
}

fn read_latencies(node: &Described<'_>) -> Result<BTreeMap<SiteId, u32>, Violation> {
    let mut latencies = BTreeMap::new();
    for (_, (site, micros)) in node.each_node(HANSA::LATENCY_TO, HANSA::LATENCY, read_latency)? {
        if let Some(other) = latencies.insert(site.clone(), micros)
            && other != micros
        {
            let message = format!("give one latency to {site} only");
            return Err(node.violation(HANSA::LATENCY_TO, None, message));
        }
    }
    Ok(latencies)
}

fn read_latency(node: &Described<'_>) -> Result<(SiteId, u32), Violation> {
    let micros =
        |value| description::whole_parts(value, MICROS_PER_MILLI).and_then(|micros| u32::try_from(micros).ok());
    Ok((
        node.required(HANSA::TO_SITE, "the IRI of the other site", site_id)?,
        node.required(QUDT::NUMERIC_VALUE, "milliseconds with at most 3 decimals, such as 7.25", micros)?,
    ))
}

fn coordinates(value: &Term) -> Option<Coordinates> {
    let text = description::text(value)?.trim();
    let inside = text.strip_prefix("POINT")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut numbers = inside.split_ascii_whitespace().map(super::lexical::decimal);
    let (longitude, latitude) = (numbers.next()??, numbers.next()??);
    let within = |number: Decimal, limit: u32| number.abs() <= Decimal::from(limit);
    (numbers.next().is_none() && within(longitude, 180) && within(latitude, 90))
        .then_some(Coordinates { latitude, longitude })
}
