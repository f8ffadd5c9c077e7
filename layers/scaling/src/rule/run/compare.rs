//! Comparing values, and what a dict is looked up by.

use super::Machine;
use crate::rule::{
    fault::Trouble,
    limits::DEEPEST,
    number::{Number, whole},
    syntax::CompareOp,
    value::{Key, Value},
};
use std::cmp::Ordering;

/// A value as a number; True and False are 1 and 0.
pub(super) const fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(value) => Some(Number::Int(*value)),
        Value::Float(value) => Some(Number::Float(*value)),
        Value::Bool(value) => Some(Number::Int(*value as i128)),
        _ => None,
    }
}

fn too_deep() -> Trouble {
    Trouble::limit(format!("these values are nested more than {DEEPEST} deep"))
}

impl Machine<'_> {
    pub(super) fn compared(&mut self, left: &Value, op: CompareOp, right: &Value) -> Result<bool, Trouble> {
        match op {
            CompareOp::Equal => self.equal(left, right, 0),
            CompareOp::NotEqual => self.equal(left, right, 0).map(|equal| !equal),
            CompareOp::Is => Ok(same(left, right)),
            CompareOp::IsNot => Ok(!same(left, right)),
            CompareOp::In => self.contains(right, left),
            CompareOp::NotIn => self.contains(right, left).map(|contains| !contains),
            CompareOp::Less | CompareOp::LessEqual | CompareOp::Greater | CompareOp::GreaterEqual => {
                let order = self.order(left, right, op.sign(), 0)?;
                Ok(order.is_some_and(|order| match op {
                    CompareOp::Less => order.is_lt(),
                    CompareOp::LessEqual => order.is_le(),
                    CompareOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
        }
    }

    pub(super) fn equal(&mut self, left: &Value, right: &Value, depth: u32) -> Result<bool, Trouble> {
        self.meter.step(1)?;
        if depth > DEEPEST {
            return Err(too_deep());
        }
        if let (Some(left), Some(right)) = (number(left), number(right)) {
            return Ok(left.compare(right) == Some(Ordering::Equal));
        }
        match (left, right) {
            (Value::None, Value::None) => Ok(true),
            (Value::Text(left), Value::Text(right)) => {
                self.meter.read(left.len().min(right.len()))?;
                Ok(left == right)
            }
            (Value::Range(left), Value::Range(right)) => Ok(left.len() == right.len()
                && left.get(0) == right.get(0)
                && left.get(left.len().saturating_sub(1)) == right.get(right.len().saturating_sub(1))),
            (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
                let length = self.heap.elements(*left).len();
                if length != self.heap.elements(*right).len() {
                    return Ok(false);
                }
                for at in 0..length {
                    let (Some(left), Some(right)) = self.both(*left, *right, at) else { return Ok(false) };
                    if !same(&left, &right) && !self.equal(&left, &right, depth + 1)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Dict(left), Value::Dict(right)) => self.equal_dicts(*left, *right, depth),
            _ => Ok(false),
        }
    }

    fn both(&self, left: usize, right: usize, at: usize) -> (Option<Value>, Option<Value>) {
        (self.heap.elements(left).get(at).cloned(), self.heap.elements(right).get(at).cloned())
    }

    fn equal_dicts(&mut self, left: usize, right: usize, depth: u32) -> Result<bool, Trouble> {
        if self.heap.of_dict(left)?.len() != self.heap.of_dict(right)?.len() {
            return Ok(false);
        }
        for (written, value) in self.pairs(left)? {
            let key = self.key(&written)?;
            let Some(other) = self.heap.of_dict(right)?.get(&key).cloned() else { return Ok(false) };
            if !same(&value, &other) && !self.equal(&value, &other, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which is less; None where one is NaN.
    pub(super) fn order(
        &mut self,
        left: &Value,
        right: &Value,
        sign: &str,
        depth: u32,
    ) -> Result<Option<Ordering>, Trouble> {
        self.meter.step(1)?;
        if depth > DEEPEST {
            return Err(too_deep());
        }
        if let (Some(left), Some(right)) = (number(left), number(right)) {
            return Ok(left.compare(right));
        }
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => {
                self.meter.read(left.len().min(right.len()))?;
                Ok(Some(left.cmp(right)))
            }
            (Value::List(left), Value::List(right)) | (Value::Tuple(left), Value::Tuple(right)) => {
                let lengths = (self.heap.elements(*left).len(), self.heap.elements(*right).len());
                for at in 0..lengths.0.min(lengths.1) {
                    let (Some(left), Some(right)) = self.both(*left, *right, at) else { break };
                    if !same(&left, &right) && !self.equal(&left, &right, depth + 1)? {
                        return self.order(&left, &right, sign, depth + 1);
                    }
                }
                Ok(Some(lengths.0.cmp(&lengths.1)))
            }
            _ => Err(unordered(left, sign, right)),
        }
    }

    pub(super) fn contains(&mut self, within: &Value, value: &Value) -> Result<bool, Trouble> {
        match within {
            Value::Text(text) => match value {
                Value::Text(part) => {
                    self.meter.read(text.len().saturating_add(part.len()))?;
                    Ok(text.contains(&**part))
                }
                other => Err(Trouble::kind(format!("a text holds texts; it can't hold {}", other.type_name()))),
            },
            Value::Dict(place) => {
                let key = self.key(value)?;
                Ok(self.heap.of_dict(*place)?.get(&key).is_some())
            }
            Value::Range(range) => Ok(match number(value) {
                Some(Number::Int(value)) => in_range(*range, value),
                Some(Number::Float(value)) if value.fract() == 0.0 => in_range(*range, whole(value)?),
                _ => false,
            }),
            Value::List(place) | Value::Tuple(place) => {
                let mut at = 0;
                while let Some(element) = self.heap.elements(*place).get(at).cloned() {
                    if same(&element, value) || self.equal(&element, value, 0)? {
                        return Ok(true);
                    }
                    at += 1;
                }
                Ok(false)
            }
            other => Err(Trouble::kind(format!("`in` needs a list, a dict or a text, and got {}", other.type_name()))),
        }
    }

    /// What a dict is looked up by.
    pub(super) fn key(&mut self, value: &Value) -> Result<Key, Trouble> {
        self.key_at(value, 0)
    }

    fn key_at(&mut self, value: &Value, depth: u32) -> Result<Key, Trouble> {
        self.meter.step(1)?;
        if depth > DEEPEST {
            return Err(too_deep());
        }
        Ok(match value {
            Value::None => Key::None,
            Value::Bool(value) => Key::Int(i128::from(*value)),
            Value::Int(value) => Key::Int(*value),
            Value::Float(value) if value.fract() == 0.0 => whole(*value).map_or(Key::Float(value.to_bits()), Key::Int),
            Value::Float(value) => Key::Float(value.to_bits()),
            Value::Text(value) => {
                self.meter.read(value.len())?;
                Key::Text(value.clone())
            }
            Value::Tuple(place) => {
                let mut keys = Vec::new();
                let mut at = 0;
                while let Some(element) = self.heap.elements(*place).get(at).cloned() {
                    self.meter.take(48)?;
                    keys.push(self.key_at(&element, depth + 1)?);
                    at += 1;
                }
                Key::Tuple(keys)
            }
            other => {
                let message = format!("{} can't be the key of a dict", other.type_name());
                return Err(Trouble::kind(message).hint("use a number, a text or a tuple"));
            }
        })
    }
}

fn in_range(range: crate::rule::value::Range, value: i128) -> bool {
    let (start, stop, step) = (i128::from(range.start), i128::from(range.stop), i128::from(range.step));
    let Some(from) = value.checked_sub(start) else { return false };
    let inside = if step > 0 { value >= start && value < stop } else { value <= start && value > stop };
    inside && from % step == 0
}

/// `is`: None, True and False are one each; a list or a dict is itself;
/// equal numbers and texts of one type are taken for the same.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Float(left), Value::Float(right)) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

fn unordered(left: &Value, sign: &str, right: &Value) -> Trouble {
    let message = format!("`{sign}` can't compare {} with {}", left.type_name(), right.type_name());
    let hint = if matches!(left, Value::None) || matches!(right, Value::None) {
        "a query or a variable has no value: test it beforehand, `if X is None`"
    } else {
        "convert both to one type: float(...) or str(...)"
    };
    Trouble::kind(message).hint(hint)
}
