//! From whole numbers of columns to a solution: surplus instances are taken
//! out, machines become no larger than needed, and every rule is checked.

use super::{
    master::Master,
    pattern::sticky,
    problem::{Filled, Problem, Solution, present},
};

const WHOLE: f64 = 1e-6;

/// Whether all values are whole.
pub(super) fn whole(values: &[f64]) -> bool {
    values.iter().all(|value| (value - value.round()).abs() < WHOLE)
}

/// The solution that whole columns and counters stand for, if every rule holds.
pub(super) fn solution(master: &Master<'_>, columns: &[f64], counters: &[f64]) -> Option<Solution> {
    let problem = master.problem;
    let mut machines = Vec::new();
    for (column, value) in master.columns.iter().zip(columns) {
        for _ in 0..value.round() as u64 {
            machines.push(column.filled.clone());
        }
    }
    machines.sort();
    for (counter, value) in master.counters.iter().zip(counters) {
        trim(problem, &mut machines, counter.component, counter.zone, value.round() as u64)?;
    }
    machines.retain(|machine| present(&machine.counts) != 0);
    let smaller = downsized(problem, &machines);
    problem.judge(smaller).or_else(|| problem.judge(machines))
}

/// Takes instances of a component out until as many are left as wanted.
fn trim(problem: &Problem, machines: &mut [Filled], number: usize, zone: Option<usize>, wanted: u64) -> Option<()> {
    let inside = |machine: &Filled| zone.is_none_or(|zone| problem.slots[machine.slot].zone == zone);
    let total: u64 = machines.iter().filter(|m| inside(m)).map(|m| u64::from(m.counts[number])).sum();
    let mut surplus = total.checked_sub(wanted)?;
    let sticky = u32::from(sticky(problem, number));
    // The most expensive machines first, so that they may become smaller or empty.
    for machine in machines.iter_mut().rev() {
        if surplus == 0 {
            break;
        }
        if inside(machine) {
            let base = problem.slots[machine.slot].held.as_ref().map_or(0, |held| held.base[number]);
            let floor = base.max(sticky.min(machine.counts[number]));
            let taken = u64::from(machine.counts[number].saturating_sub(floor)).min(surplus);
            machine.counts[number] -= u32::try_from(taken).unwrap_or(u32::MAX);
            surplus -= taken;
        }
    }
    (surplus == 0).then_some(())
}

/// Each machine in the first slot that can hold what it holds.
fn downsized(problem: &Problem, machines: &[Filled]) -> Vec<Filled> {
    let mut used = vec![0_u32; problem.slots.len()];
    for machine in machines {
        used[machine.slot] += 1;
    }
    let mut smaller = machines.to_vec();
    for machine in &mut smaller {
        let slot = &problem.slots[machine.slot];
        if slot.mandatory() {
            continue;
        }
        let zoned = machine.counts.iter().zip(&problem.components).any(|(&count, c)| count > 0 && c.zoned);
        let better = (0..machine.slot).find(|&other| {
            let candidate = &problem.slots[other];
            (!zoned || candidate.zone == slot.zone)
                && used[other] < candidate.units
                && !candidate.mandatory()
                && problem.allows(candidate, &machine.counts)
        });
        if let Some(other) = better {
            used[machine.slot] -= 1;
            used[other] += 1;
            machine.slot = other;
        }
    }
    smaller.sort();
    smaller
}
