//! The states of a partner, as one table:
//!
//! ```text
//! INVITED → HANDSHAKE → ACTIVE ⇄ SUSPENDED
//!     └─────────┴──────────┴────────┴──→ DRAINING → TERMINATED
//! ```

use hansa_federation::wire;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How we stand with a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartnerState {
    /// We have invited it; it hasn't answered.
    Invited,
    /// One side's consent is there and the other is being told: keys are exchanged.
    Handshake,
    /// Both owners consent: offers are exchanged, orders are taken.
    Active,
    /// One owner has put it on hold: nothing new is ordered, what runs goes on.
    Suspended,
    /// It is being left: no new orders, its offers are gone, what runs comes to its end.
    Draining,
    /// It is left, and nothing of it runs any more. For good; a new invitation begins anew.
    Terminated,
}

/// What happens to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartnerEvent {
    /// The invitation is used: the newcomer proves its key.
    Handshake,
    /// The last of both consents is there.
    Activate,
    /// Our owner puts it on hold.
    Suspend,
    /// Our owner ends the hold.
    Resume,
    /// Our owner, or the partner's, leaves.
    Terminate,
    /// Nothing of it runs any more.
    Drained,
}

impl PartnerState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Invited, Self::Handshake, Self::Active, Self::Suspended, Self::Draining, Self::Terminated];

    /// The state after an event; None: this can't happen in this state.
    #[must_use]
    pub const fn after(self, event: PartnerEvent) -> Option<Self> {
        use PartnerEvent as On;
        match (self, event) {
            (Self::Invited, On::Handshake) => Some(Self::Handshake),
            (Self::Handshake, On::Activate) | (Self::Suspended, On::Resume) => Some(Self::Active),
            (Self::Active, On::Suspend) => Some(Self::Suspended),
            (Self::Invited | Self::Handshake | Self::Active | Self::Suspended, On::Terminate) => Some(Self::Draining),
            (Self::Draining, On::Drained) => Some(Self::Terminated),
            _ => None,
        }
    }

    /// Whether new orders may be given and taken.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether messages about what runs already are exchanged: reports, logs, ends, usage.
    #[must_use]
    pub const fn is_connected(self) -> bool {
        matches!(self, Self::Active | Self::Suspended | Self::Draining)
    }

    /// The state's name, `ACTIVE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "INVITED",
            Self::Handshake => "HANDSHAKE",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Draining => "DRAINING",
            Self::Terminated => "TERMINATED",
        }
    }
}

impl PartnerEvent {
    /// Every event.
    pub const ALL: [Self; 6] =
        [Self::Handshake, Self::Activate, Self::Suspend, Self::Resume, Self::Terminate, Self::Drained];

    /// What happens, as a verb.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "begin a handshake",
            Self::Activate => "become active",
            Self::Suspend => "be suspended",
            Self::Resume => "be resumed",
            Self::Terminate => "be terminated",
            Self::Drained => "come to its end",
        }
    }
}

impl From<PartnerState> for wire::PartnerState {
    fn from(state: PartnerState) -> Self {
        match state {
            PartnerState::Invited => Self::Invited,
            PartnerState::Handshake => Self::Handshake,
            PartnerState::Active => Self::Active,
            PartnerState::Suspended => Self::Suspended,
            PartnerState::Draining => Self::Draining,
            PartnerState::Terminated => Self::Terminated,
        }
    }
}

impl From<wire::PartnerState> for PartnerState {
    fn from(state: wire::PartnerState) -> Self {
        match state {
            wire::PartnerState::Invited => Self::Invited,
            wire::PartnerState::Handshake => Self::Handshake,
            wire::PartnerState::Active => Self::Active,
            wire::PartnerState::Suspended => Self::Suspended,
            wire::PartnerState::Draining => Self::Draining,
            wire::PartnerState::Terminated => Self::Terminated,
        }
    }
}

impl fmt::Display for PartnerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, written another way: rows are states, columns events, in the order of `ALL`.
    const TABLE: [[&str; 6]; 6] = [
        ["HANDSHAKE", "-", "-", "-", "DRAINING", "-"],
        ["-", "ACTIVE", "-", "-", "DRAINING", "-"],
        ["-", "-", "SUSPENDED", "-", "DRAINING", "-"],
        ["-", "-", "-", "ACTIVE", "DRAINING", "-"],
        ["-", "-", "-", "-", "-", "TERMINATED"],
        ["-", "-", "-", "-", "-", "-"],
    ];

    #[test]
    fn every_state_with_every_event() {
        for (state, row) in PartnerState::ALL.into_iter().zip(TABLE) {
            for (event, expected) in PartnerEvent::ALL.into_iter().zip(row) {
                let name = state.after(event).map_or("-", PartnerState::name);
                assert_eq!(name, expected, "{state} on {event:?}");
            }
        }
    }

    #[test]
    fn names_are_those_of_json_and_states_cross_the_wire() {
        for state in PartnerState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(PartnerState::from(wire::PartnerState::from(state)), state);
        }
    }
}
