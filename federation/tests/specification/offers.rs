//! The feed, capacity, and the catalogue's offer.

use crate::{
    Examples, pretty,
    signer::{minutes, noon, north, south},
};
use hansa_federation::{
    SignedDocument, document,
    wire::{CapacityReport, Change, FeedItem, FeedPage, Tombstone},
};
use hansa_ontology::{Offer, OfferId, Site, rdf::write_offer_turtle};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) const OFFER: &str = "https://north.example/offers/small";

pub(crate) fn offer_id() -> OfferId {
    OfferId::new(OFFER).unwrap()
}

pub(crate) fn offer() -> Offer {
    serde_json::from_value(json!({
        "id": OFFER, "title": "Small machine in Paris", "provider": "https://north.example/about",
        "site": "https://north.example/sites/par1", "kind": "virtual-machine",
        "flavour": {"name": "s1", "cpuMilli": 1000, "memoryMib": 2048, "diskMib": 10240, "cpuArch": "amd64"},
        "capacity": {"availableUnits": 12, "asOf": "2026-11-21T12:00:00Z"},
        "pricePlan": {"model": "on-demand", "pricePerHour": {"micros": 12_500, "currency": "EUR"}},
        "sla": {"creditCapPercent": "30", "objectives": [
            {"metric": "availability", "target": "99.9", "window": "month", "percentile": null,
             "remedies": [{"threshold": "99.9", "creditPercent": "10"}]}]},
        "energy": null, "claims": [], "capabilities": [], "serviceArea": ["FR"],
        "validFrom": null, "validThrough": "2026-12-31T23:59:59Z"
    }))
    .unwrap()
}

pub(crate) fn site() -> Site {
    serde_json::from_value(json!({
        "id": "https://north.example/sites/par1", "name": "Paris 1", "provider": "https://north.example/about", "country": "FR",
        "coordinates": null, "jurisdictions": ["FR", "EU"], "latencies": {},
        "energy": {"carbonIntensity": "56", "pue": "1.2", "renewableShare": null, "powerWatts": null}
    }))
    .unwrap()
}

pub(crate) fn offer_document() -> SignedDocument {
    north().signed(document::TURTLE, &write_offer_turtle(&offer()))
}

pub(crate) fn examples() -> Examples {
    let gone = Tombstone { withdrawn: "https://north.example/offers/old".to_owned(), at: noon() };
    let put = FeedItem { sequence: 2, kind: Change::Put, subject: OFFER.to_owned(), document: offer_document() };
    let withdrawn = FeedItem {
        sequence: 3,
        kind: Change::Withdrawn,
        subject: gone.withdrawn.clone(),
        document: north().signed_json(&gone),
    };
    let page = FeedPage { after: 1, next: 3, head: 3, sealed: false, items: vec![put, withdrawn] };
    let capacity = CapacityReport {
        issuer: north().did,
        partner: south().did,
        as_of: minutes(2),
        units: BTreeMap::from([(offer_id(), 7)]),
    };
    Examples::from([
        ("offer-turtle", ("turtle", offer_document().content.trim_end().to_owned())),
        ("feed-page", pretty(&page)),
        ("tombstone", pretty(&gone)),
        ("capacity", pretty(&north().signed_json(&capacity))),
        ("capacity-content", pretty(&capacity)),
    ])
}
