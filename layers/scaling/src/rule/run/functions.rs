//! The functions that a rule may call.

use super::{
    Machine,
    arguments::{Given, int, text},
    compare::number,
};
use crate::rule::{
    fault::Trouble,
    limits::wide,
    number::{Number, float, round_float, round_int, round_to_whole, whole},
    show,
    syntax::{BinaryOp, CompareOp, Function},
    value::{Heap, Range, Value},
};
use std::cmp::Ordering;

fn needs_number(value: &Value, what: &str) -> Result<Number, Trouble> {
    number(value).ok_or_else(|| {
        let trouble = Trouble::kind(format!("{what} needs a number, and got {}", value.type_name()));
        match value {
            Value::None => trouble.hint("a query or a variable has no value: test it beforehand, `if X is None`"),
            _ => trouble.hint("convert it with float(...)"),
        }
    })
}

impl Machine<'_> {
    pub(super) fn function(&mut self, function: Function, mut given: Given) -> Result<Value, Trouble> {
        match function {
            Function::Len => self.len(&given.only()?),
            Function::Min => self.extreme(given, CompareOp::Less),
            Function::Max => self.extreme(given, CompareOp::Greater),
            Function::Sum => self.sum(given),
            Function::Any
            | Function::All
            | Function::Sorted
            | Function::Reversed
            | Function::Enumerate
            | Function::Zip
            | Function::List
            | Function::Tuple => self.of_elements(function, given),
            Function::Dict => self.dict(given),
            Function::Range => range(given),
            Function::Print => self.print(given),
            Function::Str | Function::Repr => {
                let Some(value) = given.maybe() else { return Ok(Value::Text("".into())) };
                given.end()?;
                let shown = if function == Function::Str { show::str_of } else { show::repr_of };
                shown(&self.heap, &mut self.meter, &value).map(|text| Value::Text(text.into()))
            }
            Function::Bool => {
                let value = given.maybe().unwrap_or(Value::None);
                given.end()?;
                self.truth(&value).map(Value::Bool)
            }
            Function::Int => self.int(given),
            Function::Float => self.float(given),
            Function::Time => {
                given.end()?;
                Ok(Value::Float(self.now))
            }
            Function::Divmod => {
                let (a, b) = (needs_number(&given.one()?, "divmod")?, needs_number(&given.only()?, "divmod")?);
                let both = vec![a.binary(BinaryOp::FloorDiv, b)?.into(), a.binary(BinaryOp::Mod, b)?.into()];
                self.heap.tuple(&mut self.meter, both)
            }
            Function::Pow => {
                let (a, b) = (needs_number(&given.one()?, "pow")?, needs_number(&given.only()?, "pow")?);
                a.binary(BinaryOp::Pow, b).map(Value::from)
            }
            Function::Round => {
                // All digits of the number are looked at.
                self.meter.step(10)?;
                rounded(given)
            }
            _ => mathematical(function, given),
        }
    }

    /// Functions that go over elements.
    fn of_elements(&mut self, function: Function, mut given: Given) -> Result<Value, Trouble> {
        match function {
            Function::Any | Function::All => {
                let values = given.only()?;
                let wanted = function == Function::Any;
                for value in self.gather(&values)? {
                    if self.truth(&value)? == wanted {
                        return Ok(Value::Bool(wanted));
                    }
                }
                Ok(Value::Bool(!wanted))
            }
            Function::Sorted => {
                let values = given.one()?;
                let values = self.gather(&values)?;
                let values = self.sorted(values, &mut given)?;
                self.heap.list(&mut self.meter, values)
            }
            Function::Reversed => {
                let values = given.only()?;
                let mut values = self.gather(&values)?;
                values.reverse();
                self.heap.list(&mut self.meter, values)
            }
            Function::Enumerate | Function::Zip => self.paired(function, given),
            _ => {
                let values = match given.maybe() {
                    None => Vec::new(),
                    Some(value) => self.gather(&value)?,
                };
                given.end()?;
                if function == Function::List {
                    self.heap.list(&mut self.meter, values)
                } else {
                    self.heap.tuple(&mut self.meter, values)
                }
            }
        }
    }

    fn len(&self, value: &Value) -> Result<Value, Trouble> {
        let length = match value {
            Value::Text(text) => text.chars().count(),
            Value::List(place) | Value::Tuple(place) => self.heap.elements(*place).len(),
            Value::Dict(place) => self.heap.of_dict(*place)?.len(),
            Value::Range(range) => return Ok(Value::Int(range.len().into())),
            other => {
                let message = format!("len needs a list, a dict or a text, and got {}", other.type_name());
                return Err(Trouble::kind(message));
            }
        };
        Ok(Value::Int(wide(length).into()))
    }

    /// The first of the values that is less, or greater, than all before it.
    fn extreme(&mut self, mut given: Given, better: CompareOp) -> Result<Value, Trouble> {
        let instead = given.named("default");
        let values = if given.len() == 1 {
            let values = given.only()?;
            self.gather(&values)?
        } else {
            let values = given.rest();
            given.end()?;
            values
        };
        let mut best: Option<Value> = None;
        for value in values {
            best = match best {
                Some(best) if !self.compared(&value, better, &best)? => Some(best),
                _ => Some(value),
            };
        }
        best.or(instead)
            .ok_or_else(|| Trouble::value("there is no least or greatest of nothing").hint("give default=..."))
    }

    fn sum(&mut self, mut given: Given) -> Result<Value, Trouble> {
        let values = given.one()?;
        let start = given.maybe().or_else(|| given.named("start"));
        given.end()?;
        if matches!(start, Some(Value::Text(_))) {
            return Err(Trouble::kind("sum adds numbers").hint("join texts with ''.join(...)"));
        }
        let mut sum = start.unwrap_or(Value::Int(0));
        for value in self.gather(&values)? {
            sum = self.operate(&sum, BinaryOp::Add, &value)?;
        }
        Ok(sum)
    }

    /// Sorts by merging: stable, and each comparison is a step.
    pub(super) fn sorted(&mut self, values: Vec<Value>, given: &mut Given) -> Result<Vec<Value>, Trouble> {
        let reverse = match given.named("reverse") {
            Some(reverse) => self.truth(&reverse)?,
            None => false,
        };
        given.end()?;
        let mut values = values;
        if reverse {
            values.reverse();
        }
        let mut width = 1;
        Heap::room(&mut self.meter, values.len())?;
        while width < values.len() {
            self.meter.step(wide(values.len()))?;
            let mut merged = Vec::with_capacity(values.len());
            for pair in values.chunks(width * 2) {
                let (left, right) = pair.split_at(width.min(pair.len()));
                self.merge(left, right, &mut merged)?;
            }
            values = merged;
            width *= 2;
        }
        if reverse {
            values.reverse();
        }
        Ok(values)
    }

    fn merge(&mut self, left: &[Value], right: &[Value], merged: &mut Vec<Value>) -> Result<(), Trouble> {
        let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let less = self.order(b, a, "<", 0)? == Some(Ordering::Less);
            merged.extend(if less { right.next() } else { left.next() }.cloned());
        }
        merged.extend(left.cloned());
        merged.extend(right.cloned());
        Ok(())
    }

    fn paired(&mut self, function: Function, mut given: Given) -> Result<Value, Trouble> {
        let mut lists = Vec::new();
        if function == Function::Enumerate {
            let values = given.one()?;
            let values = self.gather(&values)?;
            let start = given.maybe().or_else(|| given.named("start")).unwrap_or(Value::Int(0));
            let start = int(&start, "the start of enumerate")?;
            lists.push((0..values.len()).map(|at| Value::Int(start.saturating_add(wide(at).into()))).collect());
            lists.push(values);
        } else {
            for values in given.rest() {
                lists.push(self.gather(&values)?);
            }
        }
        given.end()?;
        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
        let mut tuples = Vec::new();
        for at in 0..length {
            let tuple = lists.iter().filter_map(|list| list.get(at).cloned()).collect();
            self.meter.step(wide(lists.len()))?;
            tuples.push(self.heap.tuple(&mut self.meter, tuple)?);
        }
        self.heap.list(&mut self.meter, tuples)
    }

    fn dict(&mut self, mut given: Given) -> Result<Value, Trouble> {
        let place = self.heap.dict(&mut self.meter)?;
        if let Some(pairs) = given.maybe() {
            self.update(place, &pairs)?;
        }
        for (name, value) in given.all_named() {
            let written = Value::Text(name);
            let key = self.key(&written)?;
            self.heap.put(&mut self.meter, place, (key, written), value)?;
        }
        given.end()?;
        Ok(Value::Dict(place))
    }

    fn print(&mut self, mut given: Given) -> Result<Value, Trouble> {
        let mut part = |name: &str, usual: &str| match given.named(name) {
            None | Some(Value::None) => Ok(usual.into()),
            Some(value) => text(value, name),
        };
        let (between, end) = (part("sep", " ")?, part("end", "\n")?);
        for (number, value) in given.rest().into_iter().enumerate() {
            if number > 0 {
                self.printed.push(&between);
            }
            let shown = show::str_of(&self.heap, &mut self.meter, &value)?;
            self.printed.push(&shown);
        }
        self.printed.push(&end);
        given.end()?;
        Ok(Value::None)
    }

    fn int(&mut self, mut given: Given) -> Result<Value, Trouble> {
        let Some(value) = given.maybe() else { return Ok(Value::Int(0)) };
        given.end()?;
        match value {
            Value::Text(text) => {
                self.meter.read(text.len())?;
                let digits = digits(&text);
                let fault = || no_number(&text, "whole number").hint("read it with float(...) first, then int(...)");
                match digits.map(|digits| digits.parse::<i128>()) {
                    Some(Ok(value)) => Ok(Value::Int(value)),
                    Some(Err(error)) if is_far(&error) => Err(crate::rule::number::beyond()),
                    _ => Err(fault()),
                }
            }
            other => match needs_number(&other, "int")? {
                Number::Int(value) => Ok(Value::Int(value)),
                Number::Float(value) => whole(value).map(Value::Int),
            },
        }
    }

    fn float(&mut self, mut given: Given) -> Result<Value, Trouble> {
        let Some(value) = given.maybe() else { return Ok(Value::Float(0.0)) };
        given.end()?;
        match value {
            Value::Text(text) => {
                self.meter.read(text.len())?;
                let number = digits(&text).and_then(|digits| digits.parse().ok());
                number.map(Value::Float).ok_or_else(|| no_number(&text, "number"))
            }
            other => Ok(Value::Float(needs_number(&other, "float")?.as_float())),
        }
    }
}

