//! JSON columns: TEXT in both databases.

use crate::error::RepositoryError;
use serde::{Serialize, de::DeserializeOwned};

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
