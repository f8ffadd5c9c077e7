//! `"%d of %s" % (a, b)`, as in C.

use super::{Spec, number};
use crate::rule::{
    fault::Trouble,
    limits::{Meter, wide},
    number::{float, whole},
    show,
    value::{Heap, Key, Value},
};
use std::{iter::Peekable, str::Chars};

/// What is filled in.
struct Given<'v> {
    heap: &'v Heap,
    values: &'v [Value],
    /// The one value that is not in a tuple, if that is how it is given.
    single: Option<&'v Value>,
    taken: usize,
}

impl<'v> Given<'v> {
    fn next(&mut self) -> Result<&'v Value, Trouble> {
        let value = match self.single {
            Some(single) => Some(single).filter(|_| self.taken == 0),
            None => self.values.get(self.taken),
        };
        self.taken += 1;
        value.ok_or_else(|| Trouble::kind("there are fewer values than places in the text"))
    }

    fn named(&mut self, name: &str) -> Result<&'v Value, Trouble> {
        let Some(Value::Dict(dict)) = self.single else {
            return Err(Trouble::kind("`%(name)s` needs a dict behind the %"));
        };
        self.taken = 1;
        let value = self.heap.of_dict(*dict)?.get(&Key::Text(name.into()));
        value.ok_or_else(|| Trouble::value(format!("the dict has no key '{name}'")))
    }
}

/// `text % given`
pub(in crate::rule) fn percent(heap: &Heap, meter: &mut Meter, text: &str, given: &Value) -> Result<String, Trouble> {
    let mut given = match given {
        Value::Tuple(place) => Given { heap, values: heap.elements(*place), single: None, taken: 0 },
        other => Given { heap, values: &[], single: Some(other), taken: 0 },
    };
    meter.read(text.len())?;
    meter.take(wide(text.len()))?;
    let mut made = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            made.push(letter);
            continue;
        }
        let part = one(heap, meter, &mut letters, &mut given)?;
        made.push_str(&part);
    }
    // What could be looked up in, as a dict or a list, need not be used up: so it is in Python.
    let looked_up = |single: &Value| matches!(single, Value::Dict(_) | Value::List(_) | Value::Range(_));
    let count = given.single.map_or(given.values.len(), |single| usize::from(!looked_up(single)));
    if given.taken < count {
        return Err(Trouble::kind("there are more values than places in the text"));
    }
    Ok(made)
}

fn one(
    heap: &Heap,
    meter: &mut Meter,
    letters: &mut Peekable<Chars<'_>>,
    given: &mut Given<'_>,
) -> Result<String, Trouble> {
    meter.step(1)?;
    let mut named = None;
    if letters.next_if_eq(&'(').is_some() {
        let name: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != ')')).collect();
        letters.next();
        named = Some(given.named(&name)?);
    }
    let mut spec = Spec::default();
    while let Some(flag) = letters.next_if(|letter| matches!(letter, '-' | '+' | ' ' | '0' | '#')) {
        match flag {
            '-' => spec.align = Some('<'),
            '+' => spec.sign = Some('+'),
            ' ' => spec.sign = spec.sign.or(Some(' ')),
            '0' => spec.zero = true,
            _ => spec.alternate = true,
        }
    }
    if let Some(width) = size(letters, given)? {
        if width < 0 {
            spec.align = Some('<');
        }
        spec.width = narrow(width.unsigned_abs())?;
    }
    if letters.next_if_eq(&'.').is_some() {
        spec.precision = Some(narrow(size(letters, given)?.unwrap_or(0).max(0).unsigned_abs())?);
    }
    let kind = letters.next().ok_or_else(|| Trouble::value("the text ends within a place of %"))?;
    if kind == '%' {
        return Ok("%".to_owned());
    }
    let value = named.map_or_else(|| given.next(), Ok)?;
    spec.room(meter)?;
    meter.read(spec.width.saturating_add(spec.precision.unwrap_or(0)))?;
    fill(heap, meter, spec, kind, value)
}

fn narrow(size: u128) -> Result<usize, Trouble> {
    usize::try_from(size).ok().filter(|size| *size <= 1 << 40).ok_or_else(|| Trouble::limit("this width is too large"))
}

/// A width or a precision: digits, or `*` for a value.
fn size(letters: &mut Peekable<Chars<'_>>, given: &mut Given<'_>) -> Result<Option<i128>, Trouble> {
    if letters.next_if_eq(&'*').is_some() {
        return match given.next()? {
            Value::Int(size) => Ok(Some(*size)),
            _ => Err(Trouble::kind("`*` needs a whole number")),
        };
    }
    let digits: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)).collect();
    if digits.is_empty() {
        return Ok(None);
    }
    digits.parse().map(Some).map_err(|fault| Trouble::limit(format!("this width is too large: {fault}")))
}

fn fill(heap: &Heap, meter: &mut Meter, mut spec: Spec, kind: char, value: &Value) -> Result<String, Trouble> {
    if spec.align == Some('<') {
        spec.zero = false;
    }
    let number = |what: &str| {
        let message = format!("%{kind} needs {what}, and got {}", value.type_name());
        Trouble::kind(message).hint("write %s, or test the value for None first")
    };
    match kind {
        's' | 'r' => {
            let shown =
                if kind == 's' { show::str_of(heap, meter, value)? } else { show::repr_of(heap, meter, value)? };
            let cut: String = shown.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
            spec.zero = false;
            Ok(spec.pad(String::new(), &cut, '>'))
        }
        'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
            let value = match value {
                Value::Int(value) => *value,
                Value::Bool(value) => i128::from(*value),
                Value::Float(value) if matches!(kind, 'd' | 'i' | 'u') => whole(*value)?,
                _ => return Err(number("a number")),
            };
            spec.kind = Some(if matches!(kind, 'i' | 'u') { 'd' } else { kind });
            // Here the precision is the least number of digits.
            let least = spec.precision.take().unwrap_or(0);
            number::int(&spec, value, least)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let value = match value {
                Value::Int(value) => float(*value),
                Value::Bool(value) => f64::from(u8::from(*value)),
                Value::Float(value) => *value,
                _ => return Err(number("a number")),
            };
            spec.kind = Some(kind);
            number::float(&spec, value)
        }
        other => {
            Err(Trouble::value(format!("a rule has no %{other}")).hint("there are %s, %r, %d, %x, %o, %e, %f, %g"))
        }
    }
}
