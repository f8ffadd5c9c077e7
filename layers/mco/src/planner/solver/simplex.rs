//! A small linear programme solver: bounded primal simplex with an explicit
//! inverse of the basis.
//!
//! It exists because column generation adds columns to a programme that is
//! solved again and again from the basis it has, with a few dozen rows and some
//! thousand sparse columns. Answers are never trusted as they are: bounds are
//! computed anew from the multipliers ([`Lp::safe_bound`]), solutions are
//! checked in integers by the caller.
//!
//! Form: minimise `c·x` with `lower ≤ x ≤ upper` and, for each row, `lower ≤ a·x ≤ upper`.
//! Each row has a logical variable that equals `a·x`.

mod dual;

const FEASIBLE: f64 = 1e-8;
const REDUCED: f64 = 1e-9;
const PIVOT: f64 = 1e-9;
/// Columns looked at together.
const BLOCK: usize = 400;
/// Pivots after which the inverse is computed anew.
const REFACTOR: usize = 80;

/// A variable: a column or the logical of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Var {
    Column(usize),
    Row(usize),
}

/// Where a variable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Basic,
    Lower,
    Upper,
}

#[derive(Debug, Clone)]
struct Bounded {
    lower: f64,
    upper: f64,
    place: Place,
}

impl Bounded {
    /// The value of a variable that is not in the basis.
    fn rest(&self) -> f64 {
        let value = if self.place == Place::Upper { self.upper } else { self.lower };
        if value.is_finite() { value } else { 0.0 }
    }

    /// What a change gains at this reduced cost, and whether it goes up.
    fn gain(&self, reduced: f64) -> Option<(f64, bool)> {
        if self.place == Place::Basic || self.lower >= self.upper {
            return None;
        }
        let free = self.lower.is_infinite() && self.upper.is_infinite();
        let up = reduced < -REDUCED && (self.place == Place::Lower || free);
        let down = reduced > REDUCED && (self.place == Place::Upper || free);
        (up || down).then_some((reduced.abs(), up))
    }
}

#[derive(Debug, Clone)]
struct Column {
    cost: f64,
    entries: Vec<(usize, f64)>,
    at: Bounded,
}

/// How solving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Optimal,
    Infeasible,
    /// Pivots ran out, or numbers went astray.
    Stalled,
}

/// A linear programme with its current basis.
#[derive(Debug, Clone, Default)]
pub(super) struct Lp {
    columns: Vec<Column>,
    rows: Vec<Bounded>,
    basis: Vec<Var>,
    /// Row-major; as many rows and columns as the programme has rows.
    inverse: Vec<f64>,
    basic: Vec<f64>,
    multipliers: Vec<f64>,
    since_refactor: usize,
    /// Where the search for a column that gains begins.
    cursor: usize,
    /// All pivots so far.
    pub(super) pivots: usize,
}

impl Lp {
    pub(super) fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Adds a column; entries are (row, coefficient).
    pub(super) fn add_column(&mut self, cost: f64, lower: f64, upper: f64, entries: Vec<(usize, f64)>) -> usize {
        let place = if lower.is_finite() || upper.is_infinite() { Place::Lower } else { Place::Upper };
        self.columns.push(Column { cost, entries, at: Bounded { lower, upper, place } });
        self.columns.len() - 1
    }

    /// Adds a row over columns that exist; entries are (column, coefficient).
    pub(super) fn add_row(&mut self, lower: f64, upper: f64, entries: &[(usize, f64)]) -> usize {
        let row = self.rows.len();
        let mut over_basis = vec![0.0; row];
        for &(column, value) in entries {
            self.columns[column].entries.push((row, value));
            if self.columns[column].at.place == Place::Basic
                && let Some(position) = self.basis.iter().position(|&var| var == Var::Column(column))
            {
                for (sum, inverse) in over_basis.iter_mut().zip(&self.inverse[position * row..(position + 1) * row]) {
                    *sum += value * inverse;
                }
            }
        }
        let mut inverse = Vec::with_capacity((row + 1) * (row + 1));
        for old in self.inverse.chunks_exact(row.max(1)) {
            inverse.extend_from_slice(old);
            inverse.push(0.0);
        }
        inverse.extend_from_slice(&over_basis);
        inverse.push(-1.0);
        self.inverse = inverse;
        self.rows.push(Bounded { lower, upper, place: Place::Basic });
        self.basis.push(Var::Row(row));
        self.basic.push(0.0);
        self.multipliers.push(0.0);
        row
    }

