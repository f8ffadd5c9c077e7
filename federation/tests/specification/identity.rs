//! Identity, tokens, signed documents, onboarding.

use crate::{
    Examples,
    offers::offer_document,
    pretty,
    signer::{Signer, minutes, noon, north, run, south},
};
use hansa_federation::{
    DidDocument, KeyStore as _, json,
    token::{self, Request, UnverifiedToken},
    verify::{Bundle, verify_file},
    wire::{
        AcceptAnswer, AcceptRequest, Hint, HintKind, Invitation, KeyLists, PartnerState, PeerStatus, Problem,
        ProblemKind,
    },
};
use hansa_ontology::ProviderId;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

const BODY: &str = r#"{"kind":"offers"}"#;

pub(crate) fn base(signer: &Signer) -> Url {
    let text = if signer.did == north().did { "https://north.example" } else { "https://south.example:8443/broker" };
    Url::parse(text).unwrap()
}

pub(crate) fn provider(name: &str) -> ProviderId {
    ProviderId::new(format!("https://{name}.example/about")).unwrap()
}

fn part(text: &str) -> (&'static str, String) {
    let value: Value = serde_json::from_slice(&json::decode("", text).unwrap()).unwrap();
    pretty(&value)
}

fn token() -> String {
    let request = Request { method: "POST", path_and_query: "/federation/v1/inbox", body: BODY.as_bytes() };
    let id = Uuid::parse_str("01979a3e-7b2c-7d4f-9a61-3c5e8f0b2d47").unwrap();
    let token = run(token::issue(&south(), &north().did, request, id, noon())).unwrap();
    let read = UnverifiedToken::parse(&token).unwrap();
    read.verify(&south().key_set(), &north().did, request, noon()).unwrap();
    token
}

fn bundle() -> Bundle {
    let (document, base) = (offer_document(), base(&north()));
    let bundle = Bundle {
        document,
        countersignatures: Vec::new(),
        did_documents: vec![DidDocument::new(&north().key_set(), &base)],
        pinned: vec![north().key_set()],
        received_at: Some(minutes(1)),
    };
    verify_file(&serde_json::to_vec(&bundle).unwrap(), minutes(5)).unwrap();
    bundle
}

fn invitation() -> Invitation {
    let keys = vec![north().public_key().thumbprint()];
    Invitation { did: north().did, endpoint: base(&north()), secret: json::encode(&[3; 32]), keys }
}

pub(crate) fn examples() -> Examples {
    let token = token();
    let parts: Vec<&str> = token.split('.').collect();
    let lists = KeyLists { lists: north().key_lists().unwrap() };
    let list: Value = lists.lists[0].json().unwrap();
    let request = format!(
        "POST /federation/v1/inbox HTTP/1.1\nHost: north.example\nContent-Type: application/json\nContent-Length: {}\nAuthorization: Bearer {token}\n\n{BODY}",
        BODY.len()
    );
    let accept = AcceptRequest {
        invitation: invitation().secret,
        did: south().did,
        name: "South".to_owned(),
        endpoint: base(&south()),
        provider: provider("south"),
    };
    let answer = AcceptAnswer {
        did: north().did,
        name: "North".to_owned(),
        endpoint: base(&north()),
        provider: provider("north"),
    };
    let status = PeerStatus {
        did: north().did,
        state: PartnerState::Active,
        feed_head: 3,
        feed_view: json::sha256(b"all"),
        time: noon(),
    };
    Examples::from([
        ("did-document", pretty(&DidDocument::new(&north().key_set(), &base(&north())))),
        ("key-list", pretty(&list)),
        ("key-lists", pretty(&lists)),
        ("token-header", part(parts[0])),
        ("token-claims", part(parts[1])),
        ("token-request", ("http", request)),
        ("signed-document", pretty(&offer_document())),
        ("signed-document-header", part(offer_document().signature.split('.').next().unwrap())),
        ("bundle", pretty(&bundle())),
        ("invitation", pretty(&invitation())),
        ("invitation-line", ("text", invitation().to_line().unwrap())),
        ("accept-request", pretty(&accept)),
        ("accept-answer", pretty(&answer)),
        ("status", pretty(&status)),
        ("hint", pretty(&Hint { kind: HintKind::Offers })),
        (
            "problem",
            pretty(&Problem::new(ProblemKind::SoldOut, "no unit of https://north.example/offers/small is left")),
        ),
    ])
}
