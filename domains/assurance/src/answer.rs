//! What a query gives, whoever answered it.

use crate::Labels;
use chrono::{DateTime, Utc};

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryAnswer {
    /// What was found.
    pub result: QueryResult,
    /// What whoever answered warns of.
    pub warnings: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryResult {
    /// A number, such as that of `time()`.
    Scalar {
        /// The number; may be infinite or none (NaN).
        value: f64,
        /// For which time it was asked.
        at: DateTime<Utc>,
    },
    /// Values with labels: none, one or several.
    Vector(Vec<Element>),
}

/// One value of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Whose it is.
    pub labels: Labels,
    /// The number; may be infinite or none (NaN).
    pub value: f64,
    /// For which time it was asked.
    pub at: DateTime<Utc>,
}

impl QueryAnswer {
    /// One number, as MiCADO takes it: the scalar, or the value of the first
    /// element; none when nothing was found.
    #[must_use]
    pub fn number(&self) -> Option<(f64, DateTime<Utc>)> {
        match &self.result {
            QueryResult::Scalar { value, at } => Some((*value, *at)),
            QueryResult::Vector(elements) => elements.first().map(|element| (element.value, element.at)),
        }
    }

    /// The elements; of a scalar there are none.
    #[must_use]
    pub fn elements(&self) -> &[Element] {
        match &self.result {
            QueryResult::Scalar { .. } => &[],
            QueryResult::Vector(elements) => elements,
        }
    }

    /// The values that a label has, in the order of the elements.
    pub fn label_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.elements().iter().filter_map(move |element| element.labels.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_a_list_of_labels() {
        let at = DateTime::UNIX_EPOCH;
        let answer = |result| QueryAnswer { result, warnings: Vec::new() };
        let element = |node: &str, value| Element { labels: Labels::new([("node", node)]), value, at };
        assert_eq!(answer(QueryResult::Scalar { value: 2.0, at }).number(), Some((2.0, at)));
        assert_eq!(answer(QueryResult::Vector(Vec::new())).number(), None);
        let several = answer(QueryResult::Vector(vec![element("a", 1.0), element("b", 2.0)]));
        assert_eq!(several.number(), Some((1.0, at)));
        assert_eq!(several.label_values("node").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(several.label_values("pod").count(), 0);
    }
}
