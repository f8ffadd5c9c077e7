//! The relaxation at a node: solve the master programme, find columns that
//! better it, until there are none. Gives a proven bound.

use super::{
    master::Master,
    node::{Limits, Node, aim_latency},
    pattern::{Wanted, search},
    problem::Filled,
    simplex::Status,
};
use std::rc::Rc;

/// Columns taken over from one round of pricing.
const BATCH: usize = 40;
/// Steps of one slot's search before its bound is taken instead.
const SLOT_STEPS: usize = 20_000;
/// Columns that may be listed at a node, and steps for it.
const LISTED: usize = 20_000;
const LISTING_STEPS: usize = 500_000;
const GAIN: f64 = 1e-9;

/// Work done and work allowed. One unit is about ten microseconds of a
/// processor of 2020, but it counts operations, so that the same input gives
/// the same answer on every machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    pub(crate) left: i64,
    pub(crate) nodes: usize,
    pub(crate) patterns: usize,
}

impl Work {
    pub(crate) fn new(budget: usize) -> Self {
        Self { left: i64::try_from(budget).unwrap_or(i64::MAX), ..Self::default() }
    }

    pub(super) fn spend(&mut self, units: usize) {
        self.left = self.left.saturating_sub(i64::try_from(units).unwrap_or(i64::MAX));
    }
}

/// What the relaxation says.
#[derive(Debug)]
pub(super) enum Relaxed {
    /// Nothing is possible below the node.
    Infeasible,
    /// A bound and the fractional solution.
    Open { bound: f64, columns: Vec<f64>, counters: Vec<f64> },
    /// Work or numbers gave out: nothing better than what was known.
    Unsolved,
}

/// Solves the relaxation at a node to which the master is set.
pub(super) fn relax(master: &mut Master<'_>, node: &Node, limits: &Limits, work: &mut Work) -> Relaxed {
    let mut cursor = 0;
    loop {
        let before = master.lp.pivots;
        let status = master.solve();
        let rows = master.lp.row_count();
        work.spend(1 + (master.lp.pivots - before) * (1 + rows * rows / 10_000));
        if status == Status::Stalled || work.left <= 0 {
            return Relaxed::Unsolved;
        }
        let real = status == Status::Optimal;
        let (added, missed) = match &node.pool {
            Some(pool) => (from_pool(master, pool, real, work), 0.0),
            None => from_search(master, limits, real, &mut cursor, work),
        };
        if added > 0 {
            continue;
        }
        if !real {
            return if missed > 1e-6 { Relaxed::Unsolved } else { Relaxed::Infeasible };
        }
        if add_unit_rows(master) {
            continue;
        }
        let machines = master.problem.machine_bound() as f64;
        let bound = (master.lp.safe_bound() - missed * machines) * master.unit + aim_latency(master, limits) as f64;
        let (columns, counters) = master.values();
        return Relaxed::Open { bound, columns, counters };
    }
}

/// Bounds slots of which more machines were taken than there are.
fn add_unit_rows(master: &mut Master<'_>) -> bool {
    let (values, _) = master.values();
    let mut sums = vec![0.0; master.problem.slots.len()];
    for (column, value) in master.columns.iter().zip(values) {
        sums[column.filled.slot] += value;
    }
    let over: Vec<usize> =
        (0..sums.len()).filter(|&slot| sums[slot] > f64::from(master.problem.slots[slot].units) + 1e-6).collect();
    let rows = master.lp.row_count();
    for slot in over {
        master.slot_row(slot);
    }
    master.lp.row_count() > rows
}

fn slot_costs(master: &Master<'_>, real: bool) -> Vec<f64> {
    (0..master.problem.slots.len()).map(|slot| master.slot_cost(slot, real)).collect()
}

/// What each column of the pool costs beyond its worth.
fn reduced_costs(master: &Master<'_>, pool: &[usize], real: bool) -> Vec<(f64, usize)> {
    let (worths, costs, cuts) = (master.worths(), slot_costs(master, real), master.cut_prices());
    let reduced = |&column: &usize| {
        let filled = &master.columns[column].filled;
        let zone = master.problem.slots[filled.slot].zone;
        let cuts: f64 = cuts.iter().map(|(cut, price)| price * f64::from(cut.of(&filled.counts))).sum();
        (costs[filled.slot] - worths[zone].of(&master.problem.slots[filled.slot], &filled.counts) - cuts, column)
    };
    pool.iter().map(reduced).collect()
}

/// The columns of the pool that a solution within the gap above the bound may
/// use. The master must be solved.
pub(super) fn shrunk(master: &Master<'_>, pool: &[usize], gap: f64) -> Rc<Vec<usize>> {
    let reduced = reduced_costs(master, pool, true);
    Rc::new(reduced.into_iter().filter(|(reduced, _)| *reduced <= gap + 1e-7).map(|(_, column)| column).collect())
}

