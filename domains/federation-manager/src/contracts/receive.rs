//! Messages of a negotiation that come in. Each is checked by the schema, by
//! who sent it and by the protocol's table; one that came before changes
//! nothing and is answered as before.

use super::{conformance, model::Negotiation};
use crate::{
    FederationError, FederationManager, Peer,
    orders::note,
    outbox::{self, Item},
    store,
};
use chrono::{DateTime, Utc};
use hansa_federation::{
    dsp::{
        ContractNegotiation, ContractRequestMessage, NegotiationMessage, catalogue,
        negotiation::{Role, State, Step, next},
    },
    json,
};
use hansa_repository::Connection;
use serde_json::{Value, json};

/// Negotiations of one partner under way at one time, as provider.
const MOST_AT_A_TIME: i64 = 200;
/// Messages of one negotiation at most: counter-offers don't go on for ever.
const MOST_MESSAGES: usize = 64;

impl FederationManager {
    /// `POST negotiations/request`: a partner begins a negotiation with us as
    /// provider. True: it is new. The same message again is answered alike.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] for what the schema doesn't allow,
    /// [`FederationError::Forbidden`] for a partner that isn't active,
    /// [`FederationError::Conflict`] for another message with the same consumer pid.
    pub async fn negotiation_request(
        &self,
        peer: &Peer,
        body: &[u8],
    ) -> Result<(ContractNegotiation, bool), FederationError> {
        let NegotiationMessage::Request(request) = read(body)? else {
            return Err(FederationError::invalid("@type", "a negotiation begins with a ContractRequestMessage"));
        };
        if !peer.state.is_active() {
            return Err(FederationError::forbidden(format!("you are {} here; nothing new is agreed", peer.state)));
        }
        if request.provider_pid.is_some() {
            return Err(FederationError::invalid("providerPid", "a first message has none"));
        }
        let (digest, now) = (json::sha256(body), self.now());
        let id = self.new_pid();
        let begun = begun(self, peer, request, id, digest.clone(), now)?;
        let did = peer.did.clone();
        self.database()
            .write(move |connection| {
                let peer_pid = begun.peer_pid.clone().unwrap_or_default();
                if let Some(known) = store::contracts::negotiation_of_peer(connection, &did, Role::Provider, &peer_pid)?
                {
                    if known.received.first() != Some(&digest) {
                        return Err(FederationError::Conflict(format!(
                            "the negotiation {peer_pid} has begun with another message"
                        )));
                    }
                    let first = ContractNegotiation { state: State::Requested, ..known.standing() };
                    return Ok((first, false));
                }
                if store::contracts::negotiations_living(connection, &did, Role::Provider)? >= MOST_AT_A_TIME {
                    return Err(FederationError::TooMany {
                        reason: format!("{MOST_AT_A_TIME} negotiations are under way"),
                        retry_after: std::time::Duration::from_secs(10),
                    });
                }
                store::contracts::negotiation_insert(connection, &begun, now)?;
                told(connection, &begun, "agreement.requested", now)?;
                outbox::enqueue(connection, &did, &Item::Negotiation(begun.id.clone()), now)?;
                Ok((begun.standing(), true))
            })
            .await
    }

    /// `POST negotiations/offers`: a provider begins. This broker asks for what
    /// it needs, so it says no; offers come in answer to a request.
    ///
    /// # Errors
    /// [`FederationError::Invalid`] for what the schema doesn't allow,
    /// [`FederationError::Forbidden`] for all else.
    pub async fn negotiation_offered(
        &self,
        _peer: &Peer,
        body: &[u8],
    ) -> Result<(ContractNegotiation, bool), FederationError> {
        read(body)?;
        Err(FederationError::forbidden("this broker asks for what it needs; make offers in answer to its requests"))
    }