    /// Removes rows whose logical is in the basis, that is, which bind nothing
    /// now; answers the new number of each row that is left.
    pub(super) fn drop_loose_rows(&mut self, may: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let count = self.rows.len();
        let loose: Vec<bool> = (0..count).map(|row| self.rows[row].place == Place::Basic && may(row)).collect();
        let mut left = 0;
        let numbers: Vec<Option<usize>> = loose
            .iter()
            .map(|loose| {
                let number = left;
                left += usize::from(!loose);
                (!loose).then_some(number)
            })
            .collect();
        if left == count {
            return numbers;
        }
        // A basis with a row and its own logical has an inverse in which both can be struck out.
        let gone = |var: &Var| matches!(var, Var::Row(row) if loose[*row]);
        let mut inverse = Vec::with_capacity(left * left);
        for (var, line) in self.basis.iter().zip(self.inverse.chunks_exact(count)) {
            if !gone(var) {
                inverse.extend(line.iter().zip(&loose).filter(|(_, loose)| !**loose).map(|(value, _)| *value));
            }
        }
        self.inverse = inverse;
        let mut basic = self.basis.iter().map(|var| !gone(var));
        self.basic.retain(|_| basic.next().unwrap_or(true));
        self.basis.retain(|var| !gone(var));
        for var in &mut self.basis {
            if let Var::Row(row) = var {
                *row = numbers[*row].unwrap_or(0);
            }
        }
        let mut keep = loose.iter().map(|loose| !loose);
        self.rows.retain(|_| keep.next().unwrap_or(true));
        let mut keep = loose.iter().map(|loose| !loose);
        self.multipliers.retain(|_| keep.next().unwrap_or(true));
        for column in &mut self.columns {
            column.entries = column.entries.iter().filter_map(|&(row, value)| Some((numbers[row]?, value))).collect();
        }
        numbers
    }

    pub(super) fn set_column_bounds(&mut self, column: usize, lower: f64, upper: f64) {
        set_bounds(&mut self.columns[column].at, lower, upper);
    }

    pub(super) fn set_row_bounds(&mut self, row: usize, lower: f64, upper: f64) {
        set_bounds(&mut self.rows[row], lower, upper);
    }

    /// What one unit of each row is worth: at an optimum the dual values; where
    /// the programme is infeasible, multipliers that prove it.
    pub(super) fn multipliers(&self) -> &[f64] {
        &self.multipliers
    }

    /// The value of every column.
    pub(super) fn values(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.columns.iter().map(|column| column.at.rest()).collect();
        for (var, value) in self.basis.iter().zip(&self.basic) {
            if let Var::Column(column) = var {
                values[*column] = *value;
            }
        }
        values
    }

    /// The objective at the current point.
    #[cfg(test)]
    fn objective(&self) -> f64 {
        self.columns.iter().zip(self.values()).map(|(column, value)| column.cost * value).sum()
    }

    /// A lower bound on the optimum over the columns that are here, by weak
    /// duality from the current multipliers: right whatever the simplex did.
    pub(super) fn safe_bound(&self) -> f64 {
        let mut bound = 0.0;
        let mut prices = self.multipliers.clone();
        for (price, row) in prices.iter_mut().zip(&self.rows) {
            if (*price > 0.0 && row.lower.is_infinite()) || (*price < 0.0 && row.upper.is_infinite()) {
                *price = 0.0;
            }
            if *price != 0.0 {
                bound += if *price > 0.0 { *price * row.lower } else { *price * row.upper };
            }
        }
        for column in &self.columns {
            let mut reduced = column.cost;
            for &(row, value) in &column.entries {
                reduced -= prices[row] * value;
            }
            // What is within rounding of zero may be taken as zero where the bound is infinite.
            let end = if reduced > 0.0 { column.at.lower } else { column.at.upper };
            if end.is_finite() {
                bound += reduced * end;
            } else if reduced.abs() > 1e-6 {
                return f64::NEG_INFINITY;
            }
        }
        bound
    }

