//! The steps of the primal method: which variable enters, how far it goes,
//! which leaves, and the basis that follows from it.

use super::{BLOCK, Bounded, FEASIBLE, Lp, PIVOT, Place, REFACTOR, Var};

impl Lp {
    pub(super) fn bounded(&self, var: Var) -> &Bounded {
        match var {
            Var::Column(column) => &self.columns[column].at,
            Var::Row(row) => &self.rows[row],
        }
    }

    pub(super) fn bounded_mut(&mut self, var: Var) -> &mut Bounded {
        match var {
            Var::Column(column) => &mut self.columns[column].at,
            Var::Row(row) => &mut self.rows[row],
        }
    }

    /// Computes the values of the basic variables.
    pub(super) fn refresh(&mut self) {
        let count = self.rows.len();
        let mut rest = vec![0.0; count];
        for column in &self.columns {
            if column.at.place != Place::Basic {
                let value = column.at.rest();
                if value != 0.0 {
                    for &(row, coefficient) in &column.entries {
                        rest[row] -= coefficient * value;
                    }
                }
            }
        }
        for (row, at) in self.rows.iter().enumerate() {
            if at.place != Place::Basic {
                rest[row] += at.rest();
            }
        }
        for (value, inverse) in self.basic.iter_mut().zip(self.inverse.chunks_exact(count.max(1))) {
            *value = inverse.iter().zip(&rest).map(|(a, b)| a * b).sum();
        }
    }

    /// Computes the multipliers: of the infeasibility where there is any, else
    /// of the cost. Answers whether there is any.
    pub(super) fn price_basis(&mut self) -> bool {
        let count = self.rows.len();
        let mut weights = vec![0.0; count];
        let mut infeasible = false;
        for (position, (&var, &value)) in self.basis.iter().zip(&self.basic).enumerate() {
            let at = self.bounded(var);
            if value < at.lower - FEASIBLE {
                weights[position] = -1.0;
                infeasible = true;
            } else if value > at.upper + FEASIBLE {
                weights[position] = 1.0;
                infeasible = true;
            }
        }
        if !infeasible {
            for (weight, &var) in weights.iter_mut().zip(&self.basis) {
                if let Var::Column(column) = var {
                    *weight = self.columns[column].cost;
                }
            }
        }
        self.multipliers.fill(0.0);
        for (weight, inverse) in weights.iter().zip(self.inverse.chunks_exact(count.max(1))) {
            if *weight != 0.0 {
                for (multiplier, value) in self.multipliers.iter_mut().zip(inverse) {
                    *multiplier += weight * value;
                }
            }
        }
        infeasible
    }

    /// A variable whose change gains, and whether it goes up: the best of the
    /// logicals and of the first block of columns in which one gains at all.
    /// When careful the first that gains, which ends cycles.
    pub(super) fn entering(&mut self, infeasible: bool, careful: bool) -> Option<(Var, bool)> {
        let mut best: Option<(f64, Var, bool)> = None;
        for (row, at) in self.rows.iter().enumerate() {
            if let Some((gain, up)) = at.gain(self.multipliers[row])
                && best.is_none_or(|(most, ..)| gain > most)
            {
                best = Some((gain, Var::Row(row), up));
                if careful {
                    return Some((Var::Row(row), up));
                }
            }
        }
        let count = self.columns.len();
        let start = if careful { 0 } else { self.cursor.min(count) };
        for (seen, index) in (start..count).chain(0..start).enumerate() {
            let column = &self.columns[index];
            if column.at.place == Place::Basic || column.at.lower >= column.at.upper {
                continue;
            }
            let mut reduced = if infeasible { 0.0 } else { column.cost };
            for &(row, value) in &column.entries {
                reduced -= self.multipliers[row] * value;
            }
            if let Some((gain, up)) = column.at.gain(reduced)
                && best.is_none_or(|(most, ..)| gain > most)
            {
                best = Some((gain, Var::Column(index), up));
                if careful {
                    break;
                }
            }
            if seen % BLOCK == BLOCK - 1 && best.is_some() {
                self.cursor = index + 1;
                break;
            }
        }
        best.map(|(_, var, up)| (var, up))
    }

    /// The inverse times the variable's column.
    pub(super) fn direction(&self, var: Var) -> Vec<f64> {
        let count = self.rows.len();
        let inverse = self.inverse.chunks_exact(count.max(1));
        match var {
            Var::Row(row) => inverse.map(|line| -line[row]).collect(),
            Var::Column(column) => {
                let entries = &self.columns[column].entries;
                inverse.map(|line| entries.iter().map(|&(row, value)| line[row] * value).sum()).collect()
            }
        }
    }

