//! Reading the shared third-party data, where it is present.
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod maneuver;
pub(crate) mod synthetic;
pub(crate) mod tiny;

use chrono::{DateTime, Utc};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder of the shared data; None, said loudly, where it is absent.
pub(crate) fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HANSA_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set HANSA_SHARED_DATA to the folder of shared data", path.display());
    None
}

pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}
