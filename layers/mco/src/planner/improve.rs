//! What could be had for less: the least used machine emptied into the others
//! (consolidation, as MiCADO's), or machines given up for places that are
//! cheaper, or emit less.

use super::{OfferIndex, PlanError, plan, relocate};
use crate::{
    model::{Instance, Plan, PlanOptions, PlannedMachine},
    relocation::{Gain, Rearrangement, Relocation, moves_freely, transfers},
};
use hansa_ontology::{MachineId, ResourceModel};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Machines that are tried to be emptied, the least used first.
const MOST_TRIED: usize = 16;

/// Empties the least used machine for which the others have room, under every
/// constraint, and which costs at least so much an hour (micro-units). None:
/// there is none. What keeps data, and jobs, are left where they are.
///
/// # Errors
/// As [`plan`], where already what is there can't be planned.
pub fn consolidate(
    model: &ResourceModel,
    index: &OfferIndex,
    options: &PlanOptions,
    in_force: &Plan,
    least_micros: i64,
) -> Result<Option<Rearrangement>, PlanError> {
    let Some(before) = unchanged(model, index, options, in_force)? else {
        return Ok(None);
    };
    for machine in by_use(model, &before, least_micros) {
        let relocation = Relocation {
            leaving: leaving(&before, |id| Some(id) == machine.held),
            machines: None,
            offers: Some(BTreeSet::new()),
            place: "in the other machines".to_owned(),
        };
        match relocate(model, index, options, &relocation) {
            Ok(after) => return Ok(Some(Rearrangement { before, after })),
            Err(PlanError::Immovable(_) | PlanError::Exhausted { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Gives up a machine, or all of them together, for what could be had today,
/// whichever gains most: all else stays. None: what is rented is as good. What
/// keeps data, and jobs, are left where they are.
///
/// # Errors
/// As [`plan`], where already what is there can't be planned.
pub fn improve(
    model: &ResourceModel,
    index: &OfferIndex,
    options: &PlanOptions,
    in_force: &Plan,
    gain: Gain,
) -> Result<Option<Rearrangement>, PlanError> {
    let Some(before) = unchanged(model, index, options, in_force)? else {
        return Ok(None);
    };
    let mut free: Vec<&PlannedMachine> = movable(model, &before).collect();
    free.sort_by_key(|machine| match gain {
        Gain::Price => (Reverse(machine.price_per_hour_micros.into()), machine.held),
        Gain::Carbon => (Reverse(machine.carbon_grams_per_hour), machine.held),
    });
    let all: BTreeSet<MachineId> = free.iter().filter_map(|machine| machine.held).collect();
    let alone = free.iter().take(MOST_TRIED).filter_map(|machine| machine.held).map(|id| BTreeSet::from([id]));
    let together = (all.len() > 1).then(|| all.clone());
    let place = match gain {
        Gain::Price => "for less",
        Gain::Carbon => "with less carbon",
    };
    let mut best: Option<Plan> = None;
    for machines in alone.chain(together) {
        let leaving = leaving(&before, |id| machines.contains(&id));
        let relocation = Relocation { leaving, place: place.to_owned(), ..Relocation::default() };
        match relocate(model, index, options, &relocation) {
            Ok(after) if is_better(&after, best.as_ref().unwrap_or(&before), gain) => best = Some(after),
            Ok(_) | Err(PlanError::Immovable(_) | PlanError::Exhausted { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(best.map(|after| Rearrangement { before, after }))
}

/// Costs less, and is no worse in what the application asks to be minimised; or
/// emits less, and is better in it. So what is moved for the one and for the
/// other never goes to and fro.
fn is_better(plan: &Plan, other: &Plan, gain: Gain) -> bool {
    let (objective, others) = (plan.proof.objective, other.proof.objective);
    match gain {
        Gain::Price => plan.price_per_hour_micros < other.price_per_hour_micros && objective <= others,
        Gain::Carbon => plan.carbon_grams_per_hour < other.carbon_grams_per_hour && objective < others,
    }
}

/// The plan of today where nothing is moved; None where something has to move
/// anyway, which is nobody's saving.
fn unchanged(
    model: &ResourceModel,
    index: &OfferIndex,
    options: &PlanOptions,
    in_force: &Plan,
) -> Result<Option<Plan>, PlanError> {
    let today = plan(model, index, options)?;
    let same = transfers(model, in_force, &today).is_empty() && in_force.machines.len() == today.machines.len();
    Ok(same.then_some(today))
}

fn leaving(plan: &Plan, wanted: impl Fn(MachineId) -> bool) -> BTreeMap<MachineId, BTreeSet<Instance>> {
    let machines = plan.machines.iter().filter_map(|machine| Some((machine.held?, machine)));
    let leaving = machines.filter(|(id, _)| wanted(*id));
    leaving.map(|(id, machine)| (id, machine.instances.iter().cloned().collect())).collect()
}

/// The machines of which all may go.
fn movable<'a>(model: &'a ResourceModel, plan: &'a Plan) -> impl Iterator<Item = &'a PlannedMachine> {
    let held = plan.machines.iter().filter(|machine| machine.held.is_some());
    held.filter(|machine| machine.instances.iter().all(|one| moves_freely(model, one)))
}

/// Machines that may be emptied, the least used first; of those used alike the dearest.
fn by_use<'a>(model: &'a ResourceModel, plan: &'a Plan, least_micros: i64) -> Vec<&'a PlannedMachine> {
    let mut machines: Vec<&PlannedMachine> =
        movable(model, plan).filter(|machine| machine.price_per_hour_micros >= least_micros).collect();
    machines.sort_by_key(|machine| (used_permille(machine), Reverse(machine.price_per_hour_micros), machine.held));
    machines.truncate(MOST_TRIED);
    machines
}

/// How much of a machine is used, of the resource that is used most: thousandths.
fn used_permille(machine: &PlannedMachine) -> u64 {
    let (used, capacity) = (machine.used, machine.capacity);
    let share = |used: u64, of: u64| used.saturating_mul(1_000).checked_div(of).unwrap_or(0);
    share(used.cpu_milli, capacity.cpu_milli).max(share(used.memory_mib, capacity.memory_mib))
}
