//! What is told to go goes, all else stays; without a place nothing moves and the reason is told.

use crate::{
    model::{HeldMachine, Plan, PlanOptions},
    planner::{
        OfferIndex, PlanError, consolidate,
        held::tests::{catalogue, id, instance, model, place},
        improve, plan, relocate,
    },
    relocation::{Gain, Relocation, told, transfers},
};
use hansa_ontology::{MachineId, ResourceModel};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn machine(number: u128) -> MachineId {
    MachineId(Uuid::from_u128(number))
}

/// A machine of an offer that was rented at this price, with this in it.
fn held(number: u128, offer: usize, price: i64, instances: &[(&str, u32)]) -> HeldMachine {
    let mut terms = catalogue(&vec![price; offer + 1]).offers.remove(offer);
    terms.price_plan.price_per_hour.micros = price;
    HeldMachine {
        machine: machine(number),
        offer: id(offer),
        instances: instances.iter().map(|(name, ordinal)| instance(name, *ordinal)).collect(),
        terms: Some(Box::new(terms)),
        closed: false,
    }
}

fn options(held: Vec<HeldMachine>) -> PlanOptions {
    PlanOptions { held, ..PlanOptions::new("2026-06-01T12:00:00Z".parse().unwrap()) }
}

fn leaving(number: u128, instances: &[(&str, u32)]) -> Relocation {
    let instances = instances.iter().map(|(name, ordinal)| instance(name, *ordinal)).collect();
    Relocation {
        leaving: BTreeMap::from([(machine(number), instances)]),
        place: "elsewhere".to_owned(),
        ..Relocation::default()
    }
}

fn with_volume(mut model: ResourceModel, component: &str) -> ResourceModel {
    // The offers of the catalogue have no disk.
    let volume = serde_json::from_value(json!({ "size": "0Mi" })).unwrap();
    model.components.get_mut(component).unwrap().volumes.insert("data".to_owned(), volume);
    model
}

#[test]
fn what_leaves_goes_and_all_else_stays() {
    let index = OfferIndex::new(&catalogue(&[1_000, 9_000]));
    let options = options(vec![held(1, 0, 1_000, &[("web", 0), ("web", 1), ("db", 0)])]);
    let after = relocate(&model(2), &index, &options, &leaving(1, &[("web", 0)])).unwrap();
    assert_eq!(place(&after, "web", 0), (id(0), None), "the cheapest place, which is a new machine");
    for (name, ordinal) in [("web", 1), ("db", 0)] {
        assert_eq!(place(&after, name, ordinal), (id(0), Some(machine(1))), "{name}#{ordinal}");
    }
    let only = Relocation { offers: Some(BTreeSet::from([id(1)])), ..leaving(1, &[("web", 0)]) };
    let after = relocate(&model(2), &index, &options, &only).unwrap();
    assert_eq!(place(&after, "web", 0), (id(1), None));
    let before = plan(&model(2), &index, &options).unwrap();
    assert_eq!(told(&transfers(&model(2), &before, &after)), "web#0 (o0 at s to o1 at s)");
    // The plan in force holds it there from then on.
    let moved = vec![held(1, 0, 1_000, &[("web", 1), ("db", 0)]), held(2, 1, 9_000, &[("web", 0)])];
    let again = plan(&model(2), &index, &self::options(moved)).unwrap();
    assert_eq!(place(&again, "web", 0), (id(1), Some(machine(2))));
}

#[test]
fn a_machine_that_is_left_by_all_is_given_up() {
    let index = OfferIndex::new(&catalogue(&[1_000, 9_000]));
    let all = [held(1, 0, 1_000, &[("web", 0)]), held(2, 1, 9_000, &[("db", 0)])];
    let after = relocate(&model(1), &index, &options(all.to_vec()), &leaving(2, &[("db", 0)])).unwrap();
    assert_eq!(place(&after, "db", 0), (id(0), Some(machine(1))));
    assert_eq!(after.machines.len(), 1);
}

#[test]
fn without_a_place_it_stays_and_the_reason_is_told() {
    let index = OfferIndex::new(&catalogue(&[1_000]));
    let full = held(2, 0, 1_000, &[("web", 1), ("web", 2), ("web", 3), ("web", 4)]);
    let options = options(vec![held(1, 0, 1_000, &[("web", 0), ("db", 0)]), full]);
    let nothing_new = Relocation { offers: Some(BTreeSet::new()), ..leaving(1, &[("db", 0)]) };
    let Err(PlanError::Immovable(why)) = relocate(&model(5), &index, &options, &nothing_new) else {
        panic!("there is no room")
    };
    assert_eq!(
        why,
        "there is no place elsewhere for db#0, where all else stays as it is: \
         `db`: machine o0 at s has no room beside what is in it"
    );
    let nowhere = Relocation { machines: Some(BTreeSet::new()), ..nothing_new };
    let Err(PlanError::Immovable(why)) = relocate(&model(5), &index, &options, &nowhere) else { panic!("no place") };
    assert!(why.ends_with("nothing else is rented or may be rented"), "{why}");
}

