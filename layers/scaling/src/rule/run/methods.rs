//! Methods of lists and dicts.

use super::{
    Machine,
    arguments::{Given, int},
};
use crate::rule::{
    fault::Trouble,
    limits::wide,
    syntax::Method,
    value::{Heap, Value},
};

impl Machine<'_> {
    pub(super) fn method(&mut self, object: &Value, method: Method, given: Given) -> Result<Value, Trouble> {
        match object {
            Value::List(place) => self.list_method(*place, method, given),
            Value::Tuple(_) => self.search(object, method, given),
            Value::Dict(place) => self.dict_method(*place, method, given),
            Value::Text(text) => self.text_method(&text.clone(), method, given),
            other => Err(no_method(other, method)),
        }
    }

    fn list_method(&mut self, place: usize, method: Method, mut given: Given) -> Result<Value, Trouble> {
        let length = self.heap.elements(place).len();
        match method {
            Method::Append => {
                let value = given.only()?;
                self.heap.push(&mut self.meter, place, value)?;
            }
            Method::Extend => {
                let values = given.only()?;
                let values = self.gather(&values)?;
                Heap::room(&mut self.meter, values.len())?;
                self.heap.elements_mut(place)?.extend(values);
            }
            Method::Insert => {
                let at = int(&given.one()?, "the place of insert")?;
                let value = given.only()?;
                self.meter.step(wide(length) / 64)?;
                self.meter.take(48)?;
                let count = i128::from(wide(length));
                let at = if at < 0 { at.saturating_add(count).max(0) } else { at.min(count) };
                self.heap.elements_mut(place)?.insert(usize::try_from(at).unwrap_or(length), value);
            }
            Method::Pop => {
                let at = given.maybe().unwrap_or(Value::Int(-1));
                given.end()?;
                return self.take_item(&Value::List(place), &at);
            }
            Method::Remove => {
                let value = given.only()?;
                let at = self.position(place, &value)?;
                self.heap.elements_mut(place)?.remove(at);
            }
            Method::Clear => {
                given.end()?;
                self.heap.elements_mut(place)?.clear();
            }
            Method::Reverse => {
                given.end()?;
                self.meter.step(wide(length))?;
                self.heap.elements_mut(place)?.reverse();
            }
            Method::Sort => {
                let values = self.gather(&Value::List(place))?;
                let values = self.sorted(values, &mut given)?;
                *self.heap.elements_mut(place)? = values;
            }
            Method::Copy => {
                given.end()?;
                let values = self.gather(&Value::List(place))?;
                return self.heap.list(&mut self.meter, values);
            }
            _ => return self.search(&Value::List(place), method, given),
        }
        Ok(Value::None)
    }

    /// What lists and tuples have in common.
    fn search(&mut self, object: &Value, method: Method, mut given: Given) -> Result<Value, Trouble> {
        let (Value::List(place) | Value::Tuple(place)) = object else { return Err(no_method(object, method)) };
        match method {
            Method::Index => {
                let value = given.only()?;
                self.position(*place, &value).map(|at| Value::Int(wide(at).into()))
            }
            Method::Count => {
                let value = given.only()?;
                let mut count = 0;
                for element in self.gather(object)? {
                    count += i128::from(self.equal(&element, &value, 0)?);
                }
                Ok(Value::Int(count))
            }
            _ => Err(no_method(object, method)),
        }
    }

    fn position(&mut self, place: usize, value: &Value) -> Result<usize, Trouble> {
        let mut at = 0;
        while let Some(element) = self.heap.elements(place).get(at).cloned() {
            if self.equal(&element, value, 0)? {
                return Ok(at);
            }
            at += 1;
        }
        Err(Trouble::value("the list doesn't have this value").hint("test beforehand with `in`"))
    }

    fn dict_method(&mut self, place: usize, method: Method, mut given: Given) -> Result<Value, Trouble> {
        match method {
            Method::Get | Method::Setdefault | Method::Pop => {
                let written = given.one()?;
                let instead = given.maybe();
                given.end()?;
                let key = self.key(&written)?;
                if method == Method::Pop {
                    let value = self.heap.of_dict_mut(place)?.remove(&key).or(instead);
                    return value
                        .ok_or_else(|| Trouble::value("the dict doesn't have this key").hint("give a second value"));
                }
                if let Some(value) = self.heap.of_dict(place)?.get(&key) {
                    return Ok(value.clone());
                }
                let instead = instead.unwrap_or(Value::None);
                if method == Method::Setdefault {
                    self.heap.put(&mut self.meter, place, (key, written), instead.clone())?;
                }
                Ok(instead)
            }
            Method::Keys | Method::Values | Method::Items => {
                given.end()?;
                let mut values = Vec::new();
                for (key, value) in self.pairs(place)? {
                    values.push(match method {
                        Method::Keys => key,
                        Method::Values => value,
                        _ => self.heap.tuple(&mut self.meter, vec![key, value])?,
                    });
                }
                self.heap.list(&mut self.meter, values)
            }
            Method::Update => {
                if let Some(other) = given.maybe() {
                    self.update(place, &other)?;
                }
                for (name, value) in given.all_named() {
                    let written = Value::Text(name);
                    let key = self.key(&written)?;
                    self.heap.put(&mut self.meter, place, (key, written), value)?;
                }
                given.end()?;
                Ok(Value::None)
            }
            Method::Clear => {
                given.end()?;
                self.heap.of_dict_mut(place)?.clear();
                Ok(Value::None)
            }
            Method::Copy => {
                given.end()?;
                let copy = self.heap.dict(&mut self.meter)?;
                self.update(copy, &Value::Dict(place))?;
                Ok(Value::Dict(copy))
            }
            _ => Err(no_method(&Value::Dict(place), method)),
        }
    }
}

pub(super) fn no_method(object: &Value, method: Method) -> Trouble {
    let trouble = Trouble::kind(format!("{} has no method `{}`", object.type_name(), method.word()));
    match object {
        Value::None => trouble.hint("it has no value: test it beforehand, `if X is None`"),
        _ => trouble,
    }
}
