//! The labels of a series: sorted, shared, without empty values.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

/// The label that holds the name of a metric.
pub const METRIC_NAME: &str = "__name__";

/// A name and its value.
type Pair = (Arc<str>, Arc<str>);

/// Labels, sorted by name. A label without a value is none, as in Prometheus.
/// Cloning copies nothing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[Pair]>);

impl Labels {
    /// Of pairs in any order; the last of several with one name wins.
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut all: Vec<Pair> = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        // Stable, so that of equal names the last stays the last.
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.reverse();
        all.dedup_by(|a, b| a.0 == b.0);
        all.reverse();
        all.retain(|(_, value)| !value.is_empty());
        Self(all.into())
    }

    /// None at all.
    #[must_use]
    pub fn empty() -> Self {
        static EMPTY: LazyLock<Labels> = LazyLock::new(|| Labels(Arc::from([])));
        EMPTY.clone()
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }

    /// The value of a label, shared.
    pub(crate) fn shared(&self, name: &str) -> Option<Arc<str>> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| Arc::clone(value))
    }

    /// The name of the metric.
    #[must_use]
    pub fn metric(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all names and values.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Whether both are the same in memory.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Those whose names are wanted.
    pub(crate) fn filtered(&self, mut wanted: impl FnMut(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| wanted(name)) {
            return self.clone();
        }
        Self(self.0.iter().filter(|(name, _)| wanted(name)).cloned().collect())
    }

    /// Without the metric's name.
    pub(crate) fn without_metric(&self) -> Self {
        self.filtered(|name| name != METRIC_NAME)
    }

    /// Only these.
    pub(crate) fn only(&self, names: &[Arc<str>]) -> Self {
        if names.is_empty() {
            return Self::empty();
        }
        self.filtered(|name| names.iter().any(|one| **one == *name))
    }

    /// All but these, and but the metric's name.
    pub(crate) fn but(&self, names: &[Arc<str>]) -> Self {
        self.filtered(|name| name != METRIC_NAME && !names.iter().any(|one| **one == *name))
    }

    /// With this label set; an empty value takes it away.
    pub(crate) fn with(&self, name: &Arc<str>, value: Arc<str>) -> Self {
        self.with_all([(Arc::clone(name), value)])
    }

    /// With these labels set; empty values take them away.
    pub(crate) fn with_all(&self, others: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Self {
        Self::new(self.0.iter().cloned().chain(others))
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric().unwrap_or_default())?;
        let mut others = self.iter().filter(|(name, _)| *name != METRIC_NAME).peekable();
        if others.peek().is_none() && self.metric().is_some() {
            return Ok(());
        }
        f.write_str("{")?;
        for (at, (name, value)) in others.enumerate() {
            write!(f, "{}{name}={value:?}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_the_last_wins_and_the_empty_are_gone() {
        let labels = Labels::new([("b", "1"), ("a", "2"), ("b", "3"), ("c", "4"), ("c", "")]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!((labels.get("a"), labels.get("c"), labels.len(), labels.text_bytes()), (Some("2"), None, 2, 4));
        assert_eq!(labels, Labels::new([("a", "2"), ("b", "3")]));
    }

    #[test]
    fn parts_are_taken() {
        let labels = Labels::new([(METRIC_NAME, "up"), ("job", "a"), ("instance", "b")]);
        let names: [Arc<str>; 1] = ["job".into()];
        assert_eq!(labels.to_string(), r#"up{instance="b", job="a"}"#);
        assert_eq!(labels.only(&names).to_string(), r#"{job="a"}"#);
        assert_eq!(labels.but(&names).to_string(), r#"{instance="b"}"#);
        assert_eq!(labels.with(&names[0], "".into()).to_string(), r#"up{instance="b"}"#);
        assert_eq!(Labels::empty().to_string(), "{}");
        assert_eq!(Labels::new([(METRIC_NAME, "up")]).to_string(), "up");
    }
}
