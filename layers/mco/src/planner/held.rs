//! What is held stays where it is: which instances are pinned to their machines.

use super::{
    PlanError,
    compile::{Compiled, Pin, compile},
    solver::{
        self, Work,
        problem::{Amount, DIMENSIONS, Mask, add, bit, bits},
    },
    survey::{Active, HeldPart, Survey},
};
use std::collections::BTreeMap;

/// The instances that stay: wanted by the model, allowed in their machine by
/// every requirement and by every rule within the machine.
pub(super) fn pins(survey: &Survey<'_>, compiled: &Compiled) -> Vec<Pin> {
    let mut candidates: Vec<Pin> = Vec::new();
    for (held, part) in survey.held.iter().enumerate() {
        let stays = survey.keepers(&part.fails);
        for &(component, ordinal) in &part.instances {
            if stays & bit(component) != 0 {
                candidates.push(Pin { component, ordinal, held });
            }
        }
    }
    candidates.sort_unstable();
    candidates.dedup_by_key(|pin| (pin.component, pin.ordinal));
    let mut kept = Vec::new();
    let mut rooms: BTreeMap<usize, Room> = BTreeMap::new();
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    for pin in candidates {
        let count = counts.entry(pin.component).or_default();
        if !wanted(survey, compiled, pin, *count) {
            continue;
        }
        let part = survey.held.get(pin.held);
        let room = rooms.entry(pin.held).or_default();
        if part.is_some_and(|part| room.takes(compiled, part, pin.component)) {
            *count += 1;
            kept.push(pin);
        }
    }
    released(compiled, kept)
}

/// What is in a held machine so far.
#[derive(Default)]
struct Room {
    used: Amount,
    present: Mask,
    counts: BTreeMap<usize, u32>,
}

impl Room {
    /// Adds an instance if room and rules within the machine allow it.
    fn takes(&mut self, compiled: &Compiled, part: &HeldPart, number: usize) -> bool {
        let Some(component) = compiled.problems.first().and_then(|problem| problem.components.get(number)) else {
            return false;
        };
        let mut used = self.used;
        add(&mut used, &component.demand, 1);
        let count = self.counts.entry(number).or_default();
        let fits = (0..DIMENSIONS).all(|dimension| used.get(dimension) <= part.entry.capacity.get(dimension));
        if !fits || component.conflicts & self.present != 0 || *count >= component.per_machine {
            return false;
        }
        *count += 1;
        self.used = used;
        self.present |= bit(number);
        true
    }
}

/// Whether the instance is among those that the model asks for in any case.
/// A fixed number asks for the first ordinals; of a range as many as rules
/// need, the lowest ordinals first.
fn wanted(survey: &Survey<'_>, compiled: &Compiled, pin: Pin, already: u32) -> bool {
    let bounds = compiled.problems.iter().filter_map(|problem| problem.components.get(pin.component));
    let least = bounds.map(|component| component.lower).min().unwrap_or(0);
    match survey.wish.parts.get(pin.component) {
        Some(part) if part.upper == Some(part.lower) => pin.ordinal < part.lower && least > 0,
        Some(_) => already < least,
        None => false,
    }
}

/// A component that is in every machine keeps no machine by itself.
fn released(compiled: &Compiled, pins: Vec<Pin>) -> Vec<Pin> {
    let companions = compiled
        .problems
        .first()
        .map_or(0, |problem| problem.everywhere.iter().fold(0, |mask, (component, _)| mask | bit(*component)));
    let kept: Mask = pins.iter().filter(|pin| companions & bit(pin.component) == 0).fold(0, |_, _| 1);
    let lively: std::collections::BTreeSet<usize> =
        pins.iter().filter(|pin| companions & bit(pin.component) == 0).map(|pin| pin.held).collect();
    if kept == 0 || bits(companions).next().is_none() {
        return pins;
    }
    pins.into_iter().filter(|pin| lively.contains(&pin.held)).collect()
}

/// Where all pins together leave no plan: as many of them as leave one, the
/// first first. Blocks are tried whole before they are split.
pub(super) fn keepable(survey: &Survey<'_>, pins: &[Pin], work: &mut Work) -> Result<Vec<Pin>, PlanError> {
    let mut kept = Vec::new();
    let mut waiting: Vec<&[Pin]> = vec![pins];
    while let Some(block) = waiting.pop() {
        let mut trial: Vec<Pin> = kept.clone();
        trial.extend_from_slice(block);
        let compiled = compile(survey, &Active::default(), &trial)?;
        let mut share = Work { left: work.left.min(20_000), ..Work::default() };
        let before = share.left;
        let possible = solver::feasible(&compiled.problems, &mut share) == Some(true);
        work.left -= before - share.left;
        if possible {
            kept = trial;
        } else if block.len() > 1 {
            let (first, second) = block.split_at(block.len() / 2);
            waiting.push(second);
            waiting.push(first);
        }
    }
    Ok(kept)
}

#[cfg(test)]
pub(super) mod tests;
