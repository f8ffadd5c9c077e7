//! Messages of a negotiation that go out: how each is made, and how it is sent
//! so that it takes effect once.

use super::model::Negotiation;
use crate::{
    FederationError, FederationManager, Method,
    outbox::{self, Outcome},
};
use hansa_federation::dsp::{
    self, Context, ContractAgreementMessage, ContractAgreementVerificationMessage, ContractNegotiation,
    ContractNegotiationEventMessage, ContractNegotiationTerminationMessage, ContractOfferMessage,
    ContractRequestMessage, EventType, MessageKind, NegotiationMessage, Policy,
    negotiation::{Role, State, Step, path_segment},
};
use serde_json::Value;

/// Makes the message of a step.
///
/// # Errors
/// [`FederationError::Internal`] when it breaks the protocol's schema, which is a bug.
pub(super) fn message(
    negotiation: &Negotiation,
    step: Step,
    callback: &str,
    agreement: Option<Policy>,
    reason: Option<&str>,
) -> Result<Value, FederationError> {
    let (provider_pid, consumer_pid) = negotiation.pids();
    let context = Context::default();
    let first = negotiation.state.is_none();
    let message = match step {
        Step::Request => NegotiationMessage::Request(ContractRequestMessage {
            context,
            consumer_pid,
            provider_pid: (!first).then_some(provider_pid),
            offer: negotiation.terms.targeted(&negotiation.offer),
            callback_address: first.then(|| callback.to_owned()),
        }),
        Step::Offer => NegotiationMessage::Offer(ContractOfferMessage {
            context,
            provider_pid,
            consumer_pid: Some(consumer_pid),
            offer: negotiation.terms.targeted(&negotiation.offer),
            callback_address: None,
        }),
        Step::Agree => NegotiationMessage::Agreement(ContractAgreementMessage {
            context,
            provider_pid,
            consumer_pid,
            agreement: agreement
                .ok_or_else(|| FederationError::Internal("an agreement without its text".to_owned()))?,
        }),
        Step::Verify => NegotiationMessage::Verification(ContractAgreementVerificationMessage {
            context,
            provider_pid,
            consumer_pid,
        }),
        Step::Accept | Step::Finalize => NegotiationMessage::Event(ContractNegotiationEventMessage {
            context,
            provider_pid,
            consumer_pid,
            event_type: if step == Step::Accept { EventType::Accepted } else { EventType::Finalized },
        }),
        Step::Terminate => NegotiationMessage::Termination(ContractNegotiationTerminationMessage {
            context,
            provider_pid,
            consumer_pid,
            code: None,
            reason: vec![Value::String(reason.unwrap_or("no reason given").to_owned())],
        }),
    };
    checked(&message)
}

/// What we send is checked as what we receive.
fn checked(message: &NegotiationMessage) -> Result<Value, FederationError> {
    let internal = |error: &dyn std::fmt::Display| FederationError::Internal(format!("a message of ours: {error}"));
    let value = serde_json::to_value(message).map_err(|error| internal(&error))?;
    let name = value.get("@type").and_then(Value::as_str).unwrap_or_default();
    let kind = MessageKind::named(name).ok_or_else(|| internal(&"it has no @type"))?;
    dsp::validate(kind, &value).map_err(|error| internal(&error))?;
    Ok(value)
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The partner has taken it; its id of the negotiation, where it said so.
    Acknowledged(Option<String>),
    /// The partner's no.
    Refused(String),
    /// The partner doesn't know the negotiation.
    Missing,
}

