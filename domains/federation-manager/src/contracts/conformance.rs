//! The conformance suite of the Dataspace Protocol (eclipse-dataspacetck,
//! dsp-tck) plays the counterpart of both roles, without a token. What we do in
//! each of its cases follows from the dataset's id, by the names that the suite
//! and its reference set-up use. Only where the option `conformance` is set.

use super::{decide::Decision, model::Negotiation};
use crate::{
    FederationError, FederationManager, Peer,
    outbox::{self, Item},
    partners::PartnerState,
    store,
};
use hansa_federation::dsp::{
    self, Policy, PolicyKind,
    catalogue::Dataset,
    negotiation::{Role, State, Step},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

/// Who the suite is here.
pub const CONFORMANCE_DID: &str = "did:web:conformance.invalid";

/// The dataset that the suite's own settings ask for in a catalogue.
pub(crate) const SUITE_DATASET: &str = "CAT0101";

/// What the suite posts to have us begin a negotiation as consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConformanceTrigger {
    /// The provider's id.
    #[serde(default)]
    pub provider_id: String,
    /// The offer's `@id`.
    pub offer_id: String,
    /// The dataset's `@id`, which names the case.
    pub dataset_id: String,
    /// Where the suite answers: the base URL of its DSP endpoints.
    pub connector_address: String,
}

/// What we do in one case: in each state, the step.
type Script = &'static [(State, Step)];

/// The cases of the suite in which we do something. In all others, and in all
/// other states, it is the suite's turn.
const CASES: &[(&str, Script)] = &[
    ("ACN0101", &[(State::Requested, Step::Offer)]),
    ("ACN0102", &[(State::Requested, Step::Offer), (State::Offered, Step::Terminate)]),
    ("ACN0103", &[(State::Requested, Step::Offer), (State::Accepted, Step::Agree), (State::Verified, Step::Finalize)]),
    ("ACN0104", &[(State::Requested, Step::Agree), (State::Verified, Step::Finalize)]),
    ("ACN0201", &[(State::Requested, Step::Terminate)]),
    ("ACN0203", &[(State::Requested, Step::Agree)]),
    ("ACN0204", &[(State::Requested, Step::Offer)]),
    ("ACN0205", &[(State::Requested, Step::Offer), (State::Offered, Step::Terminate)]),
    ("ACN0206", &[(State::Requested, Step::Offer), (State::Accepted, Step::Terminate)]),
    ("ACN0207", &[(State::Requested, Step::Agree), (State::Verified, Step::Terminate)]),
    ("ACN0301", &[(State::Requested, Step::Agree), (State::Verified, Step::Finalize)]),
    ("ACN0302", &[(State::Requested, Step::Offer)]),
    ("ACN0303", &[(State::Requested, Step::Offer)]),
    ("ACN0304", &[(State::Requested, Step::Offer)]),
    ("ACNC0101", &[(State::Offered, Step::Accept), (State::Agreed, Step::Verify)]),
    ("ACNC0102", &[(State::Offered, Step::Request)]),
    ("ACNC0103", &[(State::Offered, Step::Terminate)]),
    ("ACNC0104", &[(State::Agreed, Step::Verify)]),
    ("ACNC0202", &[(State::Requested, Step::Terminate)]),
    ("ACNC0203", &[(State::Agreed, Step::Terminate)]),
    ("ACNC0205", &[(State::Offered, Step::Accept)]),
    ("ACNC0206", &[(State::Agreed, Step::Verify)]),
    ("ACNC0304", &[(State::Offered, Step::Accept)]),
    ("ACNC0305", &[(State::Offered, Step::Accept)]),
    ("ACNC0306", &[(State::Offered, Step::Accept)]),
];

impl FederationManager {
    /// The suite as a peer, for messages without a token. None: not in this mode.
    #[must_use]
    pub fn conformance_peer(&self) -> Option<Peer> {
        self.options().conformance.then(|| Peer {
            did: CONFORMANCE_DID.to_owned(),
            name: "conformance suite".to_owned(),
            state: PartnerState::Active,
        })
    }

    /// Whether it is the suite, in this mode.
    pub(crate) fn is_suite(&self, peer: &Peer) -> bool {
        self.options().conformance && is_counterpart(&peer.did)
    }

