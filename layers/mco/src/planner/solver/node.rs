//! Nodes of the search tree: what was decided on the way, and what follows from it.

use super::{
    master::Master,
    problem::{Criterion, Problem},
};
use std::{collections::BTreeMap, rc::Rc};

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Decision {
    /// At least so many instances of a counter.
    CounterLower(usize, u32),
    /// At most so many.
    CounterUpper(usize, u32),
    /// So many machines of a column at least, at most.
    Column(usize, f64, f64),
    /// So many machines of a slot at least, at most.
    Slot(usize, f64, f64),
    /// So many machines that hold at least so many of two components, at least, at most.
    Group([(usize, u32); 2], f64, f64),
    /// So many machines in all at least, at most.
    Machines(f64, f64),
    /// The worst round-trip time of a link is at least this.
    LinkLower(usize, u32),
    /// It is at most this.
    LinkUpper(usize, u32),
}

/// A node that waits to be searched.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// No solution below has a smaller value of the aim.
    pub(super) bound: i64,
    pub(super) decisions: Vec<Decision>,
    /// All columns that a better solution below may use, once they have been listed.
    pub(super) pool: Option<Rc<Vec<usize>>>,
}

impl Node {
    pub(super) fn child(&self, decision: Decision) -> Self {
        let mut child = self.clone();
        child.decisions.push(decision);
        child
    }
}

/// What holds at a node.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Bounds of each counter.
    pub(super) counters: Vec<(u32, u32)>,
    /// Bounds on the worst round-trip time of each link.
    pub(super) links: Vec<(u32, u32)>,
}

/// Sets the master programme to what holds at the node; None where nothing can.
pub(super) fn apply(master: &mut Master<'_>, node: &Node) -> Option<Limits> {
    let problem = master.problem;
    master.allow(node.pool.as_ref().map(|pool| pool.as_slice()));
    for slot in master.bounded_slots() {
        let held = problem.slots[slot].mandatory();
        master.bound_slot(slot, if held { 1.0 } else { 0.0 }, f64::from(problem.slots[slot].units));
    }
    master.bound_machines(0.0, problem.machine_bound() as f64);
    let mut limits = Limits {
        counters: master.counters.iter().map(|counter| (counter.lower, counter.upper)).collect(),
        links: problem.links.iter().map(|link| (0, link.limit.unwrap_or(u32::MAX))).collect(),
    };
    let (mut slots, mut columns, mut groups) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for decision in &node.decisions {
        match *decision {
            Decision::CounterLower(counter, lower) => {
                limits.counters[counter].0 = limits.counters[counter].0.max(lower)
            }
            Decision::CounterUpper(counter, upper) => {
                limits.counters[counter].1 = limits.counters[counter].1.min(upper)
            }
            Decision::LinkLower(link, lower) => limits.links[link].0 = limits.links[link].0.max(lower),
            Decision::LinkUpper(link, upper) => limits.links[link].1 = limits.links[link].1.min(upper),
            Decision::Column(column, lower, upper) => narrow(&mut columns, column, lower, upper),
            Decision::Slot(slot, lower, upper) => narrow(&mut slots, slot, lower, upper),
            Decision::Group(group, lower, upper) => narrow(&mut groups, group, lower, upper),
            Decision::Machines(lower, upper) => narrow(&mut slots, usize::MAX, lower, upper),
        }
    }
    for (&slot, &(lower, upper)) in &slots {
        if slot == usize::MAX {
            master.bound_machines(lower, upper.min(problem.machine_bound() as f64));
        } else {
            master.bound_slot(slot, lower, upper.min(f64::from(problem.slots[slot].units)));
        }
    }
    for (&group, &(lower, upper)) in &groups {
        master.bound_group(group, lower, upper.min(problem.machine_bound() as f64));
    }
    for (&column, &(lower, upper)) in &columns {
        master.bound_column(column, lower, upper.min(problem.machine_bound() as f64));
    }
    if problem.latency_matters() && !propagate(master, &mut limits) {
        return None;
    }
    for (counter, &(lower, upper)) in limits.counters.iter().enumerate() {
        if lower > upper {
            return None;
        }
        master.bound_counter(counter, lower, upper);
    }
    master.reserve_latency(reserved(problem, &limits));
    Some(limits)
}