    /// Any other message of a negotiation: `POST negotiations/{pid}/{tail}`,
    /// where `tail` is `request`, `offers`, `agreement`,
    /// `agreement/verification`, `events` or `termination`. `pid` is ours.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] for a negotiation that isn't the
    /// partner's, [`FederationError::Conflict`] for a step that its state
    /// doesn't allow, [`FederationError::Invalid`].
    pub async fn negotiation_message(
        &self,
        peer: &Peer,
        pid: &str,
        tail: &str,
        body: &[u8],
    ) -> Result<ContractNegotiation, FederationError> {
        let message = read(body)?;
        if !peer.state.is_connected() {
            return Err(FederationError::forbidden(format!("you are {} here", peer.state)));
        }
        let (digest, now) = (json::sha256(body), self.now());
        let (did, pid, tail) = (peer.did.clone(), pid.to_owned(), tail.to_owned());
        self.database()
            .write(move |connection| {
                let found = store::contracts::negotiation(connection, &pid)?.filter(|found| found.partner == did);
                let mut negotiation =
                    found.ok_or_else(|| FederationError::NotFound(format!("the negotiation {pid}")))?;
                if negotiation.received.contains(&digest) {
                    return Ok(negotiation.standing());
                }
                fits(&negotiation, &message, &tail)?;
                let state = state_after(&negotiation, message.step())?;
                if negotiation.received.len() >= MOST_MESSAGES {
                    return Err(FederationError::TooMany {
                        reason: "this negotiation has had enough messages; terminate it".to_owned(),
                        retry_after: std::time::Duration::from_secs(3_600),
                    });
                }
                take_in(&mut negotiation, message, digest, now)?;
                negotiation.move_to(state, now);
                store::contracts::negotiation_swap(connection, &mut negotiation, now)?;
                match state {
                    State::Terminated => told(connection, &negotiation, "agreement.terminated", now)?,
                    State::Agreed => told(connection, &negotiation, "agreement.agreed", now)?,
                    _ => {}
                }
                outbox::enqueue(connection, &did, &Item::Negotiation(pid), now)?;
                Ok(negotiation.standing())
            })
            .await
    }

    /// `GET negotiations/{pid}`, by our id or by the partner's own.
    ///
    /// # Errors
    /// [`FederationError::NotFound`].
    pub async fn negotiation_get(&self, peer: &Peer, pid: &str) -> Result<ContractNegotiation, FederationError> {
        let (did, pid) = (peer.did.clone(), pid.to_owned());
        self.database()
            .read(move |connection| {
                let own = store::contracts::negotiation(connection, &pid)?.filter(|found| found.partner == did);
                let found = match own {
                    Some(found) => Some(found),
                    None => store::contracts::negotiation_of_peer(connection, &did, Role::Provider, &pid)?,
                };
                let found = found.filter(|found| found.state.is_some());
                found
                    .map(|found| found.standing())
                    .ok_or_else(|| FederationError::NotFound(format!("the negotiation {pid}")))
            })
            .await
    }

    /// The newest negotiations, in both roles.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn negotiation_list(&self) -> Result<Vec<Negotiation>, FederationError> {
        Ok(self.database().read(|connection| store::contracts::negotiation_list(connection, 1_000)).await?)
    }

    pub(super) fn new_pid(&self) -> String {
        format!("urn:uuid:{}", self.inner.rooms.ids.next())
    }
}

fn read(body: &[u8]) -> Result<NegotiationMessage, FederationError> {
    NegotiationMessage::read(body).map_err(|error| match error.kind() {
        hansa_federation::ErrorKind::TooLarge => FederationError::TooLarge(error.to_string()),
        _ => FederationError::invalid("message", error.to_string()),
    })
}

fn begun(
    manager: &FederationManager,
    peer: &Peer,
    request: ContractRequestMessage,
    id: String,
    digest: String,
    now: DateTime<Utc>,
) -> Result<Negotiation, FederationError> {
    let callback = request.callback_address.unwrap_or_default();
    let address = conformance::counterpart_address(manager, &peer.did, &callback)?;
    let offer = request.offer.target.clone().unwrap_or_default();
    if request.consumer_pid.is_empty() || request.consumer_pid.len() > 512 {
        return Err(FederationError::invalid("consumerPid", "it has 1 to 512 bytes"));
    }
    let about = (offer, catalogue::terms_digest(&request.offer.id).unwrap_or_default().to_owned());
    Ok(Negotiation {
        peer_pid: Some(request.consumer_pid),
        address,
        state: Some(State::Requested),
        received: vec![digest],
        ..Negotiation::begun(id, &peer.did, Role::Provider, about, request.offer, now)
    })
}

