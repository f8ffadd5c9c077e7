//! Many elements into few.

use super::{
    QueryError,
    eval::{Evaluation, Item, by_value},
    numbers::{quantile, whole},
    tree::{Aggregate, Summary},
};
use crate::Labels;
use indexmap::IndexMap;
use std::sync::Arc;

/// Takes together what has the same labels, in the order of the first of each.
pub(super) fn vector(evaluation: &Evaluation<'_>, aggregate: &Aggregate, time: i64) -> Result<Vec<Item>, QueryError> {
    let parameter = match &aggregate.op {
        Summary::Top(number) | Summary::Bottom(number) | Summary::Quantile(number) => {
            evaluation.scalar(number, time)?
        }
        _ => f64::NAN,
    };
    let items = evaluation.vector(&aggregate.of, time)?;
    // Each element is compared by each of the labels.
    evaluation.budget.steps(items.len().saturating_mul(1 + aggregate.labels.len()))?;
    if let Summary::Top(_) | Summary::Bottom(_) = aggregate.op {
        return chosen(aggregate, parameter, items);
    }
    if let Summary::CountValues(label) = &aggregate.op {
        return count_values(evaluation, aggregate, label, items);
    }
    let mut groups: IndexMap<Labels, Vec<f64>> = IndexMap::new();
    for item in items {
        groups.entry(aggregate.group(&item.labels)).or_default().push(item.value);
    }
    let summed = |(labels, values)| Item { labels, value: summary(&aggregate.op, parameter, values) };
    Ok(groups.into_iter().map(summed).collect())
}

impl Aggregate {
    /// The labels of the group to which an element belongs.
    fn group(&self, labels: &Labels) -> Labels {
        if self.without { labels.but(&self.labels) } else { labels.only(&self.labels) }
    }
}

fn summary(op: &Summary, parameter: f64, values: Vec<f64>) -> f64 {
    let fold = |better: fn(f64, f64) -> bool| {
        let mut values = values.iter().copied();
        let first = values.next().unwrap_or(f64::NAN);
        values.fold(first, |best, value| if better(value, best) || best.is_nan() { value } else { best })
    };
    match op {
        Summary::Sum => values.iter().sum(),
        Summary::Average => average(&values),
        Summary::Count => super::numbers::count(values.len()),
        Summary::Least => fold(|value, best| value < best),
        Summary::Greatest => fold(|value, best| value > best),
        Summary::Group => 1.0,
        Summary::Variance => variance(&values),
        Summary::Deviation => variance(&values).sqrt(),
        _ => quantile(parameter, values),
    }
}

/// The mean as it comes; infinite ones of one sign stay.
fn average(values: &[f64]) -> f64 {
    let (mut mean, mut count) = (0.0_f64, 0.0);
    for &value in values {
        count += 1.0;
        let stays = mean.is_infinite() && !value.is_nan() && (value.is_finite() || value == mean);
        if !stays {
            // Divided before, so that nothing overflows.
            mean += value / count - mean / count;
        }
    }
    mean
}

/// The mean square of the distance to the mean; of the first alone it is 0, whatever that is.
fn variance(values: &[f64]) -> f64 {
    let Some((first, others)) = values.split_first() else { return f64::NAN };
    let (mut mean, mut squares, mut count) = (*first, 0.0, 1.0);
    for value in others {
        count += 1.0;
        let before = value - mean;
        mean += before / count;
        squares += before * (value - mean);
    }
    squares / count
}

/// `topk`, `bottomk`: the elements themselves.
fn chosen(aggregate: &Aggregate, parameter: f64, items: Vec<Item>) -> Result<Vec<Item>, QueryError> {
    if !(-9.2e18..9.2e18).contains(&parameter) {
        return Err(QueryError::Data(format!("{parameter} is no number of elements")));
    }
    let most = if parameter < 1.0 { 0 } else { whole(parameter) };
    let descending = matches!(aggregate.op, Summary::Top(_));
    let mut groups: IndexMap<Labels, Vec<Item>> = IndexMap::new();
    for item in items {
        groups.entry(aggregate.group(&item.labels)).or_default().push(item);
    }
    for items in groups.values_mut() {
        items.sort_by(|a, b| by_value(a.value, b.value, descending).then_with(|| a.labels.cmp(&b.labels)));
        items.truncate(most);
    }
    Ok(groups.into_values().flatten().collect())
}

fn count_values(
    evaluation: &Evaluation<'_>,
    aggregate: &Aggregate,
    label: &Arc<str>,
    items: Vec<Item>,
) -> Result<Vec<Item>, QueryError> {
    let mut groups: IndexMap<Labels, f64> = IndexMap::new();
    for item in items {
        let value = shown(item.value);
        evaluation.budget.text(value.len() + label.len())?;
        let labels = item.labels.with(label, value.into());
        let group = if aggregate.without {
            labels.but(&aggregate.labels)
        } else {
            labels.filtered(|name| *name == **label || aggregate.labels.iter().any(|one| **one == *name))
        };
        *groups.entry(group).or_default() += 1.0;
    }
    Ok(groups.into_iter().map(|(labels, value)| Item { labels, value }).collect())
}

/// A number as a label has it: without an exponent.
fn shown(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}
