//! Blue-green updates: all of a new revision is started beside the one that
//! runs, and callers are led to it at once when it has been healthy for a while;
//! the old is kept a little longer, so that going back takes no time. Before the
//! switch nothing of the old is touched.
//!
//! How far it is is a row, written with the event that tells of it; what stands
//! beside what is with the plan in force (`hansa_mco::beside`). So a broker that
//! dies goes on wherever it was.

mod news;
mod round;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use hansa_mco::BesideLook;
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::{Promotion, UpdatePolicy},
};
use serde::{Deserialize, Serialize};

/// After this time who calls has been told whom it is led to now, and has used up what it
/// knew before: so long at least nothing goes.
const TOLD: TimeSpan = TimeSpan::from_millis(5_000);

/// A revision that takes the place of another all at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlueGreen {
    /// The new revision.
    pub revision: i64,
    /// The one that ran before.
    pub from: i64,
    /// When the new was started beside the old.
    pub begun_at: DateTime<Utc>,
    /// How far it is.
    pub stage: UpdateStage,
}

/// How far a blue-green update is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "stage")]
pub enum UpdateStage {
    /// The new is started beside the old, which callers are led to.
    Starting,
    /// The new works beside the old, and a person says when callers are led to it.
    Ready {
        /// Since when.
        since: DateTime<Utc>,
        /// When somebody said so.
        promoted: Option<DateTime<Utc>>,
    },
    /// Callers are led to the new; the old is kept.
    Switched {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Callers are led to the old again, which was kept; the new goes in a moment.
    Returned {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The new was taken away, and the old goes on.
    Abandoned {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: String,
    },
}

impl UpdateStage {
    /// The stable name: `starting`, `ready`, `switched`, `returned`, `abandoned`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready { .. } => "ready",
            Self::Switched { .. } => "switched",
            Self::Returned { .. } => "returned",
            Self::Abandoned { .. } => "abandoned",
        }
    }
}

impl BlueGreen {
    /// It has just begun.
    pub(crate) const fn new(revision: i64, from: i64, begun_at: DateTime<Utc>) -> Self {
        Self { revision, from, begun_at, stage: UpdateStage::Starting }
    }

    /// The same, this far.
    pub(crate) fn at(&self, stage: UpdateStage) -> Self {
        Self { stage, ..self.clone() }
    }

    /// When the next thing is due of itself: the new must be healthy, or the old goes.
    #[must_use]
    pub fn until(&self, policy: &UpdatePolicy) -> Option<DateTime<Utc>> {
        match &self.stage {
            UpdateStage::Starting => Some(after(self.begun_at, policy.deadline)),
            UpdateStage::Ready { promoted, .. } => promoted.map(|at| after(at, policy.deadline)),
            UpdateStage::Switched { at } => Some(after(*at, policy.keep.max(TOLD))),
            UpdateStage::Returned { at } => Some(after(*at, TOLD)),
            UpdateStage::Abandoned { .. } => None,
        }
    }
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing.
    Stay,
    /// The new works; it waits for a person.
    Ready,
    /// Callers are led to the new.
    Switch,
    /// The new is taken away; why.
    Abandon(String),
    /// The old is taken away.
    Finish,
}

/// What is due now, by how the new was found. Pure.
pub(crate) fn step(update: &BlueGreen, policy: &UpdatePolicy, look: &BesideLook, now: DateTime<Utc>) -> Step {
    let works = look.wanted == 0 || look.since.is_some_and(|since| now >= after(since, policy.settle));
    let late = update.until(policy).is_some_and(|until| now >= until);
    match &update.stage {
        UpdateStage::Starting if works && policy.promote == Promotion::Manual => Step::Ready,
        UpdateStage::Starting | UpdateStage::Ready { promoted: Some(_), .. } if works => Step::Switch,
        UpdateStage::Starting | UpdateStage::Ready { .. } if late => Step::Abandon(lateness(policy, look)),
        UpdateStage::Switched { .. } | UpdateStage::Returned { .. } if late => Step::Finish,
        _ => Step::Stay,
    }
}

/// Why it took too long.
fn lateness(policy: &UpdatePolicy, look: &BesideLook) -> String {
    let mut text = format!(
        "it wasn't healthy for {} within {}: {} of {} workloads are ready",
        policy.settle, policy.deadline, look.ready, look.wanted
    );
    if !look.problems.is_empty() {
        text.push_str("; ");
        text.push_str(&look.problems.join("; "));
    }
    text
}

fn after(at: DateTime<Utc>, span: TimeSpan) -> DateTime<Utc> {
    let span = TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX);
    at.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
