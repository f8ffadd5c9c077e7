//! What becomes of a workload: pure rules from what is known, what was seen
//! and the time, to what is known then. No IO; the service carries out.

mod back_off;
mod facts;
mod health;
mod life;
#[cfg(test)]
mod tests;
mod wish;

pub(crate) use health::ProbeResult;
pub(crate) use wish::{Action, force_is_due};

use crate::model::{
    Applied, Endpoints, Exit, LimitSupport, Peers, RefusedStart, WorkloadSpec, WorkloadState, WorkloadStatus,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A workload that runs without a health check for so long counts as healthy.
pub(crate) const SETTLED: TimeDelta = TimeDelta::seconds(1);
/// So long after it should have ended, a run is ended by force. The
/// supervisor's own grace comes first: this is for one that doesn't answer.
pub(crate) const UNANSWERED: TimeDelta = TimeDelta::seconds(10);

/// A workload: what was asked, and what is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workload {
    pub(crate) spec: WorkloadSpec,
    pub(crate) progress: Progress,
    pub(crate) endpoints: Endpoints,
}

/// What is known of a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pub(crate) state: WorkloadState,
    pub(crate) changed_at: DateTime<Utc>,
    /// The latest run that was asked for; 0 before the first.
    pub(crate) run: u64,
    /// Ends in a row that nobody wished.
    pub(crate) crashes: u32,
    pub(crate) pid: Option<u32>,
    pub(crate) last_exit: Option<Exit>,
    pub(crate) limits: LimitSupport,
    /// The current addresses, and those with which the run was started.
    pub(crate) peers: Peers,
    pub(crate) started_peers: Peers,
    pub(crate) started_revision: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) health: Health,
    /// When the run was asked to end.
    pub(crate) stop_asked_at: Option<DateTime<Utc>>,
    /// It is to be removed, and never to be started again.
    pub(crate) removing: bool,
    /// Why its system can't be asked about it; what is known is older than that.
    #[serde(default)]
    pub(crate) unseen: Option<String>,
    /// Its system refuses it, and it hasn't run since.
    #[serde(default)]
    pub(crate) refused: Option<RefusedStart>,
}

/// What the health checks of this run have shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// Failures in a row.
    pub(crate) failures: u32,
    /// It has succeeded once.
    pub(crate) succeeded: bool,
}

/// Something that happened, for the event log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// `workload.exited`.
    pub(crate) kind: &'static str,
    /// One sentence without a subject: "exited with code 1".
    pub(crate) message: String,
}

impl Workload {
    /// A workload that was only written down.
    pub(crate) fn new(spec: WorkloadSpec, limits: LimitSupport, now: DateTime<Utc>) -> Self {
        let progress = Progress {
            state: WorkloadState::Prepared,
            changed_at: now,
            run: 0,
            crashes: 0,
            pid: None,
            last_exit: None,
            limits,
            peers: Peers::new(),
            started_peers: Peers::new(),
            started_revision: None,
            started_at: now,
            health: Health::default(),
            stop_asked_at: None,
            removing: false,
            unseen: None,
            refused: None,
        };
        Self { spec, progress, endpoints: Endpoints::new() }
    }

    /// `shop: db#0`, for people.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}#{}", self.spec.application_name, self.spec.component, self.spec.ordinal)
    }

    /// A run was started and isn't known to be over.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(
            self.progress.state,
            WorkloadState::Starting { .. } | WorkloadState::Running { .. } | WorkloadState::Unhealthy { .. }
        )
    }

    fn enter(&mut self, state: WorkloadState, now: DateTime<Utc>) {
        if self.progress.state.name() != state.name() {
            self.progress.changed_at = now;
        }
        self.progress.state = state;
    }

    fn peers_changed(&self) -> bool {
        self.is_up() && self.progress.peers != self.progress.started_peers
    }

    /// For callers.
    pub(crate) fn applied(&self) -> Applied {
        Applied { state: self.progress.state.clone(), peers_changed: self.peers_changed() }
    }

    /// For callers.
    pub(crate) fn status(self) -> WorkloadStatus {
        let peers_changed = self.peers_changed();
        let Self { spec, progress, endpoints } = self;
        WorkloadStatus {
            id: spec.id,
            application: spec.application,
            component: spec.component,
            ordinal: spec.ordinal,
            revision: spec.revision,
            provider: spec.provider,
            target: spec.target,
            state: progress.state,
            endpoints,
            pid: progress.pid,
            restarts: u32::try_from(progress.run.saturating_sub(1)).unwrap_or(u32::MAX),
            last_exit: progress.last_exit,
            limits: progress.limits,
            peers_changed,
            unseen: progress.unseen,
            refused: progress.refused,
            changed_at: progress.changed_at,
        }
    }
}
