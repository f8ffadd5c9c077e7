//! How the reader looks into a [`Node`].

use crate::descriptor::node::{Data, Entry, Node, Position};

impl Node {
    /// The fields; none where it is no mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entries; none where it is no list.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.data {
            Data::Sequence(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What stands at a key, unless that is nothing.
    pub(crate) fn given(&self, key: &str) -> Option<&Self> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The text, where it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as it was written.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) | Data::Number(_, text) | Data::Bool(_, text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    pub(crate) const fn is_mapping(&self) -> bool {
        matches!(self.data, Data::Mapping(_))
    }

    pub(crate) const fn is_list(&self) -> bool {
        matches!(self.data, Data::Sequence(_))
    }

    /// Nothing, an empty mapping, or an empty list.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.data {
            Data::Null => true,
            Data::Mapping(entries) => entries.is_empty(),
            Data::Sequence(items) => items.is_empty(),
            _ => false,
        }
    }

    /// What it is, for people.
    pub(crate) const fn what(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Bool(..) => "a truth value",
            Data::Number(..) => "a number",
            Data::Text(_) => "text",
            Data::Sequence(_) => "a list",
            Data::Mapping(_) => "a map",
        }
    }

    /// The same value at another place.
    pub(crate) fn placed(mut self, at: Position) -> Self {
        self.at = at;
        self
    }

    pub(crate) const fn null(at: Position) -> Self {
        Self { at, data: Data::Null }
    }

    pub(crate) fn of_text(at: Position, text: impl Into<String>) -> Self {
        Self { at, data: Data::Text(text.into()) }
    }

    pub(crate) fn of_bool(at: Position, truth: bool) -> Self {
        Self { at, data: Data::Bool(truth, truth.to_string()) }
    }

    /// A number; whole ones without decimals.
    #[expect(clippy::cast_possible_truncation, reason = "the bound keeps it exact")]
    pub(crate) fn of_number(at: Position, number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let found = if number.fract() == 0.0 && number.abs() <= EXACT {
            Some(serde_json::Number::from(number as i64))
        } else {
            serde_json::Number::from_f64(number)
        };
        let data = found.map_or(Data::Null, |number| {
            let written = number.to_string();
            Data::Number(number, written)
        });
        Self { at, data }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match &self.data {
            Data::Number(number, _) => number.as_f64(),
            _ => None,
        }
    }

    pub(crate) fn integer(&self) -> Option<i64> {
        match &self.data {
            Data::Number(number, _) => number.as_i64(),
            _ => None,
        }
    }

    /// Whether two values are the same, wherever they stand. Numbers by value.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Number(a, _), Data::Number(b, _)) => a == b || a.as_f64() == b.as_f64(),
            (Data::Null, Data::Null) => true,
            (Data::Bool(a, _), Data::Bool(b, _)) => a == b,
            (Data::Text(a), Data::Text(b)) => a == b,
            (Data::Sequence(a), Data::Sequence(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Data::Mapping(a), Data::Mapping(b)) => {
                a.len() == b.len() && a.iter().all(|entry| other.get(&entry.key).is_some_and(|b| entry.value.same(b)))
            }
            _ => false,
        }
    }
}
