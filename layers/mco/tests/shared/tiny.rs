//! Tiny catalogues, and every way to place a tiny model over them.

use hansa_mco::{
    model::{Amounts, Instance, Plan, PlannedMachine, Proof, ProofStatus},
    planner::OfferIndex,
};
use hansa_ontology::{
    Catalogue, Currency, ResourceModel,
    resource_model::{Objective, ObjectiveKind, Weights},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Offers by number with what is in a machine of each.
pub(crate) type Placement = Vec<(usize, Vec<Instance>)>;

/// Cpu, memory, price, units, site, provider, capability, watts of an offer.
pub(crate) type TinyOffer = (u32, u32, i64, u32, usize, usize, bool, u32);

const COUNTRIES: [&str; 3] = ["DE", "FR", "US"];
const INTENSITY: [u32; 3] = [50, 90, 400];

/// Three sites in three countries, two providers, these offers.
pub(crate) fn catalogue(offers: &[TinyOffer], latency: &[Option<u32>]) -> Catalogue {
    let pairs = [(0, 1), (0, 2), (1, 2)];
    let sites: Vec<Value> = (0..3)
        .map(|site| {
            let known = pairs.iter().zip(latency).filter(|((a, _), _)| *a == site);
            let latencies: BTreeMap<String, u32> =
                known.filter_map(|((_, b), time)| Some((format!("urn:t:s{b}"), (*time)?))).collect();
            json!({
                "id": format!("urn:t:s{site}"), "name": "s", "provider": "urn:t:p0", "country": COUNTRIES[site],
                "coordinates": null, "jurisdictions": [COUNTRIES[site]], "latencies": latencies,
                "energy": { "carbonIntensity": INTENSITY[site].to_string(), "pue": "1", "renewableShare": null, "powerWatts": null },
            })
        })
        .collect();
    let list: Vec<Value> = offers.iter().enumerate().map(|(number, offer)| tiny_offer(number, *offer)).collect();
    let providers = json!([
        { "id": "urn:t:p0", "name": "p0", "country": "DE" }, { "id": "urn:t:p1", "name": "p1", "country": "US" },
    ]);
    serde_json::from_value(json!({ "providers": providers, "sites": sites, "offers": list })).unwrap()
}

fn tiny_offer(number: usize, (cpu, memory, price, units, site, provider, capable, watts): TinyOffer) -> Value {
    json!({
        "id": format!("urn:t:o{number}"), "title": format!("o{number}"), "provider": format!("urn:t:p{provider}"),
        "site": format!("urn:t:s{site}"), "kind": "virtual-machine",
        "flavour": {
            "name": "f", "cpuMilli": cpu * 1_000, "memoryMib": memory, "diskMib": 0, "cpuArch": "amd64",
            "gpu": null, "bandwidthMbps": null,
        },
        "capacity": { "availableUnits": units, "asOf": "2025-01-01T00:00:00Z" },
        "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": price, "currency": "EUR" } },
        "sla": null, "claims": [], "capabilities": if capable { vec!["x"] } else { vec![] },
        "energy": {
            "carbonIntensity": INTENSITY[site].to_string(), "pue": "1", "renewableShare": null, "powerWatts": watts.to_string(),
        },
        "serviceArea": [], "validFrom": null, "validThrough": null,
    })
}

/// Calls back with every placement of every number of instances, at most five in all.
pub(crate) fn every_placement(model: &ResourceModel, catalogue: &Catalogue, each: &mut dyn FnMut(&Placement)) {
    let components = model.components.iter().map(|(name, component)| (name, component.replicas));
    let groups = model.machines.iter().map(|(name, group)| (name, group.count));
    let (names, ranges): (Vec<&String>, Vec<u32>) =
        components.chain(groups).map(|(name, count)| (name, count.max().unwrap_or(2))).unzip();
    let mut counts = vec![0_u32; names.len()];
    loop {
        if counts.iter().sum::<u32>() <= 6 {
            let instances: Vec<Instance> = names
                .iter()
                .zip(&counts)
                .flat_map(|(name, count)| (0..*count).map(|ordinal| Instance { component: (*name).clone(), ordinal }))
                .collect();
            place(&instances, catalogue, &mut Vec::new(), each);
        }
        let Some(next) = (0..counts.len()).find(|number| counts[*number] < ranges[*number]) else {
            return;
        };
        counts[next] += 1;
        counts[..next].fill(0);
    }
}

