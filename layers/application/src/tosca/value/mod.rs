//! Whether a value is what its schema asks for.

mod bounds;
mod complex;
pub(crate) mod scalar;

use super::{
    functions::is_call,
    report::Fault,
    types::{Schema, ValueType},
    world::World,
};
use crate::{
    descriptor::node::{Data, Node, Position},
    diagnostic::Code,
    suggestion::shown,
};

/// How deeply values are looked into.
const DEEPEST: usize = 100;

impl World {
    /// Says what is wrong with a value.
    pub(crate) fn check_value(&mut self, value: &Node, schema: &Schema, what: &str) {
        self.check_at(value, schema, what, 0);
    }

    pub(super) fn check_at(&mut self, value: &Node, schema: &Schema, what: &str, depth: usize) {
        if depth > DEEPEST || is_call(value) || self.placeholder(value, schema, what) {
            return;
        }
        let good = match schema.value_type {
            ValueType::Data(id) => return self.check_data(value, schema, id, what, depth),
            ValueType::List | ValueType::Map => self.check_collection(value, schema, what, depth),
            ValueType::Unknown => return,
            // Inside of others, text is text: so other readers have it.
            ValueType::String if depth > 0 && matches!(value.data, Data::Number(..) | Data::Bool(..)) => {
                self.wrong(value.at, value, "text: put it in quotes", what);
                false
            }
            simple => self.check_simple(value, simple, what),
        };
        if good {
            self.check_constraints(value, schema, &schema.constraints, what);
        }
    }

    /// Whether the author left the place to be filled in.
    fn placeholder(&mut self, value: &Node, schema: &Schema, what: &str) -> bool {
        let found = match &value.data {
            Data::Text(text) => is_placeholder(text),
            // `[IP OF EDGE]`: to YAML it is a list.
            Data::Sequence(items) => {
                let plain = |item: &Node| item.text().is_some();
                let wants_text = matches!(schema.value_type, ValueType::String);
                wants_text && items.len() == 1 && items.iter().all(plain)
            }
            _ => false,
        };
        if found {
            let text = value.items().first().unwrap_or(value).scalar().unwrap_or_default();
            let message = format!("{what} is still to be filled in: `{}`", shown(text));
            self.report.say(
                Fault::note(value.at, Code::Placeholder, message).hint("it is bound when the application is planned"),
            );
        }
        found
    }

    /// Notes the places to be filled in inside of a value that nothing else is known of.
    fn placeholders(&mut self, value: &Node, what: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match &value.data {
            Data::Text(text) if is_placeholder(text) => {
                let message = format!("{what} is still to be filled in: `{}`", shown(text));
                self.report.say(
                    Fault::note(value.at, Code::Placeholder, message)
                        .hint("it is bound when the application is planned"),
                );
            }
            Data::Sequence(items) => items.iter().for_each(|item| self.placeholders(item, what, depth + 1)),
            Data::Mapping(entries) => {
                entries.iter().for_each(|entry| {
                    self.placeholders(&entry.value, &format!("{what}.{}", shown(&entry.key)), depth + 1)
                });
            }
            _ => {}
        }
    }

    /// Says what a value should have been.
    pub(super) fn wrong(&mut self, at: Position, value: &Node, wanted: &str, what: &str) {
        let given = match &value.data {
            Data::Text(text) => format!("`{}`", shown(text)),
            Data::Number(_, written) | Data::Bool(_, written) => format!("`{}`", shown(written)),
            _ => value.what().to_owned(),
        };
        let message = format!("{what} must be {wanted}, not {given}");
        let fault = if self.soft {
            Fault::warning(at, Code::Lenient, message)
        } else {
            Fault::error(at, Code::WrongType, message)
        };
        self.report.say(fault);
    }

    /// Says that a value is taken although the standard has another notation.
    fn taken(&mut self, value: &Node, wanted: &str, what: &str, hint: &str) {
        let message =
            format!("{what} must be {wanted}; `{}` is taken for that", shown(value.scalar().unwrap_or_default()));
        self.report.say(Fault::warning(value.at, Code::Lenient, message).hint(hint));
    }

