//! Data of others, which is not in the repository.

use crate::{python, wanted};
use std::path::{Path, PathBuf};

/// A file or folder of the data that lies beside the repository, or where
/// `HANSA_SHARED_DATA` says. None: it isn't there, and that was said.
#[must_use]
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("HANSA_SHARED_DATA").map_or(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set HANSA_SHARED_DATA to the folder of shared data", path.display());
    None
}

/// The folder of recorded carbon intensity and prices (`texas.csv`, `california.csv`,
/// `california-prices.csv`), hour by hour. None: it isn't there, and that was said.
#[must_use]
pub fn recorded_intensity() -> Option<PathBuf> {
    let there = python::installed("citylearn");
    wanted("citylearn", there, "run tests/systems/install/citylearn.sh").then(|| python::cache().join("citylearn"))
}

/// Ten days of requests that were recorded minute by minute: CSV of a line's number, time
/// (`YYYY-MM-DD HH:MM:SS`) and count. None: it isn't there, and that was said.
#[must_use]
pub fn recorded_requests() -> Option<PathBuf> {
    let there = python::installed("requests");
    wanted("requests", there, "run tests/systems/install/requests.sh")
        .then(|| python::cache().join("requests/requests.csv"))
}
