//! `histogram_quantile`: a quantile of what was counted into buckets.

use super::eval::Item;
use crate::{Labels, METRIC_NAME};
use indexmap::IndexMap;

/// The label with the upper bound of a bucket.
const BOUND: &str = "le";

/// The upper bound of a bucket, and how many were not above it.
type Bucket = (f64, f64);

/// The quantile of each histogram; what has no bound is passed over.
pub(super) fn vector(quantile: f64, items: Vec<Item>) -> Vec<Item> {
    let mut histograms: IndexMap<Labels, Vec<Bucket>> = IndexMap::new();
    for item in items {
        if let Some(bound) = item.labels.get(BOUND).and_then(bound) {
            let labels = item.labels.filtered(|name| name != METRIC_NAME && name != BOUND);
            histograms.entry(labels).or_default().push((bound, item.value));
        }
    }
    let value = |(labels, buckets)| Item { labels, value: of_buckets(quantile, buckets) };
    histograms.into_iter().map(value).collect()
}

/// A number as Go reads it; Rust reads all of that but separators and hexadecimal.
fn bound(text: &str) -> Option<f64> {
    text.parse().ok().filter(|bound: &f64| !bound.is_nan() || text.eq_ignore_ascii_case("nan"))
}

fn of_buckets(quantile: f64, mut buckets: Vec<Bucket>) -> f64 {
    if quantile.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&quantile) {
        return if quantile < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    buckets.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal));
    if buckets.last().is_none_or(|last| last.0 != f64::INFINITY) {
        return f64::NAN;
    }
    let buckets = tidy(buckets);
    let Some(last) = buckets.len().checked_sub(1).filter(|last| *last > 0) else { return f64::NAN };
    let at = |place: usize| buckets.get(place).copied().unwrap_or((f64::NAN, f64::NAN));
    let all = at(last).1;
    if all == 0.0 {
        return f64::NAN;
    }
    let rank = quantile * all;
    let fewer = |count: f64| count.partial_cmp(&rank).is_none_or(std::cmp::Ordering::is_lt);
    let place = buckets.partition_point(|(_, count)| fewer(*count)).min(last);
    if place == last {
        return at(last - 1).0;
    }
    let (end, count) = at(place);
    let Some(before) = place.checked_sub(1).map(at) else {
        // The first begins at 0, or has no beginning.
        return if end <= 0.0 { end } else { end * (rank / count) };
    };
    before.0 + (end - before.0) * ((rank - before.1) / (count - before.1))
}

/// Buckets with one bound taken together; counts that fall, because they were not scraped at one moment, set right.
fn tidy(buckets: Vec<Bucket>) -> Vec<Bucket> {
    let mut tidied: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for (bound, count) in buckets {
        match tidied.last_mut() {
            Some(last) if last.0 == bound => last.1 += count,
            _ => tidied.push((bound, count)),
        }
    }
    let mut most = f64::NEG_INFINITY;
    for (_, count) in &mut tidied {
        if *count > most {
            most = *count;
        } else if *count < most {
            *count = most;
        }
    }
    tidied
}
