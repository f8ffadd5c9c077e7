//! Taking in what was seen of a workload.

use super::{Change, Health, SETTLED, Workload, back_off};
use crate::{
    connectors::{Activity, Observation},
    error::WdmError,
    model::{Exit, RefusedStart, WorkloadState},
};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::RunPolicy;

/// How a run came to its end.
enum End {
    Exit(Exit),
    /// It couldn't be started.
    Failed(String),
    /// It couldn't be started here, and may well be elsewhere.
    Refused(String),
}

impl Workload {
    /// Takes in an observation. Seeing the same twice changes nothing the
    /// second time, and what a later run has overtaken changes nothing at all.
    pub(crate) fn observed(&mut self, seen: &Observation, now: DateTime<Utc>) -> Vec<Change> {
        let mut changes = self.seen_again();
        changes.extend(self.found(seen, now));
        changes
    }

    /// Takes in that its system can't be asked about it.
    pub(crate) fn not_seen(&mut self, reason: &str) -> Vec<Change> {
        let first = self.progress.unseen.is_none();
        self.progress.unseen = Some(reason.to_owned());
        let message = format!("can't be looked at: {reason}");
        if first { vec![Change { kind: "workload.unseen", message }] } else { Vec::new() }
    }

    fn seen_again(&mut self) -> Vec<Change> {
        match self.progress.unseen.take() {
            Some(_) => vec![Change { kind: "workload.seen", message: "can be looked at again".to_owned() }],
            None => Vec::new(),
        }
    }

    fn found(&mut self, seen: &Observation, now: DateTime<Utc>) -> Vec<Change> {
        // Runs that the database doesn't know of: it was put back to a backup.
        self.progress.run = self.progress.run.max(seen.run);
        if matches!(seen.activity, Activity::Running { .. }) && self.is_up() {
            // An earlier run lives, so the later one can't have begun: one
            // broker gave up on a start with which another succeeded.
            self.progress.run = seen.run;
        }
        let current = seen.run == self.progress.run;
        if current && let Some(limits) = &seen.limits {
            self.progress.limits = limits.clone();
        }
        match &seen.activity {
            Activity::Running { pid } if current => self.seen_running(*pid, seen.verdict.as_ref(), now),
            Activity::Exited(exit) if current => self.ended(End::Exit(exit.clone()), now),
            Activity::Failed(reason) if current => self.ended(End::Failed(reason.clone()), now),
            Activity::Refused(reason) if current => self.ended(End::Refused(reason.clone()), now),
            Activity::Running { .. } | Activity::Starting | Activity::Ending => Vec::new(),
            Activity::Nothing | Activity::Exited(_) | Activity::Failed(_) | Activity::Refused(_) => {
                self.seen_nothing(now)
            }
        }
    }

    /// What kept a run from being started at all; whether it is for its system to refuse.
    pub(crate) fn start_failed(&mut self, run: u64, why: &WdmError, now: DateTime<Utc>) -> Vec<Change> {
        if run != self.progress.run {
            return Vec::new();
        }
        let reason = why.to_string();
        self.ended(if why.is_refusal() { End::Refused(reason) } else { End::Failed(reason) }, now)
    }

    fn seen_running(&mut self, pid: u32, verdict: Option<&Result<(), String>>, now: DateTime<Utc>) -> Vec<Change> {
        if self.progress.pid.replace(pid).is_none() {
            // Before that its image came, or steps ran: patience with its health begins now.
            self.progress.started_at = now;
        }
        match self.progress.state.clone() {
            // It was given up too early: it runs after all.
            WorkloadState::BackingOff { .. } | WorkloadState::Failed { .. } | WorkloadState::Prepared => {
                self.enter(WorkloadState::Starting { since: now }, now);
                self.progress.health = Health::default();
                Vec::new()
            }
            WorkloadState::Starting { since }
                if verdict.is_none() && self.spec.health.is_none() && now - since >= SETTLED =>
            {
                self.healthy(now)
            }
            WorkloadState::Starting { .. } | WorkloadState::Unhealthy { .. } if verdict == Some(&Ok(())) => {
                self.healthy(now)
            }
            WorkloadState::Running { .. } if matches!(verdict, Some(Err(_))) => self.judged_unhealthy(verdict, now),
            WorkloadState::Running { since } => {
                if now - since >= back_off::FORGOTTEN {
                    self.progress.crashes = 0;
                }
                Vec::new()
            }
            WorkloadState::Starting { .. }
            | WorkloadState::Unhealthy { .. }
            | WorkloadState::Completed { .. }
            | WorkloadState::Stopping { .. } => Vec::new(),
        }
    }

