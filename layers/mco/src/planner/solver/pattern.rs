//! Co-location patterns: which instances share a machine. Searches the pattern
//! that is worth most to the master programme (pricing), or all that are worth
//! enough (enumeration), by depth-first search with fractional knapsack bounds.

use super::problem::{Amount, DIMENSIONS, Mask, Problem, Slot, add, bit, bits, fits, present};

/// What instances are worth in one zone.
#[derive(Debug, Clone)]
pub(super) struct Worth {
    /// For each instance of a component.
    profit: Vec<f64>,
    /// For each instance of a component that a machine can't lose ([`Slot::least`]).
    fee: Vec<f64>,
    /// For each resource the components by falling worth of a unit of it.
    orders: [Vec<usize>; DIMENSIONS],
}

impl Worth {
    pub(super) fn new(problem: &Problem, profit: Vec<f64>, fee: Vec<f64>) -> Self {
        let orders = std::array::from_fn(|dimension| {
            let density = |number: usize| match problem.components[number].demand[dimension] {
                0 => f64::INFINITY,
                demand => profit[number] / demand as f64,
            };
            let mut order: Vec<usize> = (0..profit.len()).filter(|&number| profit[number] > 0.0).collect();
            order.sort_by(|&a, &b| density(b).total_cmp(&density(a)).then(a.cmp(&b)));
            order
        });
        Self { profit, fee, orders }
    }

    /// What a pattern is worth.
    pub(super) fn of(&self, slot: &Slot, counts: &[u32]) -> f64 {
        counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(number, &count)| {
                self.profit[number] * f64::from(count) - self.fee[number] * f64::from(slot.least(number, count))
            })
            .sum()
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    /// The pattern worth most, if it is worth more than this.
    Best(f64),
    /// All patterns worth at least this to which nothing can be added; no more than so many.
    All(f64, usize),
}

/// What was found in one slot.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Worth and pattern.
    pub(super) patterns: Vec<(f64, Vec<u32>)>,
    /// No pattern that was passed over is worth more than this.
    pub(super) missed: f64,
    /// Work that was done.
    pub(super) steps: usize,
    /// Whether there were too many.
    pub(super) overflow: bool,
}

struct Search<'a> {
    problem: &'a Problem,
    slot: &'a Slot,
    worth: &'a Worth,
    upper: &'a [u32],
    sequence: Vec<usize>,
    /// Components that are still open from each place of the sequence on.
    open: Vec<Mask>,
    floor: f64,
    wanted: Wanted,
    limit: usize,
    found: Found,
}

/// The state at one node of the search.
#[derive(Clone)]
struct State {
    counts: Vec<u32>,
    room: Amount,
    present: Mask,
    blocked: Mask,
    value: f64,
}

/// Searches one slot. `upper` bounds instances of each component, `limit` the steps.
pub(super) fn search(
    problem: &Problem,
    slot: &Slot,
    worth: &Worth,
    upper: &[u32],
    wanted: Wanted,
    limit: usize,
) -> Found {
    let (Wanted::Best(floor) | Wanted::All(floor, _)) = wanted;
    let Some(state) = start(problem, slot, worth) else {
        return Found { missed: f64::NEG_INFINITY, ..Found::default() };
    };
    let sequence = sequence(problem, slot, worth, upper, wanted);
    let mut open = vec![0; sequence.len() + 1];
    for (place, &number) in sequence.iter().enumerate().rev() {
        open[place] = open[place + 1] | bit(number);
    }
    let found = Found { missed: f64::NEG_INFINITY, ..Found::default() };
    let mut search = Search { problem, slot, worth, upper, sequence, open, floor, wanted, limit, found };
    let reach = state.value + search.bound(0, &state);
    if search.passed_over(reach) {
        return search.found;
    }
    search.descend(0, &state);
    if search.found.steps > search.limit {
        search.found.missed = reach;
    }
    search.found
}

/// What the slot holds already, if it is anything that rules allow.
fn start(problem: &Problem, slot: &Slot, worth: &Worth) -> Option<State> {
    let counts = slot.held.as_ref().map_or_else(|| vec![0; problem.components.len()], |held| held.base.clone());
    let mut used = [0; DIMENSIONS];
    let mut state = State { present: present(&counts), room: slot.capacity, blocked: 0, value: 0.0, counts };
    for number in bits(state.present) {
        let count = state.counts[number];
        add(&mut used, &problem.components[number].demand, count);
        state.blocked |= problem.components[number].conflicts;
        state.value += (worth.profit[number] - worth.fee[number]) * f64::from(count);
    }
    for (room, used) in state.room.iter_mut().zip(used) {
        *room = room.checked_sub(used)?;
    }
    Some(state)
}