/// Whether the message is for this negotiation and came to the right place.
fn fits(negotiation: &Negotiation, message: &NegotiationMessage, tail: &str) -> Result<(), FederationError> {
    let (provider, consumer) = message.pids();
    let (own, peer) = match negotiation.role {
        Role::Provider => (provider, consumer),
        Role::Consumer => (consumer, provider),
    };
    let (own_name, peer_name) = match negotiation.role {
        Role::Provider => ("providerPid", "consumerPid"),
        Role::Consumer => ("consumerPid", "providerPid"),
    };
    if own != Some(negotiation.id.as_str()) {
        return Err(FederationError::invalid(own_name, "it is not the id that the message was sent to"));
    }
    if negotiation.peer_pid.is_some() && peer != negotiation.peer_pid.as_deref() {
        return Err(FederationError::invalid(peer_name, "it is not your id of this negotiation"));
    }
    let sender = negotiation.role.other();
    let right = message.step().path(sender, Some(&negotiation.id));
    if right.is_some_and(|path| !path.ends_with(&format!("/{tail}"))) {
        return Err(FederationError::invalid("@type", format!("this message doesn't belong at …/{tail}")));
    }
    Ok(())
}

/// The state after the partner's step. A step that only our unacknowledged
/// message makes possible proves that this has come.
fn state_after(negotiation: &Negotiation, step: Step) -> Result<State, FederationError> {
    let sender = negotiation.role.other();
    let wrong = match next(negotiation.state, step, sender) {
        Ok(state) => return Ok(state),
        Err(wrong) => wrong,
    };
    let pending = negotiation.pending.as_ref().and_then(pending_step);
    let through = pending.and_then(|pending| next(negotiation.state, pending, negotiation.role).ok());
    through
        .and_then(|between| next(Some(between), step, sender).ok())
        .ok_or_else(|| FederationError::Conflict(wrong.to_string()))
}

/// Which step a message of ours is.
pub(super) fn pending_step(message: &Value) -> Option<Step> {
    let bytes = serde_json::to_vec(message).ok()?;
    NegotiationMessage::read(&bytes).ok().map(|message| message.step())
}

/// Notes what the message says; the state is the caller's.
fn take_in(
    negotiation: &mut Negotiation,
    message: NegotiationMessage,
    digest: String,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let (provider, consumer) = message.pids();
    let peer = match negotiation.role {
        Role::Provider => consumer,
        Role::Consumer => provider,
    };
    if negotiation.peer_pid.is_none() {
        negotiation.peer_pid = peer.map(str::to_owned);
    }
    let own = negotiation.pending.take();
    match message {
        NegotiationMessage::Request(request) => {
            let target = request.offer.target.as_deref().unwrap_or(&negotiation.offer);
            if target != negotiation.offer {
                return Err(FederationError::invalid("offer.target", "a counter-offer is about the same dataset"));
            }
            negotiation.terms = request.offer.targeted(&negotiation.offer);
        }
        NegotiationMessage::Offer(offer) => {
            if offer.offer.target.as_deref() != Some(negotiation.offer.as_str()) {
                return Err(FederationError::invalid("offer.target", "a counter-offer is about the same dataset"));
            }
            negotiation.terms = offer.offer;
        }
        NegotiationMessage::Agreement(agreement) => negotiation.agreement = Some(agreement.agreement),
        NegotiationMessage::Verification(_) => {
            // What we sent stands, acknowledged or not.
            if let Some(policy) = own.as_ref().and_then(|message| message.get("agreement")) {
                negotiation.agreement = serde_json::from_value(policy.clone()).ok();
            }
        }
        NegotiationMessage::Termination(termination) => {
            let texts: Vec<String> = termination.reason.iter().map(text).collect();
            negotiation.reason = Some(if texts.is_empty() { "no reason given".to_owned() } else { texts.join("; ") });
        }
        NegotiationMessage::Event(_) => {}
    }
    negotiation.received.push(digest);
    negotiation.since = now;
    Ok(())
}

fn text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().take(500).collect()
}

/// Writes an event about a negotiation.
pub(super) fn told(
    connection: &mut Connection,
    negotiation: &Negotiation,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<(), FederationError> {
    let who = hansa_ontology::Actor::Partner(negotiation.partner.clone());
    let state = negotiation.state.map_or("not acknowledged", State::as_str);
    let reason = negotiation.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    note(
        connection,
        now,
        (who, None),
        (kind, format!("negotiation/{}", negotiation.id)),
        format!("as {} with {} on {}: {state}{reason}", negotiation.role, negotiation.partner, negotiation.offer),
        json!({
            "partner": negotiation.partner,
            "role": negotiation.role,
            "offer": negotiation.offer,
            "state": state,
            "reason": negotiation.reason,
        }),
    )?;
    Ok(())
}
