//! The MANEUVER data set (BogdanD02/Cloud-Resource-Provisioning, MIT) in our
//! terms. In its models a machine holds at most one instance of a component,
//! every component is deployed unless an alternative is, and a bound over
//! several components is one over their sum.

use hansa_ontology::{Catalogue, ResourceModel};
use serde_json::{Value, json};

/// A component's name as ours may be.
pub(crate) fn name(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '.', ' '], "-")
}

/// A model with components of (name, cpu, memory, storage) and these rules.
pub(crate) fn model(title: &str, components: &[(String, u64, u64, u64)], mut rules: Vec<Value>) -> ResourceModel {
    let parts: serde_json::Map<String, Value> = components
        .iter()
        .map(|(name, cpu, memory, disk)| {
            let part = json!({
                "package": { "process": { "command": ["true"] } },
                "resources": { "cpu": cpu, "memory": format!("{memory}Mi"), "disk": format!("{disk}Mi") },
                "replicas": { "min": 1 },
            });
            (name.clone(), part)
        })
        .collect();
    rules.extend(components.iter().map(|(name, ..)| json!({ "spread": { "component": name, "max": 1 } })));
    let model = json!({ "hansa": 1, "name": title, "currency": "USD", "components": parts, "rules": rules });
    serde_json::from_value(model).unwrap()
}

/// One of the four applications; `instances` is the least number of Wordpress.
pub(crate) fn application(json: &Value, instances: Option<u32>) -> ResourceModel {
    let components: Vec<(String, u64, u64, u64)> = json["Components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|component| {
            let amount = |key: &str| component["Restrictions"][key].as_u64().unwrap();
            (name(component["Name"].as_str().unwrap()), amount("CPU"), amount("Memory"), amount("Storage"))
        })
        .collect();
    let mut rules: Vec<Value> = json["Restrictions"].as_array().unwrap().iter().flat_map(restriction).collect();
    if let Some(instances) = instances {
        rules.push(json!({ "count": { "of": ["wordpress"], "min": instances } }));
    }
    model(&name(json["Application"].as_str().unwrap()), &components, rules)
}

fn restriction(json: &Value) -> Vec<Value> {
    let names = |key: &str| -> Vec<String> {
        json[key].as_array().into_iter().flatten().map(|value| name(value.as_str().unwrap())).collect()
    };
    let one = |key: &str| name(json[key].as_str().unwrap());
    let of = names("Components");
    let count =
        |min: Option<&Value>, max: Option<&Value>| vec![json!({ "count": { "of": of, "min": min, "max": max } })];
    match json["Type"].as_str().unwrap() {
        "Conflict" => vec![json!({ "conflict": { "component": one("AlphaComponent"), "with": of } })],
        "Colocation" => vec![json!({ "together": of })],
        "FullDeployment" => of
            .iter()
            .map(|component| json!({ "everywhere": { "component": component, "except": names("Conflicts") } }))
            .collect(),
        "EqualBound" => count(Some(&json["Bound"]), Some(&json["Bound"])),
        "LowerBound" => count(Some(&json["Bound"]), None),
        "UpperBound" => count(None, Some(&json["Bound"])),
        "RequireProvide" => vec![json!({ "ratio": {
            "consumer": one("RequireComponent"), "provider": one("ProvideComponent"),
            "needs": json["RequireInstances"], "serves": json["ProvideInstances"],
        } })],
        "BoundedRequireProvide" => vec![json!({ "ratio": {
            "consumer": one("RequireComponent"), "provider": one("ProvideComponent"),
            "serves": json["ProvideInstances"], "exact": true,
        } })],
        "ExclusiveDeployment" => vec![json!({ "oneOf": of })],
        other => panic!("unknown restriction {other}"),
    }
}

/// A list of offers, all of one provider at one site, as many units as wanted.
/// Prices are thousandths of a dollar.
pub(crate) fn catalogue(offers: &Value) -> Catalogue {
    let provider = "urn:example:maneuver";
    let site = "urn:example:maneuver:site";
    let list: Vec<Value> = offers
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, offer)| {
            let amount = |key: &str| offer[key].as_u64().unwrap();
            json!({
                "id": format!("urn:example:maneuver:{key}"), "title": key, "provider": provider, "site": site,
                "kind": "virtual-machine",
                "flavour": {
                    "name": key, "cpuMilli": amount("cpu") * 1_000, "memoryMib": amount("memory"),
                    "diskMib": amount("storage"), "cpuArch": "amd64", "gpu": null, "bandwidthMbps": null,
                },
                "capacity": { "availableUnits": 1_000_000, "asOf": "2025-01-01T00:00:00Z" },
                "pricePlan": {
                    "model": "on-demand", "pricePerHour": { "micros": amount("price") * 1_000, "currency": "USD" },
                },
                "sla": null, "energy": null, "claims": [], "capabilities": [], "serviceArea": [],
                "validFrom": null, "validThrough": null,
            })
        })
        .collect();
    let catalogue = json!({
        "providers": [{ "id": provider, "name": "Maneuver", "country": "US" }],
        "sites": [{
            "id": site, "name": "Anywhere", "provider": provider, "country": "US", "coordinates": null,
            "jurisdictions": ["US"], "latencies": {}, "energy": null,
        }],
        "offers": list,
    });
    serde_json::from_value(catalogue).unwrap()
}
