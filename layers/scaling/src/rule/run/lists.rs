//! Elements: going over them, taking, setting and removing one.

use super::Machine;
use crate::rule::{
    fault::Trouble,
    limits::wide,
    value::{Heap, Value},
};

/// What a loop goes over.
pub(super) enum Iterated {
    /// A list, a tuple or a range: looked at as it is at each turn.
    Live(Value),
    /// The letters of a text.
    Letters(Vec<char>),
    /// The keys of a dict, and how many it had: it may not grow or shrink.
    Keys(usize, Vec<Value>),
}

impl Machine<'_> {
    pub(super) fn iterated(&mut self, value: &Value) -> Result<Iterated, Trouble> {
        Ok(match value {
            Value::List(_) | Value::Tuple(_) | Value::Range(_) => Iterated::Live(value.clone()),
            Value::Text(text) => {
                self.meter.take(wide(text.len()).saturating_mul(4))?;
                Iterated::Letters(text.chars().collect())
            }
            Value::Dict(place) => {
                let pairs = self.pairs(*place)?;
                Iterated::Keys(*place, pairs.into_iter().map(|(key, _)| key).collect())
            }
            other => {
                let message = format!("a loop can't go over {}", other.type_name());
                return Err(Trouble::kind(message).hint("give it a list, or range(...)"));
            }
        })
    }

    /// The element with a number.
    pub(super) fn element(&self, over: &Iterated, number: u64) -> Result<Option<Value>, Trouble> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        Ok(match over {
            Iterated::Live(Value::List(place) | Value::Tuple(place)) => self.heap.elements(*place).get(at).cloned(),
            Iterated::Live(Value::Range(range)) => range.get(number),
            Iterated::Live(_) => None,
            Iterated::Letters(letters) => letters.get(at).map(|letter| Value::Text(letter.to_string().into())),
            Iterated::Keys(place, keys) => {
                if self.heap.of_dict(*place)?.len() != keys.len() {
                    return Err(Trouble::value("the dict changes its size while a loop goes over it")
                        .hint("go over list(values.keys())"));
                }
                keys.get(at).cloned()
            }
        })
    }

    /// All elements at once.
    pub(super) fn gather(&mut self, value: &Value) -> Result<Vec<Value>, Trouble> {
        let count = match value {
            Value::List(place) | Value::Tuple(place) => wide(self.heap.elements(*place).len()),
            Value::Range(range) => range.len(),
            Value::Text(text) => wide(text.len()),
            _ => 0,
        };
        self.meter.step(count)?;
        self.meter.take(count.saturating_mul(48))?;
        let over = self.iterated(value)?;
        let mut values = Vec::new();
        while let Some(value) = self.element(&over, wide(values.len()))? {
            values.push(value);
        }
        Ok(values)
    }

    /// The pairs of a dict.
    pub(super) fn pairs(&mut self, place: usize) -> Result<Vec<(Value, Value)>, Trouble> {
        let length = self.heap.of_dict(place)?.len();
        Heap::room(&mut self.meter, length.saturating_mul(2))?;
        Ok(self.heap.of_dict(place)?.pairs().cloned().collect())
    }

    /// Sets all pairs of another dict, or of a list of pairs.
    pub(super) fn update(&mut self, place: usize, other: &Value) -> Result<(), Trouble> {
        let pairs = match other {
            Value::Dict(other) => self.pairs(*other)?,
            other => {
                let mut pairs = Vec::new();
                for pair in self.gather(other)? {
                    match <[Value; 2]>::try_from(self.gather(&pair)?) {
                        Ok([key, value]) => pairs.push((key, value)),
                        Err(_) => return Err(Trouble::value("a dict is made of pairs")),
                    }
                }
                pairs
            }
        };
        for (written, value) in pairs {
            let key = self.key(&written)?;
            self.heap.put(&mut self.meter, place, (key, written), value)?;
        }
        Ok(())
    }

    pub(super) fn item(&mut self, object: &Value, key: &Value) -> Result<Value, Trouble> {
        match object {
            Value::List(place) | Value::Tuple(place) => {
                let elements = self.heap.elements(*place);
                let at = index(key, elements.len())?;
                Ok(elements.get(at).cloned().unwrap_or(Value::None))
            }
            Value::Range(range) => {
                let at = index(key, usize::try_from(range.len()).unwrap_or(usize::MAX))?;
                Ok(range.get(wide(at)).unwrap_or(Value::None))
            }
            Value::Text(text) => {
                self.meter.read(text.len())?;
                let at = index(key, text.chars().count())?;
                let letter = text.chars().nth(at).map(String::from).unwrap_or_default();
                Ok(Value::Text(letter.into()))
            }
            Value::Dict(place) => {
                let looked_up = self.key(key)?;
                match self.heap.of_dict(*place)?.get(&looked_up) {
                    Some(value) => Ok(value.clone()),
                    None => Err(self.no_key(key)),
                }
            }
            other => Err(no_elements(other)),
        }
    }

    pub(super) fn put_item(&mut self, object: &Value, key: &Value, value: Value) -> Result<(), Trouble> {
        match object {
            Value::List(place) => {
                let elements = self.heap.elements_mut(*place)?;
                let at = index(key, elements.len())?;
                if let Some(element) = elements.get_mut(at) {
                    *element = value;
                }
                Ok(())
            }
            Value::Dict(place) => {
                let looked_up = self.key(key)?;
                self.heap.put(&mut self.meter, *place, (looked_up, key.clone()), value)
            }
            Value::Tuple(_) | Value::Text(_) | Value::Range(_) => {
                let message = format!("{} can't be changed", object.type_name());
                Err(Trouble::kind(message).hint("make a list of it, or a new one"))
            }
            other => Err(no_elements(other)),
        }
    }

    /// Removes an element and gives it.
    pub(super) fn take_item(&mut self, object: &Value, key: &Value) -> Result<Value, Trouble> {
        match object {
            Value::List(place) => {
                let length = self.heap.elements(*place).len();
                self.meter.step(wide(length) / 64)?;
                let at = index(key, length)?;
                Ok(self.heap.elements_mut(*place)?.remove(at))
            }
            Value::Dict(place) => {
                let looked_up = self.key(key)?;
                match self.heap.of_dict_mut(*place)?.remove(&looked_up) {
                    Some(value) => Ok(value),
                    None => Err(self.no_key(key)),
                }
            }
            other => Err(Trouble::kind(format!("nothing can be removed from {}", other.type_name()))),
        }
    }

    fn no_key(&mut self, key: &Value) -> Trouble {
        let shown = crate::rule::show::repr_of(&self.heap, &mut self.meter, key).unwrap_or_default();
        let shown: String = shown.chars().take(60).collect();
        Trouble::value(format!("the dict has no key {shown}"))
            .hint("test beforehand with `in`, or use get(key, instead)")
    }
}

/// Where an index points, counted from the end where it is negative.
pub(super) fn index(key: &Value, length: usize) -> Result<usize, Trouble> {
    let key = match key {
        Value::Int(key) => *key,
        Value::Bool(key) => i128::from(*key),
        other => {
            let message = format!("an element is named by a whole number, not by {}", other.type_name());
            return Err(Trouble::kind(message).hint("convert it with int(...)"));
        }
    };
    let count = i128::try_from(length).unwrap_or(i128::MAX);
    let at = if key < 0 { key.saturating_add(count) } else { key };
    usize::try_from(at).ok().filter(|at| *at < length).ok_or_else(|| {
        Trouble::value(format!("there is no element {key}: there are {length}")).hint("test len(...) beforehand")
    })
}

fn no_elements(value: &Value) -> Trouble {
    let trouble = Trouble::kind(format!("{} has no elements", value.type_name()));
    if *value == Value::None { trouble.hint("it has no value: test it beforehand, `if X is None`") } else { trouble }
}
