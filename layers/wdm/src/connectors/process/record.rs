//! What connector and supervisor say to each other, by files.

use super::{cgroup::CgroupPlan, process_table::ProcessRef};
use crate::model::{Exit, LimitSupport};
use chrono::{DateTime, Utc};
use hansa_ontology::WorkloadId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the supervisor has to run (`spec.json`). Written by the connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunSpec {
    /// The workload.
    pub(crate) workload: WorkloadId,
    /// Which of its runs. A number runs at most once.
    pub(crate) run: u64,
    /// Program and arguments, expanded.
    pub(crate) command: Vec<String>,
    /// The whole environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Directories to make before the start: its volumes.
    pub(crate) directories: Vec<std::path::PathBuf>,
    /// Its control groups.
    pub(crate) cgroups: CgroupPlan,
    /// Milliseconds between the request to end and the end by force.
    pub(crate) grace_ms: u64,
    /// Bounds of the captured output.
    pub(crate) logs: LogBounds,
}

/// Bounds of the captured output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogBounds {
    /// A file is closed when it has this many bytes.
    pub file_bytes: u64,
    /// So many files are kept.
    pub files: usize,
}

impl Default for LogBounds {
    fn default() -> Self {
        Self { file_bytes: 1 << 20, files: 5 }
    }
}

/// What the supervisor did (`state.json`). Written by the supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunState {
    /// Which run.
    pub(crate) run: u64,
    /// The supervisor.
    pub(crate) shim: ProcessRef,
    /// How far it is.
    pub(crate) phase: Phase,
    /// Which limits hold.
    pub(crate) limits: LimitSupport,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub(crate) enum Phase {
    /// The supervisor is there, the workload not yet.
    Starting,
    /// The workload's program runs.
    Running {
        /// Its main process.
        process: ProcessRef,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The program couldn't be started.
    Failed {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The program ended.
    Exited {
        /// How.
        exit: Exit,
    },
}