    /// Moves the variable as far as it goes. None where numbers went astray.
    pub(super) fn step(&mut self, var: Var, up: bool, careful: bool) -> Option<f64> {
        let direction = self.direction(var);
        let sign = if up { 1.0 } else { -1.0 };
        let at = self.bounded(var);
        let span = at.upper - at.lower;
        let leaving = self.leaving(&direction, sign, span, careful);
        let length = match leaving {
            Some((_, length, _)) => length,
            None if span.is_finite() => span,
            None => return None,
        };
        for (value, slope) in self.basic.iter_mut().zip(&direction) {
            *value -= length * sign * slope;
        }
        self.pivots += 1;
        let Some((position, _, to)) = leaving else {
            self.bounded_mut(var).place = if up { Place::Upper } else { Place::Lower };
            return Some(length);
        };
        let start = self.bounded(var).rest();
        let left = self.basis[position];
        self.bounded_mut(left).place = to;
        self.bounded_mut(var).place = Place::Basic;
        self.basis[position] = var;
        self.basic[position] = start + sign * length;
        self.pivot(position, &direction);
        self.since_refactor += 1;
        if self.since_refactor >= REFACTOR && !self.refactor() {
            return None;
        }
        Some(length)
    }

    /// Which basic variable stops the move: its position, how far the move
    /// goes, and the bound at which it stops.
    pub(super) fn leaving(
        &self,
        direction: &[f64],
        sign: f64,
        span: f64,
        careful: bool,
    ) -> Option<(usize, f64, Place)> {
        let mut reach = f64::INFINITY;
        let stops: Vec<Option<(f64, Place)>> = (0..direction.len())
            .map(|position| {
                let stop = self.stop(position, -sign * direction[position]);
                if let Some((room, _)) = stop {
                    reach = reach.min((room.max(0.0) + FEASIBLE) / direction[position].abs());
                }
                stop
            })
            .collect();
        let mut best: Option<(usize, f64, Place)> = None;
        for (position, stop) in stops.iter().enumerate() {
            let Some((room, place)) = stop else { continue };
            let length = room.max(0.0) / direction[position].abs();
            if length > reach {
                continue;
            }
            let better = best.is_none_or(|(other, ..)| {
                if careful {
                    self.basis[position] < self.basis[other]
                } else {
                    direction[position].abs() > direction[other].abs()
                }
            });
            if better {
                best = Some((position, length, *place));
            }
        }
        best.filter(|(_, length, _)| *length <= span)
    }

    /// How far the basic variable at a position may move with this slope, and
    /// the bound it then reaches.
    pub(super) fn stop(&self, position: usize, slope: f64) -> Option<(f64, Place)> {
        if slope.abs() < PIVOT {
            return None;
        }
        let (value, at) = (self.basic[position], self.bounded(self.basis[position]));
        let (below, above) = (value < at.lower - FEASIBLE, value > at.upper + FEASIBLE);
        let (bound, place) = match (slope > 0.0, below, above) {
            (true, _, true) | (false, true, _) => return None,
            (true, true, _) => (at.lower, Place::Lower),
            (true, ..) => (at.upper, Place::Upper),
            (false, _, true) => (at.upper, Place::Upper),
            (false, ..) => (at.lower, Place::Lower),
        };
        bound.is_finite().then(|| ((bound - value).abs() * f64::from(u8::from((bound - value) * slope > 0.0)), place))
    }

    /// Brings a column with this direction into the basis at a position.
    pub(super) fn pivot(&mut self, position: usize, direction: &[f64]) {
        let count = self.rows.len();
        let divisor = direction[position];
        let line: Vec<f64> =
            self.inverse[position * count..(position + 1) * count].iter().map(|value| value / divisor).collect();
        for (other, target) in self.inverse.chunks_exact_mut(count).enumerate() {
            if other == position {
                target.copy_from_slice(&line);
            } else if direction[other] != 0.0 {
                let factor = direction[other];
                for (value, part) in target.iter_mut().zip(&line) {
                    *value -= factor * part;
                }
            }
        }
    }

    /// Computes the inverse anew; columns that make the basis singular give way
    /// to logicals. Answers false where even that fails.
    pub(super) fn refactor(&mut self) -> bool {
        let count = self.rows.len();
        self.since_refactor = 0;
        let old = std::mem::replace(&mut self.basis, (0..count).map(Var::Row).collect());
        self.inverse = vec![0.0; count * count];
        for row in 0..count {
            self.inverse[row * count + row] = -1.0;
        }
        let mut taken = vec![false; count];
        // Logicals that stay cost nothing.
        for &var in &old {
            if let Var::Row(row) = var {
                taken[row] = true;
            }
        }
        for &var in &old {
            if !matches!(var, Var::Column(_)) {
                continue;
            }
            let direction = self.direction(var);
            let best = (0..count)
                .filter(|&position| !taken[position])
                .max_by(|&a, &b| direction[a].abs().total_cmp(&direction[b].abs()).then(b.cmp(&a)));
            match best {
                Some(position) if direction[position].abs() > 1e-7 => {
                    taken[position] = true;
                    self.basis[position] = var;
                    self.pivot(position, &direction);
                }
                _ => self.bounded_mut(var).place = Place::Lower,
            }
        }
        for (position, var) in self.basis.clone().into_iter().enumerate() {
            if !taken[position] || matches!(var, Var::Row(_)) {
                self.bounded_mut(var).place = Place::Basic;
            }
        }
        self.refresh();
        self.inverse.iter().all(|value| value.is_finite())
    }
}
