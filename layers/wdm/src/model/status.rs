//! What is: a workload's state with everything that belongs to it.

use super::{Endpoints, Exit, Target};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, ProviderId, WorkloadId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A workload as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// The workload.
    pub id: WorkloadId,
    /// Its application.
    pub application: ApplicationId,
    /// The component's name.
    pub component: String,
    /// Which of the component's instances.
    pub ordinal: u32,
    /// The revision that was asked for last.
    pub revision: String,
    /// Who runs the site.
    pub provider: ProviderId,
    /// Where it runs.
    pub target: Target,
    /// What it does.
    pub state: WorkloadState,
    /// Where it is reached.
    pub endpoints: Endpoints,
    /// The main process, while there is one.
    pub pid: Option<u32>,
    /// How often it was started again after its first start.
    pub restarts: u32,
    /// How it last ended.
    pub last_exit: Option<Exit>,
    /// Which limits hold for it.
    pub limits: LimitSupport,
    /// Its peers' addresses are no longer those it was started with.
    pub peers_changed: bool,
    /// Why its system can't be asked about it; what is said here is older than that.
    pub unseen: Option<String>,
    /// Its system refuses it, and it hasn't run since: another place should be sought.
    pub refused: Option<RefusedStart>,
    /// When the state last changed.
    pub changed_at: DateTime<Utc>,
}

/// A system that is there has no room for a workload, or doesn't admit it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedStart {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, in the system's own words.
    pub reason: String,
}

/// What a workload does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "state")]
pub enum WorkloadState {
    /// Written down, its ports are allocated, nothing was started yet.
    Prepared,
    /// Started; hasn't yet proved that it works.
    Starting {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Runs, and its health check succeeds.
    Running {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Runs, and its health check fails.
    Unhealthy {
        /// Since when.
        since: DateTime<Utc>,
        /// Failures in a row.
        failures: u32,
        /// What the last one said.
        reason: String,
    },
    /// Ended, and will be started again.
    BackingOff {
        /// Not before this time.
        until: DateTime<Utc>,
        /// How often in a row it ended.
        crashes: u32,
        /// How it ended.
        reason: String,
    },
    /// Can't be started; will be tried again, in case that what it lacks turns up.
    Failed {
        /// Not before this time.
        retry_at: DateTime<Utc>,
        /// Why, and what to do about it.
        reason: String,
    },
    /// A job that has ended well: it is not started again.
    Completed {
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// Is being ended: it was removed, or it will be started anew.
    Stopping {
        /// Since when.
        since: DateTime<Utc>,
    },
}

impl WorkloadState {
    /// Runs and works: traffic may be sent to it.
    #[must_use]
    pub const fn is_healthy(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// Does what is wished of it: it works, or it was a job and is done.
    #[must_use]
    pub const fn is_fulfilled(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Completed { .. })
    }

    /// The state's name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Starting { .. } => "starting",
            Self::Running { .. } => "running",
            Self::Unhealthy { .. } => "unhealthy",
            Self::BackingOff { .. } => "backing-off",
            Self::Failed { .. } => "failed",
            Self::Completed { .. } => "completed",
            Self::Stopping { .. } => "stopping",
        }
    }

    /// Why it doesn't work, where that is known.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unhealthy { reason, .. } | Self::BackingOff { reason, .. } | Self::Failed { reason, .. } => {
                Some(reason)
            }
            Self::Prepared
            | Self::Starting { .. }
            | Self::Running { .. }
            | Self::Completed { .. }
            | Self::Stopping { .. } => None,
        }
    }
}

impl fmt::Display for WorkloadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What applying a workload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The state after it.
    pub state: WorkloadState,
    /// The peers' addresses are no longer those with which the process was
    /// started. For a component with `onPeerChange: restart` the caller asks
    /// for [`crate::Wdm::workload_restart`] when its turn has come.
    pub peers_changed: bool,
}

/// How far a removal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// No process, no file, no port is left.
    Gone,
    /// The workload was asked to end; ask again.
    Stopping,
}

/// Which limits are enforced, and why the others aren't.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitSupport {
    /// Processor time.
    pub cpu: bool,
    /// Memory.
    pub memory: bool,
    /// Number of processes and threads.
    pub pids: bool,
    /// For people: by what they are enforced, and why one isn't.
    pub explanation: String,
}
