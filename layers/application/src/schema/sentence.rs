//! Fields, values and schemas in words.

use super::{leaf, resolved};
use crate::suggestion::shown;
use serde_json::Value;

/// A field as people write it: `components.web.ports`, `links[0].from`.
pub(crate) fn path(root: &Value, pointer: &str) -> String {
    let (mut out, mut here) = (String::new(), Some(root));
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let in_list = here.is_some_and(Value::is_array);
        here = here.and_then(|value| match value {
            Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => value.get(&name),
        });
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
        match (in_list, plain) {
            (true, _) => out.push_str(&format!("[{name}]")),
            (false, true) if out.is_empty() => out.push_str(&shown(&name)),
            (false, true) => out.push_str(&format!(".{}", shown(&name))),
            (false, false) => out.push_str(&format!("[\"{}\"]", shown(&name))),
        }
    }
    out
}

/// The same as the subject of a sentence: in backticks, or `the descriptor`.
pub(crate) fn subject(root: &Value, pointer: &str) -> String {
    let path = path(root, pointer);
    if path.is_empty() { "the descriptor".to_owned() } else { format!("`{path}`") }
}

/// What a value is.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// A value, shortly: scalars as they are, collections by kind.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shown(text)),
        Value::Number(_) | Value::Bool(_) => shown(&value.to_string()),
        _ => kind(value).to_owned(),
    }
}

/// What a schema takes, to be read after "must be".
pub(super) fn expectation(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if let Some(words) = words(schema) {
        return format!("one of {}", quoted(&words));
    }
    if let Some(spec) = schema.get(leaf::KEYWORD) {
        return leaf::judge(spec, &Value::Array(Vec::new())).err().map_or_else(String::new, |fault| fault.wanted);
    }
    let branches = branches(schema);
    if !branches.is_empty() {
        let parts: Vec<String> =
            branches.iter().filter(|branch| !is_null(branch)).map(|branch| expectation(root, branch)).collect();
        return parts.join(", or ");
    }
    let named = |name: &str| match name {
        "object" => mapping(schema),
        "array" => "a list".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    match schema.get("type") {
        Some(Value::String(name)) => named(name),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null").map(named);
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "something else".to_owned(),
    }
}

fn mapping(schema: &Value) -> String {
    let names: Vec<&str> = properties(schema).collect();
    if names.is_empty() { "a mapping".to_owned() } else { format!("a mapping with {}", quoted(&names)) }
}

pub(super) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{}`", shown(word))).collect::<Vec<_>>().join(", ")
}

/// The alternatives of a schema.
pub(super) fn branches(schema: &Value) -> Vec<&Value> {
    ["oneOf", "anyOf"].iter().filter_map(|keyword| schema.get(*keyword)?.as_array()).flatten().collect()
}

pub(super) fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

/// The words of an enumeration, if the schema is one.
pub(super) fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return listed.iter().map(Value::as_str).collect();
    }
    let mut words = Vec::new();
    for branch in branches(schema) {
        match (branch.get("const").and_then(Value::as_str), branch.get("enum").and_then(Value::as_array)) {
            (Some(word), _) => words.push(word),
            (None, Some(listed)) => words.extend(listed.iter().filter_map(Value::as_str)),
            (None, None) => return None,
        }
    }
    (!words.is_empty()).then_some(words)
}

/// The fields that a schema has.
pub(super) fn properties(schema: &Value) -> impl Iterator<Item = &str> + Clone {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys().map(String::as_str))
}

/// Where, within what `schema` describes, a field of this name belongs: `package.process.command`.
pub(super) fn deeper(root: &Value, schema: &Value, name: &str, depth: usize) -> Option<String> {
    let schema = resolved(root, schema);
    let fields = schema.get("properties").and_then(Value::as_object);
    if depth > 0 && fields.is_some_and(|fields| fields.contains_key(name)) {
        return Some(name.to_owned());
    }
    if depth == 3 {
        return None;
    }
    let within = |(field, inner): (&String, &Value)| Some(format!("{field}.{}", deeper(root, inner, name, depth + 1)?));
    fields
        .into_iter()
        .flatten()
        .find_map(within)
        .or_else(|| branches(schema).into_iter().find_map(|branch| deeper(root, branch, name, depth.max(1))))
}
