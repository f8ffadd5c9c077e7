//! `+ - * / // % ** << >> | ^ &` on values.

use super::{Machine, compare::number};
use crate::rule::{
    fault::Trouble,
    format::percent,
    limits::wide,
    number::Number,
    syntax::BinaryOp,
    value::{Heap, Value},
};

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int(value),
            Number::Float(value) => Self::Float(value),
        }
    }
}

impl Machine<'_> {
    pub(super) fn operate(&mut self, left: &Value, op: BinaryOp, right: &Value) -> Result<Value, Trouble> {
        if let (Value::Bool(left), Value::Bool(right)) = (left, right) {
            match op {
                BinaryOp::BitOr => return Ok(Value::Bool(left | right)),
                BinaryOp::BitXor => return Ok(Value::Bool(left ^ right)),
                BinaryOp::BitAnd => return Ok(Value::Bool(left & right)),
                _ => {}
            }
        }
        if let (Some(left), Some(right)) = (number(left), number(right)) {
            return left.binary(op, right).map(Value::from);
        }
        // What is repeated so often is repeated once, or not at all.
        let counted = |value: &Value| match value {
            Value::Bool(truth) if op == BinaryOp::Mul => Value::Int(i128::from(*truth)),
            other => other.clone(),
        };
        match (&counted(left), op, &counted(right)) {
            (Value::Text(left), BinaryOp::Add, Value::Text(right)) => {
                self.meter.take(wide(left.len()).saturating_add(wide(right.len())))?;
                Ok(Value::Text(format!("{left}{right}").into()))
            }
            (Value::Text(text), BinaryOp::Mod, given) => {
                percent(&self.heap, &mut self.meter, text, given).map(|text| Value::Text(text.into()))
            }
            (Value::Text(text), BinaryOp::Mul, Value::Int(count))
            | (Value::Int(count), BinaryOp::Mul, Value::Text(text)) => {
                let count = self.times(text.len(), *count, 1)?;
                Ok(Value::Text(text.repeat(count).into()))
            }
            (list @ (Value::List(_) | Value::Tuple(_)), BinaryOp::Mul, Value::Int(count))
            | (Value::Int(count), BinaryOp::Mul, list @ (Value::List(_) | Value::Tuple(_))) => {
                self.repeat(list, *count)
            }
            (Value::List(first), BinaryOp::Add, Value::List(second)) => {
                let all = self.joined_elements(*first, *second)?;
                self.heap.list(&mut self.meter, all)
            }
            (Value::Tuple(first), BinaryOp::Add, Value::Tuple(second)) => {
                let all = self.joined_elements(*first, *second)?;
                self.heap.tuple(&mut self.meter, all)
            }
            (Value::Dict(first), BinaryOp::BitOr, Value::Dict(_)) => {
                let place = self.heap.dict(&mut self.meter)?;
                self.update(place, &Value::Dict(*first))?;
                self.update(place, right)?;
                Ok(Value::Dict(place))
            }
            _ => Err(unfit(left, op, right)),
        }
    }

    /// How often something is repeated, after its room is taken.
    fn times(&mut self, length: usize, count: i128, bytes: u64) -> Result<usize, Trouble> {
        let count = count.max(0);
        let size = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(wide(length)).saturating_mul(bytes);
        self.meter.take(size)?;
        self.meter.step(size / bytes.saturating_mul(64).max(1))?;
        // Of nothing there may be many: they take no room, and are nothing.
        Ok(if length == 0 { 0 } else { usize::try_from(count).unwrap_or(usize::MAX) })
    }

    fn repeat(&mut self, list: &Value, count: i128) -> Result<Value, Trouble> {
        let (Value::List(place) | Value::Tuple(place)) = list else { return Ok(Value::None) };
        let length = self.heap.elements(*place).len();
        let count = self.times(length, count, 48)?;
        self.meter.step(wide(length.saturating_mul(count)))?;
        let elements = self.heap.elements(*place);
        let all = elements.iter().cycle().take(length.saturating_mul(count)).cloned().collect();
        if matches!(list, Value::List(_)) {
            self.heap.list(&mut self.meter, all)
        } else {
            self.heap.tuple(&mut self.meter, all)
        }
    }

    fn joined_elements(&mut self, first: usize, second: usize) -> Result<Vec<Value>, Trouble> {
        let length = self.heap.elements(first).len() + self.heap.elements(second).len();
        Heap::room(&mut self.meter, length)?;
        Ok([self.heap.elements(first), self.heap.elements(second)].concat())
    }
}

fn unfit(left: &Value, op: BinaryOp, right: &Value) -> Trouble {
    let message = format!("`{}` can't be used on {} and {}", op.sign(), left.type_name(), right.type_name());
    let hint = match (left, right) {
        (Value::None, _) | (_, Value::None) => "a query or a variable has no value: test it beforehand, `if X is None`",
        (Value::Text(_), _) | (_, Value::Text(_)) => "convert it: str(...), int(...) or float(...)",
        _ => "take an element of it, or its len(...)",
    };
    Trouble::kind(message).hint(hint)
}
