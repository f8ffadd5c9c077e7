//! Branch and bound: splits the problem until the best solution is proved best
//! or the work budget ends.

use super::{
    branch::{plunge, split},
    cut::{Candidates, add_cuts},
    master::{Aim, Master},
    node::{Decision, Limits, Node, apply},
    problem::{Criterion, Filled, Problem, Solution},
    relax::{Relaxed, Work, list, relax, shrunk},
    rounding::{solution, whole},
};
use std::collections::BTreeMap;

/// Nodes after which a dive for a better solution is tried again.
const DIVE_EVERY: usize = 60;
/// Nodes after which rows that bind nothing are dropped.
const TIDY_EVERY: usize = 8;
/// Rounds of cuts at the root.
const ROOT_ROUNDS: usize = 15;
/// Nodes spent on finding a better solution before the search proper.
const IMPROVING: usize = 100;
/// Node at which a few machines are packed anew for the first time.
const POLISH_AT: usize = 200;
/// Attempts at packing a few machines anew.
const POLISHING: usize = 60;

/// How a search ended.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) best: Option<Solution>,
    /// No solution has a smaller value of the aim; None where there is none at all.
    pub(super) bound: Option<i64>,
    /// Whether the best is proved best, or that there is none.
    pub(super) proved: bool,
}

/// A fractional solution with its bound.
struct Fraction {
    bound: f64,
    columns: Vec<f64>,
    counters: Vec<f64>,
}

