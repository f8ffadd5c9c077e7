//! What is to be done so that the wish comes true.

use super::{Change, Health, UNANSWERED, Workload, back_off};
use crate::{
    connectors::Observation,
    model::{Peers, WorkloadState},
};
use chrono::{DateTime, Utc};

/// What the service has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing, or nothing yet.
    Wait,
    /// Start this run.
    Start(u64),
    /// Ask the run to end.
    Stop,
}

/// Whether a run that was asked to end at this time is to be ended by force.
pub(crate) fn force_is_due(asked: Option<DateTime<Utc>>, grace_ms: u64, now: DateTime<Utc>) -> bool {
    let grace = i64::try_from(grace_ms).ok().and_then(chrono::TimeDelta::try_milliseconds);
    asked.zip(grace).is_some_and(|(asked, grace)| now - asked >= grace + UNANSWERED)
}

impl Workload {
    /// It could be started now, as far as rules go.
    pub(crate) fn start_is_due(&self, now: DateTime<Utc>) -> bool {
        if self.progress.removing {
            return false;
        }
        // A new revision may well mend what kept the old one from running.
        let renewed = self.progress.started_revision.as_ref() != Some(&self.spec.revision);
        match &self.progress.state {
            WorkloadState::Prepared => true,
            WorkloadState::BackingOff { until, .. } => renewed || *until <= now,
            WorkloadState::Failed { retry_at, .. } => renewed || *retry_at <= now,
            WorkloadState::Starting { .. }
            | WorkloadState::Running { .. }
            | WorkloadState::Unhealthy { .. }
            | WorkloadState::Stopping { .. } => false,
            WorkloadState::Completed { .. } => renewed,
        }
    }

    /// What brings the workload nearer to running as specified.
    pub(crate) fn advance(&mut self, seen: &Observation, peers: &Peers, now: DateTime<Utc>) -> (Action, Vec<Change>) {
        self.progress.peers.clone_from(peers);
        if self.start_is_due(now) {
            // What still runs or still ends is waited for.
            return if seen.is_up() { (Action::Wait, Vec::new()) } else { self.begin(now) };
        }
        if self.progress.stop_asked_at.is_some() {
            return (Action::Stop, Vec::new());
        }
        if !self.is_up() {
            return (Action::Wait, Vec::new());
        }
        if self.progress.started_revision.as_ref() != Some(&self.spec.revision) {
            return (Action::Stop, self.ask_to_stop("a new revision", now));
        }
        // The broker died between writing down the start and starting.
        let not_begun = seen.run < self.progress.run;
        (if not_begun { Action::Start(self.progress.run) } else { Action::Wait }, Vec::new())
    }

    fn begin(&mut self, now: DateTime<Utc>) -> (Action, Vec<Change>) {
        let progress = &mut self.progress;
        progress.run += 1;
        progress.pid = None;
        progress.started_at = now;
        progress.started_peers.clone_from(&progress.peers);
        progress.started_revision = Some(self.spec.revision.clone());
        progress.health = Health::default();
        progress.stop_asked_at = None;
        let run = progress.run;
        self.enter(WorkloadState::Starting { since: now }, now);
        let change = Change {
            kind: "workload.started",
            message: if run == 1 { "is started".to_owned() } else { format!("is started again (run {run})") },
        };
        (Action::Start(run), vec![change])
    }

    /// Asks a run to end, so that another can begin.
    pub(crate) fn ask_to_stop(&mut self, why: &str, now: DateTime<Utc>) -> Vec<Change> {
        if !self.is_up() {
            return Vec::new();
        }
        self.progress.stop_asked_at = Some(now);
        self.enter(WorkloadState::Stopping { since: now }, now);
        vec![Change { kind: "workload.stopping", message: format!("is stopped: {why}") }]
    }

    /// What it needs is taken by somebody else: nothing was started.
    pub(crate) fn blocked(&mut self, reason: &str, now: DateTime<Utc>) -> Vec<Change> {
        if !self.start_is_due(now) {
            return Vec::new();
        }
        let known = self.progress.state.reason() == Some(reason);
        self.progress.crashes = self.progress.crashes.saturating_add(1);
        self.progress.started_revision = Some(self.spec.revision.clone());
        let retry_at = now + back_off::delay(self.progress.crashes);
        self.enter(WorkloadState::Failed { retry_at, reason: reason.to_owned() }, now);
        let message = format!("can't be started: {reason}");
        if known { Vec::new() } else { vec![Change { kind: "workload.failed", message }] }
    }

    /// From here on it only ends.
    pub(crate) fn begin_removal(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        if self.progress.removing {
            return Vec::new();
        }
        self.progress.removing = true;
        self.progress.stop_asked_at = Some(now);
        self.enter(WorkloadState::Stopping { since: now }, now);
        vec![Change { kind: "workload.removing", message: "is being removed".to_owned() }]
    }
}
