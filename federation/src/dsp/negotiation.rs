//! The states of a contract negotiation (DSP 2025-1, "Contract Negotiation
//! Protocol", states and transitions), as a pure table for both roles.
//!
//! A message that came before is told by its digest before the table is asked;
//! the table knows first deliveries only. A state is committed only after the
//! peer's acknowledgement.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a negotiation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// The consumer has asked.
    Requested,
    /// The provider has offered.
    Offered,
    /// The consumer has accepted the offer.
    Accepted,
    /// The provider has sent the agreement.
    Agreed,
    /// The consumer has verified it.
    Verified,
    /// The contract stands. For ever.
    Finalized,
    /// There is no contract. For ever.
    Terminated,
}

/// Who somebody is in a negotiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Buys.
    Consumer,
    /// Sells.
    Provider,
}

/// What moves a negotiation: a message's type, and for events which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// ContractRequestMessage.
    Request,
    /// ContractOfferMessage.
    Offer,
    /// ContractNegotiationEventMessage, ACCEPTED.
    Accept,
    /// ContractAgreementMessage.
    Agree,
    /// ContractAgreementVerificationMessage.
    Verify,
    /// ContractNegotiationEventMessage, FINALIZED.
    Finalize,
    /// ContractNegotiationTerminationMessage.
    Terminate,
}

/// The step isn't allowed in this state, or not from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {sender} can't {step} a negotiation {}", Standing(*.state))]
pub struct WrongStep {
    /// The state; None: there is no negotiation yet.
    pub state: Option<State>,
    /// What was tried.
    pub step: Step,
    /// By whom.
    pub sender: Role,
}

struct Standing(Option<State>);

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(state) => write!(f, "in state {state}"),
            None => f.write_str("that has not begun"),
        }
    }
}

/// The state after a step that `sender` takes in `state` (None: the negotiation begins with it).
///
/// # Errors
/// [`WrongStep`].
pub const fn next(state: Option<State>, step: Step, sender: Role) -> Result<State, WrongStep> {
    use Role::{Consumer, Provider};
    use State::{Accepted, Agreed, Finalized, Offered, Requested, Terminated, Verified};
    match (state, step, sender) {
        (None | Some(Offered), Step::Request, Consumer) => Ok(Requested),
        (None | Some(Requested), Step::Offer, Provider) => Ok(Offered),
        (Some(Offered), Step::Accept, Consumer) => Ok(Accepted),
        (Some(Requested | Accepted), Step::Agree, Provider) => Ok(Agreed),
        (Some(Agreed), Step::Verify, Consumer) => Ok(Verified),
        (Some(Verified), Step::Finalize, Provider) => Ok(Finalized),
        (Some(Requested | Offered | Accepted | Agreed | Verified), Step::Terminate, Consumer | Provider) => {
            Ok(Terminated)
        }
        _ => Err(WrongStep { state, step, sender }),
    }
}

impl State {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Offered,
        Self::Accepted,
        Self::Agreed,
        Self::Verified,
        Self::Finalized,
        Self::Terminated,
    ];

    /// Its name, as in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Agreed => "AGREED",
            Self::Verified => "VERIFIED",
            Self::Finalized => "FINALIZED",
            Self::Terminated => "TERMINATED",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Finalized | Self::Terminated)
    }
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Consumer, Self::Provider];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Consumer => Self::Provider,
            Self::Provider => Self::Consumer,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Provider => "provider",
        }
    }
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 7] =
        [Self::Request, Self::Offer, Self::Accept, Self::Agree, Self::Verify, Self::Finalize, Self::Terminate];

    /// What it is called in a sentence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Offer => "offer in",
            Self::Accept => "accept",
            Self::Agree => "agree on",
            Self::Verify => "verify",
            Self::Finalize => "finalize",
            Self::Terminate => "terminate",
        }
    }

    /// The path below the receiver's base (provider: its DSP base; consumer:
    /// its callback address) to which `sender` posts the step. `pid` is the
    /// receiver's id of the negotiation; None in a first message. None: the
    /// sender never takes this step.
    #[must_use]
    pub fn path(self, sender: Role, pid: Option<&str>) -> Option<String> {
        let last = match (self, sender) {
            (Self::Request, Role::Consumer) => "request",
            (Self::Offer, Role::Provider) => "offers",
            (Self::Agree, Role::Provider) => "agreement",
            (Self::Verify, Role::Consumer) => "agreement/verification",
            (Self::Accept, Role::Consumer) | (Self::Finalize, Role::Provider) => "events",
            (Self::Terminate, _) => "termination",
            _ => return None,
        };
        match pid {
            Some(pid) => Some(format!("/negotiations/{}/{last}", path_segment(pid))),
            None if matches!(self, Self::Request | Self::Offer) => Some(format!("/negotiations/{last}")),
            None => None,
        }
    }
}

/// An id as one segment of a path (RFC 3986: pchar, the rest percent-encoded).
#[must_use]
pub fn path_segment(id: &str) -> String {
    let mut segment = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