impl FederationManager {
    /// Sends the pending message. With `look` the partner's state is read
    /// first: it may have come already.
    pub(super) async fn pending_send(
        &self,
        negotiation: &Negotiation,
        step: Step,
        state: State,
        look: bool,
    ) -> Result<Sent, FederationError> {
        let partner = &negotiation.partner;
        if look
            && let Some(there) = self.peer_state(negotiation).await?
            && (there.state == state || passed(there.state, state))
        {
            return Ok(Sent::Acknowledged(peer_pid(negotiation.role, &there)));
        }
        let pid = negotiation.peer_pid.as_deref().filter(|_| negotiation.state.is_some());
        let Some(path) = step.path(negotiation.role, pid) else {
            return Err(FederationError::Internal(format!("no place to send `{step}` to")));
        };
        let body = outbox::body(&negotiation.pending)?;
        match self.dsp_call(negotiation, Method::Post, &path, body).await? {
            Outcome::Done(answer) => {
                let there: Option<ContractNegotiation> = serde_json::from_slice(&answer.body).ok();
                let pid = there.as_ref().and_then(|there| peer_pid(negotiation.role, there));
                if negotiation.peer_pid.is_none() && pid.is_none() {
                    return Err(FederationError::Protocol {
                        partner: partner.clone(),
                        message: "its answer to a request isn't a ContractNegotiation with its pid".to_owned(),
                    });
                }
                Ok(Sent::Acknowledged(pid))
            }
            Outcome::Missing => Ok(Sent::Missing),
            Outcome::Refused { reason, .. } => Ok(Sent::Refused(reason)),
        }
    }

    /// How the negotiation stands at the partner. None: it doesn't know it.
    pub(super) async fn peer_state(
        &self,
        negotiation: &Negotiation,
    ) -> Result<Option<ContractNegotiation>, FederationError> {
        // Before its id is known, it is asked for by ours.
        let pid = negotiation.peer_pid.as_deref().unwrap_or(&negotiation.id);
        let path = format!("/negotiations/{}", path_segment(pid));
        match self.dsp_call(negotiation, Method::Get, &path, None).await? {
            Outcome::Done(answer) => {
                let there: ContractNegotiation = self.read_answer(&negotiation.partner, &answer)?;
                let (own, role) = (&negotiation.id, negotiation.role);
                let ours = if role == Role::Consumer { &there.consumer_pid } else { &there.provider_pid };
                if ours != own {
                    return Err(FederationError::Protocol {
                        partner: negotiation.partner.clone(),
                        message: "it answered with another negotiation".to_owned(),
                    });
                }
                Ok(Some(there))
            }
            Outcome::Missing | Outcome::Refused { .. } => Ok(None),
        }
    }

    async fn dsp_call(
        &self,
        negotiation: &Negotiation,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Outcome, FederationError> {
        let Some(address) = &negotiation.address else {
            return self.partner_call(&negotiation.partner, method, &format!("{}{path}", dsp::BASE), body).await;
        };
        let url =
            url::Url::parse(address).map_err(|error| FederationError::invalid("callbackAddress", error.to_string()))?;
        let origin = url.origin().ascii_serialization();
        let path = format!("{}{path}", url.path().trim_end_matches('/'));
        self.address_call(&negotiation.partner, &origin, method, &path, body).await
    }
}

fn peer_pid(own: Role, there: &ContractNegotiation) -> Option<String> {
    let pid = match own {
        Role::Provider => &there.consumer_pid,
        Role::Consumer => &there.provider_pid,
    };
    Some(pid.clone()).filter(|pid| !pid.is_empty() && pid.len() <= 512)
}

/// Whether a negotiation in `there` has been through `state`.
fn passed(there: State, state: State) -> bool {
    let rank = |state: State| match state {
        State::Requested => 0,
        State::Offered | State::Accepted => 1,
        State::Agreed => 2,
        State::Verified => 3,
        State::Finalized => 4,
        State::Terminated => 5,
    };
    // Offers go to and fro, so of these only later ones prove anything.
    there != State::Terminated && rank(there) > rank(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_states_prove_earlier_ones() {
        assert!(passed(State::Agreed, State::Requested));
        assert!(passed(State::Finalized, State::Verified));
        assert!(!passed(State::Requested, State::Agreed));
        assert!(!passed(State::Offered, State::Accepted));
        assert!(!passed(State::Accepted, State::Offered));
        assert!(!passed(State::Terminated, State::Agreed));
    }
}
