//! Messages of strangers, thieves and liars: each is refused with a clear
//! problem, and with an event for the audit.

use super::Owners;
use crate::harness::{Answer, Broker, Call, eventually};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{Did, keys::FileKeyStore, token};
use hansa_repository::ambient::{Clock as _, IdSource as _, RandomIds, SystemClock};
use reqwest::Method;
use serde_json::Value;
use std::path::PathBuf;
use tokio::runtime::Runtime;

const STATUS: &str = "/federation/v1/status";
const ORDERS: &str = "/federation/v1/orders";
const INBOX: &str = "/federation/v1/inbox";
const HINT: &str = r#"{"kind":"offers"}"#;

/// Somebody who signs with the keys of a folder: the partner itself, or a thief of its name.
struct Sender {
    keys: FileKeyStore,
    runtime: Runtime,
    to: Did,
}

impl Sender {
    fn new(did: Did, keys: PathBuf, to: &Did) -> Self {
        let keys = FileKeyStore::open(keys, did, SystemClock.now()).unwrap();
        Self { keys, runtime: Runtime::new().unwrap(), to: to.clone() }
    }

    fn token_at(&self, to: &Did, method: &str, path: &str, body: &str, at: DateTime<Utc>) -> String {
        let request = token::Request { method, path_and_query: path, body: body.as_bytes() };
        self.runtime.block_on(token::issue(&self.keys, to, request, RandomIds.next(), at)).unwrap()
    }

    fn token(&self, method: &str, path: &str, body: &str) -> String {
        self.token_at(&self.to, method, path, body, SystemClock.now())
    }
}

/// Who a broker is, as it says itself.
fn did(broker: &Broker) -> Did {
    Did::new(broker.get("/admin/v1/federation").ok()["did"].as_str().unwrap()).unwrap()
}

fn with(call: Call, token: &str) -> Call {
    call.header("Authorization", &format!("Bearer {token}"))
}

/// A problem document of the protocol, of this status and kind.
#[track_caller]
fn refused(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}: {}", answer.request, answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.request);
    let problem = answer.json();
    assert_eq!(problem["type"], format!("https://w3id.org/hansa/problems/federation/{kind}"), "{problem}");
    assert_eq!(problem["status"], status, "{problem}");
    for field in ["title", "detail", "instance"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "`{field}` of {problem}");
    }
}

#[test]
fn forged_altered_replayed_and_oversized_messages_are_refused_and_told() {
    let owners = Owners::apart(&[("north", "DE"), ("south", "FR")]);
    owners.federate();
    let (north, south) = (owners.get("north"), owners.get("south"));
    let to = did(north);
    let partner = Sender::new(did(south), south.data().join("keys"), &to);
    let get = |path: &str, token: &str| with(north.call(Method::GET, path), token).send();
    let post =
        |body: &str, token: &str| with(north.call(Method::POST, INBOX).body("application/json", body), token).send();

    // The partner's own word is taken, once.
    let good = partner.token("GET", STATUS, "");
    let status = get(STATUS, &good).ok();
    assert_eq!(status["did"], to.as_str(), "{status}");
    assert!(get(STATUS, &good).json()["type"].as_str().unwrap().ends_with("/replayed"));
    refused(&get(STATUS, &good), 401, "replayed");

    // Nobody's word, and one in another place.
    refused(&north.get(STATUS), 401, "untrusted");
    refused(&get(STATUS, "nonsense"), 401, "untrusted");
    refused(&get(ORDERS, &partner.token("GET", STATUS, "")), 401, "untrusted");
    refused(&get(&format!("{ORDERS}?after=x"), &partner.token("GET", ORDERS, "")), 401, "untrusted");
    refused(&post(r#"{"kind":"orders"}"#, &partner.token("POST", INBOX, HINT)), 401, "untrusted");
    let other = Did::new("did:web:elsewhere.example").unwrap();
    refused(&get(STATUS, &partner.token_at(&other, "GET", STATUS, "", SystemClock.now())), 401, "untrusted");
    let old = SystemClock.now() - TimeDelta::minutes(10);
    refused(&get(STATUS, &partner.token_at(&to, "GET", STATUS, "", old)), 401, "clock");

    // Somebody who has the name and not the key, and somebody whom nobody knows.
    let folder = tempfile::tempdir().unwrap();
    let forger = Sender::new(did(south), folder.path().join("forged"), &to);
    refused(&get(STATUS, &forger.token("GET", STATUS, "")), 401, "untrusted");
    let stranger = Sender::new(other, folder.path().join("stranger"), &to);
    let answer = get(STATUS, &stranger.token("GET", STATUS, ""));
    assert!(matches!(answer.status, 401 | 403), "{}", answer.body);

    // More than anybody has to send; and the Dataspace Protocol's own words for a refusal.
    let large = "x".repeat(3 << 20);
    refused(&post(&large, &partner.token("POST", INBOX, &large)), 413, "too-large");
    let catalogue = north.call(Method::POST, "/dsp/2025-1/catalog/request").body("application/json", "{}").send();
    assert_eq!(
        (catalogue.status, &catalogue.json()["@type"]),
        (401, &Value::from("CatalogError")),
        "{}",
        catalogue.body
    );
    let negotiation = "/dsp/2025-1/negotiations/urn:uuid:1";
    let token = partner.token("GET", negotiation, "");
    let error = get(negotiation, &token);
    assert_eq!(
        (error.status, &error.json()["@type"]),
        (404, &Value::from("ContractNegotiationError")),
        "{}",
        error.body
    );

    // All of it is told, and the partner is none the worse for it.
    let events = eventually("the audit tells", || {
        let events = north.get("/api/v1/events?kind=federation.refused&limit=500").ok();
        let found = events["items"].as_array().unwrap().clone();
        if found.len() >= 3 { Ok(found) } else { Err(events.to_string()) }
    });
    for event in &events {
        let told = &event["data"];
        assert!(told["reason"].is_string() && told["path"].is_string() && told["problem"].is_string(), "{event}");
    }
    let told = serde_json::to_string(&events).unwrap();
    assert!(!told.contains(&good), "no token is in the log");
    assert_eq!(get(STATUS, &partner.token("GET", STATUS, "")).status, 200);
}

#[test]
fn a_partner_whose_clock_is_wrong_learns_the_time_from_the_answer() {
    let owners = Owners::apart(&[("north", "DE"), ("south", "FR")]);
    owners.federate();
    let (north, south) = (owners.get("north"), owners.get("south"));
    let to = did(north);
    let partner = Sender::new(did(south), south.data().join("keys"), &to);
    let wrong = SystemClock.now() + TimeDelta::minutes(5);
    let answer = with(north.call(Method::GET, STATUS), &partner.token_at(&to, "GET", STATUS, "", wrong)).send();
    refused(&answer, 401, "clock");
    let date = DateTime::parse_from_rfc2822(answer.header("date")).unwrap().with_timezone(&Utc);
    let again = with(north.call(Method::GET, STATUS), &partner.token_at(&to, "GET", STATUS, "", date)).send();
    assert_eq!(again.status, 200, "{}", again.body);
}
