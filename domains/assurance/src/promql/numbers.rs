//! Calculating as Prometheus does, to the last digit where that can be had.

/// A sum that keeps what is lost by rounding (Kahan, Neumaier).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - sum) + value;
        } else {
            self.lost += (value - sum) + self.sum;
        }
        self.sum = sum;
    }

    /// What it comes to; infinite where it went beyond all numbers.
    pub(super) fn total(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.exact() }
    }

    /// What it comes to, and no number where it went beyond all numbers.
    pub(super) const fn exact(self) -> f64 {
        self.sum + self.lost
    }
}

impl Extend<f64> for Sum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

/// The mean of what has been seen, kept as it comes, so that sums don't overflow.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    count: f64,
    sum: Sum,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let mean = self.sum.sum;
        // An infinite one stays, but where the other infinity or no number comes.
        if !mean.is_infinite() || value.is_nan() || (value.is_infinite() && (mean > 0.0) != (value > 0.0)) {
            // Divided before, so that nothing overflows.
            self.sum.add(value / self.count - mean / self.count);
        }
    }

    pub(super) fn mean(self) -> f64 {
        self.sum.total()
    }
}

/// The mean square of the distance to the mean (Welford).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Variance {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Variance {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean.exact();
        self.mean.add(before / self.count);
        self.squares.add(before * (value - self.mean.exact()));
    }

    pub(super) fn variance(self) -> f64 {
        self.squares.exact() / self.count
    }
}

/// The value below which a part of the values lies, with what is no number as the least of all.
pub(super) fn quantile(part: f64, mut values: Vec<f64>) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    if part.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&part) {
        return if part < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal)));
    let rank = part * count(last);
    let lower = whole(rank.floor()).min(last);
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    at(lower) * (1.0 - weight) + at(upper) * weight
}

/// The lesser of two; none when one is none, but where the other is the least of all.
pub(super) fn least(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// The greater of two; none when one is none, but where the other is the greatest of all.
pub(super) fn greatest(a: f64, b: f64) -> f64 {
    -least(-a, -b)
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) const fn count(count: usize) -> f64 {
    count as f64
}

/// A number that is no less than 0 as a place.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is beyond is bounded by the caller")]
pub(super) const fn whole(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounding_loses_is_kept() {
        let mut sum = Sum::default();
        sum.extend([1e100, 1.0, -1e100]);
        assert_eq!(sum.total(), 1.0);
        sum.extend([f64::INFINITY, 1.0]);
        assert_eq!(sum.total(), f64::INFINITY);
    }

    #[test]
    fn means_and_variances() {
        let mut mean = Mean::default();
        [f64::MAX, f64::MAX].into_iter().for_each(|value| mean.add(value));
        assert_eq!(mean.mean(), f64::MAX);
        for (values, expected) in [([f64::INFINITY, 1.0], f64::INFINITY), ([1.0, f64::NEG_INFINITY], f64::NEG_INFINITY)]
        {
            let mut mean = Mean::default();
            values.into_iter().for_each(|value| mean.add(value));
            assert_eq!(mean.mean(), expected);
        }
        let mut variance = Variance::default();
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|value| variance.add(value));
        assert_eq!(variance.variance(), 4.0);
    }

    #[test]
    fn quantiles_lie_between() {
        assert_eq!(quantile(0.5, vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(quantile(0.25, vec![1.0, 2.0]), 1.25);
        assert_eq!(quantile(1.1, vec![1.0]), f64::INFINITY);
        assert_eq!(quantile(-0.1, vec![1.0]), f64::NEG_INFINITY);
        assert!(quantile(0.5, Vec::new()).is_nan() && quantile(f64::NAN, vec![1.0]).is_nan());
        assert!(quantile(0.0, vec![1.0, f64::NAN]).is_nan(), "no number is the least");
    }

    #[test]
    fn the_lesser_and_the_greater_of_two() {
        assert!(least(f64::NAN, 1.0).is_nan() && greatest(1.0, f64::NAN).is_nan());
        assert_eq!(
            (least(f64::NAN, f64::NEG_INFINITY), greatest(f64::INFINITY, f64::NAN)),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
        assert_eq!((least(2.0, 1.0), greatest(2.0, 1.0)), (1.0, 2.0));
    }
}
