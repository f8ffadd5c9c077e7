//! The master programme: how many machines with which pattern, so that every
//! component gets its instances. Columns are added as pricing finds them.

mod rows;

use super::{
    pattern::Worth,
    problem::{Criterion, Filled, Problem},
    simplex::{Lp, Status},
};
use std::collections::BTreeMap;

const FAR: f64 = f64::INFINITY;

/// What is minimised, and what earlier aims must keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aim {
    pub(super) criterion: Criterion,
    pub(super) limits: Vec<(Criterion, i64)>,
}

/// How many instances of a component there are (in one zone, where that matters).
#[derive(Debug, Clone)]
pub(super) struct Counter {
    pub(super) component: usize,
    pub(super) zone: Option<usize>,
    pub(super) lower: u32,
    pub(super) upper: u32,
    variable: usize,
    cover: usize,
    presence: Option<usize>,
}

/// A pattern in a slot, as a column; in the programme once it is wanted there.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) filled: Filled,
    variable: Option<usize>,
}

/// A row over patterns, which only patterns that are listed can have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    /// Whole solutions fulfil it and fractional ones need not: the sum of
    /// `numerators × counts / denominator`, each machine's share rounded up, is
    /// at least the sum over all wanted instances rounded up (Chvátal and Gomory).
    Rounded { denominator: u32, numerators: Vec<u32> },
    /// Counts the machines that hold at least so many of each of two components.
    Group([(usize, u32); 2]),
}

impl Cut {
    /// What one machine with these counts adds to the row.
    pub(super) fn of(&self, counts: &[u32]) -> u32 {
        match self {
            Self::Rounded { denominator, numerators } => {
                let sum: u32 = numerators.iter().zip(counts).map(|(numerator, count)| numerator * count).sum();
                sum.div_ceil(*denominator)
            }
            Self::Group(parts) => u32::from(parts.iter().all(|&(number, least)| counts[number] >= least)),
        }
    }
}

/// The programme with its columns.
pub(super) struct Master<'a> {
    pub(super) problem: &'a Problem,
    pub(super) aim: Aim,
    pub(super) lp: Lp,
    pub(super) counters: Vec<Counter>,
    pub(super) columns: Vec<Column>,
    seen: BTreeMap<Filled, usize>,
    cuts: Vec<(Cut, usize)>,
    /// Counter of a component in a zone.
    places: Vec<Vec<Option<usize>>>,
    machines_row: usize,
    /// Rows with a coefficient for each slot.
    sum_rows: Vec<(usize, Criterion, f64)>,
    /// Row of the limit on the aim's own criterion's objective, which latency takes from.
    slot_rows: Vec<Option<usize>>,
    /// The aim's value that one unit of the programme's objective stands for.
    pub(super) unit: f64,
}

impl<'a> Master<'a> {
    pub(super) fn new(problem: &'a Problem, aim: Aim) -> Self {
        let unit = unit(problem, aim.criterion);
        let mut master = Self {
            problem,
            aim,
            lp: Lp::default(),
            counters: Vec::new(),
            columns: Vec::new(),
            seen: BTreeMap::new(),
            cuts: Vec::new(),
            places: vec![vec![None; problem.zones.max(1)]; problem.components.len()],
            machines_row: 0,
            sum_rows: Vec::new(),
            slot_rows: vec![None; problem.slots.len()],
            unit,
        };
        for component in 0..problem.components.len() {
            master.add_counters(component);
        }
        master.machines_row = master.lp.add_row(0.0, problem.machine_bound() as f64, &[]);
        master.add_linear_rows();
        master.add_zone_rows();
        master.add_sum_rows();
        master.add_held();
        master
    }

    /// The row that counts the machines of a slot.
    pub(super) fn slot_row(&mut self, number: usize) -> usize {
        if let Some(row) = self.slot_rows[number] {
            return row;
        }
        let own = self.columns.iter().filter(|column| column.filled.slot == number);
        let terms: Vec<(usize, f64)> = own.filter_map(|column| Some((column.variable?, 1.0))).collect();
        let row = self.lp.add_row(0.0, f64::from(self.problem.slots[number].units), &terms);
        self.slot_rows[number] = Some(row);
        row
    }

    /// Sets how many machines of a slot there may be.
    pub(super) fn bound_slot(&mut self, number: usize, lower: f64, upper: f64) {
        let row = self.slot_row(number);
        self.lp.set_row_bounds(row, lower, upper);
    }

    pub(super) fn bound_machines(&mut self, lower: f64, upper: f64) {
        self.lp.set_row_bounds(self.machines_row, lower, upper);
    }

