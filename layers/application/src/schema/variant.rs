//! Alternatives: finds out which one was meant, and says what is wrong in that
//! one, where a validator says no more than that none fits.

use super::{
    resolved,
    sentence::{self, branches, is_null},
    translate::Translation,
};
use crate::{
    descriptor::node::field,
    diagnostic::Code,
    finding::Finding,
    suggestion::{closest, shown},
};
use jsonschema::ValidationError;
use serde_json::Value;

impl Translation<'_> {
    /// Adds what is wrong with a value that fits none of its alternatives.
    pub(super) fn alternatives(&mut self, error: &ValidationError<'_>, context: &[Vec<ValidationError<'static>>]) {
        let pointer = error.instance_path().as_str();
        let schema = self.schema_of(error);
        let alternatives = branches(schema);
        if let Some(words) = sentence::words(schema) {
            let finding = self.not_among(pointer, &words);
            return self.findings.push(finding);
        }
        if let Some(tags) = tags(&alternatives) {
            match self.choice(pointer, &tags) {
                Ok(chosen) => self.descend(context, chosen),
                Err(findings) => self.findings.extend(findings),
            }
            return;
        }
        let given = self.at(pointer);
        let fitting: Vec<usize> = (0..alternatives.len())
            .filter(|index| alternatives.get(*index).is_some_and(|schema| takes(resolved(self.schema, schema), given)))
            .collect();
        let real: Vec<usize> = (0..alternatives.len())
            .filter(|index| alternatives.get(*index).is_some_and(|schema| !is_null(schema)))
            .collect();
        match (fitting.as_slice(), real.as_slice()) {
            ([only], _) | ([], [only]) => self.descend(context, *only),
            _ => {
                let wanted = sentence::expectation(self.schema, schema);
                let finding = self.mismatch(pointer, &wanted, schema);
                self.findings.push(finding);
            }
        }
    }

    fn descend(&mut self, context: &[Vec<ValidationError<'static>>], chosen: usize) {
        for error in context.get(chosen).into_iter().flatten() {
            self.add(error);
        }
    }

    /// Which of the tagged alternatives the value chooses, or why it chooses none.
    fn choice(&self, pointer: &str, tags: &[&str]) -> Result<usize, Vec<Finding>> {
        let listed = sentence::quoted(tags);
        let Some(fields) = self.at(pointer).as_object() else {
            let message = format!("{} must choose one of {listed}", self.subject(pointer));
            let hint = self.at(pointer).as_str().filter(|text| tags.contains(text));
            let hint = hint.map(|tag| format!("write it as a field: `{tag}:`, with its own fields below"));
            return Err(vec![Finding::value(pointer, Code::WrongVariant, message).maybe_hint(hint)]);
        };
        let chosen: Vec<usize> =
            (0..tags.len()).filter(|index| tags.get(*index).is_some_and(|tag| fields.contains_key(*tag))).collect();
        match chosen.as_slice() {
            [only] if fields.len() == 1 => Ok(*only),
            [] | [_] => {
                let unknown: Vec<Finding> = fields
                    .keys()
                    .filter(|name| !tags.contains(&name.as_str()))
                    .map(|name| self.stranger(pointer, name, tags))
                    .collect();
                if !unknown.is_empty() {
                    return Err(unknown);
                }
                let message = format!("{} is empty: it must choose one of {listed}", self.subject(pointer));
                Err(vec![Finding::key(pointer, Code::WrongVariant, message)])
            }
            [first, second, ..] => {
                let name = |index: &usize| tags.get(*index).copied().unwrap_or_default();
                let (first, second) = (name(first), name(second));
                let message = format!("{} chooses both `{first}` and `{second}`", self.subject(pointer));
                let finding = Finding::key(field(pointer, second), Code::WrongVariant, message);
                Err(vec![finding.hint(format!("choose one of {listed}; each entry holds exactly one"))])
            }
        }
    }

    /// A field beside or instead of the tags.
    fn stranger(&self, pointer: &str, name: &str, tags: &[&str]) -> Finding {
        let message = format!("{} has no field `{}`", self.subject(pointer), shown(name));
        let listed = sentence::quoted(tags);
        let hint = match (closest(name, tags.iter().copied()), self.owner(pointer, name)) {
            (Some(tag), _) => format!("did you mean `{tag}`? It must choose one of {listed}"),
            (None, Some(path)) => format!("it belongs into `{path}`"),
            (None, None) => format!("it must choose one of {listed}"),
        };
        Finding::key(field(pointer, name), Code::UnknownField, message).hint(hint)
    }

    /// Which alternative has a field of this name: `process.command`.
    fn owner(&self, pointer: &str, name: &str) -> Option<String> {
        let last = pointer.rsplit('/').next()?;
        let definitions = self.schema.get("$defs")?.as_object()?;
        let schema =
            definitions.values().chain([self.schema]).find_map(|schema| schema.get("properties")?.get(last))?;
        sentence::deeper(self.schema, schema, name, 0)
    }
}

/// The tags, where every alternative is a mapping with one field that names it.
fn tags<'s>(alternatives: &[&'s Value]) -> Option<Vec<&'s str>> {
    let tag = |schema: &'s Value| {
        let mut fields = schema.get("properties")?.as_object()?.keys();
        let (first, more) = (fields.next()?, fields.next());
        let required = schema.get("required")?.as_array()?.first()?.as_str()?;
        (more.is_none() && required == first).then_some(required)
    };
    alternatives.iter().map(|schema| tag(schema)).collect()
}

/// Whether a schema takes values of this kind at all.
fn takes(schema: &Value, value: &Value) -> bool {
    if sentence::words(schema).is_some() {
        return value.is_string();
    }
    let of = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" | "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match schema.get("type") {
        Some(Value::String(name)) => of(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(of),
        _ => false,
    }
}
