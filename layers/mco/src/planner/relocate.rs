//! Places what is to leave its machine anew, and nothing else: all that isn't
//! named stays where it is, or there is no plan.

use super::{
    PlanError,
    compile::{self, compile},
    finish, held,
    index::OfferIndex,
    solve,
    solver::Work,
    survey::{Active, HeldPart, Survey},
    verify,
    wish::Wish,
};
use crate::{
    model::{Instance, Plan, PlanOptions},
    relocation::Relocation,
};
use hansa_ontology::{ResourceModel, resource_model::Rule};
use std::collections::BTreeSet;

/// Places that are told of for each component that finds none.
const TOLD: usize = 3;

/// Decides where what leaves its machine goes. What stays keeps its place.
///
/// # Errors
/// [`PlanError::Immovable`] with the places that came closest where none fits;
/// otherwise as [`super::plan`].
pub fn relocate(
    model: &ResourceModel,
    index: &OfferIndex,
    options: &PlanOptions,
    relocation: &Relocation,
) -> Result<Plan, PlanError> {
    let options = steered(index, options, relocation);
    let wish = Wish::new(model, index, &options)?;
    let survey = Survey::new(&wish, index, &options);
    let mut work = Work::new(options.budget);
    let all = Active::default();
    let pins = held::pins(&survey, &compile(&survey, &all, &[])?);
    let Some(placed) = solve(&survey, compile(&survey, &all, &pins)?, pins, &mut work)? else {
        return Err(PlanError::Immovable(nowhere(&survey, relocation)));
    };
    let plan = finish(&survey, &placed, &work);
    let flaws = verify(&plan, model, index, &options);
    if !flaws.is_empty() {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        return Err(PlanError::Unsound(flaws.join("; ")));
    }
    match lost(model, &plan, relocation) {
        Some(one) => Err(PlanError::Immovable(format!(
            "{}#{} has no place {}: elsewhere no rule asks for so many of `{}`",
            one.component, one.ordinal, relocation.place, one.component
        ))),
        None => Ok(plan),
    }
}

/// The same options with the machines closed that are left or not meant, and
/// the offers excluded that are not meant.
fn steered(index: &OfferIndex, options: &PlanOptions, relocation: &Relocation) -> PlanOptions {
    let mut options = options.clone();
    for held in &mut options.held {
        if let Some(leaving) = relocation.leaving.get(&held.machine) {
            held.instances.retain(|instance| !leaving.contains(instance));
            held.closed = true;
        }
        held.closed |= relocation.machines.as_ref().is_some_and(|machines| !machines.contains(&held.machine));
    }
    if let Some(offers) = &relocation.offers {
        for entry in index.offers.iter().filter(|entry| !offers.contains(&entry.offer.id)) {
            let reason = || format!("what moves goes {}", relocation.place);
            options.excluded.entry(entry.offer.id.clone()).or_insert_with(reason);
        }
    }
    options
}

/// What would leave and be nowhere, though nothing but rules of its own keeps it:
/// one for each machine is meant to go with its machine.
fn lost<'a>(model: &ResourceModel, plan: &Plan, relocation: &'a Relocation) -> Option<&'a Instance> {
    let placed: BTreeSet<&Instance> = plan.machines.iter().flat_map(|machine| &machine.instances).collect();
    let one_each = |name: &str| {
        model.rules.iter().any(|rule| matches!(rule, Rule::Everywhere(everywhere) if everywhere.component == name))
    };
    let mut leaving = relocation.leaving.values().flatten();
    leaving.find(|one| !placed.contains(one) && !one_each(&one.component))
}

/// Why nothing takes what leaves: the places that came closest.
fn nowhere(survey: &Survey<'_>, relocation: &Relocation) -> String {
    let leaving: BTreeSet<&Instance> = relocation.leaving.values().flatten().collect();
    let names: Vec<String> = leaving.iter().map(|one| format!("{}#{}", one.component, one.ordinal)).collect();
    let components: BTreeSet<&str> = leaving.iter().map(|one| one.component.as_str()).collect();
    let mut told: Vec<String> = Vec::new();
    for name in components {
        if let Some(number) = survey.wish.number(name) {
            told.extend(nearest(survey, number).into_iter().map(|text| format!("`{name}`: {text}")));
        }
    }
    let told = match told.as_slice() {
        [] => "nothing else is rented or may be rented".to_owned(),
        some => some.join("; "),
    };
    format!("there is no place {} for {}, where all else stays as it is: {told}", relocation.place, names.join(", "))
}

/// The places that come closest for a component, each with what is against it.
fn nearest(survey: &Survey<'_>, component: usize) -> Vec<String> {
    let mut places: Vec<(usize, i64, String)> = Vec::new();
    for part in survey.held.iter().filter(|part| !part.frozen) {
        let reasons = held_reasons(survey, part, component);
        let text = format!("machine {} at {}", part.entry.offer.id.short(), part.entry.offer.site.short());
        places.push((
            reasons.len(),
            compile::cost(survey, &part.entry),
            against(&text, &reasons, "has no room beside what is in it"),
        ));
    }
    for (number, entry) in survey.index.offers.iter().enumerate() {
        let excluded = survey
            .units
            .get(number)
            .is_some_and(|units| units.as_ref().err().is_some_and(|reason| reason.code == "excluded"));
        if excluded {
            continue;
        }
        let reasons: Vec<String> = survey.reasons(number, component).into_iter().map(|reason| reason.text).collect();
        let text = format!("offer {} at {}", entry.offer.id.short(), entry.offer.site.short());
        let alone = "would take it alone, but not with the rules, links and the price limit of the whole";
        places.push((reasons.len(), compile::cost(survey, entry), against(&text, &reasons, alone)));
    }
    places.sort();
    places.into_iter().take(TOLD).map(|(_, _, text)| text).collect()
}

fn held_reasons(survey: &Survey<'_>, part: &HeldPart, component: usize) -> Vec<String> {
    let broken = part.fails.iter().filter(|(_, components)| components & super::solver::problem::bit(component) != 0);
    broken
        .filter_map(|(check, _)| survey.wish.checks.get(*check))
        .map(|(check, _)| check.sentence(survey.index, &part.entry))
        .collect()
}

fn against(place: &str, reasons: &[String], otherwise: &str) -> String {
    match reasons {
        [] => format!("{place} {otherwise}"),
        reasons => format!("{place}: {}", reasons.join(", ")),
    }
}

#[cfg(test)]
mod tests;
