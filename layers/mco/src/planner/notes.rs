//! What a person should know about a plan: what was estimated and assumed,
//! what had to move.

use super::{
    Placed,
    energy::{Coming, UNKNOWN_INTENSITY},
    survey::Survey,
};
use crate::model::PlannedMachine;
use hansa_ontology::{OfferId, SiteId};
use std::collections::BTreeSet;

pub(super) fn notes(survey: &Survey<'_>, machines: &[PlannedMachine], placed: &Placed) -> Vec<String> {
    let mut notes = survey.notes.clone();
    add_moves(survey, machines, &mut notes);
    let used: BTreeSet<&OfferId> = machines.iter().map(|machine| &machine.offer).collect();
    let footprints =
        || used.iter().filter_map(|id| survey.index.offers.get(survey.index.number(id)?)).map(|e| &e.footprint);
    if footprints().any(|footprint| footprint.estimated) {
        notes.push(
            "Where an offer states no power it is estimated: 2.12 W for each virtual processor and 0.421 W for each GiB \
             of memory (Cloud Carbon Footprint, half load)."
                .to_owned(),
        );
    }
    if footprints().any(|footprint| footprint.intensity.is_none()) {
        notes.push(format!(
            "Where neither offer nor site states a carbon intensity, {UNKNOWN_INTENSITY} g/kWh and a PUE of 1.58 are taken."
        ));
    }
    notes.extend(coming(survey, &used));
    let counted = survey.wish.weights.latency > rust_decimal::Decimal::ZERO;
    if let Some(problem) = placed.compiled.problems.get(placed.chosen)
        && counted
        && super::assemble::link_latencies(survey, machines).iter().any(|link| link.worst_micros.is_none())
    {
        notes.push(format!(
            "Where no round-trip time between two sites is known, the objective counts {} ms.",
            problem.latency_default / 1_000
        ));
    }
    notes
}

/// Whose intensity counts at sites of which it is known what their grids are expected to emit.
fn coming(survey: &Survey<'_>, used: &BTreeSet<&OfferId>) -> Vec<String> {
    let offers = used.iter().filter_map(|id| survey.index.offer(id));
    let sites: BTreeSet<&SiteId> = offers.map(|offer| &offer.site).collect();
    let told = |site: &SiteId| {
        let Coming { intensity, source } = survey.index.coming(site)?;
        Some(format!(
            "At {site} {intensity} g/kWh count, by {source}, in the place of what the offers and the site state."
        ))
    };
    sites.into_iter().filter_map(told).collect()
}

/// Says which running instances are placed elsewhere now.
fn add_moves(survey: &Survey<'_>, machines: &[PlannedMachine], notes: &mut Vec<String>) {
    for held in &survey.options.held {
        for instance in &held.instances {
            let now = machines.iter().find(|machine| machine.instances.contains(instance));
            if let Some(now) = now.filter(|machine| machine.held != Some(held.machine)) {
                notes.push(format!(
                    "{}#{} leaves machine {}, where the model does not allow it any more, for offer {}.",
                    instance.component, instance.ordinal, held.machine, now.offer
                ));
            }
        }
    }
}
