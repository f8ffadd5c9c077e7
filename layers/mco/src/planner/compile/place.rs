//! Slots and zones: offers that are alike become one, offers that another one
//! is better than in every way are left out.

use super::{Pin, Source, cap};
use crate::planner::{
    index::Entry,
    solver::problem::{Amount, DIMENSIONS, Held, Mask, Problem, Slot, UNKNOWN, add, bit},
    survey::{Active, HeldPart, Survey},
    wish::Rule,
};
use hansa_ontology::resource_model::Scope;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Cost, price, carbon, zone, room and who may go in: what is the same in all of these is one choice.
type Alike = (i64, i64, i64, usize, Amount, Mask);

/// What an unknown round-trip time counts at least in an objective: twice the
/// way to the other side of the earth in glass, and as much again.
pub(super) const UNKNOWN_LATENCY: u32 = 400_000;

/// Sites and providers by number, as zones.
type Zones = BTreeMap<(Option<usize>, Option<usize>), usize>;

/// Sets slots, zones and what depends on them; answers what the slots stand for.
pub(super) fn slots(
    survey: &Survey<'_>,
    active: &Active,
    pins: &[Pin],
    zoned: Mask,
    problem: &mut Problem,
) -> Vec<Source> {
    let most = totals(problem);
    let mut zones = Zones::new();
    let mut slots: Vec<(Slot, Source)> = Vec::new();
    for (number, part) in survey.held.iter().enumerate() {
        let zone = zone_of(&mut zones, &part.entry, zoned != 0);
        if let Some(slot) = held_slot(survey, active, pins, number, part, zone, problem) {
            slots.push((slot, Source::Held(number)));
        }
    }
    let mut alike: BTreeMap<Alike, Vec<(usize, u32)>> = BTreeMap::new();
    for (number, entry) in survey.index.offers.iter().enumerate() {
        let Some(Ok(units)) = survey.units.get(number) else {
            continue;
        };
        let eligible = survey.fails.get(number).map_or(0, |fails| survey.eligible(fails, active));
        if eligible == 0 {
            continue;
        }
        let zone = zone_of(&mut zones, entry, eligible & zoned != 0);
        let mut capacity = entry.capacity;
        for (capacity, most) in capacity.iter_mut().zip(most) {
            *capacity = (*capacity).min(most);
        }
        let key = (cost(survey, entry), entry.price, entry.footprint.micrograms, zone, capacity, eligible);
        alike.entry(key).or_default().push((number, *units));
    }
    let mut rented: Vec<(Slot, Source)> = alike
        .into_iter()
        .map(|((cost, price, carbon, zone, capacity, eligible), offers)| {
            let units = offers.iter().fold(0_u32, |sum, (_, units)| sum.saturating_add(*units));
            (Slot { zone, cost, price, carbon, capacity, eligible, units, held: None }, Source::Offers(offers))
        })
        .collect();
    rented.sort_by_key(|(slot, source)| (slot.cost, slot.price, slot.carbon, first(source)));
    slots.extend(undominated(rented, zoned, problem));
    set_zones(survey, active, &zones, problem);
    let (slots, sources) = slots.into_iter().unzip();
    problem.slots = slots;
    sources
}

fn first(source: &Source) -> usize {
    match source {
        Source::Held(number) => *number,
        Source::Offers(offers) => offers.first().map_or(usize::MAX, |(number, _)| *number),
    }
}

/// All that could ever be used of each resource.
fn totals(problem: &Problem) -> Amount {
    let mut most = [0; DIMENSIONS];
    for component in &problem.components {
        add(&mut most, &component.demand, component.upper);
    }
    most
}

/// Zone 0 where nobody cares.
fn zone_of(zones: &mut Zones, entry: &Entry, matters: bool) -> usize {
    if !matters {
        return 0;
    }
    let next = zones.len();
    *zones.entry((entry.site, entry.provider)).or_insert(next)
}

