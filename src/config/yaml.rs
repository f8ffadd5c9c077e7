//! YAML to and from JSON values: the configuration file is read with it, and
//! `-o yaml` is written with it.

use saphyr::{LoadableYamlNode, Scalar, Yaml, YamlEmitter};
use serde_json::{Map, Number, Value};

/// Reads one YAML document. An empty text is an empty mapping.
///
/// # Errors
/// A sentence with line and column when the text is no YAML, has several
/// documents, or holds what JSON can't.
pub(crate) fn yaml_to_json(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|fault| fault.to_string())?;
    match documents.as_slice() {
        [] => Ok(Value::Object(Map::new())),
        [Yaml::Value(Scalar::Null)] => Ok(Value::Object(Map::new())),
        [document] => json(document),
        _ => Err("it has several documents (`---`); one is expected".to_owned()),
    }
}

fn json(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => scalar_to_json(scalar)?,
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match json(key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                object.insert(key, json(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tag, _) => {
            return Err(format!("the tag `{tag}` has no meaning here; leave it out"));
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err("a value could not be understood; put it in quotes".to_owned());
        }
    })
}

fn scalar_to_json(scalar: &Scalar<'_>) -> Result<Value, String> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(truth) => Value::Bool(*truth),
        Scalar::Integer(number) => Value::Number((*number).into()),
        Scalar::FloatingPoint(number) => Number::from_f64(number.into_inner())
            .map(Value::Number)
            .ok_or_else(|| format!("`{number}` is no finite number"))?,
        Scalar::String(text) => Value::String(text.clone().into_owned()),
    })
}

/// A value as YAML, ended by a line end.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    let written = YamlEmitter::new(&mut text).dump(&yaml(value));
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    let body = text.strip_prefix("---\n").unwrap_or(&text);
    format!("{}\n", body.trim_end_matches('\n'))
}

fn yaml(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => Yaml::Value(Scalar::Null),
        Value::Bool(truth) => Yaml::Value(Scalar::Boolean(*truth)),
        Value::Number(number) => Yaml::Value(match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Scalar::Integer(whole),
            (None, Some(float)) => Scalar::FloatingPoint(float.into()),
            (None, None) => Scalar::String(number.to_string().into()),
        }),
        Value::String(text) => Yaml::Value(Scalar::String(text.as_str().into())),
        Value::Array(items) => Yaml::Sequence(items.iter().map(yaml).collect()),
        Value::Object(entries) => Yaml::Mapping(
            entries
                .iter()
                .map(|(key, value)| (Yaml::Value(Scalar::String(key.as_str().into())), yaml(value)))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_round() {
        let value =
            json!({"a": [1, 2.5, "x: y", "", "true", "12", null], "b": {"c": false, "d": {}}, "e": [], "f": "l1\nl2"});
        assert_eq!(yaml_to_json(&to_yaml(&value)), Ok(value));
    }

    #[test]
    fn says_where_a_text_is_no_yaml() {
        let fault = yaml_to_json("a: [1\nb: 2").unwrap_err();
        assert!(fault.contains("line"), "{fault}");
        assert_eq!(yaml_to_json(""), Ok(json!({})));
    }
}