/// The components worth trying, the densest first.
fn sequence(problem: &Problem, slot: &Slot, worth: &Worth, upper: &[u32], wanted: Wanted) -> Vec<usize> {
    let all = matches!(wanted, Wanted::All(..))
        || !problem.together.is_empty()
        || !problem.everywhere.is_empty()
        || !problem.within.is_empty();
    let density = |number: usize| {
        let share: f64 = problem.components[number]
            .demand
            .iter()
            .zip(&slot.capacity)
            .filter(|(demand, _)| **demand > 0)
            .map(|(demand, capacity)| *demand as f64 / (*capacity).max(1) as f64)
            .sum();
        worth.profit[number] / share.max(1e-9)
    };
    let mut sequence: Vec<usize> =
        bits(slot.eligible).filter(|&number| upper[number] > 0 && (all || worth.profit[number] > 1e-12)).collect();
    sequence.sort_by(|&a, &b| density(b).total_cmp(&density(a)).then(a.cmp(&b)));
    sequence
}

impl Search<'_> {
    /// Whether nothing with this worth is looked for.
    fn passed_over(&self, reach: f64) -> bool {
        match self.wanted {
            Wanted::Best(_) => reach <= self.floor,
            Wanted::All(..) => reach < self.floor,
        }
    }

    /// How much more than the state's value can be gained from here.
    fn bound(&self, place: usize, state: &State) -> f64 {
        let open = self.open[place] & !state.blocked;
        let mut least = f64::INFINITY;
        for (dimension, order) in self.worth.orders.iter().enumerate() {
            let mut room = state.room[dimension] as f64;
            let mut gain = 0.0;
            for &number in order {
                if open & bit(number) == 0 {
                    continue;
                }
                let component = &self.problem.components[number];
                let demand = component.demand[dimension] as f64;
                let most = f64::from(self.most(number, state));
                let taken = if demand > 0.0 { most.min(room / demand) } else { most };
                gain += taken * self.worth.profit[number];
                room -= taken * demand;
                // Those that need none of this resource come first in the order.
                if demand > 0.0 && room <= 0.0 {
                    break;
                }
            }
            least = least.min(gain);
        }
        least
    }

    /// How many more instances of the component the machine takes.
    fn most(&self, number: usize, state: &State) -> u32 {
        let component = &self.problem.components[number];
        let cap = component.per_machine.min(self.upper[number]).saturating_sub(state.counts[number]);
        if cap == 0 || state.blocked & bit(number) != 0 || component.conflicts & state.present != 0 {
            return 0;
        }
        cap.min(fits(&state.room, &component.demand))
    }

    fn descend(&mut self, place: usize, state: &State) {
        self.found.steps += 1;
        if self.found.steps > self.limit || self.found.overflow {
            return;
        }
        let Some(&number) = self.sequence.get(place) else {
            return self.leaf(state);
        };
        let most = self.most(number, state);
        for count in (0..=most).rev() {
            let next = if count == 0 { state.clone() } else { self.with(state, number, count) };
            if !self.passed_over(next.value + self.bound(place + 1, &next)) {
                self.descend(place + 1, &next);
            }
        }
    }

    fn with(&self, state: &State, number: usize, count: u32) -> State {
        let component = &self.problem.components[number];
        let mut next = state.clone();
        for (room, demand) in next.room.iter_mut().zip(&component.demand) {
            *room = room.saturating_sub(demand * u64::from(count));
        }
        if next.counts[number] == 0 {
            next.value -= self.worth.fee[number];
        }
        next.counts[number] += count;
        next.present |= bit(number);
        next.blocked |= component.conflicts;
        next.value += self.worth.profit[number] * f64::from(count);
        next
    }

    fn leaf(&mut self, state: &State) {
        if state.present == 0 || !self.problem.complete(state.present) || self.passed_over(state.value) {
            return;
        }
        match self.wanted {
            Wanted::Best(_) => {
                self.floor = state.value;
                self.found.patterns = vec![(state.value, self.fill(state).counts)];
            }
            Wanted::All(_, most) => {
                if self.is_full(state) {
                    self.found.patterns.push((state.value, state.counts.clone()));
                    self.found.overflow = self.found.patterns.len() > most;
                }
            }
        }
    }

    /// Whether an instance more of this component never breaks a rule of company.
    fn free(&self, number: usize, state: &State) -> bool {
        state.present & bit(number) != 0 || !sticky(self.problem, number)
    }

    fn is_full(&self, state: &State) -> bool {
        self.sequence.iter().all(|&number| !self.free(number, state) || self.most(number, state) == 0)
    }

    /// The pattern with whatever still fits.
    fn fill(&self, state: &State) -> State {
        let mut state = state.clone();
        for number in bits(self.slot.eligible) {
            let most = self.most(number, &state);
            if most > 0 && self.free(number, &state) {
                state = self.with(&state, number, most);
            }
        }
        state
    }
}

/// Whether a rule depends on this component's being in a machine: such an
/// instance can't be left out of a pattern at will.
pub(super) fn sticky(problem: &Problem, number: usize) -> bool {
    problem.together.iter().any(|set| set & bit(number) != 0)
        || problem.everywhere.iter().any(|&(component, except)| component == number || except & bit(number) != 0)
        || problem.within.iter().any(|&(component, hosts)| component == number || hosts & bit(number) != 0)
}
