//! Carries a query out for one time.

use super::{
    QueryError, aggregate,
    budget::Budget,
    each, histogram, matching, over, relabel,
    tree::{Node, Range, Selector, Shift},
};
use crate::{
    Labels,
    series::{Found, LOOKBACK, Sample, is_end},
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

/// One number with labels.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) labels: Labels,
    pub(super) value: f64,
}

/// Samples of one series over some time.
pub(super) struct Span<'e> {
    pub(super) labels: &'e Labels,
    /// Its labels without the name of the metric.
    pub(super) bare: Cow<'e, Labels>,
    pub(super) samples: Cow<'e, [Sample]>,
}

/// The time that a range spans, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// A query that is carried out over what was found for it.
#[derive(Debug)]
pub(super) struct Evaluation<'e> {
    found: &'e [Vec<Found>],
    pub(super) budget: &'e Budget,
    query: i64,
}

impl<'e> Evaluation<'e> {
    pub(super) const fn new(found: &'e [Vec<Found>], budget: &'e Budget, query: i64) -> Self {
        Self { found, budget, query }
    }

    /// The one number that a part is at a time.
    pub(super) fn scalar(&self, node: &Node, time: i64) -> Result<f64, QueryError> {
        self.budget.steps(1)?;
        Ok(match node {
            Node::Number(number) => *number,
            Node::Time => seconds(time),
            Node::Negate(of) => -self.scalar(of, time)?,
            Node::ToScalar(of) => match self.vector(of, time)?.as_slice() {
                [one] => one.value,
                _ => f64::NAN,
            },
            Node::Binary(binary) => {
                let (left, right) = (self.scalar(&binary.left, time)?, self.scalar(&binary.right, time)?);
                super::binary::numbers(binary.op, left, right)
            }
            _ => return Err(QueryError::Data("numbers with labels stand where one number is expected".to_owned())),
        })
    }

    /// The numbers with labels that a part is at a time.
    pub(super) fn vector(&self, node: &Node, time: i64) -> Result<Vec<Item>, QueryError> {
        self.budget.steps(1)?;
        match node {
            Node::Select(selector) => self.select(selector, time, |_, value| value),
            Node::Negate(of) => {
                let items = self.vector(of, time)?;
                let negate = |item: Item| Item { labels: item.labels.without_metric(), value: -item.value };
                distinct(items.into_iter().map(negate).collect())
            }
            Node::ToVector(of) => Ok(vec![Item { labels: Labels::empty(), value: self.scalar(of, time)? }]),
            Node::Timestamp(of) => self.timestamp(of, time),
            Node::Binary(binary) => matching::vector(self, binary, time),
            Node::Aggregate(aggregate) => aggregate::vector(self, aggregate, time),
            Node::Over { function, parameter, of } => {
                let parameter = parameter.as_deref().map_or(Ok(f64::NAN), |one| self.scalar(one, time))?;
                over::vector(self, *function, parameter, of, time)
            }
            Node::Each { function, of, parameters } => {
                let parameters: Vec<f64> =
                    parameters.iter().map(|one| self.scalar(one, time)).collect::<Result<_, _>>()?;
                distinct(each::vector(*function, self.vector(of, time)?, &parameters))
            }
            Node::Absent { of, labels } => Ok(absent(self.vector(of, time)?.is_empty(), labels)),
            Node::AbsentOver { of, labels } => {
                let mut nothing = true;
                self.each_span(of, time, |_, _| {
                    nothing = false;
                    Ok(())
                })?;
                Ok(absent(nothing, labels))
            }
            Node::Sort { of, descending } => {
                let mut items = self.vector(of, time)?;
                items.sort_by(|a, b| by_value(a.value, b.value, *descending).then_with(|| a.labels.cmp(&b.labels)));
                Ok(items)
            }
            Node::HistogramQuantile { quantile, of } => {
                let quantile = self.scalar(quantile, time)?;
                distinct(histogram::vector(quantile, self.vector(of, time)?))
            }
            Node::LabelReplace(replace) => {
                distinct(relabel::replace(self.budget, replace, self.vector(&replace.of, time)?)?)
            }
            Node::LabelJoin(join) => distinct(relabel::join(self.budget, join, self.vector(&join.of, time)?)?),
            Node::Number(_) | Node::Time | Node::ToScalar(_) => {
                Err(QueryError::Data("one number stands where numbers with labels are expected".to_owned()))
            }
        }
    }

    /// The last sample of each series, where it is not older than five minutes.
    fn select(&self, selector: &Selector, time: i64, value: impl Fn(i64, f64) -> f64) -> Result<Vec<Item>, QueryError> {
        let to = selector.shift.time(time, self.query);
        let lookback = i64::try_from(LOOKBACK.as_millis()).unwrap_or(i64::MAX);
        let mut items = Vec::new();
        for found in self.found(selector) {
            self.budget.steps(1)?;
            let behind = found.samples.partition_point(|(at, _)| *at <= to);
            let last = behind.checked_sub(1).and_then(|last| found.samples.get(last));
            if let Some(&(at, number)) = last.filter(|(at, _)| *at >= to.saturating_sub(lookback))
                && !is_end(number)
            {
                items.push(Item { labels: found.labels.clone(), value: value(at, number) });
            }
        }
        Ok(items)
    }

