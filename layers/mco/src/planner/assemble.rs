//! From the solver's answer to a Plan: which unit of which offer, which
//! ordinal where, and what it all amounts to.

use super::{
    compile::{Pin, Source},
    index::Entry,
    solver::problem::{Filled, Problem, UNKNOWN},
    survey::Survey,
};
use crate::model::{Amounts, Instance, LinkLatency, PlannedMachine};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// A machine of the answer before its instances have names.
struct Draft<'s> {
    held: Option<usize>,
    entry: &'s Entry,
    counts: Vec<u32>,
    instances: Vec<(usize, u32)>,
}

/// The machines of an answer: held ones first, in the order of their ids, then
/// new ones by offer and content.
pub(super) fn machines(
    survey: &Survey<'_>,
    problem: &Problem,
    sources: &[Source],
    filled: &[Filled],
    pins: &[Pin],
) -> Vec<PlannedMachine> {
    let mut drafts = drafts(survey, sources, filled);
    name_instances(survey, &mut drafts, pins);
    drafts.iter().map(|draft| planned(survey, problem, draft)).collect()
}

fn drafts<'s>(survey: &'s Survey<'_>, sources: &[Source], filled: &[Filled]) -> Vec<Draft<'s>> {
    let mut left: BTreeMap<usize, u32> = BTreeMap::new();
    let mut drafts: Vec<((usize, usize), Draft<'s>)> = Vec::new();
    let mut ordered: Vec<&Filled> = filled.iter().collect();
    // Of equal slots the fuller machine comes first.
    ordered.sort_by(|a, b| a.slot.cmp(&b.slot).then(b.counts.cmp(&a.counts)));
    for machine in ordered {
        match sources.get(machine.slot) {
            Some(Source::Held(number)) => {
                if let Some(part) = survey.held.get(*number) {
                    let draft = Draft {
                        held: Some(*number),
                        entry: &part.entry,
                        counts: machine.counts.clone(),
                        instances: Vec::new(),
                    };
                    drafts.push(((0, *number), draft));
                }
            }
            Some(Source::Offers(offers)) => {
                let free = offers.iter().find(|(number, units)| left.get(number).copied().unwrap_or(*units) > 0);
                if let Some((number, units)) = free
                    && let Some(entry) = survey.index.offers.get(*number)
                {
                    *left.entry(*number).or_insert(*units) -= 1;
                    let draft = Draft { held: None, entry, counts: machine.counts.clone(), instances: Vec::new() };
                    drafts.push(((1, *number), draft));
                }
            }
            None => {}
        }
    }
    drafts.sort_by_key(|(key, _)| *key);
    drafts.into_iter().map(|(_, draft)| draft).collect()
}

/// Gives ordinals: what runs keeps its own as long as its machine keeps so
/// many; the rest get the lowest that are free.
fn name_instances(survey: &Survey<'_>, drafts: &mut [Draft<'_>], pins: &[Pin]) {
    for (component, part) in survey.wish.parts.iter().enumerate() {
        let total: u32 = drafts.iter().filter_map(|draft| draft.counts.get(component)).sum();
        let fixed = part.upper == Some(part.lower);
        let mut taken: BTreeSet<u32> = BTreeSet::new();
        for draft in drafts.iter_mut() {
            let Some(held) = draft.held else { continue };
            let room = draft.counts.get(component).copied().unwrap_or(0) as usize;
            let Some(part) = survey.held.get(held) else {
                continue;
            };
            let pinned = |ordinal: u32| pins.contains(&Pin { component, ordinal, held });
            let mut own: Vec<u32> = part
                .instances
                .iter()
                .filter(|(number, ordinal)| *number == component && (!fixed || *ordinal < total))
                .map(|(_, ordinal)| *ordinal)
                .collect();
            own.sort_by_key(|ordinal| (!pinned(*ordinal), *ordinal));
            for ordinal in own.into_iter().take(room) {
                if taken.insert(ordinal) {
                    draft.instances.push((component, ordinal));
                }
            }
        }
        let mut free = (0_u32..).filter(|ordinal| !taken.contains(ordinal));
        for draft in drafts.iter_mut() {
            let room = draft.counts.get(component).copied().unwrap_or(0) as usize;
            let there = draft.instances.iter().filter(|(number, _)| *number == component).count();
            let ordinals = free.by_ref().take(room.saturating_sub(there));
            draft.instances.extend(ordinals.map(|ordinal| (component, ordinal)));
        }
    }
    for draft in drafts {
        draft.instances.sort_unstable();
    }
}

