//! What a room knows of a machine that it made: a state that carries its data.

use super::{MachineRequest, NodeShare};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A machine: what was asked, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// What was asked.
    pub request: MachineRequest,
    /// How far it is.
    pub state: MachineState,
    /// The connector that makes it and takes it away.
    pub connector: String,
    /// When it was first asked for.
    pub created_at: DateTime<Utc>,
}

impl Machine {
    /// Its share of a node, where it has one.
    #[must_use]
    pub const fn share(&self) -> Option<&NodeShare> {
        match &self.state {
            MachineState::Ready { share, .. } => Some(share),
            MachineState::Requested | MachineState::Releasing { .. } => None,
        }
    }
}

/// How far a machine is. A released one is gone: no record of it is left but the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "state")]
pub enum MachineState {
    /// Asked for; the real system may or may not have it yet.
    Requested,
    /// It can be used.
    Ready {
        /// Since when.
        since: DateTime<Utc>,
        /// Where it is.
        share: NodeShare,
    },
    /// On its way out; it can't come back.
    Releasing {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// What a transition leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and short-lived")]
pub(crate) enum Transition {
    /// The state stays as it is: nothing to write.
    Stay,
    /// To be written. `first` when the machine was not in this state before: an event is due.
    To { state: MachineState, first: bool },
    /// The machine is being released.
    Refused,
}

impl MachineState {
    /// The real system has the machine, with this share.
    pub(crate) fn made_ready(self, share: NodeShare, now: DateTime<Utc>) -> Transition {
        match self {
            Self::Requested => Transition::To { state: Self::Ready { since: now, share }, first: true },
            Self::Ready { share: old, .. } if old == share => Transition::Stay,
            Self::Ready { since, .. } => Transition::To { state: Self::Ready { since, share }, first: false },
            Self::Releasing { .. } => Transition::Refused,
        }
    }

    /// The machine is to go.
    pub(crate) fn releasing(self, now: DateTime<Utc>) -> Transition {
        match self {
            Self::Requested | Self::Ready { .. } => {
                Transition::To { state: Self::Releasing { since: now }, first: true }
            }
            Self::Releasing { .. } => Transition::Stay,
        }
    }
}
