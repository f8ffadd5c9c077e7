//! The dual simplex: after a split or a new row the old basis is still worth
//! most, it only isn't allowed any more; this way back is the shortest.

use super::{FEASIBLE, Lp, PIVOT, Place, REDUCED, REFACTOR, Status, Var};

/// A candidate to enter the basis.
#[derive(Clone, Copy)]
struct Entering {
    var: Var,
    ratio: f64,
    slope: f64,
}

impl Lp {
    /// Solves by the dual simplex where the basis allows it. None: the primal
    /// simplex has to go on from here.
    pub(super) fn solve_dual(&mut self) -> Option<Status> {
        let limit = 100 + 4 * self.rows.len();
        for _ in 0..limit {
            let (position, below) = self.most_infeasible()?;
            self.price_costs();
            let line = self.inverse_line(position);
            let mut best: Option<Entering> = None;
            for (row, entry) in line.iter().enumerate() {
                self.consider(Var::Row(row), self.multipliers[row], -entry, below, &mut best)?;
            }
            for index in 0..self.columns.len() {
                let column = &self.columns[index];
                if column.at.place == Place::Basic || column.at.lower >= column.at.upper {
                    continue;
                }
                let (mut reduced, mut slope) = (column.cost, 0.0);
                for &(row, value) in &column.entries {
                    reduced -= self.multipliers[row] * value;
                    slope += line[row] * value;
                }
                self.consider(Var::Column(index), reduced, slope, below, &mut best)?;
            }
            let Some(entering) = best else {
                // The row proves that nothing is feasible; a fresh inverse must agree.
                return None;
            };
            self.exchange(position, below, entering.var)?;
        }
        None
    }

    /// The basic variable farthest outside its bounds, and whether it is below.
    fn most_infeasible(&self) -> Option<(usize, bool)> {
        let mut worst: Option<(f64, usize, bool)> = None;
        for (position, (&var, &value)) in self.basis.iter().zip(&self.basic).enumerate() {
            let at = self.bounded(var);
            let (under, over) = (at.lower - value, value - at.upper);
            let distance = under.max(over);
            if distance > FEASIBLE && worst.is_none_or(|(most, ..)| distance > most) {
                worst = Some((distance, position, under > over));
            }
        }
        worst.map(|(_, position, below)| (position, below))
    }

    fn inverse_line(&self, position: usize) -> Vec<f64> {
        let count = self.rows.len();
        self.inverse[position * count..(position + 1) * count].to_vec()
    }

    /// The multipliers of the cost, whatever is infeasible.
    fn price_costs(&mut self) {
        let count = self.rows.len();
        self.multipliers.fill(0.0);
        for (var, line) in self.basis.iter().zip(self.inverse.chunks_exact(count.max(1))) {
            if let Var::Column(column) = var {
                let cost = self.columns[*column].cost;
                if cost != 0.0 {
                    for (multiplier, value) in self.multipliers.iter_mut().zip(line) {
                        *multiplier += cost * value;
                    }
                }
            }
        }
    }

    /// Tries a variable as the one to enter. None where the basis is not worth
    /// most, so that this way is closed.
    fn consider(&self, var: Var, reduced: f64, slope: f64, below: bool, best: &mut Option<Entering>) -> Option<()> {
        let at = self.bounded(var);
        if at.place == Place::Basic || at.lower >= at.upper {
            return Some(());
        }
        let up = at.place == Place::Lower;
        let wrong = if up { reduced < -100.0 * REDUCED } else { reduced > 100.0 * REDUCED };
        if wrong || at.rest().abs() > 0.0 && !at.rest().is_finite() {
            return None;
        }
        // The leaving variable moves by minus slope for each unit of this one.
        let helps = if below == up { slope < -PIVOT } else { slope > PIVOT };
        if helps && slope.abs() > 1e-7 {
            let ratio = reduced.abs() / slope.abs();
            let better = best.is_none_or(|other| {
                ratio < other.ratio - 1e-12 || (ratio <= other.ratio + 1e-12 && slope.abs() > other.slope.abs())
            });
            if better {
                *best = Some(Entering { var, ratio, slope });
            }
        }
        Some(())
    }

    /// Brings a variable into the basis for the one at a position, which goes
    /// to the bound that it broke.
    fn exchange(&mut self, position: usize, below: bool, var: Var) -> Option<()> {
        let direction = self.direction(var);
        let slope = direction[position];
        if slope.abs() < PIVOT {
            return None;
        }
        let left = self.basis[position];
        let at = self.bounded(left);
        let bound = if below { at.lower } else { at.upper };
        let length = (self.basic[position] - bound) / slope;
        let start = self.bounded(var).rest();
        for (value, slope) in self.basic.iter_mut().zip(&direction) {
            *value -= length * slope;
        }
        self.bounded_mut(left).place = if below { Place::Lower } else { Place::Upper };
        self.bounded_mut(var).place = Place::Basic;
        self.basis[position] = var;
        self.basic[position] = start + length;
        self.pivot(position, &direction);
        self.pivots += 1;
        self.since_refactor += 1;
        (self.since_refactor < REFACTOR || self.refactor()).then_some(())
    }
}