    /// One of our offers under the name that the suite looks for.
    pub(crate) fn suite_dataset(&self, peer: &Peer, like: Option<&Dataset>) -> Option<Dataset> {
        like.filter(|_| self.is_suite(peer)).map(|like| Dataset { id: SUITE_DATASET.to_owned(), ..like.clone() })
    }

    /// Begins a negotiation with the suite as consumer, and gives its pid.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] unless the mode is set; [`FederationError::Invalid`].
    pub async fn conformance_request(&self, trigger: ConformanceTrigger) -> Result<String, FederationError> {
        if !self.options().conformance {
            return Err(FederationError::NotFound("the conformance mode".to_owned()));
        }
        let address = base(&trigger.connector_address)?;
        let (id, now) = (self.new_pid(), self.now());
        let mut rules = Map::new();
        rules.insert("permission".to_owned(), json!([{ "action": "use" }]));
        let terms = Policy {
            id: trigger.offer_id,
            kind: PolicyKind::Offer,
            target: Some(trigger.dataset_id.clone()),
            assigner: None,
            assignee: None,
            timestamp: None,
            rules,
        };
        let about = (trigger.dataset_id, String::new());
        let negotiation = Negotiation {
            address: Some(address),
            ..Negotiation::begun(id.clone(), CONFORMANCE_DID, Role::Consumer, about, terms, now)
        };
        let key = id.clone();
        self.database()
            .write(move |connection| {
                store::contracts::negotiation_insert(connection, &negotiation, now)?;
                outbox::enqueue(connection, CONFORMANCE_DID, &Item::Negotiation(key), now)?;
                Ok::<_, FederationError>(())
            })
            .await?;
        Ok(id)
    }
}

/// Whether a negotiation is with the suite.
pub(super) fn is_counterpart(partner: &str) -> bool {
    partner == CONFORMANCE_DID
}

/// What the case wants of us; None: this is no case of the suite.
pub(super) fn decision(manager: &FederationManager, negotiation: &Negotiation) -> Option<Decision> {
    if !manager.options().conformance || !is_counterpart(&negotiation.partner) {
        return None;
    }
    let Some(state) = negotiation.state else {
        return Some(Decision::Send(Step::Request));
    };
    if state.is_final() {
        return Some(Decision::Close);
    }
    let script = CASES.iter().find(|(case, _)| *case == negotiation.offer).map(|(_, script)| *script);
    let step = script.and_then(|script| script.iter().find(|(at, _)| *at == state)).map(|(_, step)| *step);
    Some(match step {
        // An offer is made once: a counter-request after it is the suite's last word.
        Some(Step::Offer) if negotiation.received.len() > 1 => Decision::Wait,
        Some(Step::Request) if negotiation.received.len() > 1 => Decision::Wait,
        Some(Step::Terminate) => Decision::Terminate("as this case of the conformance suite wants".to_owned()),
        Some(step) => Decision::Send(step),
        None => Decision::Wait,
    })
}

/// Where messages to whoever begins a negotiation go: to a partner's own
/// endpoint, whatever it writes, and to the suite's callback address.
pub(super) fn counterpart_address(
    manager: &FederationManager,
    partner: &str,
    callback: &str,
) -> Result<Option<String>, FederationError> {
    if manager.options().conformance && is_counterpart(partner) { base(callback).map(Some) } else { Ok(None) }
}

/// Where messages to us as consumer go.
pub(super) fn own_address(manager: &FederationManager) -> String {
    format!("{}{}", manager.options().endpoint.as_str().trim_end_matches('/'), dsp::BASE)
}

fn base(address: &str) -> Result<String, FederationError> {
    let wrong = |why: String| FederationError::invalid("callbackAddress", why);
    let url = url::Url::parse(address).map_err(|error| wrong(error.to_string()))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !loopback {
        return Err(wrong("the conformance suite runs on this machine: give an address on loopback".to_owned()));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The suite takes an answer before it is ready for the next message.
pub(super) const PAUSE: chrono::TimeDelta = chrono::TimeDelta::milliseconds(300);

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_federation::dsp::negotiation::next;

    #[test]
    fn each_step_of_each_case_is_one_that_the_protocol_allows() {
        for (case, script) in CASES {
            let role = if case.starts_with("ACNC") { Role::Consumer } else { Role::Provider };
            for (state, step) in *script {
                assert!(next(Some(*state), *step, role).is_ok(), "{case}: {step} in {state}");
            }
        }
    }
}
