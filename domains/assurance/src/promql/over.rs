//! Functions over a range of time.

use super::{
    QueryError,
    eval::{Bounds, Evaluation, Item, distinct, seconds},
    function::Over,
    numbers::{Mean, Sum, Variance, count, quantile},
    tree::Range,
};
use crate::series::Sample;

/// Applies the function to every series of the range.
pub(super) fn vector(
    evaluation: &Evaluation<'_>,
    function: Over,
    parameter: f64,
    range: &Range,
    time: i64,
) -> Result<Vec<Item>, QueryError> {
    // Only the last sample is the metric itself.
    let keeps_name = function == Over::Last;
    let mut items = Vec::new();
    evaluation.each_span(range, time, |span, bounds| {
        if let Some(value) = one(function, parameter, &span.samples, bounds, time) {
            let labels = if keeps_name { span.labels.clone() } else { span.bare.clone().into_owned() };
            items.push(Item { labels, value });
        }
        Ok(())
    })?;
    // Series of one metric differ without its name too.
    let differ = keeps_name || matches!(range, Range::Select { selector, .. } if selector.named);
    if differ { Ok(items) } else { distinct(items) }
}

/// Of one series; None where there are too few samples.
fn one(function: Over, parameter: f64, samples: &[Sample], bounds: Bounds, time: i64) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    let values = samples.iter().map(|(_, value)| *value);
    Some(match function {
        Over::Rate => extrapolated(samples, bounds, true)? / seconds(bounds.to.saturating_sub(bounds.from)),
        Over::Increase => extrapolated(samples, bounds, true)?,
        Over::Delta => extrapolated(samples, bounds, false)?,
        Over::Irate => {
            let (before, last) = last_two(samples)?;
            let step = if last.1 < before.1 { last.1 } else { last.1 - before.1 };
            step / seconds(last.0.saturating_sub(before.0))
        }
        Over::Idelta => {
            let (before, last) = last_two(samples)?;
            last.1 - before.1
        }
        Over::Deriv => regression(samples, first.0)?.0,
        Over::PredictLinear => {
            let (slope, intercept) = regression(samples, time)?;
            slope * parameter + intercept
        }
        Over::Changes => count(pairs(samples).filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count()),
        Over::Resets => count(pairs(samples).filter(|(a, b)| b < a).count()),
        Over::Count => count(samples.len()),
        Over::Last => last.1,
        Over::Present => 1.0,
        Over::Max => values.fold(first.1, |most, value| if value > most || most.is_nan() { value } else { most }),
        Over::Min => values.fold(first.1, |least, value| if value < least || least.is_nan() { value } else { least }),
        Over::Sum => {
            let mut sum = Sum::default();
            sum.extend(values);
            sum.total()
        }
        Over::Average => {
            let mut mean = Mean::default();
            values.for_each(|value| mean.add(value));
            mean.mean()
        }
        Over::Stdvar | Over::Stddev => {
            let mut variance = Variance::default();
            values.for_each(|value| variance.add(value));
            let variance = variance.variance();
            if function == Over::Stddev { variance.sqrt() } else { variance }
        }
        Over::Quantile => quantile(parameter, values.collect()),
    })
}

/// The values one after another, by two.
fn pairs(samples: &[Sample]) -> impl Iterator<Item = (f64, f64)> {
    samples.iter().zip(samples.iter().skip(1)).map(|(a, b)| (a.1, b.1))
}

fn last_two(samples: &[Sample]) -> Option<(Sample, Sample)> {
    let [.., before, last] = samples else { return None };
    (before.0 != last.0).then_some((*before, *last))
}

/// What came within the bounds: what was sampled, carried on to the bounds where
/// samples come near them, and by half a step where they don't. A counter is
/// carried back no further than to 0.
fn extrapolated(samples: &[Sample], bounds: Bounds, counter: bool) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < 2 {
        return None;
    }
    let mut change = last.1 - first.1;
    if counter {
        change += pairs(samples).filter(|(a, b)| b < a).map(|(a, _)| a).sum::<f64>();
    }
    let sampled = seconds(last.0.saturating_sub(first.0));
    let mut before = seconds(first.0.saturating_sub(bounds.from));
    let after = seconds(bounds.to.saturating_sub(last.0));
    let step = sampled / count(samples.len() - 1);
    if counter && change > 0.0 && first.1 >= 0.0 {
        before = before.min(sampled * (first.1 / change));
    }
    let near = step * 1.1;
    let carried = |gap: f64| if gap < near { gap } else { step / 2.0 };
    Some(change * ((sampled + carried(before) + carried(after)) / sampled))
}

/// The line nearest to the samples: its slope in a second, and its value at a time.
fn regression(samples: &[Sample], time: i64) -> Option<(f64, f64)> {
    let (first, n) = (samples.first()?, count(samples.len()));
    if samples.len() < 2 {
        return None;
    }
    if samples.iter().all(|(_, value)| *value == first.1) {
        return Some(if first.1.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first.1) });
    }
    let sum = |value: fn(f64, f64) -> f64| {
        let mut sum = Sum::default();
        sum.extend(samples.iter().map(|(at, y)| value(seconds(at.saturating_sub(time)), *y)));
        sum.exact()
    };
    let (x, y, xy, xx) = (sum(|x, _| x), sum(|_, y| y), sum(|x, y| x * y), sum(|x, _| x * x));
    let slope = (xy - x * y / n) / (xx - x * x / n);
    Some((slope, y / n - slope * x / n))
}
