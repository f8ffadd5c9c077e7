//! A series of values in equal steps, with holes where nothing is known.

use crate::SustainabilityError;
use serde::{Deserialize, Serialize};

/// Stands for a hole inside a series.
const HOLE: i64 = i64::MIN;
/// The most values of a series: ten years in steps of five minutes.
const MOST: usize = 10 * 366 * 288;

/// What is known of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// The step's begin, in seconds since 1970.
    pub begin: i64,
    /// Measured, not estimated.
    pub measured: bool,
    /// When it was said, in seconds since 1970; 0 where that isn't known.
    pub said: i64,
    /// The value, in the unit of the series.
    pub value: i64,
}

/// Values in equal steps of UTC, whatever the clocks do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    step: i64,
    begin: i64,
    values: Vec<i64>,
}

/// A stretch without values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// Its first second.
    pub from: i64,
    /// The first second after it.
    pub to: i64,
}

impl Series {
    /// Puts points in order. Order and repetition don't matter: of one step a measured
    /// value counts before an estimated one, then what was said later, then the larger.
    /// A point inside a step belongs to that step. `step` is in seconds, from 60 to 86,400.
    ///
    /// # Errors
    /// When the step doesn't divide a day, or the points lie too far apart.
    pub fn new(step: i64, mut points: Vec<Point>) -> Result<Self, SustainabilityError> {
        if !(60..=86_400).contains(&step) || 86_400 % step != 0 {
            let problem = format!("{step} s does not divide a day; take one such as 300, 900, 1800 or 3600");
            return Err(SustainabilityError::invalid("step", problem));
        }
        for point in &mut points {
            point.begin = point.begin.div_euclid(step) * step;
        }
        points.sort_unstable();
        let begin = points.first().map_or(0, |point| point.begin);
        let end = points.last().map_or(0, |point| point.begin.saturating_add(step));
        let count = usize::try_from(end.saturating_sub(begin) / step).unwrap_or(usize::MAX);
        if count > MOST {
            let problem = "the series is longer than ten years of five minutes; look for a wrong year, or split it";
            return Err(SustainabilityError::invalid("times", problem));
        }
        let mut values = vec![HOLE; count];
        for point in points {
            let place = usize::try_from((point.begin - begin) / step).unwrap_or(usize::MAX);
            if let Some(value) = values.get_mut(place) {
                // Sorted: of one step the last is the one that counts.
                *value = point.value.max(HOLE + 1);
            }
        }
        Ok(Self { step, begin, values })
    }

    /// Values one after the other, none a hole.
    ///
    /// # Errors
    /// As [`Series::new`].
    pub fn of_values(begin: i64, step: i64, values: &[i64]) -> Result<Self, SustainabilityError> {
        let point = |(begin, value): (i64, &i64)| Point { begin, measured: true, said: 0, value: *value };
        Self::new(step, (begin..).step_by(usize::try_from(step).unwrap_or(1).max(1)).zip(values).map(point).collect())
    }

    /// Seconds of a step.
    #[must_use]
    pub const fn step(&self) -> i64 {
        self.step
    }

    /// The first second of the first step.
    #[must_use]
    pub const fn begin(&self) -> i64 {
        self.begin
    }