/// Takes over the columns of the pool that gain most.
fn from_pool(master: &mut Master<'_>, pool: &[usize], real: bool, work: &mut Work) -> usize {
    work.spend(pool.len() / 500);
    let waiting: Vec<usize> = pool.iter().copied().filter(|&column| !master.is_active(column)).collect();
    let mut gains = reduced_costs(master, &waiting, real);
    gains.retain(|(reduced, _)| *reduced < -GAIN);
    gains.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    gains.truncate(BATCH);
    for (_, column) in &gains {
        master.activate(*column);
    }
    gains.len()
}

/// At most so many instances of each component in each zone.
fn uppers(master: &Master<'_>, limits: &Limits) -> Vec<Vec<u32>> {
    (0..master.problem.zones.max(1))
        .map(|zone| {
            let upper = |number| master.counter_at(number, zone).map_or(0, |counter| limits.counters[counter].1);
            (0..master.problem.components.len()).map(upper).collect()
        })
        .collect()
}

/// Searches slot by slot, from where the last round ended; answers how many
/// columns were added and what a column that was passed over could gain.
fn from_search(
    master: &mut Master<'_>,
    limits: &Limits,
    real: bool,
    cursor: &mut usize,
    work: &mut Work,
) -> (usize, f64) {
    let (worths, costs, uppers) = (master.worths(), slot_costs(master, real), uppers(master, limits));
    let problem = master.problem;
    let (mut added, mut missed, mut steps) = (0, 0.0_f64, 0);
    for turn in 0..problem.slots.len() {
        let number = (*cursor + turn) % problem.slots.len();
        let slot = &problem.slots[number];
        let wanted = Wanted::Best(costs[number] + GAIN);
        let found = search(problem, slot, &worths[slot.zone], &uppers[slot.zone], wanted, SLOT_STEPS);
        steps += 1 + found.steps;
        missed = missed.max(found.missed - costs[number]);
        for (_, counts) in found.patterns {
            added += usize::from(master.add(Filled { slot: number, counts }));
        }
        if added >= BATCH {
            *cursor = number + 1;
            break;
        }
    }
    work.patterns = work.patterns.max(master.columns.len());
    work.spend(steps / 50);
    (added, missed)
}

/// Lists every column that a solution better than `gap` above the bound may
/// use. None where there are too many. The master must be solved.
pub(super) fn list(master: &mut Master<'_>, limits: &Limits, gap: f64, work: &mut Work) -> Option<Rc<Vec<usize>>> {
    let (worths, costs, uppers) = (master.worths(), slot_costs(master, true), uppers(master, limits));
    let problem = master.problem;
    let mut listed = Vec::new();
    let mut steps = 0;
    for (number, slot) in problem.slots.iter().enumerate() {
        let wanted = Wanted::All(costs[number] - gap - 1e-7, 5 * LISTED);
        let found = search(
            problem,
            slot,
            &worths[slot.zone],
            &uppers[slot.zone],
            wanted,
            (LISTING_STEPS - steps).min(affordable(work)),
        );
        steps += 1 + found.steps;
        if found.overflow || steps >= LISTING_STEPS || steps >= affordable(work) {
            work.spend(steps / 50);
            return None;
        }
        let patterns = found.patterns.into_iter().map(|(_, counts)| Filled { slot: number, counts });
        listed.extend(patterns.filter(|filled| !dominated(master, filled)));
        if listed.len() > LISTED {
            work.spend(steps / 50);
            return None;
        }
    }
    work.spend(steps / 50);
    work.patterns = work.patterns.max(listed.len());
    let mut pool: Vec<usize> = listed.into_iter().map(|filled| master.note(filled)).collect();
    pool.sort_unstable();
    Some(Rc::new(pool))
}

/// Steps that the work left allows.
fn affordable(work: &Work) -> usize {
    usize::try_from(work.left.max(0)).unwrap_or(usize::MAX).saturating_mul(50)
}

/// Whether a better slot, of which there are enough units, can hold the same.
fn dominated(master: &Master<'_>, filled: &Filled) -> bool {
    let problem = master.problem;
    let slot = &problem.slots[filled.slot];
    if slot.held.is_some() {
        return false;
    }
    let zoned = filled.counts.iter().zip(&problem.components).any(|(&count, component)| count > 0 && component.zoned);
    problem.slots[..filled.slot].iter().any(|other| {
        other.held.is_none()
            && (!zoned || other.zone == slot.zone)
            && (problem.max_price.is_none() || other.price <= slot.price)
            && u64::from(other.units) >= problem.machine_bound()
            && problem.allows(other, &filled.counts)
    })
}