#[test]
fn the_least_used_machine_is_emptied_where_the_others_have_room() {
    let index = OfferIndex::new(&catalogue(&[1_000, 9_000]));
    let three = |last: &[(&str, u32)]| {
        options(vec![
            held(1, 0, 1_000, &[("web", 0), ("web", 1), ("db", 0)]),
            held(2, 1, 9_000, &[("web", 2), ("web", 3)]),
            held(3, 0, 1_000, last),
        ])
    };
    let in_force = |model: &ResourceModel, options: &PlanOptions| plan(model, &index, options).unwrap();
    let found = |model: ResourceModel, options: PlanOptions, least: i64| {
        let before = in_force(&model, &options);
        consolidate(&model, &index, &options, &before, least).unwrap().map(|found| {
            let gone = |plan: &Plan| plan.machines.iter().filter_map(|machine| machine.held).collect::<BTreeSet<_>>();
            (told(&transfers(&model, &found.before, &found.after)), gone(&found.after).len())
        })
    };
    let one = [("web", 4)];
    let (moves, left) = found(model(5), three(&one), 0).unwrap();
    assert!(moves.starts_with("web#4 (o0 at s to "), "the least used: {moves}");
    assert_eq!(left, 2);
    // What saves too little is not emptied, but what saves enough.
    let (moves, left) = found(model(5), three(&one), 5_000).unwrap();
    assert_eq!((moves.matches("web#").count(), left), (2, 2), "{moves}");
    assert!(found(model(5), three(&one), 10_000).is_none());
    // What keeps data stays.
    assert!(found(with_volume(model(5), "web"), three(&one), 0).is_none());
    // A rule that asks for several machines.
    let mut spread = model(5);
    spread.rules = serde_json::from_value(json!([{ "spread": { "component": "web", "max": 2 } }])).unwrap();
    assert!(found(spread, three(&one), 0).is_none());
    // No room.
    let wide: Vec<(&str, u32)> = (4..8).map(|ordinal| ("web", ordinal)).collect();
    assert!(found(model(8), three(&wide), 0).is_none());
}

#[test]
fn what_could_be_had_for_less_today_is_found() {
    let index = OfferIndex::new(&catalogue(&[1_000, 9_000]));
    let two = |price: i64| options(vec![held(1, 1, price, &[("web", 0), ("web", 1)]), held(2, 1, 500, &[("db", 0)])]);
    let found = |model: ResourceModel, options: PlanOptions| {
        let before = plan(&model, &index, &options).unwrap();
        improve(&model, &index, &options, &before, Gain::Price).unwrap()
    };
    let better = found(model(2), two(9_000)).unwrap();
    assert_eq!((better.before.price_per_hour_micros, better.after.price_per_hour_micros), (9_500, 500));
    assert_eq!(place(&better.after, "web", 0), (id(1), Some(machine(2))), "beside what is rented for less");
    assert!(found(with_volume(with_volume(model(2), "web"), "db"), two(9_000)).is_none(), "data stays");
    // A machine alone, dearer than the offer is today.
    let alone = options(vec![held(1, 0, 5_000, &[("web", 0), ("db", 0)])]);
    let better = found(model(1), alone).unwrap();
    assert_eq!((better.before.price_per_hour_micros, better.after.price_per_hour_micros), (5_000, 1_000));
    let good = options(vec![held(1, 0, 1_000, &[("web", 0), ("db", 0)])]);
    assert!(found(model(1), good).is_none(), "there is nothing better");
}

#[test]
fn what_emits_less_is_found_for_a_model_that_counts_carbon() {
    // The second offer draws more, and is cheaper.
    let mut offered = catalogue(&[2_000, 1_000]);
    for (offer, watts) in offered.offers.iter_mut().zip([20, 200]) {
        offer.energy =
            serde_json::from_value(json!({ "carbonIntensity": "400", "pue": "1.2", "powerWatts": watts })).unwrap();
    }
    let dirty = offered.offers[1].clone();
    let index = OfferIndex::new(&offered);
    let rented = || {
        let mut rented = held(1, 1, 1_000, &[("web", 0), ("db", 0)]);
        rented.terms = Some(Box::new(dirty.clone()));
        options(vec![rented])
    };
    let found = |objective: serde_json::Value, gain: Gain| {
        let mut model = model(1);
        model.objective = serde_json::from_value(objective).unwrap();
        let before = plan(&model, &index, &rented()).unwrap();
        improve(&model, &index, &rented(), &before, gain).unwrap()
    };
    let cleaner = found(json!("carbon"), Gain::Carbon).unwrap();
    assert_eq!(place(&cleaner.after, "web", 0), (id(0), None));
    let grams = [&cleaner.before, &cleaner.after].map(|plan| plan.carbon_grams_per_hour.to_string());
    assert_eq!(grams, ["96", "9.6"], "200 and 20 W at 1.2 times 400 g/kWh");
    assert!(cleaner.after.price_per_hour_micros > cleaner.before.price_per_hour_micros, "carbon is all it counts");
    assert!(found(json!("price"), Gain::Carbon).is_none(), "no worse in what it counts");
    // 86.4 g are worth more than a thousandth of a unit of money, or less.
    assert!(found(json!({ "price": 1, "carbon": "0.001" }), Gain::Carbon).is_some());
    assert!(found(json!({ "price": 1, "carbon": "0.00001" }), Gain::Carbon).is_none());
    assert!(found(json!("carbon"), Gain::Price).is_none(), "what is rented costs least");
}