fn is_far(error: &std::num::ParseIntError) -> bool {
    matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow)
}

/// A number as text without blanks around it, and without `_` between its digits.
fn digits(text: &str) -> Option<String> {
    let text = text.trim();
    let between = |at: usize| {
        let bytes = text.as_bytes();
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(at.checked_add(1))
    };
    let proper = text.match_indices('_').all(|(at, _)| between(at));
    proper.then(|| text.replace('_', ""))
}

fn no_number(text: &str, what: &str) -> Trouble {
    let shown: String = text.chars().take(40).collect();
    Trouble::value(format!("'{shown}' is no {what}"))
}

fn range(mut given: Given) -> Result<Value, Trouble> {
    let mut bounds = Vec::new();
    for value in given.rest() {
        let bound = int(&value, "a bound of range")?;
        bounds.push(
            i64::try_from(bound).map_err(|fault| Trouble::limit(format!("a bound of range is too large: {fault}")))?,
        );
    }
    given.end()?;
    let range = match *bounds.as_slice() {
        [stop] => Range { start: 0, stop, step: 1 },
        [start, stop] => Range { start, stop, step: 1 },
        [_, _, 0] => return Err(Trouble::value("the step of range can't be 0")),
        [start, stop, step] => Range { start, stop, step },
        _ => return Err(Trouble::kind("range takes one to three numbers")),
    };
    Ok(Value::Range(range))
}

