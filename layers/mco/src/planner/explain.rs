//! Why a component runs where it runs: the offers that came closest and every
//! reason against them.

use super::{
    compile,
    solver::problem::bit,
    survey::{Active, Survey},
};
use crate::model::{ComponentReport, PlannedMachine, Reason, Refusal};
use hansa_ontology::{Money, OfferId, SiteId};
use std::collections::{BTreeMap, BTreeSet};

/// Refused offers that are told of for each component.
const TOLD: usize = 5;
/// Of these at most so many that fit but were not taken.
const TOLD_FITTING: usize = 2;

/// An offer that was not taken.
struct Candidate {
    offer: usize,
    reasons: usize,
    cost: i64,
}

/// A report for each component. Without machines: of a model that has no plan.
pub(super) fn reports(survey: &Survey<'_>, machines: &[PlannedMachine]) -> BTreeMap<String, ComponentReport> {
    let parts = survey.wish.parts.iter().enumerate();
    parts.map(|(number, part)| (part.name.clone(), report(survey, machines, number, &part.name))).collect()
}

fn report(survey: &Survey<'_>, machines: &[PlannedMachine], component: usize, name: &str) -> ComponentReport {
    let own = |machine: &&PlannedMachine| machine.instances.iter().any(|instance| instance.component == name);
    let instances = machines.iter().flat_map(|machine| &machine.instances).filter(|i| i.component == name).count();
    let chosen: BTreeSet<OfferId> = machines.iter().filter(own).map(|machine| machine.offer.clone()).collect();
    let cheapest = machines.iter().filter(own).map(|machine| machine.price_per_hour_micros).min();
    let mut refused_counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut broken, mut fitting) = (Vec::new(), Vec::new());
    for (offer, entry) in survey.index.offers.iter().enumerate() {
        if chosen.contains(&entry.offer.id) {
            continue;
        }
        let first = survey.first_reason(offer, component);
        let cost = compile::cost(survey, entry);
        match first {
            Some((code, reasons)) => {
                *refused_counts.entry(code.to_owned()).or_default() += 1;
                broken.push(Candidate { offer, reasons, cost });
            }
            None if machines.is_empty() => fitting.push(Candidate { offer, reasons: 0, cost }),
            None => {
                *refused_counts.entry("costlier".to_owned()).or_default() += 1;
                fitting.push(Candidate { offer, reasons: 0, cost });
            }
        }
    }
    let told = told(broken, fitting, machines.is_empty());
    let refused = told.iter().filter_map(|candidate| refusal(survey, component, candidate, cheapest)).collect();
    ComponentReport { replicas: u32::try_from(instances).unwrap_or(u32::MAX), chosen, refused, refused_counts }
}

/// The best of those that break something, nearest first, and of those that
/// fit; by cost.
fn told(mut broken: Vec<Candidate>, mut fitting: Vec<Candidate>, no_plan: bool) -> Vec<Candidate> {
    broken.sort_by_key(|candidate| (candidate.reasons, candidate.cost, candidate.offer));
    fitting.sort_by_key(|candidate| (candidate.cost, candidate.offer));
    if no_plan {
        fitting.clear();
    }
    fitting.truncate(TOLD_FITTING.max(TOLD.saturating_sub(broken.len())));
    broken.truncate(TOLD.saturating_sub(fitting.len()));
    broken.append(&mut fitting);
    broken.sort_by_key(|candidate| (candidate.cost, candidate.offer));
    broken
}

fn refusal(survey: &Survey<'_>, component: usize, candidate: &Candidate, cheapest: Option<i64>) -> Option<Refusal> {
    let entry = survey.index.offers.get(candidate.offer)?;
    let mut reasons = survey.reasons(candidate.offer, component);
    if reasons.is_empty() {
        reasons.push(costlier(entry.price, cheapest?, survey.wish.currency));
    }
    Some(Refusal {
        offer: entry.offer.id.clone(),
        title: entry.offer.title.clone(),
        price_per_hour_micros: entry.price,
        reasons,
    })
}

/// The offer fits, but the plan is no better with it.
fn costlier(price: i64, chosen: i64, currency: hansa_ontology::Currency) -> Reason {
    let text = match price.saturating_sub(chosen) {
        0 => "fits at the same price, but the plan as a whole is no better with it".to_owned(),
        more if more > 0 => format!("fits, but costs {} an hour more", Money::new(more, currency)),
        less => format!(
            "fits and is {} an hour cheaper, but the plan as a whole is no better with it",
            Money::new(less.saturating_neg(), currency)
        ),
    };
    Reason { code: "costlier".to_owned(), text }
}

/// How many offers at least one component could use.
pub(super) fn eligible_offers(survey: &Survey<'_>) -> usize {
    let all = Active::default();
    let usable = survey.units.iter().zip(&survey.fails).filter(|(units, fails)| {
        units.is_ok() && (0..survey.wish.parts.len()).any(|number| survey.eligible(fails, &all) & bit(number) != 0)
    });
    usable.count()
}

/// At which sites there are offers that a component could use, by the name of the component.
pub(super) fn eligible_sites(survey: &Survey<'_>) -> BTreeMap<String, BTreeSet<SiteId>> {
    let all = Active::default();
    let mut sites: BTreeMap<String, BTreeSet<SiteId>> = BTreeMap::new();
    for ((entry, fails), units) in survey.index.offers.iter().zip(&survey.fails).zip(&survey.units) {
        let usable = if units.is_ok() { survey.eligible(fails, &all) } else { 0 };
        let parts = survey.wish.parts.iter().enumerate().filter(|(number, _)| usable & bit(*number) != 0);
        for (_, part) in parts {
            sites.entry(part.name.clone()).or_default().insert(entry.offer.site.clone());
        }
    }
    sites
}
