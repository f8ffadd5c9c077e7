//! JSON columns: TEXT in both databases.

use crate::{error::RepositoryError, event::Event};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A value as a column.
///
/// # Errors
/// When it has no JSON form.
pub fn to_column<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<String, RepositoryError> {
    serde_json::to_string(value).map_err(|error| RepositoryError::Internal {
        message: format!("{what} has no JSON form: {error}"),
        source: None,
    })
}

/// A stored value.
///
/// # Errors
/// When this program cannot read it.
pub fn from_column<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, RepositoryError> {
    serde_json::from_str(text).map_err(|error| RepositoryError::unreadable(what, &error))
}

/// Puts a value into a field of an event's data, beside what is there. Data that is
/// no object is left as it is.
///
/// # Errors
/// When it has no JSON form.
pub(crate) fn to_event<T: Serialize>(
    field: &str,
    what: &str,
    value: &T,
    mut data: Value,
) -> Result<Value, RepositoryError> {
    let told = serde_json::to_value(value).map_err(|error| RepositoryError::Internal {
        message: format!("{what} has no JSON form: {error}"),
        source: None,
    })?;
    if let Some(fields) = data.as_object_mut() {
        fields.insert(field.to_owned(), told);
    }
    Ok(data)
}

/// What a field of an event's data tells; none where there is none.
///
/// # Errors
/// When this program can't read it: a newer one has written it.
pub(crate) fn from_event<T: DeserializeOwned>(field: &str, event: &Event) -> Result<Option<T>, RepositoryError> {
    let Some(told) = event.data.get(field) else { return Ok(None) };
    T::deserialize(told)
        .map(Some)
        .map_err(|error| RepositoryError::unreadable(&format!("{field} in event {}", event.sequence), &error))
}