fn rounded(mut given: Given) -> Result<Value, Trouble> {
    let value = needs_number(&given.one()?, "round")?;
    let digits = given.maybe().or_else(|| given.named("ndigits")).filter(|digits| *digits != Value::None);
    given.end()?;
    let digits = digits.map(|digits| int(&digits, "the second argument of round")).transpose()?;
    match (value, digits) {
        (Number::Int(value), digits) => round_int(value, digits.unwrap_or(0)).map(Value::Int),
        (Number::Float(value), None) => round_to_whole(value).map(Value::Int),
        (Number::Float(value), Some(digits)) => Ok(Value::Float(round_float(value, digits))),
    }
}

/// Functions of one number.
fn mathematical(function: Function, mut given: Given) -> Result<Value, Trouble> {
    let value = needs_number(&given.one()?, function.word())?;
    if function == Function::Log && given.len() == 1 {
        let base = needs_number(&given.only()?, "log")?;
        let (top, bottom) = (logarithm(Function::Log, value)?, logarithm(Function::Log, base)?);
        return if bottom == 0.0 { Err(crate::rule::number::by_zero()) } else { Ok(Value::Float(top / bottom)) };
    }
    given.end()?;
    let of = value.as_float();
    Ok(match (function, value) {
        (Function::Ceil | Function::Floor | Function::Trunc, Number::Int(value)) => Value::Int(value),
        (Function::Ceil, _) => Value::Int(whole(of.ceil())?),
        (Function::Floor, _) => Value::Int(whole(of.floor())?),
        (Function::Trunc, _) => Value::Int(whole(of)?),
        (Function::Abs, Number::Int(value)) => Value::Int(value.checked_abs().ok_or_else(crate::rule::number::beyond)?),
        (Function::Abs | Function::Fabs, _) => Value::Float(of.abs()),
        (Function::Isnan, _) => Value::Bool(of.is_nan()),
        (Function::Isinf, _) => Value::Bool(of.is_infinite()),
        (Function::Sqrt, _) if of < 0.0 => return Err(Trouble::arithmetic("a negative number has no square root")),
        (Function::Sqrt, _) => Value::Float(of.sqrt()),
        (Function::Exp, _) => {
            let value = of.exp();
            if value.is_infinite() && of.is_finite() {
                return Err(Trouble::arithmetic("this number is too large"));
            }
            Value::Float(value)
        }
        _ => Value::Float(logarithm(function, value)?),
    })
}

fn logarithm(function: Function, value: Number) -> Result<f64, Trouble> {
    let of = match value {
        Number::Int(value) => float(value),
        Number::Float(value) => value,
    };
    if of <= 0.0 {
        return Err(Trouble::arithmetic("only positive numbers have a logarithm"));
    }
    Ok(match function {
        Function::Log2 => of.log2(),
        Function::Log10 => of.log10(),
        _ => of.ln(),
    })
}
