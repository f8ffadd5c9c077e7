//! Branch and bound: splits the problem until the best solution is proved best
//! or the work budget ends.

use super::{
    branch::{plunge, split},
    master::{Aim, Master},
    node::{Decision, Limits, Node, apply},
    problem::{Criterion, Filled, Problem, Solution},
    relax::{Relaxed, Work, list, relax},
    rounding::{solution, whole},
};
use std::collections::BTreeMap;

/// Nodes after which a dive for a better solution is tried again.
const DIVE_EVERY: usize = 60;

/// How a search ended.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) best: Option<Solution>,
    /// No solution has a smaller value of the aim; None where there is none at all.
    pub(super) bound: Option<i64>,
    /// Whether the best is proved best, or that there is none.
    pub(super) proved: bool,
}

struct Tree<'a, 'w> {
    master: Master<'a>,
    best: Option<Solution>,
    work: &'w mut Work,
    /// Values of solutions are multiples of this.
    step: i64,
    touched: Vec<usize>,
    open: BTreeMap<(i64, usize), Node>,
    made: usize,
    /// Least bound of nodes that could be neither solved nor split.
    unresolved: Option<i64>,
    any: bool,
    /// A gap at which there were too many columns to list.
    hopeless: f64,
}

/// Minimises. `known` is a solution that is already there; with `any` the
/// first solution ends the search.
pub(super) fn minimise(problem: &Problem, aim: Aim, known: Option<Solution>, any: bool, work: &mut Work) -> Outcome {
    let step = step(problem, aim.criterion);
    let mut tree = Tree {
        master: Master::new(problem, aim),
        best: known,
        work,
        step,
        touched: Vec::new(),
        open: BTreeMap::new(),
        made: 0,
        unresolved: None,
        any,
        hopeless: f64::INFINITY,
    };
    for machine in tree.best.iter().flat_map(|best| best.machines.clone()).collect::<Vec<Filled>>() {
        tree.master.add(machine);
    }
    tree.run()
}

/// The greatest common divisor of all values.
fn step(problem: &Problem, criterion: Criterion) -> i64 {
    if criterion == Criterion::Objective && problem.latency_weight > 0 {
        return 1;
    }
    let divisor = problem.slots.iter().fold(0_i64, |divisor, slot| {
        let (mut a, mut b) = (divisor, criterion.of(slot));
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a.abs()
    });
    divisor.max(1)
}

