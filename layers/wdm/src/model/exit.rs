//! How a process ended.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a workload's main process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exit {
    /// When, by the clock of the machine it ran on.
    pub at: DateTime<Utc>,
    /// Exit code, where it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The memory limit in MiB, where the kernel ended it for going past that.
    pub out_of_memory_mib: Option<u64>,
    /// Where neither code nor signal is known: what is.
    pub detail: Option<String>,
}

impl Exit {
    /// An end of which nothing more is known.
    #[must_use]
    pub const fn at(at: DateTime<Utc>) -> Self {
        Self { at, code: None, signal: None, out_of_memory_mib: None, detail: None }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.out_of_memory_mib, self.signal, self.code, &self.detail) {
            (Some(limit), ..) => write!(f, "killed: out of memory (limit {limit} MiB)"),
            (None, Some(signal), ..) => write!(f, "killed by signal {}", SignalName(signal)),
            (None, None, Some(code), _) => write!(f, "exited with code {code}"),
            (None, None, None, Some(detail)) => f.write_str(detail),
            (None, None, None, None) => f.write_str("ended, nobody saw how"),
        }
    }
}

/// A signal as people write it.
struct SignalName(i32);

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match nix::sys::signal::Signal::try_from(self.0) {
            Ok(signal) => write!(f, "{} ({})", self.0, signal.as_str()),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_it_ended() {
        let exit =
            Exit { at: DateTime::UNIX_EPOCH, code: Some(3), signal: None, out_of_memory_mib: None, detail: None };
        assert_eq!(exit.to_string(), "exited with code 3");
        let killed = Exit { code: None, signal: Some(9), ..exit };
        assert_eq!(killed.to_string(), "killed by signal 9 (SIGKILL)");
        let starved = Exit { out_of_memory_mib: Some(64), ..killed };
        assert_eq!(starved.to_string(), "killed: out of memory (limit 64 MiB)");
    }
}