    /// Solves from the current basis.
    pub(super) fn solve(&mut self) -> Status {
        let bounds = self.columns.iter().map(|column| &column.at).chain(&self.rows);
        if bounds.into_iter().any(|at| at.lower > at.upper + FEASIBLE) {
            // No column can help: nothing is worth anything.
            self.multipliers.fill(0.0);
            return Status::Infeasible;
        }
        self.refresh();
        if let Some(status) = self.solve_dual() {
            return status;
        }
        let limit = 2_000 + 40 * self.rows.len();
        let (mut degenerate, mut repaired) = (0, false);
        for _ in 0..limit {
            let infeasible = self.price_basis();
            let careful = degenerate > 100 + self.rows.len();
            let Some((var, up)) = self.entering(infeasible, careful) else {
                if self.since_refactor > 0 && !repaired {
                    // The end is accepted only on a fresh inverse.
                    repaired = true;
                    if !self.refactor() {
                        return Status::Stalled;
                    }
                    continue;
                }
                return if infeasible { Status::Infeasible } else { Status::Optimal };
            };
            repaired = false;
            match self.step(var, up, careful) {
                Some(length) if length > 1e-10 => degenerate = 0,
                Some(_) => degenerate += 1,
                None => return Status::Stalled,
            }
        }
        Status::Stalled
    }

    fn bounded(&self, var: Var) -> &Bounded {
        match var {
            Var::Column(column) => &self.columns[column].at,
            Var::Row(row) => &self.rows[row],
        }
    }

    fn bounded_mut(&mut self, var: Var) -> &mut Bounded {
        match var {
            Var::Column(column) => &mut self.columns[column].at,
            Var::Row(row) => &mut self.rows[row],
        }
    }

    /// Computes the values of the basic variables.
    fn refresh(&mut self) {
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
    fn price_basis(&mut self) -> bool {
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
    fn entering(&mut self, infeasible: bool, careful: bool) -> Option<(Var, bool)> {
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
    fn direction(&self, var: Var) -> Vec<f64> {
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
    fn step(&mut self, var: Var, up: bool, careful: bool) -> Option<f64> {
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
    fn leaving(&self, direction: &[f64], sign: f64, span: f64, careful: bool) -> Option<(usize, f64, Place)> {
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
    fn stop(&self, position: usize, slope: f64) -> Option<(f64, Place)> {
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
    fn pivot(&mut self, position: usize, direction: &[f64]) {
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
    fn refactor(&mut self) -> bool {
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

fn set_bounds(at: &mut Bounded, lower: f64, upper: f64) {
    at.lower = lower;
    at.upper = upper;
    if at.place == Place::Lower && lower.is_infinite() && upper.is_finite() {
        at.place = Place::Upper;
    } else if at.place == Place::Upper && upper.is_infinite() {
        at.place = Place::Lower;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: f64 = f64::INFINITY;

    #[test]
    fn solves_a_textbook_programme() {
        // max 3x + 5y; x ≤ 4; 2y ≤ 12; 3x + 2y ≤ 18 → (2, 6), 36.
        let mut lp = Lp::default();
        let x = lp.add_column(-3.0, 0.0, FAR, vec![]);
        let y = lp.add_column(-5.0, 0.0, FAR, vec![]);
        lp.add_row(-FAR, 4.0, &[(x, 1.0)]);
        lp.add_row(-FAR, 12.0, &[(y, 2.0)]);
        lp.add_row(-FAR, 18.0, &[(x, 3.0), (y, 2.0)]);
        assert_eq!(lp.solve(), Status::Optimal);
        assert!((lp.objective() + 36.0).abs() < 1e-9);
        assert!((lp.safe_bound() + 36.0).abs() < 1e-9);
        // A row and a column that come later are solved from the same basis.
        lp.add_row(-FAR, 7.0, &[(x, 1.0), (y, 1.0)]);
        assert_eq!(lp.solve(), Status::Optimal);
        assert!((lp.objective() + 33.0).abs() < 1e-9);
        let z = lp.add_column(-10.0, 0.0, 1.0, vec![(3, 1.0)]);
        assert_eq!(lp.solve(), Status::Optimal);
        assert!((lp.values()[z] - 1.0).abs() < 1e-9);
        lp.set_column_bounds(z, 0.0, 0.0);
        assert_eq!(lp.solve(), Status::Optimal);
        assert!((lp.objective() + 33.0).abs() < 1e-9);
    }

    #[test]
    fn proves_infeasibility() {
        let mut lp = Lp::default();
        let x = lp.add_column(1.0, 0.0, 3.0, vec![]);
        lp.add_row(5.0, FAR, &[(x, 1.0)]);
        assert_eq!(lp.solve(), Status::Infeasible);
        lp.set_column_bounds(x, 0.0, 6.0);
        assert_eq!(lp.solve(), Status::Optimal);
        assert!((lp.objective() - 5.0).abs() < 1e-9);
    }
}