/// What a machine adds to the objective, in millionths of its unit.
pub(in crate::planner) fn cost(survey: &Survey<'_>, entry: &Entry) -> i64 {
    let weights = survey.wish.weights;
    let price = weights.price.checked_mul(Decimal::from(entry.price));
    let carbon = weights.carbon.checked_mul(Decimal::from(entry.footprint.micrograms));
    let sum = price.zip(carbon).and_then(|(price, carbon)| price.checked_add(carbon));
    sum.and_then(|sum| i64::try_from(sum.round()).ok()).unwrap_or(i64::MAX / 1_000_000)
}

fn held_slot(
    survey: &Survey<'_>,
    active: &Active,
    pins: &[Pin],
    number: usize,
    part: &HeldPart,
    zone: usize,
    problem: &Problem,
) -> Option<Slot> {
    let mut base = vec![0_u32; survey.wish.parts.len()];
    let mut pinned: Mask = 0;
    let mut used = [0; DIMENSIONS];
    for pin in pins.iter().filter(|pin| pin.held == number) {
        if let (Some(count), Some(wanted)) = (base.get_mut(pin.component), problem.components.get(pin.component)) {
            *count += 1;
            pinned |= bit(pin.component);
            add(&mut used, &wanted.demand, 1);
        }
    }
    // Dropping a requirement must never take a component out of its machine.
    let eligible = survey.eligible(&part.fails, active) | pinned;
    let empty = base.iter().all(|count| *count == 0);
    if part.frozen && empty {
        return None;
    }
    Some(Slot {
        zone,
        cost: cost(survey, &part.entry),
        price: part.entry.price,
        carbon: part.entry.footprint.micrograms,
        capacity: if part.frozen { used } else { part.entry.capacity },
        eligible: if part.frozen { pinned } else { eligible },
        units: 1,
        held: Some(Held { base }),
    })
}

/// Leaves out what others, of which there are enough, are better than.
fn undominated(rented: Vec<(Slot, Source)>, zoned: Mask, problem: &Problem) -> Vec<(Slot, Source)> {
    let enough = problem.machine_bound();
    let mut kept: Vec<(Slot, Source)> = Vec::new();
    for (slot, source) in rented {
        let mut units = 0_u64;
        let dominated = kept.iter().any(|(other, _)| {
            let better = (other.zone == slot.zone || slot.eligible & zoned == 0)
                && slot.eligible & !other.eligible == 0
                && other.capacity.iter().zip(&slot.capacity).all(|(other, capacity)| other >= capacity)
                && (problem.max_price.is_none() || other.price <= slot.price);
            units += if better { u64::from(other.units) } else { 0 };
            units >= enough
        });
        if !dominated {
            kept.push((slot, source));
        }
    }
    kept
}

/// Numbers of zones, their distances, and rules about them.
fn set_zones(survey: &Survey<'_>, active: &Active, zones: &Zones, problem: &mut Problem) {
    let mut places: Vec<(Option<usize>, Option<usize>)> = vec![(None, None); zones.len().max(1)];
    for (place, number) in zones {
        if let Some(entry) = places.get_mut(*number) {
            *entry = *place;
        }
    }
    problem.zones = places.len();
    for (near, (a, _)) in places.iter().enumerate() {
        for (far, (b, _)) in places.iter().enumerate() {
            let time = match (a, b) {
                _ if near == far => 0,
                (Some(a), Some(b)) => survey.index.round_trip(*a, *b),
                _ => UNKNOWN,
            };
            problem.latency.push(time);
        }
    }
    let known = problem.latency.iter().copied().filter(|time| *time != UNKNOWN).max().unwrap_or(0);
    problem.latency_default = known.max(UNKNOWN_LATENCY);
    for (item, rule) in &survey.wish.rules {
        let Rule::Spread { component, over, max } = rule else {
            continue;
        };
        if !active.has(*item) || *over == Scope::Machine {
            continue;
        }
        let mut groups: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for (zone, (site, provider)) in places.iter().enumerate() {
            let key = if *over == Scope::Site { site } else { provider };
            groups.entry(*key).or_default().push(zone);
        }
        problem.zone_caps.extend(groups.into_values().map(|zones| cap(*component, zones, *max)));
    }
}
