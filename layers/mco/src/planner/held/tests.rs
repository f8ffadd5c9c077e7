//! What was refused goes elsewhere; what runs stays.

use crate::{
    model::{HeldMachine, Instance, Plan, PlanOptions},
    planner::{OfferIndex, PlanError, plan},
};
use hansa_ontology::{Catalogue, MachineId, OfferId, ResourceModel};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Offers `urn:t:o0`, `urn:t:o1` … at these prices, each with room for four instances.
pub(in crate::planner) fn catalogue(prices: &[i64]) -> Catalogue {
    let offer = |(number, price): (usize, &i64)| {
        json!({
            "id": format!("urn:t:o{number}"), "title": "o", "provider": "urn:t:p", "site": "urn:t:s",
            "kind": "virtual-machine",
            "flavour": {
                "name": "f", "cpuMilli": 2_000, "memoryMib": 512, "diskMib": 0, "cpuArch": "amd64", "gpu": null,
                "bandwidthMbps": null,
            },
            "capacity": { "availableUnits": 3, "asOf": "2026-01-01T00:00:00Z" },
            "pricePlan": { "model": "on-demand", "pricePerHour": { "micros": price, "currency": "EUR" } },
            "sla": null, "energy": null, "claims": [], "capabilities": [], "serviceArea": [], "validFrom": null,
            "validThrough": null,
        })
    };
    let offers: Vec<Value> = prices.iter().enumerate().map(offer).collect();
    let site = json!({
        "id": "urn:t:s", "name": "s", "provider": "urn:t:p", "country": "DE", "coordinates": null,
        "jurisdictions": ["DE"], "latencies": {}, "energy": null,
    });
    let provider = json!({ "id": "urn:t:p", "name": "p", "country": "DE" });
    serde_json::from_value(json!({ "providers": [provider], "sites": [site], "offers": offers })).unwrap()
}

/// `web` so often, and one `db`, each with half a processor.
pub(in crate::planner) fn model(web: u32) -> ResourceModel {
    let component = |replicas: u32| {
        json!({
            "package": { "process": { "command": ["a"] } },
            "resources": { "cpu": "500m", "memory": "100Mi" }, "replicas": replicas,
        })
    };
    let components = json!({ "web": component(web), "db": component(1) });
    serde_json::from_value(json!({ "hansa": 1, "name": "shop", "components": components })).unwrap()
}

fn refused(offer: usize) -> PlanOptions {
    let key = ("web".to_owned(), id(offer));
    PlanOptions {
        refused: BTreeMap::from([(key, "exceeded quota: tight".to_owned())]),
        ..PlanOptions::new("2026-06-01T12:00:00Z".parse().unwrap())
    }
}

pub(in crate::planner) fn id(offer: usize) -> OfferId {
    OfferId::new(format!("urn:t:o{offer}")).unwrap()
}

pub(in crate::planner) fn instance(component: &str, ordinal: u32) -> Instance {
    Instance { component: component.to_owned(), ordinal }
}

fn planned(web: u32, prices: &[i64], options: &PlanOptions) -> Result<Plan, PlanError> {
    plan(&model(web), &OfferIndex::new(&catalogue(prices)), options)
}

/// The offer and the held machine of an instance.
pub(in crate::planner) fn place(plan: &Plan, component: &str, ordinal: u32) -> (OfferId, Option<MachineId>) {
    let holds = |machine: &&crate::model::PlannedMachine| machine.instances.contains(&instance(component, ordinal));
    let machine = plan.machines.iter().find(holds).unwrap();
    (machine.offer.clone(), machine.held)
}

#[test]
fn the_next_best_offer_is_taken_and_the_reason_kept() {
    let plan = planned(1, &[1_000, 9_000], &refused(0)).unwrap();
    assert_eq!(place(&plan, "web", 0), (id(1), None));
    let told = serde_json::to_string(&plan.components["web"]).unwrap();
    assert!(told.contains("refused there: exceeded quota: tight"), "{told}");
    assert!(!serde_json::to_string(&plan.components["db"]).unwrap().contains("exceeded quota"));
}

#[test]
fn without_another_offer_the_conflict_names_the_refusal() {
    let Err(PlanError::Infeasible(why)) = planned(1, &[1_000], &refused(0)) else { panic!("there is no place") };
    assert_eq!(why.conflict.iter().map(|part| part.pointer.as_str()).collect::<Vec<_>>(), ["/components/web/package"]);
    assert!(why.summary().contains("(offer o0 does not: exceeded quota: tight)"), "{}", why.summary());
}

#[test]
fn what_runs_stays_and_nothing_more_is_put_beside_it() {
    let machine = MachineId(Uuid::from_u128(5));
    let instances = BTreeSet::from([instance("web", 0), instance("db", 0)]);
    let terms = Some(Box::new(catalogue(&[1_000]).offers.remove(0)));
    let held = HeldMachine { machine, offer: id(0), instances, terms, closed: false };
    let options = PlanOptions { held: vec![held], ..refused(0) };
    let plan = planned(2, &[1_000, 9_000], &options).unwrap();
    assert_eq!(place(&plan, "web", 0), (id(0), Some(machine)));
    assert_eq!(place(&plan, "db", 0), (id(0), Some(machine)));
    assert_eq!(place(&plan, "web", 1), (id(1), None));
}

