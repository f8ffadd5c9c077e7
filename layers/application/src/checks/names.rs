//! Names: labels of RFC 1123 in lower case, since they become host names,
//! directories and, in capitals, environment variables.

use super::Checker;
use crate::{
    descriptor::node::field,
    diagnostic::Code,
    finding::{Finding, Place},
    suggestion::{as_name, shown},
};
use serde_json::Value;

impl Checker<'_> {
    pub(super) fn names(&mut self) {
        let value = self.value;
        if let Some(name) = value.get("name").and_then(Value::as_str) {
            self.name("/name", name, Place::Value);
        }
        for kind in ["machines", "serviceLevels"] {
            for (name, _) in keys(value, kind) {
                self.name(&field(&field("", kind), name), name, Place::Key);
            }
        }
        for (name, component) in keys(value, "components") {
            let pointer = field("/components", name);
            self.name(&pointer, name, Place::Key);
            for kind in ["ports", "volumes", "files"] {
                for (name, _) in keys(component, kind) {
                    self.name(&field(&field(&pointer, kind), name), name, Place::Key);
                }
            }
        }
    }

    fn name(&mut self, pointer: &str, name: &str, place: Place) {
        if is_name(name) {
            return;
        }
        let given = if name.is_empty() { "an empty text".to_owned() } else { format!("`{}`", shown(name)) };
        let message = format!(
            "{given} is no name: lower-case letters, digits and hyphens, no hyphen first or last, at most 63 characters (RFC 1123)"
        );
        let hint = as_name(name).map(|name| format!("did you mean `{name}`?"));
        self.faults.push(Finding::new(pointer, place, Code::InvalidName, message).maybe_hint(hint));
    }
}

fn keys<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
