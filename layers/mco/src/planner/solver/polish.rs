//! Better solutions from the one at hand: most machines stay, a few are packed
//! anew, exactly.

use super::{
    node::{Decision, Node},
    problem::{Filled, Solution},
    tree::Tree,
};
use std::collections::BTreeMap;

/// Nodes for one attempt.
const NODES: usize = 12;

impl Tree<'_, '_> {
    /// Packs a few machines of the best solution anew, so many times.
    pub(super) fn polish(&mut self, node: &Node, trials: usize) {
        let before = (self.unresolved, self.hopeless);
        let mut fruitless = 0;
        for _ in 0..trials {
            let Some(best) = self.best.clone() else { break };
            if self.work.left <= 0
                || best.machines.len() < 3
                || fruitless > 2 * best.machines.len() * best.machines.len()
            {
                break;
            }
            let kept = self.kept(&best);
            let mut trial = Node { pool: None, ..node.clone() };
            for (machine, count) in kept {
                let column = self.master.note(machine);
                trial.decisions.push(Decision::Column(column, f64::from(count), f64::INFINITY));
            }
            self.hopeless = f64::INFINITY;
            self.search(trial, NODES, false);
            let better = self.best.as_ref().is_some_and(|now| now.value < best.value);
            fruitless = if better { 0 } else { fruitless + 1 };
        }
        (self.unresolved, self.hopeless) = before;
    }

    /// The machines that stay this time: all but two to five, chosen so that
    /// every choice comes up in turn.
    fn kept(&mut self, best: &Solution) -> BTreeMap<Filled, u32> {
        let count = best.machines.len();
        let mut leave = vec![false; count];
        let size = 2 + (self.draw() % 4) as usize;
        for _ in 0..size.min(count) {
            let index = (self.draw() % count as u64) as usize;
            leave[index] = true;
        }
        let mut kept = BTreeMap::new();
        for (machine, leave) in best.machines.iter().zip(leave) {
            if !leave {
                *kept.entry(machine.clone()).or_default() += 1;
            }
        }
        kept
    }

    /// A number that looks random and is the same every time (SplitMix64).
    fn draw(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.drawn;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
