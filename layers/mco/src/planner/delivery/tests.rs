//! Orders that fit and orders that don't.

use super::*;
use crate::model::HeldMachine;
use chrono::{DateTime, Utc};
use hansa_ontology::{Catalogue, Offer, OfferId};
use serde_json::{Value, json};
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn catalogue(change: impl Fn(&mut Value)) -> Catalogue {
    let mut offer = json!({
        "id": "urn:t:o", "title": "o", "provider": "urn:t:p", "site": "urn:t:s", "kind": "virtual-machine",
        "flavour": {
            "name": "f", "cpuMilli": 1_000, "memoryMib": 512, "diskMib": 100, "cpuArch": "amd64", "gpu": null,
            "bandwidthMbps": null,
        },
        "capacity": { "availableUnits": 2, "asOf": "2026-01-01T00:00:00Z" },
        "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": 7_000, "currency": "CHF" } },
        "sla": null, "energy": null, "claims": [], "capabilities": [], "serviceArea": [], "validFrom": null,
        "validThrough": null,
    });
    change(&mut offer);
    serde_json::from_value(json!({ "providers": [], "sites": [], "offers": [offer] })).unwrap()
}

/// `web` with half a processor and a port of its own, twice if asked.
fn model(instances: &[(&str, u32)], change: impl Fn(&mut Value)) -> ResourceModel {
    let instances: Vec<Value> =
        instances.iter().map(|(component, ordinal)| json!({ "component": component, "ordinal": ordinal })).collect();
    let mut model = json!({
        "hansa": 1, "name": "order-1",
        "components": { "web": {
            "package": { "process": { "command": ["web"] } }, "resources": { "cpu": "500m", "memory": "200Mi" },
        } },
        "links": [{ "from": "web", "to": "elsewhere" }],
        "delivery": { "application": "shop", "offer": "urn:t:o", "instances": instances },
    });
    change(&mut model);
    serde_json::from_value(model).unwrap()
}

fn planned(model: &ResourceModel, catalogue: &Catalogue, options: &PlanOptions) -> Result<Plan, String> {
    let index = OfferIndex::new(catalogue);
    deliver(model, model.delivery.as_ref().unwrap(), &index, options).map_err(|error| error.to_string())
}

#[test]
fn all_instances_go_into_one_machine_of_the_offer() {
    let two = model(&[("web", 0), ("web", 4)], |_| {});
    let plan = planned(&two, &catalogue(|_| {}), &PlanOptions::new(now())).unwrap();
    let [machine] = plan.machines.as_slice() else { panic!("{plan:?}") };
    assert_eq!((machine.held, machine.instances.clone()), (None, two.delivery.unwrap().instances));
    assert_eq!((machine.used.cpu_milli, machine.used.memory_mib), (1_000, 400));
    assert_eq!((plan.price_per_hour_micros, plan.currency.to_string()), (7_000, "CHF".to_owned()));
    assert_eq!(plan.components["web"].replicas, 2);
    let none = model(&[], |_| {});
    let empty = planned(&none, &catalogue(|_| {}), &PlanOptions::new(now())).unwrap();
    assert!(empty.machines[0].instances.is_empty(), "the machine is kept though nothing runs in it");
}

#[test]
fn a_held_machine_is_taken_as_it_was_offered() {
    let offer: Offer = catalogue(|_| {}).offers.remove(0);
    let held = HeldMachine {
        machine: MachineId(Uuid::from_u128(5)),
        offer: OfferId::new("urn:t:o").unwrap(),
        instances: BTreeSet::new(),
        terms: Some(Box::new(offer)),
        closed: false,
    };
    let options = PlanOptions { held: vec![held], ..PlanOptions::new(now()) };
    // Meanwhile it is dearer, over, sold out and smaller, or not offered any more.
    let changed = catalogue(|offer| {
        offer["pricePlan"]["pricePerHour"]["micros"] = json!(9_000);
        offer["validThrough"] = json!("2026-05-01T00:00:00Z");
        offer["capacity"]["availableUnits"] = json!(0);
        offer["flavour"]["memoryMib"] = json!(1);
    });
    for catalogue in [changed, Catalogue::default()] {
        let plan = planned(&model(&[("web", 0)], |_| {}), &catalogue, &options).unwrap();
        assert_eq!((plan.machines[0].held, plan.price_per_hour_micros), (Some(MachineId(Uuid::from_u128(5))), 7_000));
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let offers = catalogue(|_| {});
    let options = PlanOptions::new(now());
    let refused = |model: ResourceModel| planned(&model, &offers, &options).unwrap_err();
    let three = refused(model(&[("web", 0), ("web", 1), ("web", 2)], |_| {}));
    assert!(three.contains("1500 thousandths of a processor are asked, a machine of it has 1000"), "{three}");
    assert!(three.contains("600 MiB of memory"), "{three}");
    let disk = refused(model(&[("web", 0)], |model| {
        model["components"]["web"]["volumes"] = json!({ "data": { "size": "101Mi" } });
    }));
    assert!(disk.contains("101 MiB of disk"), "{disk}");
    let ports = refused(model(&[("web", 0), ("web", 1)], |model| {
        model["components"]["web"]["ports"] = json!({ "http": { "number": 80 } });
    }));
    assert!(ports.contains("port 80"), "{ports}");
    assert!(refused(model(&[("db", 0)], |_| {})).contains("/delivery/instances/0: names the component `db`"));
    assert!(refused(model(&[("web", 0), ("web", 0)], |_| {})).contains("a second time"));
}

#[test]
fn an_offer_that_cannot_be_had_is_refused_with_the_reason() {
    let web = model(&[("web", 0)], |_| {});
    let refused = |catalogue: &Catalogue, options: &PlanOptions| planned(&web, catalogue, options).unwrap_err();
    let options = PlanOptions::new(now());
    assert!(refused(&Catalogue::default(), &options).contains("not in the catalogue"));
    let over = catalogue(|offer| offer["validThrough"] = json!("2026-05-01T00:00:00Z"));
    assert!(refused(&over, &options).contains("could be ordered until 2026-05-01"));
    let later = catalogue(|offer| offer["validFrom"] = json!("2026-07-01T00:00:00Z"));
    assert!(refused(&later, &options).contains("can be ordered from 2026-07-01"));
    let id = OfferId::new("urn:t:o").unwrap();
    let taken = PlanOptions { taken: BTreeMap::from([(id.clone(), 2)]), ..options.clone() };
    assert!(refused(&catalogue(|_| {}), &taken).contains("no free unit of its 2"));
    let excluded = PlanOptions { excluded: BTreeMap::from([(id, "it is another's".to_owned())]), ..options };
    assert!(refused(&catalogue(|_| {}), &excluded).contains("it is another's"));
}
