//! Reading the shared third-party data.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod maneuver;
pub(crate) mod synthetic;
pub(crate) mod tiny;

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::path::Path;

pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}
