//! The messages of the Dataspace Protocol, each checked with its schema.

use crate::{
    Examples,
    identity::base,
    offers::{OFFER, offer, offer_document, site},
    pretty,
    signer::{north, south},
};
use hansa_federation::dsp::{
    CatalogError, CatalogRequestMessage, Context, ContractAgreementMessage, ContractAgreementVerificationMessage,
    ContractNegotiation, ContractNegotiationError, ContractNegotiationEventMessage,
    ContractNegotiationTerminationMessage, ContractOfferMessage, ContractRequestMessage, EventType, MessageKind,
    Policy, VersionResponse,
    catalogue::{catalog, dataset, service_id},
    negotiation::State,
    policy, validate,
};
use serde::Serialize;

const CONSUMER: &str = "urn:uuid:01979a3f-0000-7000-8000-00000000000c";
const PROVIDER: &str = "urn:uuid:01979a3f-0000-7000-8000-00000000000d";

fn terms() -> Policy {
    policy(&offer(), Some(&site()), &offer_document().digest()).targeted(OFFER)
}

pub(crate) fn agreement() -> Policy {
    let id = "urn:uuid:01979a3f-0000-7000-8000-00000000000a".to_owned();
    terms().agreed(id, OFFER, north().did.as_str(), south().did.as_str(), "2026-11-21T12:00:00Z".to_owned())
}

fn fits(kind: MessageKind, message: &impl Serialize) -> (&'static str, String) {
    validate(kind, &serde_json::to_value(message).unwrap()).unwrap();
    pretty(message)
}

fn pids() -> (Context, String, String) {
    (Context::default(), PROVIDER.to_owned(), CONSUMER.to_owned())
}

pub(crate) fn examples() -> Examples {
    let mut all = catalogue();
    all.extend(first_messages());
    all.extend(other_messages());
    all
}

fn catalogue() -> Examples {
    let one = dataset(&offer(), Some(&site()), &offer_document().digest(), &service_id(&north().did));
    let catalog = catalog(&north().did, &base(&north()), vec![one]);
    let refusal = CatalogError {
        context: Context::default(),
        code: Some("forbidden".to_owned()),
        reason: vec!["the partnership is draining: offers are not exchanged".into()],
    };
    Examples::from([
        ("dsp-version", fits(MessageKind::VersionResponse, &VersionResponse::of(&north().did))),
        ("dsp-catalog-request", fits(MessageKind::CatalogRequest, &CatalogRequestMessage::default())),
        ("dsp-catalog", fits(MessageKind::Catalog, &catalog)),
        ("dsp-catalog-error", fits(MessageKind::CatalogError, &refusal)),
    ])
}

fn first_messages() -> Examples {
    let request = ContractRequestMessage {
        context: Context::default(),
        consumer_pid: CONSUMER.to_owned(),
        provider_pid: None,
        offer: terms(),
        callback_address: Some("https://south.example:8443/broker/dsp/2025-1".to_owned()),
    };
    let (context, provider_pid, consumer_pid) = pids();
    let negotiation = ContractNegotiation { context, provider_pid, consumer_pid, state: State::Requested };
    let (context, provider_pid, consumer_pid) = pids();
    let offer = ContractOfferMessage {
        context,
        provider_pid,
        consumer_pid: Some(consumer_pid),
        offer: terms(),
        callback_address: None,
    };
    Examples::from([
        ("dsp-request", fits(MessageKind::ContractRequest, &request)),
        ("dsp-negotiation", fits(MessageKind::ContractNegotiation, &negotiation)),
        ("dsp-offer", fits(MessageKind::ContractOffer, &offer)),
    ])
}

fn other_messages() -> Examples {
    let (context, provider_pid, consumer_pid) = pids();
    let agreed = ContractAgreementMessage { context, provider_pid, consumer_pid, agreement: agreement() };
    let (context, provider_pid, consumer_pid) = pids();
    let verified = ContractAgreementVerificationMessage { context, provider_pid, consumer_pid };
    let event = |event_type| {
        let (context, provider_pid, consumer_pid) = pids();
        let event = ContractNegotiationEventMessage { context, provider_pid, consumer_pid, event_type };
        fits(MessageKind::ContractNegotiationEvent, &event)
    };
    let (context, provider_pid, consumer_pid) = pids();
    let ended = ContractNegotiationTerminationMessage {
        context,
        provider_pid,
        consumer_pid,
        code: None,
        reason: vec!["the offer is no longer sold".into()],
    };
    let (context, provider_pid, consumer_pid) = pids();
    let refused = ContractNegotiationError {
        context,
        provider_pid,
        consumer_pid,
        code: Some("conflict".to_owned()),
        reason: vec!["the consumer can't verify a negotiation in state REQUESTED".into()],
    };
    Examples::from([
        ("dsp-agreement", fits(MessageKind::ContractAgreement, &agreed)),
        ("dsp-verification", fits(MessageKind::ContractAgreementVerification, &verified)),
        ("dsp-accepted", event(EventType::Accepted)),
        ("dsp-finalized", event(EventType::Finalized)),
        ("dsp-termination", fits(MessageKind::ContractNegotiationTermination, &ended)),
        ("dsp-error", fits(MessageKind::ContractNegotiationError, &refused)),
    ])
}
