//! A descriptor as a tree in which every node knows its place in the text.

use serde_json::{Map, Number, Value};

/// A place in a text: line and column, in characters, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    /// Which of the files that are read together; 0 where there is one.
    pub(crate) file: u16,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    pub(crate) const START: Self = Self { file: 0, line: 1, column: 1 };
}

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) data: Data,
}

/// What JSON can hold, in the order of the text.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    Null,
    /// The truth value, and how it was written.
    Bool(bool, String),
    /// The number, and how it was written.
    Number(Number, String),
    Text(String),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A field: its key, where that stands, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Position,
    pub(crate) value: Node,
}

impl Node {
    /// The same without places. A number that is whole becomes an integer, so
    /// that `2.0` may stand where a whole number is asked for.
    pub(crate) fn to_value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(truth, _) => Value::Bool(*truth),
            Data::Number(number, _) => Value::Number(whole(number)),
            Data::Text(text) => Value::String(text.clone()),
            Data::Sequence(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Data::Mapping(entries) => {
                Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_value())).collect::<Map<_, _>>())
            }
        }
    }

    /// Where the field of a JSON Pointer stands: its key, if it has one, and
    /// its value. Of a field that isn't there: the nearest one around it.
    pub(crate) fn place(&self, pointer: &str) -> (Option<Position>, Position) {
        let mut found = (None, self);
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            let next = match &found.1.data {
                Data::Sequence(items) => {
                    name.parse::<usize>().ok().and_then(|index| items.get(index)).map(|item| (None, item))
                }
                Data::Mapping(entries) => entries.iter().find(|e| e.key == name).map(|e| (Some(e.at), &e.value)),
                _ => None,
            };
            match next {
                Some(next) => found = next,
                None => break,
            }
        }
        (found.0, found.1.at)
    }

    /// How the scalar at a JSON Pointer was written.
    pub(crate) fn written(&self, pointer: &str) -> Option<&str> {
        let mut found = self;
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            found = match &found.data {
                Data::Sequence(items) => items.get(name.parse::<usize>().ok()?)?,
                Data::Mapping(entries) => &entries.iter().find(|e| e.key == name)?.value,
                _ => return None,
            };
        }
        match &found.data {
            Data::Bool(_, written) | Data::Number(_, written) | Data::Text(written) => Some(written),
            _ => None,
        }
    }
}

/// The pointer of a field within the thing at `base` (RFC 6901, clause 3).
pub(crate) fn field(base: &str, name: &str) -> String {
    format!("{base}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The pointer of an entry of the list at `base`.
pub(crate) fn item(base: &str, index: usize) -> String {
    format!("{base}/{index}")
}

#[expect(clippy::cast_possible_truncation, reason = "the bound keeps it exact")]
fn whole(number: &Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => Number::from(float as i64),
        _ => number.clone(),
    }
}