    pub(super) fn bound_counter(&mut self, counter: usize, lower: u32, upper: u32) {
        self.lp.set_column_bounds(self.counters[counter].variable, f64::from(lower), f64::from(upper));
    }

    pub(super) fn bound_column(&mut self, column: usize, lower: f64, upper: f64) {
        let variable = self.activate(column);
        self.lp.set_column_bounds(variable, lower, upper);
    }

    /// Allows these columns only, or all; cuts count only in the first case.
    pub(super) fn allow(&mut self, pool: Option<&[usize]>) {
        let mut allowed = vec![pool.is_none(); self.columns.len()];
        for &column in pool.into_iter().flatten() {
            allowed[column] = true;
        }
        let most = self.problem.machine_bound() as f64;
        for (column, allowed) in self.columns.iter_mut().zip(allowed) {
            if let Some(variable) = column.variable {
                self.lp.set_column_bounds(variable, 0.0, if allowed { most } else { 0.0 });
            }
        }
        for (cut, row) in &self.cuts {
            let lower = if pool.is_some() { self.cut_bound(cut) } else { -FAR };
            self.lp.set_row_bounds(*row, lower, FAR);
        }
    }

    /// What the cut asks in all.
    pub(super) fn cut_bound(&self, cut: &Cut) -> f64 {
        match cut {
            Cut::Rounded { denominator, numerators } => {
                let lower = self.problem.components.iter().map(|component| component.lower);
                let sum: u32 = numerators.iter().zip(lower).map(|(numerator, lower)| numerator * lower).sum();
                f64::from(sum.div_ceil(*denominator))
            }
            Cut::Group(_) => 0.0,
        }
    }

    /// Bounds the machines that a group counts.
    pub(super) fn bound_group(&mut self, group: [(usize, u32); 2], lower: f64, upper: f64) {
        let cut = Cut::Group(group);
        let row = match self.cuts.iter().find(|(other, _)| *other == cut) {
            Some((_, row)) => *row,
            None => self.add_cut(cut),
        };
        self.lp.set_row_bounds(row, lower, upper);
    }

    /// Adds a cut unless it is there.
    pub(super) fn add_cut(&mut self, cut: Cut) -> usize {
        if let Some((_, row)) = self.cuts.iter().find(|(other, _)| *other == cut) {
            return *row;
        }
        let weight = |column: &Column| Some((column.variable?, f64::from(cut.of(&column.filled.counts))));
        let terms: Vec<(usize, f64)> = self.columns.iter().filter_map(weight).collect();
        let row = self.lp.add_row(self.cut_bound(&cut), FAR, &terms);
        self.cuts.push((cut, row));
        row
    }

    /// Forgets cuts and bounds of slots that bind nothing at the moment; they
    /// come back when they are needed.
    pub(super) fn forget_loose(&mut self) {
        let mut may = vec![false; self.lp.row_count()];
        for (_, row) in &self.cuts {
            may[*row] = true;
        }
        for (number, row) in self.slot_rows.iter().enumerate() {
            if let (Some(row), None) = (row, &self.problem.slots[number].held) {
                may[*row] = true;
            }
        }
        let numbers = self.lp.drop_loose_rows(|row| may[row]);
        self.cuts.retain_mut(|(_, row)| numbers[*row].inspect(|number| *row = *number).is_some());
        for row in &mut self.slot_rows {
            *row = row.and_then(|row| numbers[row]);
        }
        for (row, ..) in &mut self.sum_rows {
            *row = numbers[*row].unwrap_or(*row);
        }
    }

    pub(super) fn cut_count(&self) -> usize {
        self.cuts.iter().filter(|(cut, _)| matches!(cut, Cut::Rounded { .. })).count()
    }

    /// The cuts that are worth something at the current multipliers.
    pub(super) fn cut_prices(&self) -> Vec<(&Cut, f64)> {
        let prices = self.lp.multipliers();
        let priced = self.cuts.iter().map(|(cut, row)| (cut, prices[*row]));
        priced.filter(|(_, price)| price.abs() > 1e-12).collect()
    }

    /// Takes what the links cost at least off the limits of the objective.
    pub(super) fn reserve_latency(&mut self, cost: i64) {
        for (criterion, limit) in &self.aim.limits {
            if *criterion == Criterion::Objective
                && let Some(&(row, _, scale)) = self.sum_rows.iter().find(|(_, other, _)| other == criterion)
            {
                self.lp.set_row_bounds(row, -FAR, ((limit - cost) as f64 + 0.5) / scale);
            }
        }
    }

    /// The rows that have a slot row, with their slots.
    pub(super) fn bounded_slots(&self) -> Vec<usize> {
        (0..self.slot_rows.len()).filter(|&number| self.slot_rows[number].is_some()).collect()
    }