impl Tree<'_, '_> {
    fn run(mut self) -> Outcome {
        self.push(Node { bound: i64::MIN, ..Node::default() });
        let mut stopped = None;
        'search: while let Some((_, mut node)) = self.open.pop_first() {
            // Down one branch as long as it is worth it; the other sides wait.
            loop {
                if self.pruned(node.bound as f64) {
                    break;
                }
                if self.work.left <= 0 || (self.any && self.best.is_some()) {
                    stopped = Some(node.bound);
                    break 'search;
                }
                match self.expand(&node) {
                    Some((first, second)) => {
                        self.push(second);
                        node = first;
                    }
                    None => break,
                }
            }
        }
        self.outcome(stopped)
    }

    fn outcome(self, stopped: Option<i64>) -> Outcome {
        let open = self.open.keys().next().map(|(bound, _)| *bound);
        let least = [stopped, open, self.unresolved].into_iter().flatten().min();
        let value = self.best.as_ref().map(|best| self.value(best));
        let proved = least.is_none_or(|least| value.is_some_and(|value| prunes(value, least as f64, self.step)));
        let bound = if proved { value } else { least.map(|least| value.map_or(least, |value| least.min(value))) };
        Outcome { best: self.best, bound, proved }
    }

    fn push(&mut self, node: Node) {
        // Of equal bounds the latest first.
        self.made += 1;
        self.open.insert((node.bound, usize::MAX - self.made), node);
    }

    fn value(&self, solution: &Solution) -> i64 {
        solution.value[self.master.aim.criterion as usize]
    }

    fn pruned(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|best| prunes(self.value(best), bound, self.step))
    }

    /// Sets the master to the node and solves its relaxation.
    fn relaxed(&mut self, node: &Node) -> Option<(Limits, Relaxed)> {
        let limits = apply(&mut self.master, node, &mut self.touched)?;
        let relaxed = relax(&mut self.master, node, &limits, self.work);
        Some((limits, relaxed))
    }

    /// Solves a node and splits it; None where nothing better is below.
    fn expand(&mut self, node: &Node) -> Option<(Node, Node)> {
        self.work.nodes += 1;
        let mut node = node.clone();
        let (limits, mut relaxed) = self.relaxed(&node)?;
        if (self.best.is_none() || self.work.nodes.is_multiple_of(DIVE_EVERY)) && matches!(relaxed, Relaxed::Open { .. }) {
            self.dive(&node);
            relaxed = self.relaxed(&node)?.1;
        }
        let (bound, columns, counters) = match relaxed {
            Relaxed::Infeasible => return None,
            Relaxed::Unsolved => {
                self.leave(node.bound);
                return None;
            }
            Relaxed::Open { bound, columns, counters } => (bound, columns, counters),
        };
        node.bound = node.bound.max(bound.floor() as i64);
        if whole(&columns) && whole(&counters) {
            self.take(solution(&self.master, &columns, &counters));
        }
        if self.pruned(bound) || (self.any && self.best.is_some()) {
            return None;
        }
        let gap = self.best.as_ref().map(|best| (self.value(best) as f64 - bound) / self.master.unit);
        if let (None, Some(gap)) = (&node.pool, gap)
            && gap < self.hopeless * 0.7
        {
            node.pool = list(&self.master, &limits, gap, self.work);
            if node.pool.is_none() {
                self.hopeless = gap;
            }
        }
        let mut split_at = split(&self.master, &limits, &columns, &counters, node.pool.is_some());
        if split_at.is_none() && node.pool.is_none() {
            // Nothing to split but columns, and for that all of them must be known.
            node.pool = list(&self.master, &limits, gap.unwrap_or(f64::INFINITY), self.work);
            split_at = node.pool.as_ref().and_then(|_| split(&self.master, &limits, &columns, &counters, true));
        }
        if split_at.is_none() {
            self.leave(node.bound);
        }
        split_at.map(|(first, second)| (node.child(first), node.child(second)))
    }

    /// Notes that a node is given up without proof.
    fn leave(&mut self, bound: i64) {
        self.unresolved = Some(self.unresolved.map_or(bound, |other| other.min(bound)));
    }

    /// Fixes more and more of the fractional solution, in the hope of a whole one.
    fn dive(&mut self, node: &Node) {
        let mut node = node.clone();
        let mut fixed: Vec<f64> = Vec::new();
        loop {
            let Some((limits, Relaxed::Open { bound, columns, counters })) = self.relaxed(&node) else { return };
            if self.pruned(bound) {
                return;
            }
            if whole(&columns) && whole(&counters) && self.take(solution(&self.master, &columns, &counters)) {
                return;
            }
            let decisions = plunge(&self.master, &limits, &columns, &counters, &fixed);
            if decisions.is_empty() {
                return;
            }
            for decision in &decisions {
                if let Decision::Column(index, lower, _) = *decision {
                    fixed.resize(fixed.len().max(index + 1), 0.0);
                    fixed[index] = lower;
                }
            }
            node.decisions.extend(decisions);
        }
    }

    /// Takes a solution if it is the best so far; answers whether there was one.
    fn take(&mut self, solution: Option<Solution>) -> bool {
        let Some(solution) = solution else { return false };
        let aim = &self.master.aim;
        if aim.limits.iter().any(|&(criterion, limit)| solution.value[criterion as usize] > limit) {
            return false;
        }
        let from = aim.criterion as usize;
        if self.best.as_ref().is_none_or(|best| solution.value[from..] < best.value[from..]) {
            self.best = Some(solution);
        }
        true
    }
}

/// Whether a bound leaves no better value: values are whole multiples of the
/// step, and a billionth counts as nothing.
fn prunes(value: i64, bound: f64, step: i64) -> bool {
    let noise = (value as f64).abs().max(1.0) * 1e-9;
    bound > value as f64 - (step as f64 - noise).max(noise)
}