    fn check_simple(&mut self, value: &Node, wanted: ValueType, what: &str) -> bool {
        if value.is_null() && wanted != ValueType::Null {
            // `name:` with nothing behind it.
            let message = format!("{what} has no value");
            let hint = "write one, or leave the field out";
            self.report.say(Fault::warning(value.at, Code::Lenient, message).hint(hint));
            return false;
        }
        let good = match wanted {
            ValueType::String => self.check_text(value, what),
            ValueType::Integer => self.check_integer(value, what),
            ValueType::Float => match &value.data {
                Data::Number(..) => true,
                Data::Text(text) if text.trim().parse::<f64>().is_ok() => {
                    self.taken(value, wanted.what(), what, "write it without quotes");
                    true
                }
                _ => false,
            },
            ValueType::Boolean => self.check_truth(value, what),
            ValueType::Timestamp => value.scalar().is_some_and(scalar::is_timestamp),
            ValueType::Version => value.scalar().is_some_and(|text| scalar::version(text).is_some()),
            ValueType::Range => scalar::range(value).is_some(),
            ValueType::Scalar(units) => value.scalar().is_some_and(|text| scalar::amount(text, units).is_some()),
            ValueType::Bytes => value.text().is_some(),
            ValueType::Null => value.is_null(),
            ValueType::List | ValueType::Map | ValueType::Data(_) | ValueType::Unknown => true,
        };
        if !good {
            self.wrong(value.at, value, wanted.what(), what);
        }
        good
    }

    fn check_text(&mut self, value: &Node, what: &str) -> bool {
        match &value.data {
            Data::Text(_) | Data::Number(..) => true,
            Data::Bool(..) => {
                self.taken(value, ValueType::String.what(), what, "put it in quotes");
                true
            }
            _ => false,
        }
    }

    fn check_integer(&mut self, value: &Node, what: &str) -> bool {
        match &value.data {
            Data::Number(number, _) if number.is_i64() || number.is_u64() => true,
            Data::Number(number, _) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                self.taken(value, ValueType::Integer.what(), what, "write it without decimals");
                true
            }
            Data::Text(text) if text.trim().parse::<i64>().is_ok() => {
                self.taken(value, ValueType::Integer.what(), what, "write it without quotes");
                true
            }
            _ => false,
        }
    }

    fn check_truth(&mut self, value: &Node, what: &str) -> bool {
        match &value.data {
            Data::Bool(..) => true,
            Data::Text(text) if truth(text).is_some() => {
                self.taken(value, ValueType::Boolean.what(), what, "write `true` or `false`");
                true
            }
            _ => false,
        }
    }

    fn check_collection(&mut self, value: &Node, schema: &Schema, what: &str, depth: usize) -> bool {
        if value.is_null() {
            return false;
        }
        match (&value.data, schema.value_type) {
            (Data::Sequence(items), ValueType::List) => {
                if let Some(entry) = &schema.entry {
                    for (index, item) in items.iter().enumerate() {
                        self.check_at(item, entry, &format!("{what}[{index}]"), depth + 1);
                    }
                } else {
                    self.placeholders(value, what, depth);
                }
                true
            }
            (Data::Mapping(entries), ValueType::Map) => {
                for entry in entries {
                    let what = format!("{what}.{}", shown(&entry.key));
                    // A key may be a call of a function.
                    if let Some(key) = schema.key.as_ref().filter(|_| !entry.key.starts_with(['{', '['])) {
                        let text = Node::of_text(entry.at, entry.key.clone());
                        self.check_at(&text, key, &format!("the key {what}"), depth + 1);
                    }
                    if let Some(inner) = &schema.entry {
                        self.check_at(&entry.value, inner, &what, depth + 1);
                    } else {
                        self.placeholders(&entry.value, &what, depth);
                    }
                }
                true
            }
            _ => {
                self.wrong(value.at, value, schema.value_type.what(), what);
                false
            }
        }
    }
}

/// What YAML 1.1 and people take for truth values.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Whether a text is a place to be filled in: `ADD_YOUR_KEY_HERE (e.g. x)`, `<KEY>`, `YOUR_KEY`.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("(OPTIONAL)").map_or(text, str::trim);
    let capitals = |word: &str| {
        word.len() > 2
            && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | ' '))
    };
    let first = text.split_whitespace().next().unwrap_or_default();
    let begins = ["ADD_", "YOUR_", "INSERT_", "REPLACE_", "OPTIONAL_", "FILL_", "CHANGE_ME", "CHANGEME"];
    if begins.iter().any(|word| first.starts_with(word)) && capitals(first.trim_end_matches([':', ',', '.'])) {
        return true;
    }
    let inner = text.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(inner, _)| inner);
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['<', '/', '=', '"']) && capitals(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_be_filled_in() {
        for text in [
            "ADD_YOUR_REGION_NAME_HERE (e.g. eu-west-1)",
            "(OPTIONAL) ADD_YOUR_KEY_NAME_HERE (e.g. my_ssh_key)",
            "ADD_YOUR_ENDPOINT (e.g https://example)",
            "<IMAGE_ID> (e.g. 1)",
            "YOUR_KEY",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["eu-west-1", "<html>", "addendum", "ADD", "a <B> c", "YOURS truly", "<a href=\"x\">"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
