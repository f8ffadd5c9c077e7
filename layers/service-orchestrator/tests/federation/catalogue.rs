//! Three providers with one site each, and the models that run over them.

use hansa_ontology::{Catalogue, OfferId, ProviderId, ResourceModel, SiteId};
use serde_json::{Value, json};

pub(crate) fn provider(side: &str) -> ProviderId {
    ProviderId::new(format!("urn:test:provider:{side}")).unwrap()
}

pub(crate) fn site(side: &str) -> SiteId {
    SiteId::new(format!("urn:test:site:{side}")).unwrap()
}

pub(crate) fn offer(side: &str) -> OfferId {
    OfferId::new(format!("urn:test:offer:{side}")).unwrap()
}

/// North, south and east, one offer each; south is the cheapest.
pub(crate) fn offers(units: u32) -> Catalogue {
    let sides = [("north", 20_000), ("south", 10_000), ("east", 30_000)];
    let providers: Vec<Value> =
        sides.iter().map(|(side, _)| json!({ "id": provider(side), "name": side, "country": "DE" })).collect();
    let sites: Vec<Value> = sides
        .iter()
        .map(|(side, _)| {
            json!({
                "id": site(side), "name": side, "provider": provider(side), "country": "DE", "coordinates": null,
                "jurisdictions": ["DE"], "latencies": {}, "energy": null,
            })
        })
        .collect();
    let offers: Vec<Value> = sides.iter().map(|(side, price)| offer_document(side, *price, units)).collect();
    serde_json::from_value(json!({ "providers": providers, "sites": sites, "offers": offers })).unwrap()
}

fn offer_document(side: &str, price: i64, units: u32) -> Value {
    json!({
        "id": offer(side), "title": side, "provider": provider(side), "site": site(side), "kind": "virtual-machine",
        "flavour": {
            "name": "small", "cpuMilli": 1_000, "memoryMib": 512, "diskMib": 1_024, "cpuArch": "amd64", "gpu": null,
            "bandwidthMbps": null,
        },
        "capacity": { "availableUnits": units, "asOf": "2026-01-01T00:00:00Z" },
        "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": price, "currency": "EUR" } },
        "sla": null, "energy": null, "claims": [], "capabilities": [], "serviceArea": [], "validFrom": null,
        "validThrough": null,
    })
}

/// A tier that runs the fixture, with a quick health check.
pub(crate) fn tier(sites: &[&str], version: &str) -> Value {
    let allow: Vec<String> = sites.iter().map(|side| site(side).to_string()).collect();
    let constraints = if allow.is_empty() { json!({}) } else { json!({ "site": { "allow": allow } }) };
    json!({
        "package": { "process": { "command": [env!("CARGO_BIN_EXE_hansa-service-orchestrator-fixture"), "chain"] } },
        "resources": { "cpu": "200m", "memory": "64Mi" },
        "ports": { "http": {} },
        "environment": { "VERSION": version },
        "health": { "probe": { "http": { "port": "http", "path": "/" } }, "interval": "100ms", "timeout": "5s" },
        "constraints": constraints,
    })
}

/// A model of these components, each calling the next.
pub(crate) fn model(name: &str, tiers: &[(&str, Value)]) -> ResourceModel {
    let components: serde_json::Map<String, Value> =
        tiers.iter().map(|(name, tier)| ((*name).to_owned(), tier.clone())).collect();
    let links: Vec<Value> =
        tiers.windows(2).map(|pair| json!({ "from": pair[0].0, "to": pair[1].0, "port": "http" })).collect();
    serde_json::from_value(json!({ "hansa": 1, "name": name, "components": components, "links": links })).unwrap()
}