fn planned(survey: &Survey<'_>, problem: &Problem, draft: &Draft<'_>) -> PlannedMachine {
    let offer = &draft.entry.offer;
    let mut used = [0; super::solver::problem::DIMENSIONS];
    for (component, count) in problem.components.iter().zip(&draft.counts) {
        super::solver::problem::add(&mut used, &component.demand, *count);
    }
    let name = |(component, ordinal): &(usize, u32)| {
        let part = survey.wish.parts.get(*component)?;
        Some(Instance { component: part.name.clone(), ordinal: *ordinal })
    };
    PlannedMachine {
        held: draft.held.and_then(|held| survey.held.get(held)).map(|part| part.machine),
        offer: offer.id.clone(),
        title: offer.title.clone(),
        kind: offer.kind,
        provider: offer.provider.clone(),
        site: offer.site.clone(),
        instances: draft.instances.iter().filter_map(name).collect(),
        price_per_hour_micros: draft.entry.price,
        carbon_grams_per_hour: draft.entry.footprint.grams.normalize(),
        availability_percent: offer.sla.as_ref().and_then(hansa_ontology::sla::Sla::availability),
        used: amounts(used),
        capacity: amounts(draft.entry.capacity),
    }
}

fn amounts([cpu_milli, memory_mib, disk_mib, gpus]: [u64; 4]) -> Amounts {
    Amounts { cpu_milli, memory_mib, disk_mib, gpus }
}

/// The worst round-trip time of each link of the model whose ends both exist.
pub(super) fn link_latencies(survey: &Survey<'_>, machines: &[PlannedMachine]) -> Vec<LinkLatency> {
    let mut latencies = Vec::new();
    for tie in &survey.wish.links {
        let (Some(from), Some(to)) = (survey.wish.parts.get(tie.from), survey.wish.parts.get(tie.to)) else {
            continue;
        };
        let holds = |name: &str| {
            let name = name.to_owned();
            machines.iter().filter(move |machine| machine.instances.iter().any(|instance| instance.component == name))
        };
        let mut worst = 0;
        for near in holds(&from.name) {
            for far in holds(&to.name) {
                worst = worst.max(survey.index.site_latency(&near.site, &far.site).unwrap_or(UNKNOWN));
            }
        }
        latencies.push(LinkLatency {
            from: from.name.clone(),
            to: to.name.clone(),
            worst_micros: (worst != UNKNOWN).then_some(worst),
        });
    }
    latencies
}

/// Availability in percent where every machine is needed.
pub(super) fn availability(machines: &[PlannedMachine]) -> Option<Decimal> {
    let hundred = Decimal::from(100);
    let mut product = Decimal::ONE;
    for machine in machines {
        product = product.checked_mul(machine.availability_percent?.checked_div(hundred)?)?.round_dp(12);
    }
    (!machines.is_empty()).then(|| (product * hundred).round_dp(6).normalize())
}

/// Mean intensity in g/kWh, weighted by power, of the machines whose site states one.
pub(super) fn intensity(survey: &Survey<'_>, machines: &[PlannedMachine]) -> Option<Decimal> {
    let (mut watts, mut weighted) = (Decimal::ZERO, Decimal::ZERO);
    for machine in machines {
        let held = survey.held.iter().find(|part| Some(part.machine) == machine.held).map(|part| &part.entry);
        let listed = survey.index.number(&machine.offer).and_then(|number| survey.index.offers.get(number));
        if let Some(footprint) = held.or(listed).map(|entry| &entry.footprint)
            && let Some(intensity) = footprint.intensity
        {
            watts = watts.checked_add(footprint.watts)?;
            weighted = weighted.checked_add(footprint.watts.checked_mul(intensity)?)?;
        }
    }
    weighted.checked_div(watts).map(|mean| mean.round_dp(3).normalize())
}
