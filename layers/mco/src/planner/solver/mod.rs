//! The solver: branch and price over co-location patterns. Knows numbers only;
//! no names, no offers, no time.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "numeric kernel: every index comes from the same arrays, and every answer is checked in integers"
)]

mod branch;
mod cut;
mod master;
mod node;
mod pattern;
mod polish;
pub(crate) mod problem;
mod relax;
mod rounding;
mod simplex;
mod tree;

pub(crate) use relax::Work;

use master::Aim;
use problem::{Criterion, Problem, Solution};

/// The best answer that was found and what is known about it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) best: Option<Solution>,
    /// No solution has a smaller objective; None where there is none.
    pub(crate) bound: Option<i64>,
    pub(crate) proved: bool,
}

/// Minimises the objective over alternatives of one problem, then price,
/// carbon and number of machines among the best. Answers with the alternative.
pub(crate) fn minimise(alternatives: &[Problem], work: &mut Work) -> (Answer, usize) {
    let mut answer = Answer { proved: true, ..Answer::default() };
    let mut chosen = 0;
    for (index, problem) in alternatives.iter().enumerate() {
        let aim = Aim { criterion: Criterion::Objective, limits: cut(answer.best.as_ref()) };
        let outcome = tree::minimise(problem, aim, None, false, work);
        answer.proved &= outcome.proved;
        if let Some(best) = outcome.best
            && answer.best.as_ref().is_none_or(|other| best.value < other.value)
        {
            answer.best = Some(best);
            chosen = index;
        }
        if let Some(bound) = outcome.bound {
            answer.bound = Some(answer.bound.map_or(bound, |other| other.min(bound)));
        }
    }
    if let (Some(best), Some(bound)) = (&answer.best, answer.bound) {
        answer.bound = Some(bound.min(best.value[0]));
    }
    if let (true, Some(problem), Some(best)) = (answer.proved, alternatives.get(chosen), &answer.best) {
        answer.best = Some(break_ties(problem, best.clone(), work));
    }
    (answer, chosen)
}

/// A later alternative only matters where it is no worse.
fn cut(best: Option<&Solution>) -> Vec<(Criterion, i64)> {
    best.map(|best| (Criterion::Objective, best.value[0])).into_iter().collect()
}

/// Whether any solution exists. None where the budget ended first.
pub(crate) fn feasible(alternatives: &[Problem], work: &mut Work) -> Option<bool> {
    let mut proved = true;
    for problem in alternatives {
        let aim = Aim { criterion: Criterion::Objective, limits: Vec::new() };
        let outcome = tree::minimise(problem, aim, None, true, work);
        if outcome.best.is_some() {
            return Some(true);
        }
        proved &= outcome.proved;
    }
    proved.then_some(false)
}

/// Among solutions with the same objective the one with the least price, then
/// carbon, then machines; as far as a share of the budget reaches.
fn break_ties(problem: &Problem, best: Solution, work: &mut Work) -> Solution {
    let mut best = best;
    let mut share = Work { left: work.left.min(2_000 + work.left / 20), ..Work::default() };
    let mut limits = vec![(Criterion::Objective, best.value[0])];
    for criterion in [Criterion::Price, Criterion::Carbon, Criterion::Machines] {
        let settled = criterion == Criterion::Price
            && problem.latency_weight == 0
            && problem.slots.iter().all(|slot| slot.price == slot.cost);
        if !settled {
            let aim = Aim { criterion, limits: limits.clone() };
            let outcome = tree::minimise(problem, aim, Some(best.clone()), false, &mut share);
            best = outcome.best.unwrap_or(best);
        }
        limits.push((criterion, best.value[criterion as usize]));
    }
    work.left -= 0.max(work.left.min(2_000 + work.left / 20) - share.left);
    best
}

#[cfg(test)]
mod tests;