    /// The system, which restarts it by itself where it has to, says that it doesn't work.
    fn judged_unhealthy(&mut self, verdict: Option<&Result<(), String>>, now: DateTime<Utc>) -> Vec<Change> {
        let Some(Err(reason)) = verdict else { return Vec::new() };
        self.enter(WorkloadState::Unhealthy { since: now, failures: 1, reason: reason.clone() }, now);
        vec![Change { kind: "workload.unhealthy", message: format!("fails its health check: {reason}") }]
    }

    /// The run that was asked for isn't there: not yet, or no more.
    fn seen_nothing(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        match self.progress.state {
            WorkloadState::Running { .. } | WorkloadState::Unhealthy { .. } => {
                let detail = "it was removed by somebody else".to_owned();
                let exit = Exit { at: now, code: None, signal: None, out_of_memory_mib: None, detail: Some(detail) };
                self.ended(End::Exit(exit), now)
            }
            WorkloadState::Stopping { .. } => self.stopped(now),
            _ => Vec::new(),
        }
    }

    /// It works.
    pub(super) fn healthy(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        self.progress.refused = None;
        self.enter(WorkloadState::Running { since: now }, now);
        vec![Change { kind: "workload.healthy", message: "works".to_owned() }]
    }

    fn ended(&mut self, end: End, now: DateTime<Utc>) -> Vec<Change> {
        self.progress.pid = None;
        if let End::Exit(exit) = &end {
            self.progress.last_exit = Some(exit.clone());
        }
        if matches!(self.progress.state, WorkloadState::Stopping { .. }) {
            return self.stopped(now);
        }
        // Counted before: each run ends once.
        if !self.is_up() {
            return Vec::new();
        }
        self.progress.stop_asked_at = None;
        if let End::Exit(exit) = &end
            && self.spec.run == RunPolicy::Once
            && exit.code == Some(0)
        {
            return self.completed(exit.at, now);
        }
        self.progress.crashes = self.progress.crashes.saturating_add(1);
        self.progress.refused = match &end {
            End::Refused(reason) => {
                let since = self.progress.refused.as_ref().map_or(now, |before| before.since);
                Some(RefusedStart { since, reason: reason.clone() })
            }
            End::Failed(_) | End::Exit(_) => None,
        };
        let crashes = self.progress.crashes;
        let until = now + back_off::delay(crashes);
        match end {
            End::Failed(reason) | End::Refused(reason) => {
                self.enter(WorkloadState::Failed { retry_at: until, reason: reason.clone() }, now);
                vec![Change { kind: "workload.failed", message: format!("can't be started: {reason}") }]
            }
            End::Exit(exit) => {
                let reason = match &self.progress.state {
                    WorkloadState::Unhealthy { reason, .. } => {
                        format!("unhealthy ({reason}); {exit}")
                    }
                    _ => exit.to_string(),
                };
                self.enter(WorkloadState::BackingOff { until, crashes, reason: reason.clone() }, now);
                vec![Change { kind: "workload.exited", message: reason }]
            }
        }
    }

    /// The job is done.
    fn completed(&mut self, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Change> {
        self.progress.crashes = 0;
        self.progress.refused = None;
        self.enter(WorkloadState::Completed { at }, now);
        vec![Change { kind: "workload.completed", message: "has ended well and is done".to_owned() }]
    }

    /// It ended as it should.
    fn stopped(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        self.progress.pid = None;
        if self.progress.removing {
            return Vec::new();
        }
        self.progress.stop_asked_at = None;
        self.enter(WorkloadState::Prepared, now);
        vec![Change { kind: "workload.stopped", message: "was stopped, to be started anew".to_owned() }]
    }
}