    /// The first second after the last step.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.begin + self.step * i64::try_from(self.values.len()).unwrap_or(i64::MAX)
    }

    /// How many steps there are, holes among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value at a moment; none in a hole and outside.
    #[must_use]
    pub fn at(&self, moment: i64) -> Option<i64> {
        let place = usize::try_from(moment.checked_sub(self.begin)?.div_euclid(self.step)).ok()?;
        self.values.get(place).copied().filter(|value| *value != HOLE)
    }

    /// The mean over a stretch, weighted by time, rounded half to even; and how many
    /// seconds of it are known. None where nothing of it is known.
    #[must_use]
    pub fn mean(&self, from: i64, to: i64) -> Option<(i64, u64)> {
        let (mut sum, mut known) = (0_i128, 0_i64);
        let mut begin = from.max(self.begin);
        let end = to.min(self.end());
        while begin < end {
            let next = (begin.div_euclid(self.step) + 1) * self.step;
            let length = next.min(end) - begin;
            if let Some(value) = self.at(begin) {
                sum += i128::from(value) * i128::from(length);
                known += length;
            }
            begin = next;
        }
        (known > 0).then(|| {
            let mean = crate::quantity::divided(sum, i128::from(known));
            (i64::try_from(mean).unwrap_or_default(), known.unsigned_abs())
        })
    }

    /// The same in other steps: a longer step has the mean of what it covers, a shorter
    /// one the value of the one it lies in.
    ///
    /// # Errors
    /// As [`Series::new`].
    pub fn resampled(&self, step: i64) -> Result<Self, SustainabilityError> {
        let first = self.begin.div_euclid(step.max(1)) * step;
        let begins = (0..).map(|number| first + number * step).take_while(|begin| step > 0 && *begin < self.end());
        let point = |begin| {
            let (value, _) = self.mean(begin, begin + step)?;
            Some(Point { begin, measured: true, said: 0, value })
        };
        Self::new(step, begins.filter_map(point).collect())
    }

    /// Where nothing is known between its begin and its end.
    #[must_use]
    pub fn holes(&self) -> Vec<Hole> {
        let mut holes: Vec<Hole> = Vec::new();
        for (begin, _) in self.steps().filter(|(_, value)| value.is_none()) {
            match holes.last_mut() {
                Some(hole) if hole.to == begin => hole.to += self.step,
                _ => holes.push(Hole { from: begin, to: begin + self.step }),
            }
        }
        holes
    }

    /// Each step's begin and value.
    pub fn steps(&self) -> impl Iterator<Item = (i64, Option<i64>)> {
        let value = |value: i64| (value != HOLE).then_some(value);
        (0_i64..).zip(&self.values).map(move |(number, each)| (self.begin + number * self.step, value(*each)))
    }

    /// The part between two moments.
    #[must_use]
    pub fn part(&self, from: i64, to: i64) -> Self {
        let place = |moment: i64| {
            let steps = (moment - self.begin).div_euclid(self.step);
            usize::try_from(steps.max(0)).unwrap_or_default().min(self.values.len())
        };
        let (first, last) = (place(from), place(to.saturating_add(self.step - 1)));
        let values = self.values.get(first..last.max(first)).unwrap_or_default().to_vec();
        let begin = self.begin + self.step * i64::try_from(first).unwrap_or_default();
        Self { step: self.step, begin, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(begin: i64, value: i64) -> Point {
        Point { begin, measured: true, said: 0, value }
    }

    #[test]
    fn measured_counts_before_estimated_and_later_before_earlier() {
        let estimated = Point { measured: false, said: 99, ..point(0, 7) };
        let all = [estimated, Point { said: 1, ..point(0, 5) }, Point { said: 2, ..point(10, 4) }];
        assert_eq!(Series::new(3_600, all.to_vec()).unwrap().at(0), Some(4));
        assert_eq!(Series::new(3_600, vec![estimated]).unwrap().at(0), Some(7));
    }

    #[test]
    fn holes_are_shown_and_not_filled() {
        let series = Series::new(3_600, vec![point(0, 1), point(3 * 3_600, 5), point(5 * 3_600, 9)]).unwrap();
        let holes: Vec<_> = series.holes().iter().map(|hole| (hole.from / 3_600, hole.to / 3_600)).collect();
        assert_eq!((holes, series.at(3_600)), (vec![(1, 3), (4, 5)], None));
        assert_eq!(series.mean(0, 6 * 3_600), Some((5, 3 * 3_600)));
        assert_eq!((series.mean(3_600, 3 * 3_600), series.at(-1), series.at(6 * 3_600)), (None, None, None));
    }

    #[test]
    fn steps_of_half_an_hour_become_hours() {
        let series = Series::of_values(1_800, 1_800, &[10, 20, 30]).unwrap();
        let hours: Vec<_> = series.resampled(3_600).unwrap().steps().collect();
        assert_eq!(hours, [(0, Some(10)), (3_600, Some(25))]);
        let quarters: Vec<_> = series.resampled(900).unwrap().steps().map(|step| step.1.unwrap()).collect();
        assert_eq!(quarters, [10, 10, 20, 20, 30, 30]);
        let part: Vec<_> = series.part(3_600, 5_400).steps().collect();
        assert_eq!(part, [(3_600, Some(20))]);
        assert!(series.part(9_000, 99_999).is_empty());
    }

    #[test]
    fn wrong_steps_and_wrong_years_are_refused() {
        assert!(Series::new(7_000, Vec::new()).unwrap_err().to_string().contains("divide a day"));
        let error = Series::new(300, vec![point(0, 1), point(i64::MAX / 2, 1)]).unwrap_err().to_string();
        assert!(error.contains("wrong year"), "{error}");
        assert!(Series::new(300, Vec::new()).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(
            mut points in prop::collection::vec((0_i64..100, any::<bool>(), 0_i64..3, 0_i64..5), 1..60)
                .prop_map(|all| all.into_iter()
                    .map(|(begin, measured, said, value)| Point { begin: begin * 600, measured, said, value })
                    .collect::<Vec<_>>()),
            turn in 0_usize..60
        ) {
            let one = Series::new(1_800, points.clone()).unwrap();
            points.extend_from_within(..);
            let turn = turn % points.len();
            points.rotate_left(turn);
            prop_assert_eq!(one, Series::new(1_800, points).unwrap());
        }
    }
}