fn narrow<K: Ord>(bounds: &mut BTreeMap<K, (f64, f64)>, key: K, lower: f64, upper: f64) {
    let entry = bounds.entry(key).or_insert((0.0, f64::INFINITY));
    *entry = (entry.0.max(lower), entry.1.min(upper));
}

/// What the links cost at least.
pub(super) fn reserved(problem: &Problem, limits: &Limits) -> i64 {
    if problem.latency_weight == 0 {
        return 0;
    }
    limits.links.iter().map(|&(lower, _)| if lower > 0 { problem.latency_cost(lower) } else { 0 }).sum()
}

/// What links cost at least, as far as the aim counts it.
pub(super) fn aim_latency(master: &Master<'_>, limits: &Limits) -> i64 {
    if master.aim.criterion == Criterion::Objective { reserved(master.problem, limits) } else { 0 }
}

/// Removes zones that no limit of a link allows any more, until nothing
/// changes. Answers false where a component has no zone left.
fn propagate(master: &Master<'_>, limits: &mut Limits) -> bool {
    loop {
        let mut changed = false;
        for number in 0..master.problem.components.len() {
            let allowed = zones(master, limits, number, |(_, upper)| upper > 0);
            if master.problem.components[number].lower > 0 && master.problem.components[number].zoned {
                match allowed.as_slice() {
                    [] => return false,
                    [(_, counter)] => {
                        let lower = &mut limits.counters[*counter].0;
                        changed |= *lower == 0;
                        *lower = (*lower).max(1);
                    }
                    _ => {}
                }
            }
        }
        for index in 0..master.problem.links.len() {
            let link = master.problem.links[index];
            match (
                narrow_link(master, limits, index, link.from, link.to),
                narrow_link(master, limits, index, link.to, link.from),
            ) {
                (Some(one), Some(other)) => changed |= one || other,
                _ => return false,
            }
        }
        if !changed {
            return true;
        }
    }
}

/// The zones in which a component's counter fulfils a condition, with the counter.
fn zones(
    master: &Master<'_>,
    limits: &Limits,
    number: usize,
    holds: impl Fn((u32, u32)) -> bool,
) -> Vec<(usize, usize)> {
    (0..master.problem.zones)
        .filter_map(|zone| Some((zone, master.counter_at(number, zone)?)))
        .filter(|&(_, counter)| holds(limits.counters[counter]))
        .collect()
}

/// Closes zones of `near` that are too far from where `far` is or can be, and
/// raises the least round-trip time that the link can have.
fn narrow_link(master: &Master<'_>, limits: &mut Limits, index: usize, near: usize, far: usize) -> Option<bool> {
    let problem = master.problem;
    let upper = limits.links[index].1;
    let certain = problem.components[far].lower > 0;
    let allowed = zones(master, limits, far, |(_, upper)| upper > 0);
    let forced = zones(master, limits, far, |(lower, _)| lower > 0);
    let mut changed = false;
    let mut least = u32::MAX;
    for (zone, counter) in zones(master, limits, near, |(_, upper)| upper > 0) {
        let times = allowed.iter().map(|&(other, _)| problem.round_trip(zone, other));
        let best = times.min();
        let worst_forced = forced.iter().map(|&(other, _)| problem.round_trip(zone, other)).max().unwrap_or(0);
        if worst_forced > upper || (certain && best.is_none_or(|best| best > upper)) {
            if limits.counters[counter].0 > 0 {
                return None;
            }
            limits.counters[counter].1 = 0;
            changed = true;
        } else {
            let at_least = worst_forced.max(best.unwrap_or(0));
            if limits.counters[counter].0 > 0 && certain {
                limits.links[index].0 = limits.links[index].0.max(at_least);
            }
            least = least.min(at_least);
        }
    }
    if certain && problem.components[near].lower > 0 && least != u32::MAX {
        limits.links[index].0 = limits.links[index].0.max(least);
    }
    (limits.links[index].0 <= upper).then_some(changed)
}
