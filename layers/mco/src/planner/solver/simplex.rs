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
mod primal;

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
