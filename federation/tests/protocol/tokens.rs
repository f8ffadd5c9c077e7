//! Request tokens: bound to one request, one receiver, one minute; and readable by others' JWT libraries.

use crate::broker::{Broker, after, noon, run};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_federation::{
    Did, ErrorKind, FederationError, KeySet, KeyStore as _, json,
    keys::Rotation,
    token::{self, Claims, Request, UnverifiedToken},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

const REQUEST: Request<'static> =
    Request { method: "POST", path_and_query: "/federation/v1/reservations?dry=1", body: b"{\"units\":1}" };

fn id() -> Uuid {
    Uuid::from_u128(7)
}

fn receiver() -> Did {
    Did::new("did:web:b.example").unwrap()
}

fn issued(broker: &Broker, at: i64) -> String {
    run(token::issue(broker.store.as_ref(), &receiver(), REQUEST, id(), after(at))).unwrap()
}

fn verified(token: &str, keys: &KeySet, request: Request<'_>, at: i64) -> Result<Claims, FederationError> {
    UnverifiedToken::parse(token)?.verify(keys, &receiver(), request, after(at))
}

/// A token with any header and claims, signed with the broker's key.
fn forged(broker: &Broker, header: &str, claims: &Value) -> String {
    let input = format!("{}.{}", json::encode(header.as_bytes()), json::encode(claims.to_string().as_bytes()));
    let key = broker.store.signer(noon()).unwrap();
    let signature = run(broker.store.sign(&key, input.as_bytes())).unwrap();
    format!("{input}.{}", json::encode(&signature))
}

fn header(broker: &Broker) -> String {
    let key = broker.store.signer(noon()).unwrap();
    format!(r#"{{"alg":"EdDSA","typ":"{}","kid":"{key}"}}"#, token::TYPE)
}

fn claims(broker: &Broker) -> Value {
    let now = noon().timestamp();
    json!({
        "iss": broker.did, "sub": broker.did, "aud": "did:web:b.example", "jti": "1", "iat": now, "exp": now + 60,
        "htm": REQUEST.method, "htu": REQUEST.path_and_query, "bh": json::sha256(REQUEST.body),
    })
}

#[test]
fn a_token_is_good_for_its_request() {
    let broker = Broker::new("did:web:a.example");
    let field = format!("Bearer {}", issued(&broker, 0));
    let token = UnverifiedToken::from_authorization(Some(&field)).unwrap();
    assert_eq!(token.issuer(), &broker.did);
    let claims = token.verify(&broker.keys(), &receiver(), REQUEST, after(1)).unwrap();
    assert_eq!((claims.jti.as_str(), claims.exp - claims.iat), ("00000000-0000-0000-0000-000000000007", 60));
    assert_eq!(claims.remember_until(), Some(after(90)));
}

#[test]
fn a_token_is_good_for_nothing_else() {
    let broker = Broker::new("did:web:a.example");
    let token = issued(&broker, 0);
    for request in [
        Request { method: "PUT", ..REQUEST },
        Request { method: "post", ..REQUEST },
        Request { path_and_query: "/federation/v1/reservations", ..REQUEST },
        Request { path_and_query: "/federation/v1/reservations?dry=0", ..REQUEST },
        Request { body: b"{\"units\":2}", ..REQUEST },
        Request { body: b"", ..REQUEST },
    ] {
        assert_eq!(
            verified(&token, &broker.keys(), request, 1).unwrap_err().kind(),
            ErrorKind::Untrusted,
            "{request:?}"
        );
    }
    let elsewhere = Did::new("did:web:c.example").unwrap();
    let wrong = UnverifiedToken::parse(&token).unwrap().verify(&broker.keys(), &elsewhere, REQUEST, after(1));
    assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Untrusted);
}

#[test]
fn a_minute_and_the_leeway_on_both_sides() {
    let broker = Broker::new("did:web:a.example");
    let token = issued(&broker, 0);
    for (at, good) in [(-31, false), (-30, true), (0, true), (89, true), (90, false), (300, false), (-300, false)] {
        match verified(&token, &broker.keys(), REQUEST, at) {
            Ok(_) => assert!(good, "{at}"),
            Err(error) => {
                assert!(!good, "{at}: {error}");
                assert_eq!(error.kind(), ErrorKind::Clock, "{at}");
            }
        }
    }
}

#[test]
fn a_token_that_lives_too_long_is_refused() {
    let broker = Broker::new("did:web:a.example");
    let now = noon().timestamp();
    for (iat, exp) in
        [(now, now + 61), (now, now), (now, now - 1), (now - 3_600, now + 60), (i64::MIN, i64::MAX), (now, i64::MAX)]
    {
        let mut claims = claims(&broker);
        claims["iat"] = iat.into();
        claims["exp"] = exp.into();
        let error = verified(&forged(&broker, &header(&broker), &claims), &broker.keys(), REQUEST, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Untrusted, "{iat} {exp}");
    }
}

#[test]
fn claims_that_lie_or_lack_are_refused() {
    let broker = Broker::new("did:web:a.example");
    assert!(verified(&forged(&broker, &header(&broker), &claims(&broker)), &broker.keys(), REQUEST, 0).is_ok());
    for (name, value) in [
        ("iss", json!("did:web:c.example")),
        ("sub", json!("did:web:c.example")),
        ("aud", json!("did:web:c.example")),
        ("aud", json!(["did:web:b.example", "did:web:c.example"])),
        ("jti", json!("")),
        ("jti", json!("x".repeat(129))),
        ("iat", json!("now")),
        ("exp", json!(1.5)),
        ("bh", json!("")),
    ] {
        let mut wrong = claims(&broker);
        wrong[name] = value.clone();
        assert!(
            verified(&forged(&broker, &header(&broker), &wrong), &broker.keys(), REQUEST, 0).is_err(),
            "{name} {value}"
        );
    }
    for name in ["iss", "sub", "aud", "jti", "iat", "exp", "htm", "htu", "bh"] {
        let mut wrong = claims(&broker);
        wrong.as_object_mut().unwrap().remove(name);
        assert!(
            verified(&forged(&broker, &header(&broker), &wrong), &broker.keys(), REQUEST, 0).is_err(),
            "without {name}"
        );
    }
}

#[test]
fn headers_that_point_elsewhere_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let key = broker.store.signer(noon()).unwrap();
    let (typ, jwk) = (token::TYPE, serde_json::to_string(&broker.keys().keys[0].public_key).unwrap());
    let headers = [
        format!(r#"{{"alg":"none","typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"eddsa","typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":["EdDSA"],"typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{}"}}"#, broker.did),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"did:web:a.example#other"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"did:web:c.example#other"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"../../keys/x"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"EdDSA","alg":"none","typ":"{typ}","kid":"{key}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","jwk":{jwk}}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","jku":"https://evil.example/jwks"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","x5u":"https://evil.example/cert"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","x5c":["MII"]}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","crit":["exp"],"exp":1}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","crit":[]}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","b64":false,"crit":["b64"]}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","zip":"DEF"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{key}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{}","kid":"{key}"}}"#, hansa_federation::document::TYPE),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}"}} {{}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"{typ}","kid":"{key}","pad":"{}"}}"#, "x".repeat(4_096)),
        "[]".to_owned(),
        String::new(),
    ];
    for header in headers {
        let wrong = verified(&forged(&broker, &header, &claims(&broker)), &broker.keys(), REQUEST, 0);
        assert!(wrong.is_err(), "{header}");
    }
}

#[test]
fn claims_named_twice_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let twice = claims(&broker).to_string().replacen('{', r#"{"aud":"did:web:c.example","#, 1);
    let input = format!("{}.{}", json::encode(header(&broker).as_bytes()), json::encode(twice.as_bytes()));
    let key = broker.store.signer(noon()).unwrap();
    let signature = json::encode(&run(broker.store.sign(&key, input.as_bytes())).unwrap());
    let error = verified(&format!("{input}.{signature}"), &broker.keys(), REQUEST, 0).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn forms_that_are_no_token_are_refused() {
    let broker = Broker::new("did:web:a.example");
    let good = issued(&broker, 0);
    let (input, signature) = good.rsplit_once('.').unwrap();
    for wrong in [
        String::new(),
        "..".to_owned(),
        input.to_owned(),
        format!("{input}."),
        format!("{input}.{signature}."),
        format!("{input}.{signature}.x"),
        format!("{input}.{signature}="),
        format!("{input}.{}", &signature[..80]),
        format!(" {good}"),
        good.replace('.', ". "),
        "x".repeat(9_000),
    ] {
        assert!(verified(&wrong, &broker.keys(), REQUEST, 0).is_err(), "{wrong}");
    }
    for field in [None, Some(""), Some("Bearer"), Some("Basic eA=="), Some("é"), Some(good.as_str())] {
        assert!(UnverifiedToken::from_authorization(field).is_err(), "{field:?}");
    }
}

#[test]
fn a_key_that_was_rotated_out_signs_requests_until_its_overlap_ends() {
    let broker = Broker::new("did:web:a.example");
    let old = issued(&broker, 100);
    let before = broker.keys();
    run(broker.store.rotate(after(50), Rotation { announce: Duration::ZERO, overlap: Duration::from_secs(100) }))
        .unwrap();
    // `old` is by the first key.
    assert!(verified(&old, &before, REQUEST, 100).is_ok());
    assert!(verified(&old, &broker.keys(), REQUEST, 149).is_ok());
    assert_eq!(verified(&old, &broker.keys(), REQUEST, 150).unwrap_err().kind(), ErrorKind::Untrusted);
    let new = issued(&broker, 150);
    assert_eq!(verified(&new, &before, REQUEST, 150).unwrap_err().kind(), ErrorKind::UnknownKey);
    assert!(verified(&new, &broker.keys(), REQUEST, 150).is_ok());
}

#[test]
fn others_read_our_tokens_and_we_read_theirs() {
    let broker = Broker::new("did:web:a.example");
    let token = issued(&broker, 0);
    let jwk = broker.keys().keys[0].public_key.jwk();
    let mut wanted = Validation::new(Algorithm::EdDSA);
    wanted.validate_exp = false;
    wanted.set_audience(&["did:web:b.example"]);
    let read =
        jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_ed_components(&jwk.x).unwrap(), &wanted).unwrap();
    assert_eq!(read.claims["htu"], REQUEST.path_and_query);
    assert_eq!(read.header.kid.as_deref(), Some(broker.keys().keys[0].id.as_str()));

    let pem = broker.folder.path().join("keys").join(format!("{}.pem", broker.keys().keys[0].public_key.thumbprint()));
    let pem = std::fs::read_to_string(pem).unwrap();
    let der = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(token::TYPE.to_owned());
    header.kid = Some(broker.keys().keys[0].id.to_string());
    let theirs = jsonwebtoken::encode(&header, &claims(&broker), &EncodingKey::from_ed_der(&der)).unwrap();
    assert!(verified(&theirs, &broker.keys(), REQUEST, 0).is_ok());
}
