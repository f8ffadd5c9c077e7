//! DIDs, their documents, and how pinned keys follow a rotation.

use crate::broker::{Broker, after, noon, run};
use hansa_federation::{
    AddressGuard, Did, DidDocument, ErrorKind, KeySet, KeyStore as _,
    address::Loopback,
    document, json,
    keys::{KeyList, Rotation, chain_follow},
    limits,
};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use url::Url;

fn strict() -> AddressGuard {
    AddressGuard::strict()
}

#[test]
fn a_did_says_where_its_document_is() {
    for (did, url) in [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:example.com%3A8443", "https://example.com:8443/.well-known/did.json"),
    ] {
        assert_eq!(Did::new(did).unwrap().document_url(&strict()).unwrap().as_str(), url);
    }
}

#[test]
fn a_did_is_made_from_a_base_url() {
    for (url, did) in [
        ("https://a.example", "did:web:a.example"),
        ("https://a.example:443/", "did:web:a.example"),
        ("https://a.example:8443/x/y/", "did:web:a.example%3A8443:x:y"),
        ("http://127.0.0.1:7001", "did:web:127.0.0.1%3A7001"),
    ] {
        assert_eq!(Did::of_url(&Url::parse(url).unwrap()).unwrap().as_str(), did);
    }
}

#[test]
fn what_is_no_did_web_is_refused() {
    for bad in [
        "",
        "did:web:",
        "did:key:z6Mk",
        "DID:web:a.example",
        "did:web:A.example",
        "did:web:a.example.",
        "did:web:a..example",
        "did:web:a.example/path",
        "did:web:a.example#key",
        "did:web:a.example?x",
        "did:web:a.example:..",
        "did:web:a.example:.",
        "did:web:a.example:",
        "did:web:a.example::x",
        "did:web:a.example:%2e%2e",
        "did:web:a.example:x%2Fy",
        "did:web:user@a.example",
        "did:web:a.example%3A",
        "did:web:a.example%3A0",
        "did:web:a.example%3A080",
        "did:web:a.example%3A65536",
        "did:web:a.example%3a8443",
        "did:web:a.example%2F",
        "did:web:10.0.0.1",
        "did:web:169.254.169.254",
        "did:web:0x7f000001",
        "did:web:2130706433",
        "did:web:127.1",
        "did:web:[::1]",
        "did:web:\u{e4}.example",
        "did:web:a.example\n",
    ] {
        assert!(Did::new(bad).is_err(), "{bad}");
    }
    assert!(Did::new(format!("did:web:a.example:{}", "x".repeat(limits::DID_BYTES))).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_a_did_that_leads_elsewhere(text in any::<String>(), inside in "[a-z0-9.:%@/#?A-]{0,30}") {
        for candidate in [text.clone(), format!("did:web:{text}"), format!("did:web:{inside}")] {
            let Ok(did) = Did::new(candidate.as_str()) else { continue };
            if let Ok(url) = did.document_url(&strict()) {
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(url.username().is_empty() && url.query().is_none() && url.fragment().is_none());
                prop_assert!(url.path().ends_with("/did.json"));
                let authority = did.authority();
                let host = authority.split(':').next().unwrap();
                prop_assert_eq!(url.host_str(), Some(host));
            }
        }
    }
}

#[test]
fn loopback_is_read_only_where_that_is_allowed() {
    let did = Did::new("did:web:127.0.0.1%3A7001").unwrap();
    assert_eq!(did.document_url(&strict()).unwrap_err().kind(), ErrorKind::Address);
    let plain = did.document_url(&AddressGuard::with_loopback(Loopback::Plain)).unwrap();
    assert_eq!(plain.as_str(), "http://127.0.0.1:7001/.well-known/did.json");
    let tls = did.document_url(&AddressGuard::with_loopback(Loopback::Tls)).unwrap();
    assert_eq!(tls.as_str(), "https://127.0.0.1:7001/.well-known/did.json");
    let public = Did::new("did:web:a.example").unwrap();
    assert_eq!(public.document_url(&AddressGuard::with_loopback(Loopback::Plain)).unwrap().scheme(), "https");
}

fn served(broker: &Broker) -> Value {
    serde_json::to_value(DidDocument::new(&broker.keys(), &Url::parse("https://a.example/").unwrap())).unwrap()
}

fn read(document: &Value, did: &Did) -> Result<DidDocument, hansa_federation::FederationError> {
    DidDocument::read(document.to_string().as_bytes(), did, &strict())
}

#[test]
fn a_document_is_read_as_it_was_written() {
    let broker = Broker::new("did:web:a.example");
    run(broker.store.rotate(after(5), Rotation::default())).unwrap();
    let document = read(&served(&broker), &broker.did).unwrap();
    assert_eq!(document.keys().unwrap(), broker.keys());
    assert_eq!(document.endpoint().unwrap().as_str(), "https://a.example/");
    assert_eq!(document.service[1].service_endpoint, "https://a.example/dsp/2025-1/catalog");
}

#[test]
fn relative_names_and_other_kinds_of_keys_are_read_leniently() {
    let broker = Broker::new("did:web:a.example");
    let mut document = served(&broker);
    let name = format!("#{}", broker.keys().keys[0].public_key.thumbprint());
    document["verificationMethod"][0]["id"] = name.clone().into();
    document["verificationMethod"][0]["type"] = "JsonWebKey2020".into();
    document["authentication"] = json!([{"id": "#embedded", "type": "Multikey"}, name]);
    let other = json!({"id": "#p", "type": "JsonWebKey", "controller": "did:web:a.example", "publicKeyJwk": {"kty": "EC", "crv": "P-256"}});
    document["verificationMethod"].as_array_mut().unwrap().push(other);
    document["alsoKnownAs"] = json!(["https://a.example"]);
    assert_eq!(read(&document, &broker.did).unwrap().keys().unwrap(), broker.keys());
}

#[test]
fn documents_that_lie_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let good = served(&broker);
    let kind = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document);
        read(&document, &broker.did).map(drop).unwrap_err().kind()
    };
    assert_eq!(kind(&|d| d["id"] = "did:web:b.example".into()), ErrorKind::Untrusted, "names another DID");
    assert_eq!(kind(&|d| d["verificationMethod"] = json!([])), ErrorKind::Untrusted, "has no key");
    assert_eq!(kind(&|d| d["authentication"] = json!([])), ErrorKind::Untrusted, "has no key for requests");
    assert_eq!(kind(&|d| d["verificationMethod"][0]["controller"] = "did:web:b.example".into()), ErrorKind::Untrusted);
    assert_eq!(kind(&|d| d["verificationMethod"][0]["id"] = "did:web:b.example#k".into()), ErrorKind::Untrusted);
    assert_eq!(kind(&|d| d["verificationMethod"][0]["publicKeyJwk"]["d"] = "AAAA".into()), ErrorKind::Untrusted);
    assert_eq!(kind(&|d| d["verificationMethod"][0]["publicKeyJwk"]["x"] = "AAAA".into()), ErrorKind::Invalid);
    let weak = json::encode(&[0; 32]);
    assert_eq!(kind(&|d| d["verificationMethod"][0]["publicKeyJwk"]["x"] = weak.clone().into()), ErrorKind::Untrusted);
    let twice = |d: &mut Value| {
        let first = d["verificationMethod"][0].clone();
        d["verificationMethod"].as_array_mut().unwrap().push(first);
    };
    assert_eq!(kind(&twice), ErrorKind::Untrusted);
    let many =
        |d: &mut Value| d["verificationMethod"] = json!(vec![json!({"id": "#x", "type": "T", "controller": "c"}); 101]);
    assert_eq!(kind(&many), ErrorKind::TooLarge);
    assert_eq!(kind(&|d| d["padding"] = "x".repeat(limits::DID_DOCUMENT_BYTES).into()), ErrorKind::TooLarge);
    for inside in [
        "https://10.0.0.7/",
        "https://169.254.169.254/latest",
        "http://a.example/",
        "https://[fd00::1]/",
        "ftp://a.example/",
    ] {
        assert_eq!(kind(&|d| d["service"][0]["serviceEndpoint"] = inside.into()), ErrorKind::Address, "{inside}");
    }
    let doubled = good.to_string().replacen('{', r#"{"id":"did:web:b.example","#, 1);
    let error = DidDocument::read(doubled.as_bytes(), &broker.did, &strict()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "a key twice");
}

