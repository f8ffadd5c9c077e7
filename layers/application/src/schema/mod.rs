//! The JSON Schema of the format, generated from its types, and the check of a
//! descriptor against it.

mod leaf;
pub(crate) mod sentence;
mod translate;
mod variant;

use crate::{descriptor::node::Node, diagnostic::Code, finding::Finding};
use hansa_ontology::{ResourceModel, resource_model::NAME_PATTERN};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The most faults that are looked at.
const MOST: usize = 2_000;

/// The JSON Schema (draft 2020-12) of a descriptor.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(ResourceModel).to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!("urn:hansa:schema:resource-model:1"));
    }
    schema
}

/// The schema as it is checked, and its validator.
struct Checked {
    schema: Value,
    validator: Validator,
}

static CHECKED: LazyLock<Result<Checked, String>> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(ResourceModel).to_value();
    prepare(&mut schema);
    let validator = jsonschema::options()
        .with_keyword(leaf::KEYWORD, leaf::keyword)
        .build(&schema)
        .map_err(|error| error.to_string())?;
    Ok(Checked { schema, validator })
});

/// Checks a descriptor against the schema.
pub(crate) fn check(value: &Value, root: &Node, findings: &mut Vec<Finding>) {
    match &*CHECKED {
        Ok(checked) => {
            let mut translation = translate::Translation { schema: &checked.schema, value, root, findings };
            for error in checked.validator.iter_errors(value).take(MOST) {
                translation.add(&error);
            }
        }
        Err(error) => {
            findings.push(Finding::key("", Code::Invalid, format!("the schema of this build is broken: {error}")))
        }
    }
}

/// Makes the schema as strict as the types: quantities, money, areas and
/// decimals are checked by the types themselves; names are left to the checks
/// behind, which know their places.
fn prepare(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(prepare),
        Value::Object(fields) => {
            fields.remove("propertyNames");
            if fields.get("pattern").and_then(Value::as_str) == Some(NAME_PATTERN) {
                fields.remove("pattern");
            }
            if fields.get("format").and_then(Value::as_str) == Some("uint32") && !fields.contains_key("maximum") {
                fields.insert("maximum".to_owned(), json!(u32::MAX));
            }
            if let Some(spec) = leaf::decimal_of(fields) {
                for keyword in ["type", "pattern", "minimum", "maximum", "examples"] {
                    fields.remove(keyword);
                }
                fields.insert(leaf::KEYWORD.to_owned(), spec);
            }
            if let Some(Value::Object(definitions)) = fields.get_mut("$defs") {
                for (name, definition) in definitions {
                    if leaf::is_leaf(name) {
                        *definition = json!({ leaf::KEYWORD: { "type": name } });
                    }
                }
            }
            fields.values_mut().for_each(prepare);
        }
        _ => {}
    }
}

/// The schema behind a chain of `$ref`.
fn resolved<'s>(root: &'s Value, mut schema: &'s Value) -> &'s Value {
    for _ in 0..8 {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_builds_and_is_a_schema() {
        assert!(CHECKED.is_ok());
        assert!(jsonschema::meta::is_valid(&json_schema()));
    }

    #[test]
    fn examples_obey_the_schema() {
        let schema = json_schema();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for example in schema["examples"].as_array().unwrap() {
            assert!(validator.is_valid(example), "{example}");
        }
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            let mut alone = definition.clone();
            alone["$defs"] = schema["$defs"].clone();
            let validator = jsonschema::validator_for(&alone).unwrap();
            for example in definition["examples"].as_array().into_iter().flatten() {
                assert!(validator.is_valid(example), "{name}: {example}");
            }
        }
    }
}
