//! `[[fill]align][sign][#][0][width][,|_][.precision][type]`

use super::number;
use crate::rule::{
    fault::Trouble,
    limits::{Meter, wide},
    number::float,
    show,
    value::{Heap, Value},
};

/// A format specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::rule) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(super) kind: Option<char>,
}

/// The digits at the front as a number; too many are too large.
fn digits(text: &str) -> Result<(Option<usize>, &str), Trouble> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (front, rest) = text.split_at(end);
    if front.is_empty() {
        return Ok((None, rest));
    }
    let number = front.parse().map_err(|fault| Trouble::limit(format!("this width is too large: {fault}")))?;
    Ok((Some(number), rest))
}

impl Spec {
    /// Reads a specification.
    pub(in crate::rule) fn parse(text: &str) -> Result<Self, Trouble> {
        let mut spec = Self::default();
        let mut rest = text;
        let is_align = |letter: &char| matches!(letter, '<' | '>' | '=' | '^');
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(fill), Some(align)) if is_align(&align) => {
                (spec.fill, spec.align) = (Some(fill), Some(align));
                rest = letters.as_str();
            }
            (Some(align), _) if is_align(&align) => {
                spec.align = Some(align);
                rest = text.get(1..).unwrap_or_default();
            }
            _ => {}
        }
        let take = |rest: &mut &str, wanted: &[char]| -> Option<char> {
            let first = rest.chars().next().filter(|letter| wanted.contains(letter))?;
            *rest = rest.get(first.len_utf8()..).unwrap_or_default();
            Some(first)
        };
        spec.sign = take(&mut rest, &['+', '-', ' ']);
        spec.alternate = take(&mut rest, &['#']).is_some();
        spec.zero = take(&mut rest, &['0']).is_some();
        let (width, after) = digits(rest)?;
        spec.width = width.unwrap_or(0);
        rest = after;
        spec.grouping = take(&mut rest, &[',', '_']);
        if take(&mut rest, &['.']).is_some() {
            let (precision, after) = digits(rest)?;
            spec.precision = Some(precision.ok_or_else(|| wrong(text))?);
            rest = after;
        }
        spec.kind = take(&mut rest, &['d', 'b', 'o', 'x', 'X', 'n', 'e', 'E', 'f', 'F', 'g', 'G', '%', 's', 'c']);
        if rest.is_empty() && spec.kind != Some('n') { Ok(spec) } else { Err(wrong(text)) }
    }

    /// Takes the room that a text of this specification needs.
    pub(super) fn room(&self, meter: &mut Meter) -> Result<(), Trouble> {
        // A floating point number has up to 309 digits before its point, with separators 412.
        meter.take(wide(self.width).saturating_mul(4))?;
        meter.take(wide(self.precision.unwrap_or(0)).saturating_mul(4).saturating_add(512))
    }

    /// `format(value, spec)`
    pub(in crate::rule) fn format(&self, heap: &Heap, meter: &mut Meter, value: &Value) -> Result<String, Trouble> {
        self.room(meter)?;
        meter.read(self.width.saturating_add(self.precision.unwrap_or(0)))?;
        match value {
            Value::Text(text) => {
                meter.read(text.len())?;
                meter.take(wide(text.len()))?;
                self.text(text)
            }
            Value::Int(number) => self.int(*number),
            Value::Bool(truth) if *self == Self::default() => Ok(if *truth { "True" } else { "False" }.to_owned()),
            Value::Bool(truth) => self.int(i128::from(*truth)),
            Value::Float(number) => number::float(self, *number),
            other if *self == Self::default() => show::str_of(heap, meter, other),
            other => {
                let message = format!("{} can't be formatted like this", other.type_name());
                Err(Trouble::kind(message).hint("convert it with str(...), or test it for None first"))
            }
        }
    }

    fn int(&self, value: i128) -> Result<String, Trouble> {
        match self.kind {
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => number::float(self, float(value)),
            _ => number::int(self, value, 0),
        }
    }

    fn text(&self, text: &str) -> Result<String, Trouble> {
        let wrong = self.sign.is_some()
            || self.alternate
            || self.grouping.is_some()
            || self.align == Some('=')
            || !matches!(self.kind, None | Some('s'));
        if wrong {
            return Err(Trouble::value("a text can't be formatted as a number").hint("convert it with int or float"));
        }
        let cut: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        Ok(self.pad(String::new(), &cut, '<'))
    }

    /// Fills up to the width; `front` is the sign and the base, before which nothing is filled in by `=`.
    pub(super) fn pad(&self, front: String, body: &str, usual: char) -> String {
        let length = front.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let filling = |count: usize| fill.to_string().repeat(count);
        match self.align.unwrap_or(if self.zero && usual == '>' { '=' } else { usual }) {
            '<' => format!("{front}{body}{}", filling(missing)),
            '^' => format!("{}{front}{body}{}", filling(missing / 2), filling(missing - missing / 2)),
            '=' => format!("{front}{}{body}", filling(missing)),
            _ => format!("{}{front}{body}", filling(missing)),
        }
    }
}

fn wrong(text: &str) -> Trouble {
    let hint = "write for example .2f, 5d, >10 or %";
    // What is quoted is bounded: the text may be long.
    let shown: String = text.chars().take(40).collect();
    Trouble::value(format!("`{shown}` is no format that a rule knows")).hint(hint)
}