fn served_keys(broker: &Broker) -> KeySet {
    read(&served(broker), &broker.did).unwrap().keys().unwrap()
}

#[test]
fn a_partner_that_was_away_follows_the_key_lists() {
    let broker = Broker::new("did:web:a.example");
    let pinned = broker.keys();
    for round in 1..=3 {
        run(broker.store.rotate(after(round * 1_000_000), Rotation::default())).unwrap();
    }
    let lists = broker.store.key_lists().unwrap();
    assert_eq!(lists.len(), 7, "the first, and for each rotation one by the old key and one by the new");
    let now = after(9_000_000);
    assert_eq!(chain_follow(&pinned, &lists, &served_keys(&broker), now).unwrap(), broker.keys());
    // Whoever pinned a later list goes on from there, and who has the newest is done.
    let second: KeyList = lists[1].json().unwrap();
    let second = KeySet { did: second.did, keys: second.keys };
    assert_eq!(chain_follow(&second, &lists, &served_keys(&broker), now).unwrap(), broker.keys());
    assert_eq!(chain_follow(&broker.keys(), &[], &served_keys(&broker), now).unwrap(), broker.keys());
    // Who knows the newest key only, from an invitation, learns those that it replaced.
    let prints = broker.keys().thumbprints(now);
    let mut newest = broker.keys();
    newest.keys.retain(|key| prints.contains(&key.public_key.thumbprint()));
    assert_eq!(newest.keys.len(), 1);
    assert_eq!(chain_follow(&newest, &lists, &served_keys(&broker), now).unwrap(), broker.keys());
}

