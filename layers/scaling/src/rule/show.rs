//! Values as text, as Python's `str` and `repr` show them.

use super::{
    fault::Trouble,
    limits::{DEEPEST, Meter, wide},
    value::{Heap, Value},
};

/// Writes values into a text that the meter pays for.
pub(super) struct Shower<'m> {
    heap: &'m Heap,
    meter: &'m mut Meter,
    text: String,
    /// The lists and dicts that are being shown: what holds itself is shown as `[...]`.
    open: Vec<(bool, usize)>,
}

/// `str(value)`.
pub(super) fn str_of(heap: &Heap, meter: &mut Meter, value: &Value) -> Result<String, Trouble> {
    let mut shower = Shower { heap, meter, text: String::new(), open: Vec::new() };
    match value {
        Value::Text(text) => shower.push(text)?,
        other => shower.repr(other)?,
    }
    Ok(shower.text)
}

/// `repr(value)`.
pub(super) fn repr_of(heap: &Heap, meter: &mut Meter, value: &Value) -> Result<String, Trouble> {
    let mut shower = Shower { heap, meter, text: String::new(), open: Vec::new() };
    shower.repr(value)?;
    Ok(shower.text)
}

impl Shower<'_> {
    fn push(&mut self, text: &str) -> Result<(), Trouble> {
        self.meter.take(wide(text.len()))?;
        self.text.push_str(text);
        Ok(())
    }

    fn repr(&mut self, value: &Value) -> Result<(), Trouble> {
        self.meter.step(1)?;
        match value {
            Value::None => self.push("None"),
            Value::Bool(true) => self.push("True"),
            Value::Bool(false) => self.push("False"),
            Value::Int(value) => self.push(&value.to_string()),
            Value::Float(value) => self.push(&float(*value)),
            Value::Text(text) => {
                self.meter.take(wide(text.len()).saturating_mul(4))?;
                self.text.push_str(&quoted(text));
                Ok(())
            }
            Value::Range(range) if range.step == 1 => self.push(&format!("range({}, {})", range.start, range.stop)),
            Value::Range(range) => self.push(&format!("range({}, {}, {})", range.start, range.stop, range.step)),
            Value::List(place) => self.within((false, *place), "[...]", |shower| {
                shower.push("[")?;
                shower.all(*place)?;
                shower.push("]")
            }),
            Value::Tuple(place) => self.within((false, *place), "(...)", |shower| {
                shower.push("(")?;
                shower.all(*place)?;
                shower.push(if shower.heap.elements(*place).len() == 1 { ",)" } else { ")" })
            }),
            Value::Dict(place) => self.within((true, *place), "{...}", |shower| shower.pairs(*place)),
        }
    }

    fn all(&mut self, place: usize) -> Result<(), Trouble> {
        let heap = self.heap;
        for (number, value) in heap.elements(place).iter().enumerate() {
            if number > 0 {
                self.push(", ")?;
            }
            self.repr(value)?;
        }
        Ok(())
    }

    fn pairs(&mut self, place: usize) -> Result<(), Trouble> {
        let heap = self.heap;
        self.push("{")?;
        for (number, (key, value)) in heap.of_dict(place)?.pairs().enumerate() {
            if number > 0 {
                self.push(", ")?;
            }
            self.repr(key)?;
            self.push(": ")?;
            self.repr(value)?;
        }
        self.push("}")
    }

    fn within(
        &mut self,
        which: (bool, usize),
        again: &str,
        show: impl FnOnce(&mut Self) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        if self.open.contains(&which) {
            return self.push(again);
        }
        if wide(self.open.len()) >= u64::from(DEEPEST) {
            return Err(Trouble::limit(format!("this value is nested more than {DEEPEST} deep")));
        }
        self.open.push(which);
        show(self)?;
        self.open.pop();
        Ok(())
    }
}

/// A floating point number with the fewest digits that tell it from all others.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    // Of two texts as short and as near, Python takes the even one.
    let behind = shortest.split('e').next().map_or(0, |digits| digits.bytes().filter(u8::is_ascii_digit).count() - 1);
    let even = format!("{value:.behind$e}");
    let scientific = if even.parse() == Ok(value) { even } else { shortest };
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let places = i32::try_from(behind).unwrap_or(0).saturating_sub(exponent).max(1);
        return format!("{value:.places$}", places = usize::try_from(places).unwrap_or(1));
    }
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            _ if letter == quote => {
                shown.push('\\');
                shown.push(letter);
            }
            _ if letter.is_control() || letter == '\u{a0}' || letter == '\u{ad}' => {
                shown.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            _ => shown.push(letter),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_shown_as_python_shows_them() {
        for (value, shown) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "1.5e-05"),
            (1e-4, "0.0001"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e300, "1e+300"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(float(value), shown);
        }
    }

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        assert_eq!(quoted("a'b"), "\"a'b\"");
        assert_eq!(quoted("a'\"b\n\u{1}\\"), "'a\\'\"b\\n\\x01\\\\'");
        assert_eq!(quoted("é"), "'é'");
    }
}
