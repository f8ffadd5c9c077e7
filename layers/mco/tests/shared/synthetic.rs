//! Made-up markets and applications of any size, the same on every machine.
//! Flavours, prices and demands follow what clouds sell and people run.

use hansa_ontology::{Catalogue, ResourceModel};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Numbers that look random (Steele, Vigna: SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const COUNTRIES: [&str; 10] = ["DE", "FR", "NL", "SE", "PL", "ES", "IT", "US", "GB", "FI"];

/// So many offers at so many sites of a quarter as many providers.
pub(crate) fn market(offers: usize, sites: usize, seed: u64) -> Catalogue {
    let mut numbers = Numbers(seed);
    let providers = sites.div_ceil(4).max(1);
    let provider_list: Vec<Value> = (0..providers)
        .map(|p| json!({ "id": format!("urn:m:p{p}"), "name": format!("p{p}"), "country": COUNTRIES[p % COUNTRIES.len()] }))
        .collect();
    let places: Vec<(u64, u64)> = (0..sites).map(|_| (numbers.below(2_000), numbers.below(2_000))).collect();
    let site_list: Vec<Value> = (0..sites).map(|s| site(s, providers, &places, &mut numbers)).collect();
    let level: Vec<u64> = (0..sites).map(|_| 80 + numbers.below(50)).collect();
    let offer_list: Vec<Value> = (0..offers).map(|o| offer(o, sites, providers, &level, &mut numbers)).collect();
    serde_json::from_value(json!({ "providers": provider_list, "sites": site_list, "offers": offer_list })).unwrap()
}

fn site(number: usize, providers: usize, places: &[(u64, u64)], numbers: &mut Numbers) -> Value {
    let (x, y) = places[number];
    let latencies: BTreeMap<String, u64> = places
        .iter()
        .enumerate()
        .filter(|(other, _)| *other < number)
        // A kilometre of glass and back takes 10 µs; routes are half as long again.
        .map(|(other, (a, b))| {
            (
                format!("urn:m:s{other}"),
                500 + 15 * (((a.abs_diff(x)).pow(2) + b.abs_diff(y).pow(2)) as f64).sqrt() as u64,
            )
        })
        .collect();
    let country = COUNTRIES[(number % providers + 3 * (number / providers)) % COUNTRIES.len()];
    json!({
        "id": format!("urn:m:s{number}"), "name": format!("s{number}"), "provider": format!("urn:m:p{}", number % providers),
        "country": country, "coordinates": null, "jurisdictions": [country], "latencies": latencies,
        "energy": {
            "carbonIntensity": (20 + numbers.below(600)).to_string(), "pue": "1.3", "renewableShare": null, "powerWatts": null,
        },
    })
}

fn offer(number: usize, sites: usize, providers: usize, level: &[u64], numbers: &mut Numbers) -> Value {
    let site = numbers.below(sites as u64) as usize;
    let cpu = numbers.pick(&[1, 2, 2, 4, 4, 8, 8, 16, 32, 48, 64]);
    let memory = cpu * numbers.pick(&[1, 2, 4, 4, 8]);
    let disk = numbers.pick(&[20, 40, 80, 160, 320, 640]);
    // Thousandths: 18 for a processor, 3.5 for a GiB, 0.05 for a GiB of disk, in micro-units.
    let base = cpu * 18_000 + memory * 3_500 + disk * 50;
    let price = base * level[site] * (85 + numbers.below(40)) / 10_000;
    let mut capabilities = Vec::new();
    for (capability, share) in [("public-ip", 60), ("database", 40), ("proxy", 50), ("ssd", 50)] {
        if numbers.chance(share) {
            capabilities.push(capability);
        }
    }
    json!({
        "id": format!("urn:m:o{number:06}"), "title": format!("{cpu} vCPU, {memory} GiB, {disk} GiB"),
        "provider": format!("urn:m:p{}", site % providers), "site": format!("urn:m:s{site}"), "kind": "virtual-machine",
        "flavour": {
            "name": "f", "cpuMilli": cpu * 1_000, "memoryMib": memory * 1_024, "diskMib": disk * 1_024,
            "cpuArch": numbers.pick(&["amd64", "amd64", "amd64", "arm64"]), "gpu": null, "bandwidthMbps": null,
        },
        "capacity": { "availableUnits": numbers.pick(&[2, 5, 10, 50, 1_000]), "asOf": "2025-01-01T00:00:00Z" },
        "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": price, "currency": "EUR" } },
        "sla": { "creditCapPercent": null, "objectives": [{
            "metric": "availability", "target": numbers.pick(&["99", "99.5", "99.9", "99.95"]), "window": "month",
            "percentile": null, "remedies": [],
        }] },
        "energy": null, "claims": [], "capabilities": capabilities, "serviceArea": [], "validFrom": null, "validThrough": null,
    })
}

