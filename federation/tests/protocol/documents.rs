//! Signed documents: what they prove, for how long, and what breaks them.

use crate::broker::{Broker, after, noon, run};
use hansa_federation::{
    Did, ErrorKind, KeyStore as _, SignedDocument, document, json,
    keys::Rotation,
    verify::{Bundle, verify_file},
};
use std::time::Duration;

const TURTLE: &str = "<urn:a> <urn:b> \"\u{e4} \\\" \u{1f6a2}\\n\" .\n";

fn signed(broker: &Broker, at: i64) -> SignedDocument {
    run(document::sign(broker.store.as_ref(), document::TURTLE, TURTLE, after(at))).unwrap()
}

fn kind(document: &SignedDocument, broker: &Broker, at: i64) -> ErrorKind {
    document::verify(document, &broker.keys(), after(at)).unwrap_err().kind()
}

#[test]
fn a_document_is_verified_after_a_way_through_json() {
    let broker = Broker::new("did:web:a.example");
    let text = serde_json::to_string(&signed(&broker, 0)).unwrap();
    let came: SignedDocument = serde_json::from_str(&text).unwrap();
    let proved = document::verify(&came, &broker.keys(), after(5)).unwrap();
    assert_eq!((proved.signer, proved.issued_at), (broker.did.clone(), noon()));
    assert_eq!(came.content, TURTLE);
    assert!(proved.key.as_str().starts_with("did:web:a.example#"));
}

#[test]
fn every_change_of_a_signed_document_is_found() {
    let broker = Broker::new("did:web:a.example");
    let good = signed(&broker, 0);
    let content = SignedDocument { content: good.content.replace("urn:a", "urn:z"), ..good.clone() };
    assert_eq!(kind(&content, &broker, 0), ErrorKind::Untrusted);
    let space = SignedDocument { content: format!("{} ", good.content), ..good.clone() };
    assert_eq!(kind(&space, &broker, 0), ErrorKind::Untrusted);
    let media_type = SignedDocument { content_type: document::JSON.to_owned(), ..good.clone() };
    assert_eq!(kind(&media_type, &broker, 0), ErrorKind::Untrusted);
    for position in 0..good.signature.len() {
        let mut letters: Vec<char> = good.signature.chars().collect();
        letters[position] = if letters[position] == 'A' { 'B' } else { 'A' };
        let changed = SignedDocument { signature: letters.into_iter().collect(), ..good.clone() };
        assert!(document::verify(&changed, &broker.keys(), noon()).is_err(), "letter {position}");
    }
}

#[test]
fn an_attached_payload_is_refused() {
    let broker = Broker::new("did:web:a.example");
    let good = signed(&broker, 0);
    let attached = good.signature.replace("..", &format!(".{}.", json::encode(good.content.as_bytes())));
    assert_eq!(kind(&SignedDocument { signature: attached, ..good }, &broker, 0), ErrorKind::Invalid);
}

#[test]
fn another_signer_is_not_taken_for_this_one() {
    let (broker, other) = (Broker::new("did:web:a.example"), Broker::new("did:web:b.example"));
    assert_eq!(kind(&signed(&other, 0), &broker, 0), ErrorKind::Untrusted);
    // The same DID, but a key that its owner never published.
    let impostor = Broker::new("did:web:a.example");
    assert_eq!(kind(&signed(&impostor, 0), &broker, 0), ErrorKind::UnknownKey);
}

#[test]
fn a_document_from_the_future_is_refused() {
    let broker = Broker::new("did:web:a.example");
    // A partner's clock may be off as far as its tokens' may: a quarter of an hour.
    assert!(document::verify(&signed(&broker, 900), &broker.keys(), noon()).is_ok());
    assert_eq!(kind(&signed(&broker, 901), &broker, 0), ErrorKind::Untrusted);
}

#[test]
fn old_documents_stay_good_after_a_rotation_and_new_ones_by_the_old_key_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let old_key = broker.store.signer(noon()).unwrap();
    let old = signed(&broker, 0);
    let rotation = Rotation { announce: Duration::ZERO, overlap: Duration::from_secs(100) };
    run(broker.store.rotate(after(10), rotation)).unwrap();
    let ten_years = 10 * 365 * 86_400;
    assert!(document::verify(&old, &broker.keys(), after(ten_years)).is_ok());
    let new = signed(&broker, 20);
    assert_ne!(new.key_id().unwrap(), old_key);
    assert!(document::verify(&new, &broker.keys(), after(20)).is_ok());
    // Signed by the retired key after its overlap: 10 + 100 seconds.
    let forged = with_key(&broker, &old_key, 110);
    assert_eq!(kind(&forged, &broker, 120), ErrorKind::Untrusted);
    assert!(document::verify(&with_key(&broker, &old_key, 109), &broker.keys(), after(120)).is_ok());
}