    /// Notes a pattern; answers its number.
    pub(super) fn note(&mut self, filled: Filled) -> usize {
        if let Some(&column) = self.seen.get(&filled) {
            return column;
        }
        self.seen.insert(filled.clone(), self.columns.len());
        self.columns.push(Column { filled, variable: None });
        self.columns.len() - 1
    }

    /// Adds a pattern to the programme unless it is there; answers whether it is new there.
    pub(super) fn add(&mut self, filled: Filled) -> bool {
        let column = self.note(filled);
        !self.is_active(column) && {
            self.activate(column);
            true
        }
    }

    pub(super) fn is_active(&self, column: usize) -> bool {
        self.columns[column].variable.is_some()
    }

    /// Takes a column into the programme; answers its variable.
    pub(super) fn activate(&mut self, column: usize) -> usize {
        if let Some(variable) = self.columns[column].variable {
            return variable;
        }
        let filled = &self.columns[column].filled;
        let slot = &self.problem.slots[filled.slot];
        let mut entries = vec![(self.machines_row, 1.0)];
        for (number, &count) in filled.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if let Some(counter) = self.places[number][slot.zone] {
                entries.push((self.counters[counter].cover, f64::from(count)));
                let least = f64::from(slot.least(number, count));
                entries.extend(self.counters[counter].presence.map(|row| (row, least)));
            }
        }
        for &(row, criterion, scale) in &self.sum_rows {
            entries.push((row, criterion.of(slot) as f64 / scale));
        }
        entries.extend(self.slot_rows[filled.slot].map(|row| (row, 1.0)));
        for (cut, row) in &self.cuts {
            let weight = cut.of(&filled.counts);
            if weight > 0 {
                entries.push((*row, f64::from(weight)));
            }
        }
        let cost = self.aim.criterion.of(slot) as f64 / self.unit;
        let variable = self.lp.add_column(cost, 0.0, self.problem.machine_bound() as f64, entries);
        self.columns[column].variable = Some(variable);
        variable
    }

    pub(super) fn solve(&mut self) -> Status {
        self.lp.solve()
    }

    /// What instances are worth in each zone, by the current multipliers.
    pub(super) fn worths(&self) -> Vec<Worth> {
        let prices = self.lp.multipliers();
        (0..self.problem.zones.max(1))
            .map(|zone| {
                let counter = |number: usize| self.places[number][zone].map(|counter| &self.counters[counter]);
                let numbers = 0..self.problem.components.len();
                let profit = numbers.clone().map(|n| counter(n).map_or(0.0, |c| prices[c.cover].max(0.0))).collect();
                let fee =
                    numbers.map(|n| counter(n).and_then(|c| c.presence).map_or(0.0, |row| (-prices[row]).max(0.0)));
                Worth::new(self.problem, profit, fee.collect())
            })
            .collect()
    }

    /// What a machine of the slot costs in the programme's units, less what its
    /// rows are worth. `real` is false where the programme is infeasible.
    pub(super) fn slot_cost(&self, number: usize, real: bool) -> f64 {
        let slot = &self.problem.slots[number];
        let prices = self.lp.multipliers();
        let cost = if real { self.aim.criterion.of(slot) as f64 / self.unit } else { 0.0 };
        let rows: f64 =
            self.sum_rows.iter().map(|&(row, criterion, scale)| prices[row] * criterion.of(slot) as f64 / scale).sum();
        cost - prices[self.machines_row] - rows - self.slot_rows[number].map_or(0.0, |row| prices[row])
    }

    /// Value of each column, and of each counter.
    pub(super) fn values(&self) -> (Vec<f64>, Vec<f64>) {
        let values = self.lp.values();
        let pick = |variable: usize| values[variable];
        (
            self.columns.iter().map(|column| column.variable.map_or(0.0, pick)).collect(),
            self.counters.iter().map(|counter| pick(counter.variable)).collect(),
        )
    }

    /// Whether a component may be in a zone at all.
    pub(super) fn counter_at(&self, number: usize, zone: usize) -> Option<usize> {
        self.places[number][zone]
    }
}

/// A value of the criterion that makes its numbers handy.
fn unit(problem: &Problem, criterion: Criterion) -> f64 {
    let mut costs: Vec<i64> = problem.slots.iter().map(|slot| criterion.of(slot)).filter(|cost| *cost > 0).collect();
    let middle = costs.len() / 2;
    if costs.is_empty() {
        return 1.0;
    }
    let (_, median, _) = costs.select_nth_unstable(middle);
    *median as f64
}
