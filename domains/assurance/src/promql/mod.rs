//! PromQL over the recent measurements: instant queries, answered as Prometheus 2.42 does.

mod aggregate;
mod binary;
mod budget;
mod each;
mod eval;
mod function;
mod guard;
mod histogram;
mod lower;
mod matching;
mod numbers;
mod over;
mod relabel;
#[cfg(test)]
mod tests;
mod tree;
mod windows;

pub use budget::QueryLimits;

use crate::{
    Element, QueryAnswer, QueryResult, Series,
    series::{LOOKBACK, Selection},
};
use budget::Budget;
use chrono::{DateTime, TimeDelta, Utc};
use eval::Evaluation;
use tree::{Node, Tree};

/// A question in PromQL, read and checked.
#[derive(Debug)]
pub struct Query {
    text: String,
    tree: Tree,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It is no PromQL.
    #[error("the query is no PromQL: {0}")]
    Syntax(String),
    /// It is PromQL, of a part that isn't here.
    #[error("the query uses {0}, which is not there: ask a Prometheus, or write it without")]
    Absent(String),
    /// It is PromQL, and gives something else than a number or numbers with labels.
    #[error("the query gives {0}: apply a function that gives numbers, such as rate() or last_over_time()")]
    Kind(&'static str),
    /// What it asks can't be answered with what is there.
    #[error("the query can't be answered: {0}")]
    Data(String),
    /// It asks for more than it may.
    #[error("the query needs more than {most} {what}: narrow its labels or its time")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much it may have.
        most: u64,
    },
}

impl Query {
    /// Reads a question.
    ///
    /// # Errors
    /// [`QueryError::Syntax`] with what is wrong, [`QueryError::Absent`] with the name of
    /// what isn't here, [`QueryError::Kind`] when it gives a range or a text.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let guarded = guard::check(text)?;
        let read = promql_parser::parser::parse(&guarded.text).map_err(QueryError::Syntax)?;
        Ok(Self { text: text.to_owned(), tree: lower::lower(read, &guarded)? })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The metrics that it names, each as often as it does.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.tree.selectors.iter().filter_map(tree::Matchers::metric)
    }

    /// A metric that it names and of which a tenant has no series at all.
    #[must_use]
    pub fn unmeasured(&self, series: &Series, tenant: &str) -> Option<&str> {
        self.metrics().find(|metric| !series.has(tenant, metric))
    }

    /// How far before a time it looks, but for how long a single value lasts.
    #[must_use]
    pub fn looks_back(&self, at: DateTime<Utc>) -> TimeDelta {
        let time = at.timestamp_millis();
        let first = windows::windows(&self.tree, time, 0).into_iter().map(|(from, _)| from).min().unwrap_or(time);
        TimeDelta::try_milliseconds(time.saturating_sub(first).max(0)).unwrap_or(TimeDelta::MAX)
    }

    /// Answers it for a tenant and a time, from what is recorded now. Elements are
    /// sorted by their labels, but where the query says how.
    ///
    /// Calculates for as long as the limits allow: call it off the event loop where
    /// the query is a stranger's.
    ///
    /// # Errors
    /// [`QueryError::Data`] when the series don't allow it, such as two that are
    /// the same after a function; [`QueryError::Limit`] when it needs more than it may.
    pub fn evaluate(
        &self,
        series: &Series,
        tenant: &str,
        at: DateTime<Utc>,
        limits: &QueryLimits,
    ) -> Result<QueryAnswer, QueryError> {
        let time = at.timestamp_millis();
        let budget = Budget::new(*limits);
        let lookback = i64::try_from(LOOKBACK.as_millis()).unwrap_or(i64::MAX);
        let windows = windows::windows(&self.tree, time, lookback);
        let matchers: Vec<_> = self.tree.selectors.iter().map(|one| move |labels: &_| one.matches(labels)).collect();
        let selections: Vec<Selection<'_>> = (self.tree.selectors.iter().zip(&matchers).zip(&windows))
            .map(|((one, matches), window)| Selection { metric: one.metric(), matches, from: window.0, to: window.1 })
            .collect();
        let found = series.select(tenant, &selections, |looked, samples| budget.taken(looked, samples))?;
        let evaluation = Evaluation::new(&found, &budget, time);
        let root = &self.tree.root;
        let result = if root.is_scalar() {
            QueryResult::Scalar { value: evaluation.scalar(root, time)?, at }
        } else {
            let mut items = evaluation.vector(root, time)?;
            if !root.is_ordered() {
                items.sort_by(|a, b| a.labels.cmp(&b.labels));
            }
            QueryResult::Vector(
                items.into_iter().map(|item| Element { labels: item.labels, value: item.value, at }).collect(),
            )
        };
        Ok(QueryAnswer { result, warnings: Vec::new() })
    }
}

impl Node {
    /// Whether the order of its elements says something.
    const fn is_ordered(&self) -> bool {
        match self {
            Self::Sort { .. } => true,
            Self::Aggregate(aggregate) => aggregate.op.is_ordered(),
            _ => false,
        }
    }
}
