//! Identifiers, addresses and the like as columns: TEXT in both databases, as they are displayed.

use crate::error::RepositoryError;
use std::{fmt::Display, str::FromStr};

/// A stored value.
///
/// # Errors
/// When this program cannot read it.
pub fn from_column<T: FromStr<Err: Display>>(what: &str, text: &str) -> Result<T, RepositoryError> {
    text.parse().map_err(|error: T::Err| RepositoryError::unreadable(what, &error))
}
