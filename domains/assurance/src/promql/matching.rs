//! Two parts of which at least one has labels: which elements belong together.

use super::{
    QueryError,
    binary::{calculate, holds, numbers},
    eval::{Evaluation, Item, distinct},
    tree::{Binary, Calculation, Combination, Group, Matching, Op},
};
use crate::Labels;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Carries out what is between two parts.
pub(super) fn vector(evaluation: &Evaluation<'_>, binary: &Binary, time: i64) -> Result<Vec<Item>, QueryError> {
    match (binary.left.is_scalar(), binary.right.is_scalar()) {
        (true, _) => {
            let left = evaluation.scalar(&binary.left, time)?;
            let items = evaluation.vector(&binary.right, time)?;
            distinct(with_number(binary, items, |item| (left, item)))
        }
        (_, true) => {
            let items = evaluation.vector(&binary.left, time)?;
            let right = evaluation.scalar(&binary.right, time)?;
            distinct(with_number(binary, items, |item| (item, right)))
        }
        _ => {
            let (left, right) = (evaluation.vector(&binary.left, time)?, evaluation.vector(&binary.right, time)?);
            // Each element is compared by each of the labels.
            let named = 1 + binary.matching.labels.len() + binary.matching.include.len();
            evaluation.budget.steps((left.len() + right.len()).saturating_mul(named))?;
            match binary.op {
                Op::Combine(combination) => Ok(combine(combination, &binary.matching, left, right)),
                op => distinct(pair(op, binary, left, right)?),
            }
        }
    }
}

/// Elements and one number; the element's own value stays where it is compared.
fn with_number(binary: &Binary, items: Vec<Item>, sides: impl Fn(f64) -> (f64, f64)) -> Vec<Item> {
    let apply = |item: Item| {
        let (left, right) = sides(item.value);
        match binary.op {
            Op::Compare(comparison) if !binary.as_number => holds(comparison, left, right).then_some(item),
            op => {
                let labels =
                    if op == Op::Calculate(Calculation::Atan2) { item.labels } else { item.labels.without_metric() };
                Some(Item { labels, value: numbers(op, left, right) })
            }
        }
    };
    items.into_iter().filter_map(apply).collect()
}

impl Matching {
    /// The labels by which elements belong together.
    fn signature(&self, labels: &Labels) -> Labels {
        if self.on { labels.only(&self.labels) } else { labels.but(&self.labels) }
    }

    /// The labels of the result of two elements.
    fn result(&self, op: Op, many: &Labels, one: &Labels) -> Labels {
        // In Prometheus 2.42 atan2 leaves the metric its name.
        let renamed = matches!(op, Op::Calculate(calculation) if calculation != Calculation::Atan2);
        let mut labels = if renamed { many.without_metric() } else { many.clone() };
        if self.group == Group::None {
            labels = if self.on {
                labels.only(&self.labels)
            } else {
                labels.filtered(|name| !self.labels.iter().any(|one| **one == *name))
            };
        }
        if self.include.is_empty() {
            return labels;
        }
        labels
            .with_all(self.include.iter().map(|name| (Arc::clone(name), one.shared(name).unwrap_or_else(|| "".into()))))
    }
}

/// `and`, `or`, `unless`
fn combine(combination: Combination, matching: &Matching, left: Vec<Item>, right: Vec<Item>) -> Vec<Item> {
    let signatures =
        |items: &[Item]| items.iter().map(|item| matching.signature(&item.labels)).collect::<HashSet<Labels>>();
    match combination {
        Combination::And | Combination::Unless => {
            let known = signatures(&right);
            let wanted = combination == Combination::And;
            left.into_iter().filter(|item| known.contains(&matching.signature(&item.labels)) == wanted).collect()
        }
        Combination::Or => {
            let known = signatures(&left);
            let new = right.into_iter().filter(|item| !known.contains(&matching.signature(&item.labels)));
            left.into_iter().chain(new).collect()
        }
    }
}

/// Calculations and comparisons of elements that belong together.
fn pair(op: Op, binary: &Binary, left: Vec<Item>, right: Vec<Item>) -> Result<Vec<Item>, QueryError> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let matching = &binary.matching;
    let swapped = matching.group == Group::Right;
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let side = if swapped { "left" } else { "right" };
    let mut ones: HashMap<Labels, Item> = HashMap::with_capacity(one.len());
    for item in one {
        let signature = matching.signature(&item.labels);
        if let Some(other) = ones.insert(signature, item.clone()) {
            return Err(QueryError::Data(format!(
                "{} and {} on the {side} side belong to the same element: name more labels with on()",
                other.labels, item.labels
            )));
        }
    }
    let mut taken: HashSet<(Labels, Option<Labels>)> = HashSet::new();
    let mut items = Vec::new();
    for item in many {
        let signature = matching.signature(&item.labels);
        let Some(one) = ones.get(&signature) else { continue };
        let (left, right) = if swapped { (one.value, item.value) } else { (item.value, one.value) };
        let (value, kept) = match op {
            Op::Calculate(calculation) => (calculate(calculation, left, right), true),
            Op::Compare(comparison) if binary.as_number => (numbers(Op::Compare(comparison), left, right), true),
            Op::Compare(comparison) => (left, holds(comparison, left, right)),
            Op::Combine(_) => (f64::NAN, false),
        };
        if !kept {
            continue;
        }
        let mut labels = matching.result(op, &item.labels, &one.labels);
        if binary.as_number {
            labels = labels.without_metric();
        }
        let grouped = (matching.group != Group::None).then(|| labels.clone());
        if !taken.insert((signature, grouped)) {
            let remedy =
                if matching.group == Group::None { "group_left or group_right says so" } else { "name more labels" };
            return Err(QueryError::Data(format!("several elements belong to one, such as {}: {remedy}", item.labels)));
        }
        items.push(Item { labels, value });
    }
    Ok(items)
}
