//! f-strings and `format`.

use super::{Machine, arguments::Given};
use crate::rule::{
    fault::Trouble,
    format::Spec,
    limits::wide,
    show,
    syntax::{Conversion, Piece},
    value::Value,
};

impl Machine<'_> {
    pub(super) fn joined(&mut self, pieces: &[Piece]) -> Result<String, Trouble> {
        let mut made = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    self.meter.take(wide(text.len()))?;
                    made.push_str(text);
                }
                Piece::Value { value, conversion, spec } => {
                    let value = self.value(value)?;
                    let spec = self.joined(spec)?;
                    let shown = self.converted(value, *conversion, &spec)?;
                    self.meter.take(wide(shown.len()))?;
                    made.push_str(&shown);
                }
            }
        }
        Ok(made)
    }

    fn converted(&mut self, value: Value, conversion: Conversion, spec: &str) -> Result<String, Trouble> {
        let value = match conversion {
            Conversion::None => value,
            Conversion::Str => Value::Text(show::str_of(&self.heap, &mut self.meter, &value)?.into()),
            Conversion::Repr => Value::Text(show::repr_of(&self.heap, &mut self.meter, &value)?.into()),
        };
        Spec::parse(spec)?.format(&self.heap, &mut self.meter, &value)
    }

    /// `"{} of {name:.1f}".format(...)`, without reaching into the values.
    pub(super) fn formatted(&mut self, text: &str, mut given: Given) -> Result<Value, Trouble> {
        let by_name = given.all_named();
        let by_place = given.rest();
        let (mut made, mut rest, mut next) = (String::new(), text, 0_usize);
        let wrong = || Trouble::value("a bracket of format is open").hint("write {{ and }} for brackets themselves");
        while let Some(at) = rest.find(['{', '}']) {
            self.meter.step(1)?;
            let (before, behind) = rest.split_at(at);
            self.meter.take(wide(before.len()) + 1)?;
            made.push_str(before);
            if let Some(after) = behind.strip_prefix("{{").or_else(|| behind.strip_prefix("}}")) {
                made.push_str(behind.get(..1).unwrap_or_default());
                rest = after;
                continue;
            }
            let (field, after) = behind.strip_prefix('{').and_then(|it| it.split_once('}')).ok_or_else(wrong)?;
            let (name, spec) = field.split_once(':').unwrap_or((field, ""));
            let (name, conversion) = match name.split_once('!') {
                Some((name, "r")) => (name, Conversion::Repr),
                Some((name, "s")) => (name, Conversion::Str),
                Some(_) => return Err(Trouble::value("a rule has !r and !s only")),
                None => (name, Conversion::None),
            };
            let value = if name.is_empty() {
                next += 1;
                by_place.get(next - 1)
            } else if let Ok(place) = name.parse::<usize>() {
                by_place.get(place)
            } else {
                by_name.iter().find(|(other, _)| &**other == name).map(|(_, value)| value)
            };
            let Some(value) = value.cloned() else {
                let name: String = name.chars().take(40).collect();
                return Err(Trouble::value(format!("format is given no value for {{{name}}}")));
            };
            let shown = self.converted(value, conversion, spec)?;
            self.meter.take(wide(shown.len()))?;
            made.push_str(&shown);
            rest = after;
        }
        self.meter.take(wide(rest.len()))?;
        made.push_str(rest);
        Ok(Value::Text(made.into()))
    }
}