#[test]
fn a_revoked_key_proves_only_what_was_held_before() {
    let broker = Broker::new("did:web:a.example");
    let document = signed(&broker, 0);
    let key = broker.store.signer(noon()).unwrap();
    let new = run(broker.store.revoke(&key, after(60))).unwrap();
    assert_ne!(new, key);
    assert!(document::verify(&document, &broker.keys(), after(59)).is_ok(), "held since before");
    assert_eq!(kind(&document, &broker, 61), ErrorKind::Untrusted);
    assert_eq!(kind(&with_key(&broker, &key, 60), &broker, 60), ErrorKind::Untrusted);
    assert!(document::verify(&signed(&broker, 61), &broker.keys(), after(61)).is_ok());
}

/// A document signed with a key that no longer signs by itself, as a thief would.
fn with_key(broker: &Broker, key: &hansa_federation::KeyId, at: i64) -> SignedDocument {
    let header = format!(
        r#"{{"alg":"EdDSA","typ":"{}","kid":"{key}","cty":"text/turtle","iat":{}}}"#,
        document::TYPE,
        after(at).timestamp()
    );
    let header = json::encode(header.as_bytes());
    let input = format!("{header}.{}", json::encode(TURTLE.as_bytes()));
    let signature = run(broker.store.sign(key, input.as_bytes())).unwrap();
    SignedDocument {
        content_type: document::TURTLE.to_owned(),
        content: TURTLE.to_owned(),
        signature: format!("{header}..{}", json::encode(&signature)),
    }
}

#[test]
fn a_token_is_no_document() {
    let broker = Broker::new("did:web:a.example");
    let key = broker.store.signer(noon()).unwrap();
    for (typ, wanted) in [
        (hansa_federation::token::TYPE, ErrorKind::Untrusted),
        ("JWT", ErrorKind::Untrusted),
        ("", ErrorKind::Untrusted),
    ] {
        let header = format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","cty":"text/turtle","iat":1}}"#);
        let header = json::encode(header.as_bytes());
        let input = format!("{header}.{}", json::encode(TURTLE.as_bytes()));
        let signature = json::encode(&run(broker.store.sign(&key, input.as_bytes())).unwrap());
        let document = SignedDocument { signature: format!("{header}..{signature}"), ..signed(&broker, 0) };
        assert_eq!(kind(&document, &broker, 0), wanted, "{typ}");
    }
}

#[test]
fn a_file_with_all_that_is_needed_is_verified_offline() {
    let (seller, buyer) = (Broker::new("did:web:a.example"), Broker::new("did:web:b.example"));
    let document = signed(&seller, 0);
    let counter = run(document::sign(buyer.store.as_ref(), document::TURTLE, TURTLE, after(3))).unwrap();
    let base = url::Url::parse("https://a.example").unwrap();
    let bundle = Bundle {
        document,
        countersignatures: vec![counter.signature],
        did_documents: vec![hansa_federation::DidDocument::new(&seller.keys(), &base)],
        pinned: vec![buyer.keys()],
        received_at: Some(after(4)),
    };
    let file = serde_json::to_vec(&bundle).unwrap();
    let findings = verify_file(&file, after(1_000_000)).unwrap();
    let signers: Vec<(Did, bool)> = findings.iter().map(|one| (one.verified.signer.clone(), one.pinned)).collect();
    assert_eq!(signers, [(seller.did.clone(), false), (buyer.did.clone(), true)]);

    let altered = String::from_utf8(file.clone()).unwrap().replace("urn:a", "urn:c");
    assert_eq!(verify_file(altered.as_bytes(), after(9)).unwrap_err().kind(), ErrorKind::Untrusted);
    let unknown = Bundle { pinned: Vec::new(), ..bundle };
    let unknown = serde_json::to_vec(&unknown).unwrap();
    assert_eq!(verify_file(&unknown, after(9)).unwrap_err().kind(), ErrorKind::UnknownKey);
    assert_eq!(verify_file(b"{}", after(9)).unwrap_err().kind(), ErrorKind::Invalid);
}
