//! Of which time each selector needs samples, before anything is looked at.

use super::tree::{Node, Range, Selector, Summary, Tree};

/// From and to, in milliseconds, both included.
pub(super) type Window = (i64, i64);

/// For each selector the time of which it needs samples, for a query at this time.
/// A value lasts for `lookback`, in milliseconds.
pub(super) fn windows(tree: &Tree, query: i64, lookback: i64) -> Vec<Window> {
    let mut windows = vec![(i64::MAX, i64::MIN); tree.selectors.len()];
    Walk { query, lookback, windows: &mut windows }.node(&tree.root, (query, query));
    windows
}

struct Walk<'w> {
    query: i64,
    lookback: i64,
    windows: &'w mut [Window],
}

impl Walk<'_> {
    /// What a part needs that is asked for the times from and to.
    fn node(&mut self, node: &Node, here: Window) {
        match node {
            Node::Number(_) | Node::Time => {}
            Node::Select(selector) => self.selector(selector, here, self.lookback),
            Node::Negate(of)
            | Node::ToScalar(of)
            | Node::ToVector(of)
            | Node::Timestamp(of)
            | Node::Absent { of, .. }
            | Node::Sort { of, .. } => self.node(of, here),
            Node::LabelReplace(replace) => self.node(&replace.of, here),
            Node::LabelJoin(join) => self.node(&join.of, here),
            Node::Binary(binary) => {
                self.node(&binary.left, here);
                self.node(&binary.right, here);
            }
            Node::Aggregate(aggregate) => {
                if let Summary::Top(number) | Summary::Bottom(number) | Summary::Quantile(number) = &aggregate.op {
                    self.node(number, here);
                }
                self.node(&aggregate.of, here);
            }
            Node::Over { parameter, of, .. } => {
                if let Some(parameter) = parameter {
                    self.node(parameter, here);
                }
                self.range(of, here);
            }
            Node::AbsentOver { of, .. } => self.range(of, here),
            Node::Each { of, parameters, .. } => {
                self.node(of, here);
                parameters.iter().for_each(|one| self.node(one, here));
            }
            Node::HistogramQuantile { quantile, of } => {
                self.node(quantile, here);
                self.node(of, here);
            }
        }
    }

    fn range(&mut self, range: &Range, here: Window) {
        match range {
            Range::Select { selector, range } => self.selector(selector, here, *range),
            Range::Subquery { of, range, shift, .. } => {
                let (from, to) = (shift.time(here.0, self.query), shift.time(here.1, self.query));
                self.node(of, (from.saturating_sub(*range), to));
            }
        }
    }

    fn selector(&mut self, selector: &Selector, (from, to): Window, back: i64) {
        let (from, to) = (selector.shift.time(from, self.query), selector.shift.time(to, self.query));
        if let Some(window) = self.windows.get_mut(selector.index) {
            *window = (from.saturating_sub(back), to);
        }
    }
}
