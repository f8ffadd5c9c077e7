//! The wire between brokers of one process, with its faults.

use super::world::{SLOW, World};
use crate::contracts::CONFORMANCE_DID;
use crate::{
    Answer, Call, FederationError, FederationManager, Method, Peer, Transport, TransportError, orders::LogRequest,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_federation::{dsp, wire::BASE};
use hansa_ontology::MachineId;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

/// What happens to one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It doesn't arrive.
    LoseRequest,
    /// It arrives, its answer doesn't.
    LoseAnswer,
    /// It arrives twice.
    Twice,
    /// It arrives, and once more after later ones have.
    AgainLater,
    /// It seems lost, and arrives after later ones have.
    Late,
    /// Its sender is killed after it arrived, and starts again.
    KillSender,
    /// Its receiver is killed before it arrives, and starts again.
    KillReceiver,
    /// Its receiver is killed after it has done it, and starts again.
    KillReceiverAfter,
}

impl Fault {
    pub(super) const ALL: [Self; 8] = [
        Self::LoseRequest,
        Self::LoseAnswer,
        Self::Twice,
        Self::AgainLater,
        Self::Late,
        Self::KillSender,
        Self::KillReceiver,
        Self::KillReceiverAfter,
    ];
}

/// What is to happen, and what has come.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What happens to the first message of this name.
    pub(super) fault: Option<(&'static str, Fault)>,
    /// Whether it has happened.
    pub(super) done: bool,
    /// Nothing arrives from or at this broker.
    pub(super) cut: Option<String>,
    /// What was sent to the conformance suite: the address and the message.
    pub(super) suite: Vec<(String, Value)>,
    /// How often each message was sent.
    pub(super) sent: BTreeMap<&'static str, u32>,
}

/// How one broker reaches the others.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) own: String,
    pub(super) world: Weak<World>,
    pub(super) plan: Arc<Mutex<Plan>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, call: &Call) -> Result<Answer, TransportError> {
        let gone = || TransportError::NotSent("nobody is there".to_owned());
        let world = self.world.upgrade().ok_or_else(gone)?;
        let name = name(call.method, &call.path);
        let fault = {
            let mut plan = self.plan.lock().unwrap();
            *plan.sent.entry(name).or_default() += 1;
            if plan.cut.as_ref().is_some_and(|cut| *cut == self.own || *cut == call.partner) {
                return Err(TransportError::NotSent("the wire is cut".to_owned()));
            }
            match plan.fault {
                Some((which, fault)) if which == name && !plan.done => {
                    plan.done = true;
                    Some(fault)
                }
                _ => None,
            }
        };
        let lost = || TransportError::Unknown("no answer in time".to_owned());
        match fault {
            Some(Fault::LoseRequest) => return Err(lost()),
            Some(Fault::KillReceiver) => {
                world.restart(&call.partner);
                return Err(lost());
            }
            Some(Fault::Twice) => drop(self.deliver(&world, call).await),
            Some(Fault::AgainLater | Fault::Late) => {
                let (wire, call) = (self.clone(), call.clone());
                world.later(async move |world| drop(wire.deliver(&world, &call).await));
                if fault == Some(Fault::Late) {
                    return Err(lost());
                }
            }
            _ => {}
        }
        let answer = self.deliver(&world, call).await;
        match fault {
            Some(Fault::LoseAnswer) => Err(lost()),
            Some(Fault::KillReceiverAfter) => {
                world.restart(&call.partner);
                Err(lost())
            }
            Some(Fault::KillSender) => {
                world.restart(&self.own);
                std::future::pending().await
            }
            _ => answer,
        }
    }

    async fn did_document(&self, _: &hansa_federation::Did) -> Result<Vec<u8>, TransportError> {
        Err(TransportError::NotSent("not on this wire".to_owned()))
    }
}

impl Wire {
    async fn deliver(&self, world: &World, call: &Call) -> Result<Answer, TransportError> {
        if call.partner == SLOW {
            tokio::time::sleep(Duration::from_secs(3)).await;
            return Err(TransportError::Unknown("no answer in time".to_owned()));
        }
        if call.partner == CONFORMANCE_DID {
            return Ok(self.suite(call));
        }
        let manager =
            world.manager(&call.partner).ok_or_else(|| TransportError::NotSent("nobody is there".to_owned()))?;
        let peer = world.peer(&call.partner, &self.own).await;
        route(&manager, &peer, call).await.map_err(|error| {
            let problem = error.problem();
            TransportError::Refused {
                status: problem.status(),
                kind: problem.uri(),
                detail: error.to_string(),
                retry_after: None,
            }
        })
    }
}

impl Wire {
    /// The conformance suite takes every message.
    fn suite(&self, call: &Call) -> Answer {
        let message: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        self.plan.lock().unwrap().suite.push((format!("{}{}", call.endpoint, call.path), message.clone()));
        let standing = json!({
            "@context": ["https://w3id.org/dspace/2025/1/context.jsonld"],
            "@type": "ContractNegotiation",
            "providerPid": "urn:uuid:suite",
            "consumerPid": message["consumerPid"],
            "state": "REQUESTED",
        });
        Answer { status: 200, body: serde_json::to_vec(&standing).unwrap() }
    }
}

