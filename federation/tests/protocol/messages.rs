//! Messages of the Dataspace Protocol and of our own, read and written.

use crate::{broker::noon, wycheproof::shared};
use hansa_federation::{
    Did, ErrorKind,
    dsp::{
        CatalogError, Context, ContractNegotiationError, MessageKind, NegotiationMessage, VersionResponse,
        negotiation::Step, validate,
    },
    json, limits,
    wire::{FeedPage, Invitation, Problem, ProblemKind, secret_hash},
};
use serde_json::{Value, json};
use url::Url;

#[test]
fn the_examples_of_the_specification_come_back_unchanged() {
    let Some(root) = shared("dsp") else { return };
    for (name, step) in [
        ("contract-request-message_initial", Step::Request),
        ("contract-request-message", Step::Request),
        ("contract-offer-message_initial", Step::Offer),
        ("contract-offer-message", Step::Offer),
        ("contract-agreement-message", Step::Agree),
        ("contract-agreement-message-full", Step::Agree),
        ("contract-agreement-verification-message", Step::Verify),
        ("contract-negotiation-event-message", Step::Accept),
        ("contract-negotiation-termination-message", Step::Terminate),
    ] {
        let bytes = std::fs::read(root.join("negotiation/example").join(format!("{name}.json"))).unwrap();
        let message = NegotiationMessage::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message.step(), step, "{name}");
        let wanted: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&message).unwrap(), wanted, "{name}");
        let (provider, consumer) = message.pids();
        assert_eq!(provider, wanted["providerPid"].as_str(), "{name}");
        assert_eq!(consumer, wanted["consumerPid"].as_str(), "{name}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let kind = |text: &str| NegotiationMessage::read(text.as_bytes()).unwrap_err().kind();
    for text in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"@type":"Catalog"}"#,
        r#"{"@type":["ContractRequestMessage"]}"#,
        r#"{"@type":"ContractNegotiation"}"#,
        r#"{"@type":"ContractRequestMessage"}"#,
    ] {
        assert_eq!(kind(text), ErrorKind::Invalid, "{text}");
    }
    assert_eq!(kind(&"[".repeat(100_000)), ErrorKind::Invalid, "nests too deep");
    assert_eq!(kind(&" ".repeat(limits::REQUEST_BYTES + 1)), ErrorKind::TooLarge);
    let twice = r#"{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"ContractAgreementVerificationMessage","providerPid":"a","consumerPid":"b","consumerPid":"c"}"#;
    assert_eq!(kind(twice), ErrorKind::Invalid);
}

#[test]
fn errors_and_versions_fit_their_schemas() {
    let error = ContractNegotiationError {
        context: Context::default(),
        provider_pid: "urn:uuid:1".to_owned(),
        consumer_pid: String::new(),
        code: Some(ProblemKind::Conflict.name().to_owned()),
        reason: vec!["wrong state".into()],
    };
    validate(MessageKind::ContractNegotiationError, &serde_json::to_value(&error).unwrap()).unwrap();
    let error = CatalogError { context: Context::default(), code: None, reason: Vec::new() };
    validate(MessageKind::CatalogError, &serde_json::to_value(&error).unwrap()).unwrap();
    let version = VersionResponse::of(&Did::new("did:web:a.example").unwrap());
    let version = serde_json::to_value(version).unwrap();
    validate(MessageKind::VersionResponse, &version).unwrap();
    assert_eq!(version["protocolVersions"][0]["path"], "/dsp/2025-1");
}

fn invitation() -> Invitation {
    let did = Did::new("did:web:a.example").unwrap();
    Invitation::new(did, Url::parse("https://a.example/").unwrap(), vec!["k".to_owned()]).unwrap()
}

#[test]
fn an_invitation_goes_through_a_line_and_keeps_its_secret() {
    let invitation = invitation();
    let line = invitation.to_line().unwrap();
    assert!(line.starts_with("hansa-invite:") && !line.contains(char::is_whitespace));
    let back: Invitation = format!("  {line}\n").parse().unwrap();
    assert_eq!(back, invitation);
    assert_eq!(back.secret_hash(), secret_hash(&invitation.secret));
    assert_eq!(json::decode("", &back.secret).unwrap().len(), 32);
    assert!(!format!("{back:?}").contains(&back.secret));
    assert_ne!(self::invitation().secret, invitation.secret);
}

#[test]
fn lines_that_are_no_invitation_are_refused() {
    let good = invitation();
    let line = good.to_line().unwrap();
    let short = Invitation { secret: json::encode(&[1; 31]), ..good.clone() };
    let keyless = Invitation { keys: Vec::new(), ..good };
    for wrong in [
        "",
        "hansa-invite:",
        &line[1..],
        &line[..line.len() - 3],
        &short.to_line().unwrap(),
        &keyless.to_line().unwrap(),
        &format!("hansa-invite:{}", "A".repeat(9_000)),
    ] {
        assert!(wrong.parse::<Invitation>().is_err(), "{wrong}");
    }
}

#[test]
fn pages_are_cut_at_hundreds() {
    for (after, end) in [(0, 100), (1, 100), (99, 100), (100, 200), (250, 300)] {
        assert_eq!(FeedPage::end_of(after), end);
    }
}

#[test]
fn problems_name_their_kind() {
    for kind in ProblemKind::ALL {
        let problem = Problem::new(kind, "why");
        let back: Problem = serde_json::from_value(serde_json::to_value(&problem).unwrap()).unwrap();
        assert_eq!(ProblemKind::of(&back), Some(kind));
        assert_eq!(back.status, kind.status());
    }
    assert_eq!(ProblemKind::of(&serde_json::from_value(json!({})).unwrap()), None);
}

#[test]
fn times_are_rfc_3339_in_utc() {
    let text = serde_json::to_string(&noon()).unwrap();
    assert_eq!(text, "\"2026-11-21T12:00:00Z\"");
}
