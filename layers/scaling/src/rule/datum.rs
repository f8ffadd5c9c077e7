//! Values that go into a rule and come out of it: plain data, without sharing
//! and without cycles, which can be written down and read again.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Number, Value as Json, json};
use std::borrow::Cow;

/// A value outside of a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Datum {
    /// Python's None: no value.
    #[default]
    None,
    /// True or False.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A floating point number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Datum>),
    /// A tuple.
    Tuple(Vec<Datum>),
    /// A dict, in the order of insertion.
    Dict(Vec<(Datum, Datum)>),
}

impl Datum {
    /// The value as a number, if it is one. True and False are none here.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub const fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The name of its type in Python.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
        }
    }

    /// As JSON. What JSON hasn't is an object with one key that begins with `$`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => i64::try_from(*value).map_or_else(|_| json!({ "$int": value.to_string() }), Json::from),
            Self::Float(value) => Number::from_f64(*value)
                .map_or_else(|| json!({ "$float": value.to_string().to_lowercase() }), Json::Number),
            Self::Text(value) => Json::String(value.clone()),
            Self::List(values) => Json::Array(values.iter().map(Self::to_json).collect()),
            Self::Tuple(values) => json!({ "$tuple": values.iter().map(Self::to_json).collect::<Vec<_>>() }),
            Self::Dict(pairs) => Self::dict_to_json(pairs),
        }
    }

    fn dict_to_json(pairs: &[(Self, Self)]) -> Json {
        let plain: Option<Map<String, Json>> = pairs
            .iter()
            .map(|(key, value)| match key {
                Self::Text(key) if !key.starts_with('$') => Some((key.clone(), value.to_json())),
                _ => None,
            })
            .collect();
        plain.map_or_else(
            || json!({ "$dict": pairs.iter().map(|(key, value)| [key.to_json(), value.to_json()]).collect::<Vec<_>>() }),
            Json::Object,
        )
    }

    /// From JSON.
    ///
    /// # Errors
    /// What is wrong with an object whose key begins with `$`, or with a number.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        let all = |values: &[Json]| values.iter().map(Self::from_json).collect::<Result<Vec<_>, _>>();
        Ok(match json {
            Json::Null => Self::None,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(value) => match (value.as_i64(), value.as_u64(), value.as_f64()) {
                (Some(value), _, _) => Self::Int(value.into()),
                (_, Some(value), _) => Self::Int(value.into()),
                (_, _, Some(value)) => Self::Float(value),
                _ => return Err(format!("{value} is no number that a rule can have")),
            },
            Json::String(value) => Self::Text(value.clone()),
            Json::Array(values) => Self::List(all(values)?),
            Json::Object(object) => match object.iter().next() {
                Some((key, value)) if key.starts_with('$') => Self::marked(key, value)?,
                _ => {
                    let pair = |(key, value): (&String, &Json)| Ok((Self::Text(key.clone()), Self::from_json(value)?));
                    Self::Dict(object.iter().map(pair).collect::<Result<Vec<_>, String>>()?)
                }
            },
        })
    }

    fn marked(key: &str, value: &Json) -> Result<Self, String> {
        let wrong = || format!("`{key}` can't be read");
        match (key, value) {
            ("$int", Json::String(text)) => {
                text.parse().map(Self::Int).map_err(|fault| format!("{}: {fault}", wrong()))
            }
            ("$float", Json::String(text)) => {
                text.parse().map(Self::Float).map_err(|fault| format!("{}: {fault}", wrong()))
            }
            ("$tuple", Json::Array(values)) => {
                Ok(Self::Tuple(values.iter().map(Self::from_json).collect::<Result<_, _>>()?))
            }
            ("$dict", Json::Array(pairs)) => {
                let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                    Some([key, value]) => Ok((Self::from_json(key)?, Self::from_json(value)?)),
                    _ => Err(wrong()),
                };
                Ok(Self::Dict(pairs.iter().map(pair).collect::<Result<_, _>>()?))
            }
            _ => Err(wrong()),
        }
    }
}

impl From<bool> for Datum {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Datum {
    fn from(value: i64) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Datum {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Datum {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Datum {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Datum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl JsonSchema for Datum {
    fn schema_name() -> Cow<'static, str> {
        "Datum".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "A value of a rule: any JSON; tuples, dicts with other keys than text, and numbers that JSON hasn't are objects with one key that begins with `$`." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_round_through_json() {
        let int = |value: i128| Datum::Int(value);
        let all = Datum::List(vec![
            Datum::None,
            Datum::Bool(true),
            int(3),
            int(1 << 100),
            Datum::Float(0.5),
            Datum::Float(2.0),
            Datum::Float(f64::INFINITY),
            Datum::Text("a".to_owned()),
            Datum::Tuple(vec![int(1), Datum::None]),
            Datum::Dict(vec![(Datum::from("k"), int(1)), (Datum::from("a"), int(2))]),
            Datum::Dict(vec![(int(1), int(2)), (Datum::Tuple(vec![int(1)]), int(3))]),
            Datum::Dict(vec![(Datum::from("$int"), Datum::from("x"))]),
        ]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Datum>(&text).unwrap(), all, "{text}");
        let nan: Datum = serde_json::from_str(&serde_json::to_string(&Datum::Float(f64::NAN)).unwrap()).unwrap();
        assert!(matches!(nan, Datum::Float(value) if value.is_nan()));
        assert!(serde_json::from_str::<Datum>(r#"{"$int":"x"}"#).is_err());
    }
}
