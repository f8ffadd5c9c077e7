//! The validator's errors in plain sentences, each at the place where the text
//! is to be changed.

use super::{leaf, resolved, sentence};
use crate::{
    descriptor::node::{Node, field, item},
    diagnostic::Code,
    finding::Finding,
    suggestion::{closest, hint, shown},
};
use jsonschema::{ValidationError, error::ValidationErrorKind as Kind};
use serde_json::Value;

/// What is needed to say where and why.
pub(super) struct Translation<'a> {
    pub(super) schema: &'a Value,
    pub(super) value: &'a Value,
    pub(super) root: &'a Node,
    pub(super) findings: &'a mut Vec<Finding>,
}

/// The one field of the format that no tenant writes.
const FOR_BROKERS: &str = "leave it out: brokers set it on what they order from each other";

impl Translation<'_> {
    /// Adds what the error says.
    pub(super) fn add(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str().to_owned();
        let subject = self.subject(&pointer);
        let value = |code, message: String| Finding::value(pointer.clone(), code, message);
        let finding = match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                return self.unknown_fields(error, unexpected);
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } | Kind::OneOfMultipleValid { context } => {
                return self.alternatives(error, context);
            }
            Kind::Required { property } => self.missing(error, property.as_str().unwrap_or_default()),
            Kind::Type { .. } => self.wrong_type(error),
            Kind::Custom { .. } => self.leaf(error),
            Kind::Enum { .. } | Kind::Constant { .. } => self.unknown_word(error),
            Kind::Minimum { limit } => value(
                Code::OutOfRange,
                format!("{subject} must be at least {limit}, not {}", self.as_written(&pointer)),
            ),
            Kind::Maximum { limit } => {
                value(Code::OutOfRange, format!("{subject} must be at most {limit}, not {}", self.as_written(&pointer)))
            }
            Kind::MinItems { limit } => Finding::key(
                pointer.clone(),
                Code::TooFew,
                format!("{subject} needs at least {limit} {}", plural(*limit)),
            ),
            Kind::MinProperties { limit } => Finding::key(
                pointer.clone(),
                Code::TooFew,
                format!("{subject} needs at least {limit} {}", plural(*limit)),
            ),
            Kind::MinLength { .. } => value(Code::InvalidText, format!("{subject} must not be empty")),
            Kind::UniqueItems => self.twice(error),
            Kind::Pattern { pattern } if pattern == "^/" => {
                value(Code::InvalidText, format!("{subject} must begin with `/`"))
            }
            _ => value(Code::Invalid, format!("{subject}: {}", shown(&error.to_string()))),
        };
        self.findings.push(finding);
    }

    /// The value at a pointer.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.value.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn subject(&self, pointer: &str) -> String {
        sentence::subject(self.value, pointer)
    }

    /// The schema whose keyword complained.
    pub(super) fn schema_of(&self, error: &ValidationError<'_>) -> &Value {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        resolved(self.schema, self.schema.pointer(parent).unwrap_or(&Value::Null))
    }

    fn unknown_fields(&mut self, error: &ValidationError<'_>, unexpected: &[String]) {
        let base = error.instance_path().as_str();
        let mut found = Vec::new();
        let schema = self.schema_of(error);
        for name in unexpected {
            let message = format!("{} has no field `{}`", self.subject(base), shown(name));
            let known = sentence::properties(schema);
            let deeper = sentence::deeper(self.schema, schema, name, 0);
            let advice = match (closest(name, known.clone()), deeper) {
                (None, Some(path)) => Some(format!("it belongs into `{path}`")),
                _ if base.is_empty() && name == "delivery" => Some(FOR_BROKERS.to_owned()),
                _ => hint(name, known, "the fields here are"),
            };
            found.push(Finding::key(field(base, name), Code::UnknownField, message).maybe_hint(advice));
        }
        self.findings.extend(found);
    }

    fn missing(&self, error: &ValidationError<'_>, name: &str) -> Finding {
        let base = error.instance_path().as_str();
        let schema = self.schema_of(error).get("properties").and_then(|fields| fields.get(name));
        let purpose = schema.and_then(|schema| {
            let described = schema.get("description").or_else(|| resolved(self.schema, schema).get("description"));
            Some(format!("`{name}`: {}", described?.as_str()?.replace('\n', " ")))
        });
        let message = format!("{} lacks the field `{name}`", self.subject(base));
        Finding::key(base, Code::MissingField, message).maybe_hint(purpose)
    }

    fn wrong_type(&self, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        self.mismatch(pointer, &sentence::expectation(self.schema, self.schema_of(error)), self.schema_of(error))
    }

    /// A value of the wrong kind.
    pub(super) fn mismatch(&self, pointer: &str, wanted: &str, schema: &Value) -> Finding {
        let given = self.at(pointer);
        let written = self.root.written(pointer).unwrap_or_default();
        let takes = |name: &str| match schema.get("type") {
            Some(Value::String(only)) => only == name,
            Some(Value::Array(names)) => names.iter().any(|listed| listed == name),
            _ => false,
        };
        let advice = match given {
            Value::Null => Some("fill it in, or leave the field out".to_owned()),
            Value::Number(_) | Value::Bool(_) if takes("string") => {
                Some(format!("write it in quotes: \"{}\"", shown(written)))
            }
            Value::String(text) if takes("boolean") && is_yaml_1_1_truth(text) => {
                Some("write `true` or `false`; YAML 1.2 has no other words for it".to_owned())
            }
            Value::String(text) if (takes("integer") || takes("number")) && text.parse::<f64>().is_ok() => {
                Some(format!("write it without quotes: {}", shown(text)))
            }
            Value::String(_) | Value::Number(_) if takes("array") => {
                Some(format!("write a list: [{}]", shown(&written.split_whitespace().collect::<Vec<_>>().join(", "))))
            }
            _ => None,
        };
        let message = format!("{} must be {wanted}, not {}", self.subject(pointer), self.as_written(pointer));
        Finding::value(pointer, Code::WrongType, message).maybe_hint(advice)
    }

    fn leaf(&self, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        let spec = self.schema_of(error).get(leaf::KEYWORD).unwrap_or(&Value::Null);
        let given = self.at(pointer);
        match leaf::judge(spec, given) {
            Err(fault) => {
                let message =
                    format!("{} must be {}, not {}", self.subject(pointer), fault.wanted, self.as_written(pointer));
                let empty = given.is_null().then(|| "fill it in, or leave the field out".to_owned());
                Finding::value(pointer, fault.code, message).maybe_hint(fault.hint.or(empty))
            }
            Ok(()) => Finding::value(pointer, Code::Invalid, format!("{} is not valid", self.subject(pointer))),
        }
    }

    /// The value as its author sees it.
    fn as_written(&self, pointer: &str) -> String {
        match (self.at(pointer), self.root.written(pointer)) {
            (Value::Number(_), Some(written)) => shown(written),
            (value, _) => sentence::value(value),
        }
    }

    fn unknown_word(&self, error: &ValidationError<'_>) -> Finding {
        self.not_among(error.instance_path().as_str(), &sentence::words(self.schema_of(error)).unwrap_or_default())
    }

    /// A word outside an enumeration.
    pub(super) fn not_among(&self, pointer: &str, words: &[&str]) -> Finding {
        let given = self.at(pointer);
        let message = format!(
            "{} must be one of {}, not {}",
            self.subject(pointer),
            sentence::quoted(words),
            sentence::value(given)
        );
        let meant = given.as_str().and_then(|text| closest(text, words.iter().copied()));
        let code = if given.is_string() { Code::UnknownValue } else { Code::WrongType };
        Finding::value(pointer, code, message).maybe_hint(meant.map(|word| format!("did you mean `{word}`?")))
    }

    fn twice(&self, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        let items = self.at(pointer).as_array().map_or(&[][..], Vec::as_slice);
        let second =
            items.iter().enumerate().find(|(index, entry)| items.iter().take(*index).any(|other| other == *entry));
        let (index, entry) = second.unwrap_or((0, &Value::Null));
        let message = format!("{} lists {} twice", self.subject(pointer), sentence::value(entry));
        Finding::value(item(pointer, index), Code::DuplicateEntry, message).hint("remove one of the two")
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "entry" } else { "entries" }
}

fn is_yaml_1_1_truth(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false")
}