#[test]
fn a_new_key_without_the_word_of_a_pinned_one_is_refused() {
    let (broker, thief) = (Broker::new("did:web:a.example"), Broker::new("did:web:a.example"));
    let pinned = broker.keys();
    let refused = |lists: &[hansa_federation::SignedDocument], served: &KeySet| {
        chain_follow(&pinned, lists, served, after(10)).map(drop).unwrap_err().kind()
    };
    // The domain was taken over: its document and lists are another's.
    assert_eq!(refused(&thief.store.key_lists().unwrap(), &served_keys(&thief)), ErrorKind::Untrusted);
    assert_eq!(refused(&[], &served_keys(&thief)), ErrorKind::Untrusted);
    // An old key was stolen, but not the domain: the lists lead where the document doesn't.
    let mut forged = broker.store.key_lists().unwrap();
    let keys = broker.keys().keys.into_iter().chain(thief.keys().keys).collect();
    let list = KeyList { did: broker.did.clone(), sequence: 2, issued: after(5), keys };
    forged.push(run(document::sign_json(broker.store.as_ref(), &list, after(5))).unwrap());
    run(broker.store.rotate(after(6), Rotation::default())).unwrap();
    assert_eq!(refused(&forged, &served_keys(&broker)), ErrorKind::Untrusted);
    // A list is left out.
    run(broker.store.rotate(after(7), Rotation::default())).unwrap();
    let mut gap = broker.store.key_lists().unwrap();
    gap.remove(2);
    assert_eq!(refused(&gap, &served_keys(&broker)), ErrorKind::Untrusted);
    // And the whole is taken.
    let whole = broker.store.key_lists().unwrap();
    assert!(chain_follow(&pinned, &whole, &served_keys(&broker), after(10)).is_ok());
}

#[test]
fn a_revocation_is_followed() {
    let broker = Broker::new("did:web:a.example");
    let pinned = broker.keys();
    let key = broker.store.signer(noon()).unwrap();
    run(broker.store.revoke(&key, after(60))).unwrap();
    let lists = broker.store.key_lists().unwrap();
    let followed = chain_follow(&pinned, &lists, &served_keys(&broker), after(120)).unwrap();
    assert!(followed.find(&key).unwrap().revoked.is_some());
    assert_eq!(followed.thumbprints(after(120)).len(), 1);
    // Again is nothing new.
    run(broker.store.revoke(&key, after(180))).unwrap();
    assert_eq!(broker.store.key_lists().unwrap().len(), lists.len());
}
