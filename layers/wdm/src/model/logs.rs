//! A workload's output, line by line.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// Where it came from.
    pub source: LogSource,
    /// The text without its line end. Bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A note of the broker: lines were dropped, the process was started.
    Note,
}

/// Which lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogQuery {
    /// At most so many of the last lines that are already there. None: all.
    pub tail: Option<usize>,
    /// Only lines read at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Go on with new lines until the workload is removed.
    pub follow: bool,
}