fn place(rest: &[Instance], catalogue: &Catalogue, placement: &mut Placement, each: &mut dyn FnMut(&Placement)) {
    let Some((first, rest)) = rest.split_first() else {
        return each(placement);
    };
    for machine in 0..placement.len() {
        placement[machine].1.push(first.clone());
        place(rest, catalogue, placement, each);
        placement[machine].1.pop();
    }
    for offer in 0..catalogue.offers.len() {
        placement.push((offer, vec![first.clone()]));
        place(rest, catalogue, placement, each);
        placement.pop();
    }
}

/// The placement as a plan of new machines, as far as the check looks at it.
pub(crate) fn as_plan(catalogue: &Catalogue, placement: &Placement) -> Plan {
    let machines: Vec<PlannedMachine> = placement
        .iter()
        .map(|(offer, instances)| {
            let offer = &catalogue.offers[*offer];
            PlannedMachine {
                held: None,
                offer: offer.id.clone(),
                title: offer.title.clone(),
                kind: offer.kind,
                provider: offer.provider.clone(),
                site: offer.site.clone(),
                instances: instances.clone(),
                price_per_hour_micros: offer.price_plan.price_per_hour.micros,
                carbon_grams_per_hour: Decimal::ZERO,
                availability_percent: None,
                used: Amounts::default(),
                capacity: Amounts::default(),
            }
        })
        .collect();
    Plan {
        price_per_hour_micros: machines.iter().map(|machine| machine.price_per_hour_micros).sum(),
        machines,
        currency: Currency::EUR,
        carbon_grams_per_hour: Decimal::ZERO,
        carbon_intensity: None,
        availability_percent: None,
        link_latencies: Vec::new(),
        proof: Proof {
            status: ProofStatus::Optimal,
            objective: 0.0,
            bound: 0.0,
            gap: 0.0,
            offers_considered: 0,
            offers_eligible: 0,
            patterns: 0,
            nodes: 0,
        },
        components: BTreeMap::new(),
        notes: Vec::new(),
    }
}

/// The objective in trillionths of its unit.
pub(crate) fn value(model: &ResourceModel, catalogue: &Catalogue, index: &OfferIndex, placement: &Placement) -> i128 {
    let none = Weights { price: Decimal::ZERO, latency: Decimal::ZERO, carbon: Decimal::ZERO };
    let weights = match model.objective {
        Objective::One(ObjectiveKind::Price) => Weights { price: Decimal::ONE, ..none },
        Objective::One(ObjectiveKind::Latency) => Weights { latency: Decimal::ONE, ..none },
        Objective::One(ObjectiveKind::Carbon) => Weights { carbon: Decimal::ONE, ..none },
        Objective::Weighted(weights) => weights,
    };
    let mut value = Decimal::ZERO;
    for (offer, _) in placement {
        let offer = &catalogue.offers[*offer];
        let energy = offer.energy.as_ref().unwrap();
        let grams = energy.power_watts.unwrap() * energy.carbon_intensity / Decimal::from(1_000);
        value += weights.price * Decimal::new(offer.price_plan.price_per_hour.micros, 6) + weights.carbon * grams;
    }
    let holds = |name: &str| {
        let name = name.to_owned();
        placement.iter().filter(move |(_, instances)| instances.iter().any(|instance| instance.component == name))
    };
    for link in &model.links {
        let mut worst = 0;
        for (near, _) in holds(&link.from) {
            for (far, _) in holds(&link.to) {
                let time = index.site_latency(&catalogue.offers[*near].site, &catalogue.offers[*far].site);
                worst = worst.max(time.unwrap_or(400_000));
            }
        }
        value += weights.latency * Decimal::new(i64::from(worst), 3);
    }
    i128::try_from((value * Decimal::from(1_000_000_000_000_i64)).round()).unwrap()
}
