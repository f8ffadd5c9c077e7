//! A query as it is carried out: only what is there, with every name resolved.

use super::function::{Each, Over};
use crate::{Labels, METRIC_NAME};
use regex::Regex;
use std::sync::Arc;

/// A query.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: Node,
    /// Which series each of its selectors means.
    pub(super) selectors: Vec<Matchers>,
}

/// Which series a selector means: those of which all of this holds.
#[derive(Debug)]
pub(super) struct Matchers(pub(super) Vec<Matcher>);

/// What a label has to be; one that isn't there is empty.
#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) label: String,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    Is(String),
    IsNot(String),
    Like(Regex),
    Unlike(Regex),
}

/// A part of a query. Either one number, or numbers with labels.
#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    /// `time()`
    Time,
    Select(Selector),
    Negate(Box<Node>),
    /// `scalar()`
    ToScalar(Box<Node>),
    /// `vector()`
    ToVector(Box<Node>),
    /// `timestamp()`
    Timestamp(Box<Node>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    /// A function over a range of time.
    Over {
        function: Over,
        parameter: Option<Box<Node>>,
        of: Box<Range>,
    },
    /// A function of each element.
    Each {
        function: Each,
        of: Box<Node>,
        parameters: Vec<Node>,
    },
    /// `absent()`, with the labels of its answer
    Absent {
        of: Box<Node>,
        labels: Labels,
    },
    /// `absent_over_time()`, with the labels of its answer
    AbsentOver {
        of: Box<Range>,
        labels: Labels,
    },
    Sort {
        of: Box<Node>,
        descending: bool,
    },
    HistogramQuantile {
        quantile: Box<Node>,
        of: Box<Node>,
    },
    LabelReplace(Box<LabelReplace>),
    LabelJoin(Box<LabelJoin>),
}

/// Series at a time.
#[derive(Debug)]
pub(super) struct Selector {
    /// Its place among the tree's selectors.
    pub(super) index: usize,
    /// Whether it means one metric.
    pub(super) named: bool,
    pub(super) shift: Shift,
}

/// For which time something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    /// `@`
    pub(super) at: At,
    /// `offset`, in milliseconds.
    pub(super) offset: i64,
}

/// For which time, before the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// That of the part around it.
    Here,
    /// That of the query: `@ start()` and `@ end()`.
    Query,
    /// In milliseconds.
    Time(i64),
}

impl Shift {
    /// The time that is meant, in milliseconds.
    pub(super) const fn time(self, here: i64, query: i64) -> i64 {
        let time = match self.at {
            At::Here => here,
            At::Query => query,
            At::Time(time) => time,
        };
        time.saturating_sub(self.offset)
    }
}

/// Samples of some time.
#[derive(Debug)]
pub(super) enum Range {
    Select {
        selector: Selector,
        range: i64,
    },
    /// Milliseconds; the steps are whole multiples of `step`.
    Subquery {
        of: Node,
        range: i64,
        step: i64,
        shift: Shift,
    },
}

/// Two parts and what is between them.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) op: Op,
    pub(super) left: Node,
    pub(super) right: Node,
    /// `bool`
    pub(super) as_number: bool,
    pub(super) matching: Matching,
}

/// What is between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Calculate(Calculation),
    Compare(Comparison),
    Combine(Combination),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calculation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combination {
    And,
    Or,
    Unless,
}

/// Which elements of two parts belong together.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// Whether `labels` are those that count, or those that don't.
    pub(super) on: bool,
    pub(super) labels: Vec<Arc<str>>,
    pub(super) group: Group,
    /// Labels that the many get of the one.
    pub(super) include: Vec<Arc<str>>,
}

/// On which side several may match one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Group {
    #[default]
    None,
    /// `group_left`
    Left,
    /// `group_right`
    Right,
}

/// Many elements into few.
#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) op: Summary,
    pub(super) of: Node,
    /// `without`
    pub(super) without: bool,
    pub(super) labels: Vec<Arc<str>>,
}

/// How many elements become few.
#[derive(Debug)]
pub(super) enum Summary {
    Sum,
    Average,
    Count,
    Least,
    Greatest,
    Group,
    Deviation,
    Variance,
    Top(Node),
    Bottom(Node),
    Quantile(Node),
    /// The label that gets the value.
    CountValues(Arc<str>),
}

impl Summary {
    /// Whether the order of the elements says something.
    pub(super) const fn is_ordered(&self) -> bool {
        matches!(self, Self::Top(_) | Self::Bottom(_))
    }
}

/// `label_replace()`
#[derive(Debug)]
pub(super) struct LabelReplace {
    pub(super) of: Node,
    pub(super) target: Arc<str>,
    pub(super) replacement: String,
    pub(super) source: String,
    pub(super) pattern: Regex,
}

/// `label_join()`
#[derive(Debug)]
pub(super) struct LabelJoin {
    pub(super) of: Node,
    pub(super) target: Arc<str>,
    pub(super) separator: String,
    pub(super) sources: Vec<String>,
}

impl Node {
    /// Whether it is one number.
    pub(super) fn is_scalar(&self) -> bool {
        match self {
            Self::Number(_) | Self::Time | Self::ToScalar(_) => true,
            Self::Negate(of) => of.is_scalar(),
            Self::Binary(binary) => binary.left.is_scalar() && binary.right.is_scalar(),
            _ => false,
        }
    }
}

impl Matcher {
    fn holds(&self, value: &str) -> bool {
        match &self.test {
            Test::Is(text) => value == text,
            Test::IsNot(text) => value != text,
            Test::Like(pattern) => pattern.is_match(value),
            Test::Unlike(pattern) => !pattern.is_match(value),
        }
    }

    /// The one value that it allows.
    const fn only(&self) -> Option<&String> {
        if let Test::Is(text) = &self.test { Some(text) } else { None }
    }
}

impl Matchers {
    /// The one metric that is meant, if there is one.
    pub(super) fn metric(&self) -> Option<&str> {
        let named = self.0.iter().filter(|one| one.label == METRIC_NAME);
        named.filter_map(Matcher::only).map(String::as_str).find(|name| !name.is_empty())
    }

    /// Whether a series is meant.
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|one| one.holds(labels.get(&one.label).unwrap_or_default()))
    }

    /// What is known of a series that isn't there: the labels that can have one value only.
    pub(super) fn known(&self) -> Labels {
        let mut known: Vec<(&str, &str)> = Vec::new();
        let mut unknown = Vec::new();
        for one in self.0.iter().filter(|one| one.label != METRIC_NAME) {
            match one.only() {
                Some(value) if !known.iter().any(|(name, _)| *name == one.label) => known.push((&one.label, value)),
                _ => unknown.push(one.label.as_str()),
            }
        }
        known.retain(|(name, _)| !unknown.contains(name));
        Labels::new(known)
    }
}
