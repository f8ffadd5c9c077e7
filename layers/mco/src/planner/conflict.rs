//! Nothing fits: the smallest set of wishes that cannot hold together, found by
//! leaving out one after the other for as long as still nothing fits.

use super::{
    compile::compile,
    explain,
    solver::{self, Work},
    survey::{Active, Survey},
};
use crate::model::{ConflictingConstraint, Infeasible};
use std::collections::BTreeMap;

/// Work allowed for each question whether something fits.
const EACH: i64 = 20_000;

/// A minimal set of items that no plan fulfils together.
pub(super) fn conflict(survey: &Survey<'_>, work: &mut Work) -> Infeasible {
    let mut active = Active::default();
    let mut minimal = true;
    let items: Vec<usize> = (0..survey.wish.items.len()).collect();
    // Blocks first: whole components, then what is left one by one.
    for block in blocks(survey, &items) {
        block.iter().for_each(|item| active.set(*item, false));
        if impossible(survey, &active, work) != Some(true) {
            block.iter().for_each(|item| active.set(*item, true));
        }
    }
    for &item in &items {
        if !active.has(item) {
            continue;
        }
        active.set(item, false);
        match impossible(survey, &active, work) {
            Some(true) => {}
            answer => {
                minimal &= answer.is_some();
                active.set(item, true);
            }
        }
    }
    let left = survey.wish.items.iter().enumerate().filter(|(item, _)| active.has(*item));
    Infeasible {
        conflict: left
            .map(|(_, item)| ConflictingConstraint { pointer: item.pointer.clone(), text: item.text.clone() })
            .collect(),
        minimal,
        components: explain::reports(survey, &[]),
    }
}

/// Items by the component, rule or link to which they belong.
fn blocks(survey: &Survey<'_>, items: &[usize]) -> Vec<Vec<usize>> {
    let mut blocks: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &item in items {
        if let Some(known) = survey.wish.items.get(item) {
            let owner: Vec<&str> = known.pointer.split('/').skip(1).take(2).collect();
            blocks.entry(owner.join("/")).or_default().push(item);
        }
    }
    let mut blocks: Vec<Vec<usize>> = blocks.into_values().filter(|block| block.len() > 1).collect();
    blocks.sort_by_key(|block| std::cmp::Reverse(block.len()));
    blocks
}

/// Whether no plan fulfils the items that count. None where that isn't known.
fn impossible(survey: &Survey<'_>, active: &Active, work: &mut Work) -> Option<bool> {
    if nowhere(survey, active) {
        return Some(true);
    }
    let compiled = compile(survey, active, &[]).ok()?;
    let mut share = Work { left: work.left.min(EACH), ..Work::default() };
    let before = share.left;
    let feasible = solver::feasible(&compiled.problems, &mut share);
    work.left -= before - share.left;
    feasible.map(|feasible| !feasible)
}

/// Whether some component that must be there fits no offer at all.
fn nowhere(survey: &Survey<'_>, active: &Active) -> bool {
    let everyone = survey.everyone();
    let mut housed = 0;
    for (fails, units) in survey.fails.iter().zip(&survey.units) {
        if units.is_ok() {
            housed |= survey.eligible(fails, active);
        }
        if housed == everyone {
            return false;
        }
    }
    let alternatives = super::compile::contested(survey, active);
    let missing = everyone & !housed & !alternatives;
    super::solver::problem::bits(missing).any(|number| survey.wish.parts.get(number).is_some_and(|part| part.lower > 0))
}
