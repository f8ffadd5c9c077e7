//! Expressions.

use super::Machine;
use crate::rule::{
    fault::{FaultKind, Trouble},
    syntax::{CompareOp, Expr, ExprKind, UnaryOp},
    value::{Heap, Value},
};

impl Machine<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expr: &Expr) -> Result<Value, Trouble> {
        self.meter.step(1).map_err(|trouble| trouble.at(expr.at))?;
        self.evaluate(&expr.kind).map_err(|trouble| trouble.at(expr.at))
    }

    /// Whether an expression holds.
    pub(super) fn holds(&mut self, expr: &Expr) -> Result<bool, Trouble> {
        let value = self.value(expr)?;
        self.truth(&value)
    }

    pub(super) fn truth(&self, value: &Value) -> Result<bool, Trouble> {
        Ok(match value {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(value) => !value.is_empty(),
            Value::List(place) | Value::Tuple(place) => !self.heap.elements(*place).is_empty(),
            Value::Dict(place) => self.heap.of_dict(*place)?.len() > 0,
            Value::Range(range) => range.len() > 0,
        })
    }

    fn evaluate(&mut self, kind: &ExprKind) -> Result<Value, Trouble> {
        match kind {
            ExprKind::None => Ok(Value::None),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Int(value) => Ok(Value::Int(*value)),
            ExprKind::Float(value) => Ok(Value::Float(*value)),
            ExprKind::Text(value) => Ok(Value::Text(value.clone())),
            ExprKind::Name(name) => self.variable(name),
            ExprKind::List(all) => {
                let values = self.values(all)?;
                self.heap.list(&mut self.meter, values)
            }
            ExprKind::Tuple(all) => {
                let values = self.values(all)?;
                self.heap.tuple(&mut self.meter, values)
            }
            ExprKind::Dict(pairs) => self.new_dict(pairs),
            ExprKind::Joined(pieces) => self.joined(pieces).map(|text| Value::Text(text.into())),
            ExprKind::Unary(op, value) => self.unary(*op, value),
            ExprKind::Binary(left, op, right) => {
                let left = self.value(left)?;
                let right = self.value(right)?;
                self.operate(&left, *op, &right)
            }
            ExprKind::And(all) => self.first_that(all, false),
            ExprKind::Or(all) => self.first_that(all, true),
            ExprKind::Compare(left, rest) => self.chain(left, rest),
            ExprKind::Choice { test, then, otherwise } => {
                if self.holds(test)? {
                    self.value(then)
                } else {
                    self.value(otherwise)
                }
            }
            ExprKind::Item(object, key) => {
                let object = self.value(object)?;
                let key = self.value(key)?;
                self.item(&object, &key)
            }
            ExprKind::Slice(object, parts) => self.part(object, parts),
            ExprKind::Call { name, function, arguments } => {
                if self.variables.contains_key(name) {
                    let message = format!("`{name}` is a variable here and can't be called");
                    return Err(Trouble::new(FaultKind::Type, message).hint("give the variable another name"));
                }
                let given = self.given(arguments)?;
                self.function(*function, given)
            }
            ExprKind::Method { object, method, arguments } => {
                let object = self.value(object)?;
                let given = self.given(arguments)?;
                self.method(&object, *method, given)
            }
        }
    }

    fn values(&mut self, all: &[Expr]) -> Result<Vec<Value>, Trouble> {
        all.iter().map(|one| self.value(one)).collect()
    }

    fn new_dict(&mut self, pairs: &[(Expr, Expr)]) -> Result<Value, Trouble> {
        let place = self.heap.dict(&mut self.meter)?;
        for (key, value) in pairs {
            let written = self.value(key)?;
            let key = self.key(&written)?;
            let value = self.value(value)?;
            self.heap.put(&mut self.meter, place, (key, written), value)?;
        }
        Ok(Value::Dict(place))
    }

    fn unary(&mut self, op: UnaryOp, value: &Expr) -> Result<Value, Trouble> {
        let value = self.value(value)?;
        if op == UnaryOp::Not {
            return self.truth(&value).map(|truth| Value::Bool(!truth));
        }
        let value = if let Value::Bool(truth) = value { Value::Int(i128::from(truth)) } else { value };
        match (op, value) {
            (UnaryOp::Minus, Value::Int(value)) => {
                value.checked_neg().map(Value::Int).ok_or_else(crate::rule::number::beyond)
            }
            (UnaryOp::Minus, Value::Float(value)) => Ok(Value::Float(-value)),
            (UnaryOp::Invert, Value::Int(value)) => Ok(Value::Int(!value)),
            (UnaryOp::Plus, value @ (Value::Int(_) | Value::Float(_))) => Ok(value),
            (op, value) => {
                let sign = match op {
                    UnaryOp::Minus => "-",
                    UnaryOp::Plus => "+",
                    UnaryOp::Invert | UnaryOp::Not => "~",
                };
                Err(Trouble::kind(format!("`{sign}` can't be used on {}", value.type_name())))
            }
        }
    }

    /// `or` gives the first that holds, `and` the first that doesn't; else the last.
    fn first_that(&mut self, all: &[Expr], wanted: bool) -> Result<Value, Trouble> {
        let mut last = Value::None;
        for one in all {
            last = self.value(one)?;
            if self.truth(&last)? == wanted {
                break;
            }
        }
        Ok(last)
    }

    /// `a < b < c`: each is evaluated once, and none behind the first that doesn't hold.
    fn chain(&mut self, left: &Expr, rest: &[(CompareOp, Expr)]) -> Result<Value, Trouble> {
        let mut left = self.value(left)?;
        for (op, right) in rest {
            let right = self.value(right)?;
            if !self.compared(&left, *op, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn part(&mut self, object: &Expr, parts: &[Option<Expr>; 3]) -> Result<Value, Trouble> {
        let object = self.value(object)?;
        let mut bounds = [None; 3];
        for (bound, part) in bounds.iter_mut().zip(parts) {
            *bound = match part.as_ref().map(|part| self.value(part)).transpose()? {
                None | Some(Value::None) => None,
                Some(Value::Int(value)) => Some(value),
                Some(Value::Bool(value)) => Some(i128::from(value)),
                Some(_) => return Err(Trouble::kind("the bounds of a part are whole numbers")),
            };
        }
        match object {
            Value::Text(text) => {
                self.meter.read(text.len())?;
                self.meter.take(crate::rule::limits::wide(text.len()).saturating_mul(4))?;
                let letters: Vec<char> = text.chars().collect();
                let chosen = chosen(letters.len(), bounds)?;
                let text: String = chosen.filter_map(|at| letters.get(at)).collect();
                Ok(Value::Text(text.into()))
            }
            Value::List(place) | Value::Tuple(place) => {
                let length = self.heap.elements(place).len();
                Heap::room(&mut self.meter, length)?;
                let chosen = chosen(length, bounds)?;
                let elements = self.heap.elements(place);
                let values: Vec<Value> = chosen.filter_map(|at| elements.get(at).cloned()).collect();
                if matches!(object, Value::List(_)) {
                    self.heap.list(&mut self.meter, values)
                } else {
                    self.heap.tuple(&mut self.meter, values)
                }
            }
            other => Err(Trouble::kind(format!("no part can be taken of {}", other.type_name()))),
        }
    }
}

/// The places that a slice chooses, as Python counts them.
fn chosen(length: usize, [lower, upper, step]: [Option<i128>; 3]) -> Result<impl Iterator<Item = usize>, Trouble> {
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Trouble::value("the step of a part can't be 0"));
    }
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |bound: Option<i128>, usual: i128| match bound {
        None => usual,
        Some(bound) if bound < 0 => bound.saturating_add(length).clamp(least, most),
        Some(bound) => bound.clamp(least, most),
    };
    let (from, to) =
        if step > 0 { (bound(lower, 0), bound(upper, length)) } else { (bound(lower, most), bound(upper, -1)) };
    let (from, to) = if step < 0 && upper.is_none() { (from, -1) } else { (from, to) };
    let mut at = from;
    Ok(std::iter::from_fn(move || {
        let inside = if step > 0 { at < to } else { at > to };
        let here = at;
        at = at.saturating_add(step);
        inside.then(|| usize::try_from(here).ok()).flatten()
    }))
}
