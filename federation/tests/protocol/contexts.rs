//! Our messages are JSON-LD too: every name in them is a term of the
//! specification's contexts where it stands, or an IRI. A reader that expands
//! them loses nothing.

use crate::catalogue::{offer, site};
use hansa_federation::{
    Did,
    dsp::{
        CatalogError, CatalogRequestMessage, Context, ContractAgreementMessage, ContractNegotiation,
        ContractNegotiationEventMessage, ContractNegotiationTerminationMessage, ContractRequestMessage, EventType,
        catalogue::{catalog, dataset},
        negotiation::State,
        policy,
    },
};
use serde_json::{Map, Value};
use url::Url;

const DSPACE: &str = include_str!("../../schemas/dsp/context/dspace.jsonld");
const ODRL: &str = include_str!("../../schemas/dsp/context/odrl.jsonld");

type Terms = Map<String, Value>;

fn context(text: &str) -> Terms {
    let value: Value = serde_json::from_str(text).unwrap();
    value["@context"].as_object().unwrap().clone()
}

/// The terms in force inside a node of a type, and whether they hold in the nodes below it.
fn of_type(kind: &str, inherited: &Terms) -> (Terms, bool) {
    let Some(scoped) = context(DSPACE).get(kind).and_then(|term| term.get("@context")).cloned() else {
        return (inherited.clone(), true);
    };
    let mut terms = inherited.clone();
    if scoped.get("@import").is_some() {
        terms.extend(context(ODRL));
    }
    terms.extend(scoped.as_object().unwrap().clone());
    (terms, scoped["@propagate"] == true)
}

fn is_iri(name: &str) -> bool {
    name.starts_with("https://") || name.starts_with("http://") || name.starts_with("odrl:") || name.starts_with("urn:")
}

fn check(node: &Value, inherited: &Terms) {
    match node {
        Value::Array(items) => items.iter().for_each(|item| check(item, inherited)),
        Value::Object(members) => {
            let kind = members.get("@type").and_then(Value::as_str);
            let (terms, propagates) = kind.map_or((inherited.clone(), true), |kind| of_type(kind, inherited));
            if let Some(kind) = kind {
                assert!(terms.contains_key(kind), "the type {kind}");
            }
            for (name, value) in members {
                if name.starts_with('@') {
                    continue;
                }
                let term = terms.get(name);
                assert!(term.is_some() || is_iri(name), "{name} in {node}");
                if term.is_some_and(|term| term["@type"] == "@vocab") {
                    let text = value.as_str().unwrap();
                    assert!(terms.contains_key(text) || is_iri(text), "{name}: {text}");
                }
                check(value, if propagates { &terms } else { inherited });
            }
        }
        _ => {}
    }
}

#[test]
fn every_name_of_a_message_is_a_term_or_an_iri() {
    let did = Did::new("did:web:a.example").unwrap();
    let digest = hansa_federation::json::sha256(b"x");
    let base = Url::parse("https://a.example").unwrap();
    let terms = policy(&offer(), Some(&site()), &digest).targeted(offer().id.as_str());
    let agreement = terms.agreed(
        "urn:uuid:1".to_owned(),
        offer().id.as_str(),
        did.as_str(),
        did.as_str(),
        "2026-11-21T12:00:00Z".to_owned(),
    );
    let (context_of, a, b) = (Context::default(), "urn:uuid:a".to_owned(), "urn:uuid:b".to_owned());
    let messages = [
        serde_json::to_value(catalog(&did, &base, vec![dataset(&offer(), Some(&site()), &digest, "urn:x:s")])),
        serde_json::to_value(CatalogRequestMessage::default()),
        serde_json::to_value(CatalogError {
            context: context_of.clone(),
            code: Some(a.clone()),
            reason: vec!["r".into()],
        }),
        serde_json::to_value(ContractRequestMessage {
            context: context_of.clone(),
            consumer_pid: a.clone(),
            provider_pid: None,
            offer: terms,
            callback_address: Some("https://b.example".to_owned()),
        }),
        serde_json::to_value(ContractAgreementMessage {
            context: context_of.clone(),
            provider_pid: a.clone(),
            consumer_pid: b.clone(),
            agreement,
        }),
        serde_json::to_value(ContractNegotiationEventMessage {
            context: context_of.clone(),
            provider_pid: a.clone(),
            consumer_pid: b.clone(),
            event_type: EventType::Finalized,
        }),
        serde_json::to_value(ContractNegotiationTerminationMessage {
            context: context_of.clone(),
            provider_pid: a.clone(),
            consumer_pid: b.clone(),
            code: None,
            reason: vec!["r".into()],
        }),
        serde_json::to_value(ContractNegotiation {
            context: context_of,
            provider_pid: a,
            consumer_pid: b,
            state: State::Agreed,
        }),
    ];
    for message in messages {
        check(&message.unwrap(), &context(DSPACE));
    }
}

#[test]
#[should_panic(expected = "unheard")]
fn a_name_that_no_context_knows_is_found() {
    check(&serde_json::json!({"@type": "ContractNegotiation", "unheard": 1}), &context(DSPACE));
}
