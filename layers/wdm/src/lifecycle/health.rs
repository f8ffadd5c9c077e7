//! When a health check is due, and what its answer means.

use super::{Change, Workload};
use crate::model::WorkloadState;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{quantity::TimeSpan, resource_model::HealthCheck};

/// What one try said; the error for people.
pub(crate) type ProbeResult = Result<(), String>;

fn delta(span: TimeSpan) -> TimeDelta {
    TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX)
}

impl Workload {
    /// The check that has to be made from time to time; none while it would say nothing.
    pub(crate) fn check(&self) -> Option<&HealthCheck> {
        let wanted = self.is_up() && self.progress.pid.is_some() && self.progress.stop_asked_at.is_none();
        self.spec.health.as_ref().filter(|_| wanted)
    }

    /// Takes in the answer of a check that was made of this run.
    pub(crate) fn checked(&mut self, run: u64, result: &ProbeResult, now: DateTime<Utc>) -> Vec<Change> {
        let Some(check) = self.spec.health.clone() else {
            return Vec::new();
        };
        if run != self.progress.run || !self.is_up() || self.progress.stop_asked_at.is_some() {
            return Vec::new();
        }
        match result {
            Ok(()) => self.check_succeeded(now),
            Err(reason) => self.check_failed(&check, reason, now),
        }
    }

    fn check_succeeded(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        self.progress.health.failures = 0;
        self.progress.health.succeeded = true;
        if self.progress.state.is_healthy() { Vec::new() } else { self.healthy(now) }
    }

    fn check_failed(&mut self, check: &HealthCheck, reason: &str, now: DateTime<Utc>) -> Vec<Change> {
        let health = &mut self.progress.health;
        health.failures = health.failures.saturating_add(1);
        let failures = health.failures;
        let patience_over = if health.succeeded {
            failures >= check.failures
        } else {
            now - self.progress.started_at >= delta(check.startup)
        };
        if !self.progress.health.succeeded && !patience_over {
            // Still coming up: failing is what it does.
            return Vec::new();
        }
        let reason = if self.progress.health.succeeded {
            reason.to_owned()
        } else {
            format!("no success within {} after the start: {reason}", check.startup)
        };
        let (since, first) = match &self.progress.state {
            WorkloadState::Unhealthy { since, .. } => (*since, false),
            _ => (now, true),
        };
        self.enter(WorkloadState::Unhealthy { since, failures, reason: reason.clone() }, now);
        let mut changes = Vec::new();
        if first {
            let message = format!("fails its health check: {reason}");
            changes.push(Change { kind: "workload.unhealthy", message });
        }
        if patience_over {
            self.progress.stop_asked_at = Some(now);
            let message = format!("is restarted after {failures} failed health checks in a row");
            changes.push(Change { kind: "workload.restarting", message });
        }
        changes
    }
}