/// Which rules an application has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing but resources.
    Plain,
    /// Rules within machines.
    Rules,
    /// Rules, spread over sites, and links with limits.
    Sites,
}

/// An application with so many components and instances.
pub(crate) fn application(
    components: usize,
    instances: u32,
    shape: Shape,
    objective: &Value,
    seed: u64,
) -> ResourceModel {
    let mut numbers = Numbers(seed);
    let mut counts = vec![1_u32; components];
    for _ in u32::try_from(components).unwrap()..instances {
        counts[numbers.below(components as u64) as usize] += 1;
    }
    let parts: serde_json::Map<String, Value> = counts
        .iter()
        .enumerate()
        .map(|(number, count)| (format!("c{number}"), part(*count, shape, &mut numbers)))
        .collect();
    let names: Vec<String> = (0..components).map(|number| format!("c{number}")).collect();
    let (mut rules, mut links) = (Vec::new(), Vec::new());
    if shape != Shape::Plain && components > 3 {
        rules.push(json!({ "apart": [names[0], names[1]] }));
        rules.push(json!({ "conflict": { "component": names[2], "with": [names[3]] } }));
        rules.push(json!({ "spread": { "component": names[0], "max": 2 } }));
        if components > 6 {
            rules.push(json!({ "spread": { "component": names[4], "max": 1 } }));
            rules.push(json!({ "together": [names[5], names[6]] }));
        }
    }
    if shape == Shape::Sites {
        rules.push(json!({ "spread": { "component": names[1], "over": "site", "max": counts[1].div_ceil(2) } }));
        for pair in names.windows(2).take(3) {
            links.push(json!({ "from": pair[0], "to": pair[1], "maxLatency": "12ms" }));
        }
    }
    serde_json::from_value(json!({
        "hansa": 1, "name": "made-up", "components": parts, "rules": rules, "links": links, "objective": objective,
    }))
    .unwrap()
}

fn part(count: u32, shape: Shape, numbers: &mut Numbers) -> Value {
    let cpu = numbers.pick(&[250, 500, 1_000, 1_500, 2_000, 3_000, 4_000]);
    let memory = numbers.pick(&[256, 512, 1_024, 2_048, 3_072, 4_096, 8_192, 12_288]);
    let disk = numbers.pick(&[0, 1_024, 5_120, 20_480]);
    let constraints = if shape == Shape::Plain {
        json!({})
    } else {
        numbers.pick(&[0, 0, 1, 2, 3]).pipe(|kind| match kind {
            1 => json!({ "capabilities": ["database"] }),
            2 => json!({ "jurisdiction": { "allow": ["EU"] } }),
            3 => json!({ "minAvailability": "99.5" }),
            _ => json!({}),
        })
    };
    json!({
        "package": { "process": { "command": ["true"] } },
        "resources": { "cpu": format!("{cpu}m"), "memory": format!("{memory}Mi"), "disk": format!("{disk}Mi") },
        "replicas": count, "constraints": constraints,
    })
}

trait Pipe: Sized {
    fn pipe<T>(self, into: impl FnOnce(Self) -> T) -> T {
        into(self)
    }
}

impl Pipe for i32 {}