    /// When the samples were recorded, of series; of anything else the time.
    fn timestamp(&self, of: &Node, time: i64) -> Result<Vec<Item>, QueryError> {
        let mut items = match of {
            Node::Select(selector) => self.select(selector, time, |at, _| seconds(at))?,
            of => self.vector(of, time)?.into_iter().map(|item| Item { value: seconds(time), ..item }).collect(),
        };
        items.iter_mut().for_each(|item| item.labels = item.labels.without_metric());
        distinct(items)
    }

    fn found(&self, selector: &Selector) -> &'e [Found] {
        self.found.get(selector.index).map_or(&[], Vec::as_slice)
    }

    /// Calls `each` for every series that has samples in a range.
    pub(super) fn each_span(
        &self,
        range: &Range,
        time: i64,
        mut each: impl FnMut(&Span<'_>, Bounds) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let bounds = |shift: Shift, range: i64| {
            let to = shift.time(time, self.query);
            Bounds { from: to.saturating_sub(range), to }
        };
        match range {
            Range::Select { selector, range } => {
                let bounds = bounds(selector.shift, *range);
                for found in self.found(selector) {
                    let samples = between(&found.samples, bounds);
                    self.budget.steps(1 + samples.len())?;
                    if !samples.is_empty() {
                        each(&Span { labels: &found.labels, bare: Cow::Borrowed(&found.bare), samples }, bounds)?;
                    }
                }
                Ok(())
            }
            Range::Subquery { of, range, step, shift } => {
                let bounds = bounds(*shift, *range);
                let mut taken = 0;
                let spans = self.subquery(of, bounds, *step, &mut taken)?;
                for (labels, samples) in &spans {
                    self.budget.steps(1 + samples.len())?;
                    let bare = Cow::Owned(labels.without_metric());
                    each(&Span { labels, bare, samples: Cow::Borrowed(samples) }, bounds)?;
                }
                self.budget.give_back(taken);
                Ok(())
            }
        }
    }

    /// A part at many times: at the whole multiples of `step` within the bounds.
    fn subquery(
        &self,
        of: &Node,
        bounds: Bounds,
        step: i64,
        taken: &mut usize,
    ) -> Result<Vec<(Labels, Vec<Sample>)>, QueryError> {
        let mut places: HashMap<Labels, usize> = HashMap::new();
        let mut spans: Vec<(Labels, Vec<Sample>)> = Vec::new();
        let mut time = (bounds.from / step).saturating_mul(step);
        if time < bounds.from {
            time = time.saturating_add(step);
        }
        while time <= bounds.to {
            let items = self.vector(of, time)?;
            self.budget.samples(items.len())?;
            *taken += items.len();
            for item in items {
                let place = *places.entry(item.labels).or_insert_with_key(|labels| {
                    spans.push((labels.clone(), Vec::new()));
                    spans.len() - 1
                });
                if let Some((_, samples)) = spans.get_mut(place) {
                    samples.push((time, item.value));
                }
            }
            let Some(next) = time.checked_add(step) else { break };
            time = next;
        }
        Ok(spans)
    }
}

/// The samples within bounds, both included, without the ends of series.
fn between(samples: &[Sample], bounds: Bounds) -> Cow<'_, [Sample]> {
    let from = samples.partition_point(|(at, _)| *at < bounds.from);
    let behind = samples.partition_point(|(at, _)| *at <= bounds.to).max(from);
    let within = samples.get(from..behind).unwrap_or_default();
    if within.iter().any(|(_, value)| is_end(*value)) {
        return within.iter().copied().filter(|(_, value)| !is_end(*value)).collect();
    }
    Cow::Borrowed(within)
}

fn absent(nothing: bool, labels: &Labels) -> Vec<Item> {
    if nothing { vec![Item { labels: labels.clone(), value: 1.0 }] } else { Vec::new() }
}

/// Refuses two elements with the same labels.
pub(super) fn distinct(items: Vec<Item>) -> Result<Vec<Item>, QueryError> {
    let mut seen = HashSet::with_capacity(items.len());
    match items.iter().find(|item| !seen.insert(&item.labels)) {
        None => Ok(items),
        Some(twice) => Err(QueryError::Data(format!(
            "several series are {} after this step: take them together, such as by sum()",
            twice.labels
        ))),
    }
}

/// Smaller first or greater first; what is no number last.
pub(super) fn by_value(a: f64, b: f64, descending: bool) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) if descending => b.partial_cmp(&a).unwrap_or(Ordering::Equal),
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (a, b) => a.cmp(&b),
    }
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 milliseconds")]
pub(super) fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
