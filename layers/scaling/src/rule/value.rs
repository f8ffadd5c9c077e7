//! Values inside of a running rule. Lists, tuples and dicts live on a heap of
//! the run and are named by number, so that a value may be shared and may even
//! hold itself, as in Python, and all goes at once when the run ends.

use super::{
    fault::Trouble,
    limits::{Meter, wide},
};
use std::{collections::BTreeMap, sync::Arc};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    List(usize),
    Tuple(usize),
    Dict(usize),
    Range(Range),
}

/// Python's range: it holds no elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: i64,
    pub(super) stop: i64,
    pub(super) step: i64,
}

impl Range {
    /// How many elements it has.
    pub(super) fn len(self) -> u64 {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let span = if step > 0 { stop - start } else { start - stop };
        if span <= 0 { 0 } else { u64::try_from((span - 1) / step.abs() + 1).unwrap_or(u64::MAX) }
    }

    /// Its element with a number.
    pub(super) fn get(self, number: u64) -> Option<Value> {
        let value = i128::from(self.start) + i128::from(number) * i128::from(self.step);
        (number < self.len()).then_some(Value::Int(value))
    }
}

impl Value {
    /// The name of its type in Python.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dict",
            Self::Range(_) => "a range",
        }
    }
}

/// What a dict is looked up by: equal values are one key, as 1, 1.0 and True.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    None,
    Int(i128),
    /// By its bits; never a whole number that 128 bits hold.
    Float(u64),
    Text(Arc<str>),
    Tuple(Vec<Key>),
}

/// A dict: in the order of insertion.
#[derive(Debug, Default)]
pub(super) struct Dict {
    places: BTreeMap<Key, u64>,
    pairs: BTreeMap<u64, (Value, Value)>,
    next: u64,
}

impl Dict {
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Value> {
        self.pairs.get(self.places.get(key)?).map(|(_, value)| value)
    }

    /// Sets a value; a key that is there stays where it is.
    fn set(&mut self, key: Key, written: Value, value: Value) {
        let next = self.next;
        let place = *self.places.entry(key).or_insert(next);
        self.next += u64::from(place == next);
        self.pairs.entry(place).or_insert((written, Value::None)).1 = value;
    }

    pub(super) fn remove(&mut self, key: &Key) -> Option<Value> {
        let place = self.places.remove(key)?;
        self.pairs.remove(&place).map(|(_, value)| value)
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.pairs.clear();
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &(Value, Value)> {
        self.pairs.values()
    }
}

const ELEMENT: u64 = 48;
const PAIR: u64 = 256;
const HEADER: u64 = 64;

/// What the lists, tuples and dicts of a run hold.
#[derive(Debug)]
pub(super) struct Heap {
    lists: Vec<Vec<Value>>,
    dicts: Vec<Dict>,
}

impl Heap {
    pub(super) const fn new() -> Self {
        Self { lists: Vec::new(), dicts: Vec::new() }
    }

    fn sequence(&mut self, meter: &mut Meter, values: Vec<Value>) -> Result<usize, Trouble> {
        meter.take(HEADER + wide(values.len()) * ELEMENT)?;
        self.lists.push(values);
        Ok(self.lists.len() - 1)
    }

    /// A new list. Whoever gathers many values asks `room` beforehand.
    pub(super) fn list(&mut self, meter: &mut Meter, values: Vec<Value>) -> Result<Value, Trouble> {
        self.sequence(meter, values).map(Value::List)
    }

    pub(super) fn tuple(&mut self, meter: &mut Meter, values: Vec<Value>) -> Result<Value, Trouble> {
        self.sequence(meter, values).map(Value::Tuple)
    }

    pub(super) fn dict(&mut self, meter: &mut Meter) -> Result<usize, Trouble> {
        meter.take(HEADER)?;
        self.dicts.push(Dict::default());
        Ok(self.dicts.len() - 1)
    }

    /// The elements of a list or a tuple.
    pub(super) fn elements(&self, place: usize) -> &[Value] {
        self.lists.get(place).map_or(&[], Vec::as_slice)
    }

    /// The elements of a list, to change them.
    pub(super) fn elements_mut(&mut self, place: usize) -> Result<&mut Vec<Value>, Trouble> {
        self.lists.get_mut(place).ok_or_else(|| Trouble::kind("this list is gone"))
    }

    pub(super) fn of_dict(&self, place: usize) -> Result<&Dict, Trouble> {
        self.dicts.get(place).ok_or_else(|| Trouble::kind("this dict is gone"))
    }

    pub(super) fn of_dict_mut(&mut self, place: usize) -> Result<&mut Dict, Trouble> {
        self.dicts.get_mut(place).ok_or_else(|| Trouble::kind("this dict is gone"))
    }

    /// Takes the room of `count` further elements.
    pub(super) fn room(meter: &mut Meter, count: usize) -> Result<(), Trouble> {
        meter.step(wide(count))?;
        meter.take(wide(count).saturating_mul(ELEMENT))
    }

    pub(super) fn push(&mut self, meter: &mut Meter, place: usize, value: Value) -> Result<(), Trouble> {
        meter.take(ELEMENT)?;
        self.elements_mut(place)?.push(value);
        Ok(())
    }

    pub(super) fn put(
        &mut self,
        meter: &mut Meter,
        place: usize,
        (key, written): (Key, Value),
        value: Value,
    ) -> Result<(), Trouble> {
        let dict = self.of_dict_mut(place)?;
        if !dict.places.contains_key(&key) {
            meter.take(PAIR)?;
        }
        dict.set(key, written, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Limits;

    #[test]
    fn a_dict_keeps_the_order_and_the_first_key() {
        let mut dict = Dict::default();
        dict.set(Key::Int(2), Value::Int(2), Value::None);
        dict.set(Key::Int(1), Value::Int(1), Value::None);
        dict.set(Key::Int(2), Value::Float(2.0), Value::Bool(true));
        let keys: Vec<_> = dict.pairs().map(|(key, _)| key.clone()).collect();
        assert_eq!(keys, [Value::Int(2), Value::Int(1)]);
        assert_eq!(dict.get(&Key::Int(2)), Some(&Value::Bool(true)));
        dict.remove(&Key::Int(2));
        dict.set(Key::Int(2), Value::Int(2), Value::None);
        assert_eq!((dict.len(), dict.get(&Key::Int(2))), (2, Some(&Value::None)));
        assert_eq!(dict.pairs().last().map(|(key, _)| key.clone()), Some(Value::Int(2)));
    }

    #[test]
    fn a_range_is_counted_without_its_elements() {
        let range = |start, stop, step| Range { start, stop, step };
        assert_eq!(range(0, 10, 3).len(), 4);
        assert_eq!(range(10, 0, -3).len(), 4);
        assert_eq!(range(0, -1, 1).len(), 0);
        assert_eq!(range(i64::MIN, i64::MAX, 1).len(), u64::MAX);
        assert_eq!(range(10, 0, -3).get(3), Some(Value::Int(1)));
        assert_eq!(range(10, 0, -3).get(4), None);
    }

    #[test]
    fn room_is_asked_for_before_it_is_used() {
        let mut meter = Meter::new(Limits { bytes: 1_000, ..Limits::default() });
        assert!(Heap::room(&mut meter, 10).is_ok());
        assert!(Heap::room(&mut meter, 50_000).is_err());
        assert_eq!(meter.bytes(), 480);
    }
}