/// A message's name, without ids.
fn name(method: Method, path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let known = [
        ("/agreement/verification", "verification"),
        ("/agreement", "agreement"),
        ("/events", "events"),
        ("/termination", "termination"),
        ("/offers", "offers"),
        ("/signature", "signature"),
        ("/usage/ack", "usage ack"),
        ("/usage", "usage"),
        ("/withdrawal", "withdrawal"),
        ("/statements", "statement ask"),
        ("/reservations", "hold"),
        ("/orders", "orders"),
        ("/request", "request"),
    ];
    if let Some((_, name)) = known.iter().find(|(end, _)| path.ends_with(end)) {
        return name;
    }
    for (part, name) in [("/claims/", "claim"), ("/statements/", "statement")] {
        if path.contains(part) {
            return name;
        }
    }
    match (method, path.contains("/reservations/"), path.contains("/orders/")) {
        (Method::Delete, true, _) => "hold release",
        (_, true, _) => "hold read",
        (Method::Put, _, true) => "order put",
        (Method::Delete, _, true) => "order end",
        (_, _, true) => "order read",
        _ => "negotiation read",
    }
}

/// What `src` does with HTTP.
async fn route(manager: &FederationManager, peer: &Peer, call: &Call) -> Result<Answer, FederationError> {
    let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if let Some(rest) = path.strip_prefix(dsp::BASE) {
        return negotiations(manager, peer, call, rest).await;
    }
    let rest = path.strip_prefix(BASE).unwrap();
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let id = |part: &str| part.parse::<MachineId>().unwrap();
    match (call.method, parts.as_slice()) {
        (Method::Post, ["reservations"]) => ok(&manager.hold_place(peer, &body(call)).await?.0),
        (Method::Get, ["reservations", key]) => ok(&manager.hold_get(peer, id(key)).await?),
        (Method::Delete, ["reservations", key]) => ok(&manager.hold_release(peer, id(key)).await?),
        (Method::Get, ["orders"]) => ok(&manager.order_list(peer, query.get("after").map(|after| id(after))).await?),
        (Method::Put, ["orders", _]) => ok(&manager.order_receive(peer, body(call)).await?),
        (Method::Get, ["orders", key]) => ok(&manager.order_get(peer, id(key)).await?),
        (Method::Delete, ["orders", key]) => ok(&manager.order_end(peer, id(key)).await?),
        (Method::Get, ["orders", key, "logs"]) => {
            let request = LogRequest { component: query["component"].clone(), ordinal: 0, tail: 10 };
            ok(&manager.order_output(peer, id(key), &request).await?)
        }
        (Method::Get, ["orders", key, "usage"]) => {
            let after: Option<DateTime<Utc>> = query.get("after").map(|after| after.parse().unwrap());
            ok(&manager.usage_list(peer, id(key), after).await?)
        }
        (Method::Post, ["orders", key, "usage", "ack"]) => {
            ok(&manager.usage_acknowledge(peer, id(key), &body(call)).await?)
        }
        (Method::Post, ["agreements", key, "signature"]) => {
            ok(&manager.agreement_countersign(peer, key, body(call)).await?)
        }
        (Method::Put, ["agreements", key, "claims", claim]) => {
            ok(&manager.claim_receive(peer, key, claim, body(call)).await?)
        }
        (Method::Post, ["agreements", _, "claims", claim, "withdrawal"]) => {
            ok(&manager.claim_withdrawn(peer, claim, body(call)).await?)
        }
        (Method::Post, ["statements"]) => ok(&manager.statement_asked(peer, body(call)).await?),
        (Method::Put, ["statements", key]) => ok(&manager.statement_receive(peer, key, body(call)).await?),
        (Method::Post, ["agreements", key, "events"]) => ok(&manager.agreement_event(peer, key, body(call)).await?),
        other => panic!("no such place: {other:?}"),
    }
}

async fn negotiations(
    manager: &FederationManager,
    peer: &Peer,
    call: &Call,
    rest: &str,
) -> Result<Answer, FederationError> {
    let rest = rest.strip_prefix("/negotiations/").unwrap();
    match (call.method, rest.split_once('/')) {
        (Method::Post, None) => ok(&manager.negotiation_request(peer, &call.body).await?.0),
        (Method::Get, None) => ok(&manager.negotiation_get(peer, rest).await?),
        (_, Some((pid, tail))) => ok(&manager.negotiation_message(peer, pid, tail, &call.body).await?),
        other => panic!("no such place: {other:?}"),
    }
}

fn body<T: serde::de::DeserializeOwned>(call: &Call) -> T {
    serde_json::from_slice(&call.body).unwrap()
}

fn ok<T: Serialize>(value: &T) -> Result<Answer, FederationError> {
    Ok(Answer { status: 200, body: serde_json::to_vec(value).unwrap() })
}