pub(super) struct Tree<'a, 'w> {
    pub(super) master: Master<'a>,
    pub(super) best: Option<Solution>,
    pub(super) work: &'w mut Work,
    /// Values of solutions are multiples of this.
    step: i64,
    /// Least bound of nodes that could be neither solved nor split.
    pub(super) unresolved: Option<i64>,
    any: bool,
    candidates: Option<Candidates>,
    /// A gap at which there were too many columns to list.
    pub(super) hopeless: f64,
    /// State of the numbers that look random.
    pub(super) drawn: u64,
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
        unresolved: None,
        any,
        candidates: None,
        hopeless: f64::INFINITY,
        drawn: 0,
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
        let root = Node { bound: i64::MIN, ..Node::default() };
        let left = self.search(root, usize::MAX, true);
        let least = [left, self.unresolved].into_iter().flatten().min();
        self.outcome(least)
    }

    /// Searches below a node, no more than so many nodes; answers the least
    /// bound of what was left unsearched. With `whole` it may look for better
    /// solutions by the way.
    pub(super) fn search(&mut self, root: Node, most: usize, whole: bool) -> Option<i64> {
        let mut open: BTreeMap<(i64, usize), Node> = BTreeMap::new();
        let mut made = 0;
        open.insert((root.bound, usize::MAX), root);
        let end = self.work.nodes.saturating_add(most);
        while let Some((_, mut node)) = open.pop_first() {
            // Down one branch as long as it is worth it; the other sides wait.
            loop {
                if self.pruned(node.bound as f64) {
                    break;
                }
                if self.work.left <= 0 || self.work.nodes >= end || (self.any && self.best.is_some()) {
                    return Some(node.bound);
                }
                match self.expand(&node, whole) {
                    Some((first, second)) => {
                        // Of equal bounds the latest first.
                        made += 1;
                        open.insert((second.bound, usize::MAX - made), second);
                        node = first;
                    }
                    None => break,
                }
            }
        }
        None
    }

    fn outcome(self, least: Option<i64>) -> Outcome {
        let value = self.best.as_ref().map(|best| self.value(best));
        let proved = least.is_none_or(|least| value.is_some_and(|value| prunes(value, least as f64, self.step)));
        let bound = if proved { value } else { least.map(|least| value.map_or(least, |value| least.min(value))) };
        Outcome { best: self.best, bound, proved }
    }

    fn value(&self, solution: &Solution) -> i64 {
        solution.value[self.master.aim.criterion as usize]
    }

    fn pruned(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|best| prunes(self.value(best), bound, self.step))
    }

    /// Sets the master to the node and solves its relaxation.
    fn relaxed(&mut self, node: &Node) -> Option<(Limits, Relaxed)> {
        let limits = apply(&mut self.master, node)?;
        let relaxed = relax(&mut self.master, node, &limits, self.work);
        Some((limits, relaxed))
    }

    /// Solves a node and splits it; None where nothing better is below.
    fn expand(&mut self, node: &Node, whole: bool) -> Option<(Node, Node)> {
        self.work.nodes += 1;
        if self.work.nodes.is_multiple_of(TIDY_EVERY) {
            self.master.forget_loose();
        }
        let mut node = node.clone();
        let (limits, mut relaxed) = self.relaxed(&node)?;
        let dive = self.best.is_none() || (whole && self.work.nodes.is_multiple_of(DIVE_EVERY));
        if dive && matches!(relaxed, Relaxed::Open { .. }) {
            self.dive(&node);
            relaxed = self.relaxed(&node)?.1;
        }
        if whole && (self.work.nodes == POLISH_AT || self.work.nodes == 8 * POLISH_AT) {
            self.polish(&Node::default(), POLISHING);
            relaxed = self.relaxed(&node)?.1;
        }
        let mut open = self.opened(&mut node, relaxed)?;
        if whole && node.decisions.is_empty() && node.pool.is_none() {
            self.improve(&node);
            let relaxed = self.relaxed(&node)?.1;
            open = self.opened(&mut node, relaxed)?;
        }
        self.narrow(&mut node, &limits, open.bound);
        if node.pool.is_some() {
            open = self.tighten(&mut node, &limits, open)?;
        }
        let mut split_at = split(&self.master, &limits, &open.columns, &open.counters, node.pool.is_some());
        if split_at.is_none() && node.pool.is_none() {
            // Nothing to split but columns, and for that all of them must be known.
            let gap = self.gap(open.bound).unwrap_or(f64::INFINITY);
            node.pool = list(&mut self.master, &limits, gap, self.work);
            split_at =
                node.pool.as_ref().and_then(|_| split(&self.master, &limits, &open.columns, &open.counters, true));
        }
        if split_at.is_none() {
            self.leave(node.bound);
        }
        split_at.map(|(first, second)| (node.child(first), node.child(second)))
    }

    /// Takes what a relaxation says: a whole solution, a bound, or that nothing
    /// better is below.
    fn opened(&mut self, node: &mut Node, relaxed: Relaxed) -> Option<Fraction> {
        match relaxed {
            Relaxed::Infeasible => None,
            Relaxed::Unsolved => {
                self.leave(node.bound);
                None
            }
            Relaxed::Open { bound, columns, counters } => {
                node.bound = node.bound.max(bound.floor() as i64);
                if whole(&columns) && whole(&counters) {
                    self.take(solution(&self.master, &columns, &counters));
                }
                let done = self.pruned(bound) || (self.any && self.best.is_some());
                (!done).then_some(Fraction { bound, columns, counters })
            }
        }
    }

    /// How far the best solution is above a bound, in the programme's units.
    fn gap(&self, bound: f64) -> Option<f64> {
        self.best.as_ref().map(|best| (self.value(best) as f64 - bound) / self.master.unit)
    }

    /// Lists all columns that matter below the node, or leaves out those that
    /// no longer do. The master must be solved for the node.
    fn narrow(&mut self, node: &mut Node, limits: &Limits, bound: f64) {
        let Some(gap) = self.gap(bound) else { return };
        if let Some(pool) = &node.pool {
            node.pool = Some(shrunk(&self.master, pool, gap));
        } else if gap < self.hopeless * 0.7 {
            node.pool = list(&mut self.master, limits, gap, self.work);
            if node.pool.is_none() {
                self.hopeless = gap;
            }
        }
    }

    /// Adds cuts as long as they raise the bound.
    fn tighten(&mut self, node: &mut Node, limits: &Limits, mut open: Fraction) -> Option<Fraction> {
        let rounds = if node.decisions.is_empty() { ROOT_ROUNDS } else { 1 };
        for _ in 0..rounds {
            let candidates = self.candidates.get_or_insert_with(|| Candidates::new(self.master.problem));
            if self.work.left <= 0 || add_cuts(&mut self.master, candidates, &open.columns, rounds > 1) == 0 {
                break;
            }
            self.work.spend(20);
            let relaxed = self.relaxed(node)?.1;
            let before = open.bound;
            open = self.opened(node, relaxed)?;
            self.narrow(node, limits, open.bound);
            self.master.forget_loose();
            if open.bound - before < 1e-5 * before.abs() {
                break;
            }
        }
        Some(open)
    }

    /// Looks for better solutions among the columns that are there.
    fn improve(&mut self, node: &Node) {
        let pool: Vec<usize> = (0..self.master.columns.len()).collect();
        let node = Node { pool: Some(std::rc::Rc::new(pool)), ..node.clone() };
        // What is not searched there is not given up: the node itself still is to be.
        let before = (self.unresolved, self.hopeless);
        self.search(node, IMPROVING, false);
        (self.unresolved, self.hopeless) = before;
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
            let Some((limits, Relaxed::Open { bound, columns, counters })) = self.relaxed(&node) else {
                return;
            };
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
        let Some(solution) = solution else {
            return false;
        };
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
