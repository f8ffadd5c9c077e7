//! Placement: model and offers in, plan out. Pure: no database, no clock, no
//! randomness; the same input gives the same plan on every machine.
//!
//! The way: [`wish`] puts the model into numbers, [`survey`] tries every offer
//! against every requirement, [`mod@compile`] sets up placement problems, [`solver`]
//! solves them, [`assemble`] and [`explain`] put the answer into words, and
//! [`mod@verify`] checks it anew from the model itself. See `docs/planning.md`.

mod assemble;
mod compile;
mod conflict;
mod delivery;
mod energy;
mod error;
mod explain;
mod held;
mod improve;
mod index;
mod notes;
mod relocate;
mod requirement;
mod solver;
mod survey;
mod verify;
mod wish;

pub use delivery::deliver;
pub use energy::{Coming, Footprint, footprint};
pub use error::PlanError;
pub use improve::{consolidate, improve};
pub use index::OfferIndex;
pub use relocate::relocate;
pub use verify::{Flaw, verify};

use crate::model::{Plan, PlanOptions, Proof, ProofStatus};
use compile::{Compiled, Pin, compile};
use hansa_ontology::{ResourceModel, SiteId};
use solver::{Answer, Work, problem::Solution};
use std::collections::{BTreeMap, BTreeSet};
use survey::{Active, Survey};
use wish::Wish;

/// The objective's values are kept in millionths.
const SCALE: f64 = 1_000_000.0;

/// Decides which machines to rent and which component instance goes into which.
///
/// The plan is proved to be the best, or says how far from it it may be (see
/// [`Proof`]). It is checked before it is returned.
///
/// # Errors
/// [`PlanError::Infeasible`] with a minimal set of what cannot hold together;
/// [`PlanError::Invalid`] where the model names what isn't there;
/// [`PlanError::Exhausted`] where the budget ended before any plan was found.
pub fn plan(model: &ResourceModel, index: &OfferIndex, options: &PlanOptions) -> Result<Plan, PlanError> {
    let wish = Wish::new(model, index, options)?;
    let survey = Survey::new(&wish, index, options);
    let mut work = Work::new(options.budget);
    let placed = place(&survey, &mut work)?;
    let plan = finish(&survey, &placed, &work);
    let flaws = verify(&plan, model, index, options);
    if flaws.is_empty() {
        Ok(plan)
    } else {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        Err(PlanError::Unsound(flaws.join("; ")))
    }
}

/// At which sites there are offers that each component could use by itself, by its
/// name. Rules, links and bounds of the whole aren't looked at: a plan tells.
///
/// # Errors
/// [`PlanError::Invalid`] where the model names what isn't there.
pub fn sites(
    model: &ResourceModel,
    index: &OfferIndex,
    options: &PlanOptions,
) -> Result<BTreeMap<String, BTreeSet<SiteId>>, PlanError> {
    let wish = Wish::new(model, index, options)?;
    Ok(explain::eligible_sites(&Survey::new(&wish, index, options)))
}

/// The solver's answer with what it was asked.
struct Placed {
    compiled: Compiled,
    /// Which of the problems the answer is for.
    chosen: usize,
    answer: Answer,
    best: Solution,
    pins: Vec<Pin>,
}

/// Places everything; what is held stays where that is possible.
fn place(survey: &Survey<'_>, work: &mut Work) -> Result<Placed, PlanError> {
    let all = Active::default();
    let free = compile(survey, &all, &[])?;
    let pins = held::pins(survey, &free);
    if !pins.is_empty() {
        if let Some(placed) = solve(survey, compile(survey, &all, &pins)?, pins.clone(), work)? {
            return Ok(placed);
        }
        let kept = held::keepable(survey, &pins, work)?;
        if !kept.is_empty()
            && let Some(placed) = solve(survey, compile(survey, &all, &kept)?, kept, work)?
        {
            return Ok(placed);
        }
    }
    match solve(survey, free, Vec::new(), work)? {
        Some(placed) => Ok(placed),
        None => Err(PlanError::Infeasible(Box::new(conflict::conflict(survey, work)))),
    }
}

/// None where nothing fits.
fn solve(
    survey: &Survey<'_>,
    compiled: Compiled,
    pins: Vec<Pin>,
    work: &mut Work,
) -> Result<Option<Placed>, PlanError> {
    let (answer, chosen) = solver::minimise(&compiled.problems, work);
    match answer.best.clone() {
        Some(best) => Ok(Some(Placed { compiled, chosen, answer, best, pins })),
        None if !answer.proved => Err(PlanError::Exhausted { budget: survey.options.budget }),
        None => Ok(None),
    }
}

fn finish(survey: &Survey<'_>, placed: &Placed, work: &Work) -> Plan {
    let empty = (solver::problem::Problem::default(), Vec::new());
    let problem = placed.compiled.problems.get(placed.chosen).unwrap_or(&empty.0);
    let sources = placed.compiled.sources.get(placed.chosen).unwrap_or(&empty.1);
    let machines = assemble::machines(survey, problem, sources, &placed.best.machines, &placed.pins);
    Plan {
        price_per_hour_micros: machines.iter().map(|machine| machine.price_per_hour_micros).sum(),
        currency: survey.wish.currency,
        carbon_grams_per_hour: machines.iter().map(|machine| machine.carbon_grams_per_hour).sum(),
        carbon_intensity: assemble::intensity(survey, &machines),
        availability_percent: assemble::availability(&machines),
        link_latencies: assemble::link_latencies(survey, &machines),
        proof: proof(survey, placed, work),
        components: explain::reports(survey, &machines),
        notes: notes::notes(survey, &machines, placed),
        machines,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the proof is told in floating point")]
fn proof(survey: &Survey<'_>, placed: &Placed, work: &Work) -> Proof {
    let objective = placed.best.value[0];
    let bound = if placed.answer.proved { objective } else { placed.answer.bound.unwrap_or(0).clamp(0, objective) };
    let gap = if objective > bound { (objective - bound) as f64 / objective as f64 } else { 0.0 };
    Proof {
        status: if placed.answer.proved { ProofStatus::Optimal } else { ProofStatus::Bounded },
        objective: objective as f64 / SCALE,
        bound: bound as f64 / SCALE,
        gap,
        offers_considered: survey.index.len(),
        offers_eligible: explain::eligible_offers(survey),
        patterns: work.patterns,
        nodes: work.nodes,
    }
}
