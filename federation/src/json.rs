//! JSON as partners send it, read strictly: a bound on its size, no key twice
//! in one object (two readers could otherwise see two messages in the same
//! signed bytes, RFC 8259 section 4), no U+0000, nothing after the value.

use crate::FederationError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Reads one JSON value of at most `limit` bytes.
///
/// # Errors
/// [`FederationError::TooLarge`]; [`FederationError::Invalid`] when it is no
/// JSON, nests deeper than 127 levels, or names a key twice.
pub fn value(what: &'static str, bytes: &[u8], limit: usize) -> Result<Value, FederationError> {
    if bytes.len() > limit {
        return Err(FederationError::bytes(what, limit));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| FederationError::invalid(what, error.to_string()))
}

/// Reads one JSON value of at most `limit` bytes as a type.
///
/// # Errors
/// As [`value`]; and when it doesn't fit the type.
pub fn read<T: DeserializeOwned>(what: &'static str, bytes: &[u8], limit: usize) -> Result<T, FederationError> {
    let value = value(what, bytes, limit)?;
    serde_json::from_value(value).map_err(|error| FederationError::invalid(what, error.to_string()))
}

/// Writes a value as JSON.
///
/// # Errors
/// When the value can't be JSON (a map with keys that aren't texts).
pub fn write<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, FederationError> {
    serde_json::to_vec(value).map_err(|error| FederationError::invalid(what, error.to_string()))
}

/// SHA-256 of bytes in base64url without padding.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    encode(&Sha256::digest(bytes))
}

/// Base64url without padding (RFC 7515 section 2).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding; other letters, padding and stray last bits are refused.
///
/// # Errors
/// [`FederationError::Invalid`].
pub fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, FederationError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|error| FederationError::invalid(what, format!("not base64url without padding: {error}")))
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }
    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        // PostgreSQL stores none, and no name or text needs one.
        if value.contains('\0') { Err(E::custom("a text holds U+0000")) } else { Ok(value.into()) }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice in one object")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// A URL as text.
pub(crate) mod url_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use url::Url;

    pub(crate) fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