#[test]
fn machines_of_a_group_stay_and_take_more() {
    let machine = |number: u128| MachineId(Uuid::from_u128(number));
    let held = |number: u128, instances: &[Instance]| HeldMachine {
        machine: machine(number),
        offer: id(0),
        instances: instances.iter().cloned().collect(),
        terms: Some(Box::new(catalogue(&[1_000]).offers.remove(0))),
        closed: false,
    };
    let first = held(1, &[instance("workers", 0), instance("web", 0), instance("db", 0)]);
    let options =
        PlanOptions { held: vec![first, held(2, &[instance("workers", 1)])], refused: BTreeMap::new(), ..refused(0) };
    let planned = |web: u32, workers: u32| {
        let mut model = serde_json::to_value(model(web)).unwrap();
        model["machines"] = json!({ "workers": { "count": workers } });
        model["components"]["web"]["machines"] = json!(["workers"]);
        let model: ResourceModel = serde_json::from_value(model).unwrap();
        let plan = plan(&model, &OfferIndex::new(&catalogue(&[1_000])), &options).unwrap();
        plan.machines.iter().map(|machine| machine.held).collect::<Vec<_>>()
    };
    let (one, two) = (Some(machine(1)), Some(machine(2)));
    assert_eq!(planned(1, 2), [one, two]);
    assert_eq!(planned(3, 2), [one, two]);
    assert_eq!(planned(5, 2), [one, two]);
    assert_eq!(planned(5, 3), [one, two, None]);
    assert_eq!(planned(3, 1), [one]);
}

#[test]
fn the_machine_of_a_group_that_is_named_goes_and_the_others_stay() {
    let machine = |number: u128| MachineId(Uuid::from_u128(number));
    let held = |number: u128| HeldMachine {
        machine: machine(number),
        offer: id(0),
        instances: BTreeSet::from([instance("workers", u32::try_from(number).unwrap() - 1)]),
        terms: Some(Box::new(catalogue(&[1_000]).offers.remove(0))),
        closed: false,
    };
    for (named, web) in [(1, 0), (2, 0), (3, 0), (1, 4), (2, 4), (3, 4)] {
        let mut others: Vec<HeldMachine> = (1..=3).filter(|number| *number != named).map(held).collect();
        others[0].instances.extend((0..web).map(|ordinal| instance("web", ordinal)));
        let options = PlanOptions { held: others.clone(), refused: BTreeMap::new(), ..refused(0) };
        let mut model = serde_json::to_value(model(web)).unwrap();
        model["machines"] = json!({ "workers": { "count": 2 } });
        model["components"]["web"]["machines"] = json!(["workers"]);
        let model: ResourceModel = serde_json::from_value(model).unwrap();
        let plan = plan(&model, &OfferIndex::new(&catalogue(&[1_000])), &options).unwrap();
        let kept: BTreeSet<Option<MachineId>> = plan.machines.iter().map(|machine| machine.held).collect();
        assert_eq!(kept, others.iter().map(|held| Some(held.machine)).collect(), "without {named}, {web} of web");
    }
}

#[test]
fn more_machines_than_there_are_is_a_conflict() {
    for held in [false, true] {
        let machine = HeldMachine {
            machine: MachineId(Uuid::from_u128(1)),
            offer: id(0),
            instances: BTreeSet::from([instance("workers", 0), instance("web", 0), instance("db", 0)]),
            terms: Some(Box::new(catalogue(&[1_000]).offers.remove(0))),
            closed: false,
        };
        let held = if held { vec![machine] } else { Vec::new() };
        let options = PlanOptions { held, refused: BTreeMap::new(), ..refused(0) };
        let mut model = serde_json::to_value(model(1)).unwrap();
        model["machines"] = json!({ "workers": { "count": 4 } });
        model["components"]["web"]["machines"] = json!(["workers"]);
        let model: ResourceModel = serde_json::from_value(model).unwrap();
        let answer = plan(&model, &OfferIndex::new(&catalogue(&[1_000])), &options);
        let Err(PlanError::Infeasible(why)) = answer else { panic!("{answer:?}") };
        assert!(why.summary().contains("`workers` has at least 4 machines"), "{}", why.summary());
    }
}

#[test]
fn another_machine_of_a_group_among_sizes() {
    let mut sizes = catalogue(&[10_000, 20_000, 40_000]);
    for (offer, (cpu, units)) in sizes.offers.iter_mut().zip([(500, 16), (1_000, 8), (2_000, 4)]) {
        offer.flavour.cpu_milli = cpu;
        offer.capacity.available_units = units;
    }
    let held = |number: u128, instances: &[Instance]| HeldMachine {
        machine: MachineId(Uuid::from_u128(number)),
        offer: id(1),
        instances: instances.iter().cloned().collect(),
        terms: Some(Box::new(sizes.offers[1].clone())),
        closed: false,
    };
    let web = |number| instance("web", number);
    let first = held(1, &[instance("workers", 0), web(0), web(1), web(2)]);
    for held in [vec![first.clone(), held(2, &[instance("workers", 1)])], vec![first], Vec::new()] {
        let options = PlanOptions { held, refused: BTreeMap::new(), ..refused(0) };
        let mut model = serde_json::to_value(model(3)).unwrap();
        model["components"].as_object_mut().unwrap().remove("db");
        model["components"]["web"]["machines"] = json!(["workers"]);
        model["components"]["web"]["resources"]["cpu"] = json!("100m");
        model["components"]["web"]["resources"]["memory"] = json!("32Mi");
        for workers in 1..=8 {
            model["machines"] = json!({ "workers": { "count": workers, "resources": { "cpu": 1 } } });
            let model: ResourceModel = serde_json::from_value(model.clone()).unwrap();
            let plan = plan(&model, &OfferIndex::new(&sizes), &options)
                .unwrap_or_else(|why| panic!("{workers} of {}: {why}", options.held.len()));
            assert_eq!(plan.machines.len(), workers);
            assert_eq!(plan.proof.status, crate::model::ProofStatus::Optimal);
        }
    }
}
