//! An issuer of our own making, with real keys of every kind, that can be told to misbehave.

use crate::server::{Answer, Request, listen, serve};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair as _, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hansa_iam::{Iam, IamOptions, IssuerOptions, MIGRATIONS, Rooms, oidc::Algorithm};
use hansa_repository::{
    Database,
    testing::{CountedIds, HandClock, TestDatabase, sqlite},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

pub(crate) const CLIENT: &str = "hansa";

/// Keys of every kind.
pub(crate) struct Keys {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) p256: EcdsaKeyPair,
    pub(crate) p384: EcdsaKeyPair,
    pub(crate) ed: Ed25519KeyPair,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    /// A signature by the key that fits the algorithm.
    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |encoding: &'static dyn signature::RsaEncoding| {
            let mut signed = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(encoding, &random, message, &mut signed).unwrap();
            signed
        };
        match algorithm {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "ES256" => self.p256.sign(&random, message).unwrap().as_ref().to_vec(),
            "ES384" => self.p384.sign(&random, message).unwrap().as_ref().to_vec(),
            "EdDSA" | "Ed25519" => self.ed.sign(message).as_ref().to_vec(),
            other => panic!("no key for {other}"),
        }
    }

    /// The public halves (RFC 7517); key ids begin with `prefix`.
    pub(crate) fn public(&self, prefix: &str) -> Vec<Value> {
        use aws_lc_rs::encoding::AsBigEndian as _;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |pair: &EcdsaKeyPair, size: usize| {
            let point: aws_lc_rs::encoding::EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().unwrap();
            (text(&point.as_ref()[1..=size]), text(&point.as_ref()[size + 1..]))
        };
        let rsa = self.rsa.public_key();
        let (n, e) =
            (rsa.modulus().big_endian_without_leading_zero(), rsa.exponent().big_endian_without_leading_zero());
        let ((x2, y2), (x3, y3)) = (point(&self.p256, 32), point(&self.p384, 48));
        vec![
            json!({"kty": "RSA", "kid": format!("{prefix}-rsa"), "use": "sig", "n": text(n), "e": text(e)}),
            json!({"kty": "EC", "crv": "P-256", "kid": format!("{prefix}-p256"), "x": x2, "y": y2}),
            json!({"kty": "EC", "crv": "P-384", "kid": format!("{prefix}-p384"), "x": x3, "y": y3}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": format!("{prefix}-ed"), "x": text(self.ed.public_key().as_ref())}),
        ]
    }
}

/// A token in the making.
pub(crate) struct Forge<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

pub(crate) fn encode(value: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(value)
}

impl Forge<'_> {
    /// Signed as its header says.
    pub(crate) fn token(&self) -> String {
        self.signed_as(self.header["alg"].as_str().unwrap())
    }

    /// Signed by another algorithm than its header says.
    pub(crate) fn signed_as(&self, algorithm: &str) -> String {
        let signed = self.unsigned();
        let signature = self.keys.sign(algorithm, signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    pub(crate) fn unsigned(&self) -> String {
        format!("{}.{}", encode(self.header.to_string().as_bytes()), encode(self.claims.to_string().as_bytes()))
    }
}

/// What the issuer does and tells, to be changed by a test.
pub(crate) struct Behaviour {
    pub(crate) keys: Keys,
    pub(crate) prefix: &'static str,
    pub(crate) metadata: Value,
    pub(crate) down: bool,
    /// It takes connections and never answers.
    pub(crate) hangs: bool,
    pub(crate) id_token: Option<Value>,
}

/// An issuer with a broker's identity room that trusts it, and another one, `partner`, that takes no code.
pub(crate) struct Stage {
    pub(crate) issuer: String,
    pub(crate) behaviour: Arc<Mutex<Behaviour>>,
    pub(crate) asked_for_keys: Arc<AtomicU32>,
    codes: Arc<AtomicU32>,
    pub(crate) clock: HandClock,
    pub(crate) iam: Iam,
    _database: TestDatabase,
}

pub(crate) fn options(issuer: &str) -> IssuerOptions {
    IssuerOptions {
        id: "corp".to_owned(),
        name: "Corp".to_owned(),
        url: issuer.to_owned(),
        account_issuer: None,
        client_id: CLIENT.to_owned(),
        client_secret: Some(hansa_iam::Secret::new("s3cret/+ %")),
        cli_client_id: Some("hansa-cli".to_owned()),
        audiences: BTreeSet::from(["https://broker.example".to_owned(), CLIENT.to_owned()]),
        algorithms: BTreeSet::from([Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::Ed25519]),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        userinfo: false,
        rules: vec![
            serde_json::from_value(json!({"claim": "groups", "value": "{organisation}/{project}", "role": "use-case-user", "over": "project:{organisation}/{project}"})).unwrap(),
        ],
        grants: Vec::new(),
    }
}

pub(crate) fn room(database: Database, clock: &HandClock, options: IamOptions) -> Iam {
    let (clock, ids) = (Arc::new(clock.clone()), Arc::new(CountedIds::default()));
    Iam::new(Rooms { database, clock, ids, options }).unwrap()
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let (listener, issuer) = listen().await;
        let metadata = metadata_of(&issuer);
        let behaviour =
            Behaviour { keys: Keys::new(), prefix: "one", metadata, down: false, hangs: false, id_token: None };
        let behaviour = Arc::new(Mutex::new(behaviour));
        let asked = Arc::new(AtomicU32::new(0));
        let (theirs, counted) = (Arc::clone(&behaviour), Arc::clone(&asked));
        serve(listener, move |request| {
            let (answer, hangs) = {
                let behaviour = theirs.lock().unwrap();
                (answer(&behaviour, &counted, &request), behaviour.hangs)
            };
            async move { if hangs { std::future::pending().await } else { answer } }
        });
        let (listener, other) = listen().await;
        let told = metadata_of(&other);
        let codes = Arc::new(AtomicU32::new(0));
        let (shown, keys) = (Arc::clone(&codes), Keys::new().public("other"));
        serve(listener, move |request| {
            let answer = match request.path.as_str() {
                "/.well-known/openid-configuration" => Answer::json(&told),
                "/jwks" => Answer::json(&json!({"keys": keys})),
                _ => {
                    shown.fetch_add(1, Ordering::Relaxed);
                    Answer::status(400)
                }
            };
            async move { answer }
        });
        let partner = IssuerOptions { id: "partner".to_owned(), ..options(&other) };
        let (clock, database) = (HandClock::default(), sqlite(&[MIGRATIONS]));
        let public_url = Some("http://127.0.0.1:8080".parse().unwrap());
        let told = IamOptions { public_url, issuers: vec![options(&issuer), partner], ..IamOptions::default() };
        let iam = room(database.database(), &clock, told);
        Self { issuer, behaviour, asked_for_keys: asked, codes, clock, iam, _database: database }
    }

    /// Claims that are good.
    pub(crate) fn claims(&self) -> Value {
        use hansa_repository::ambient::Clock as _;
        let now = self.clock.now().timestamp();
        json!({
            "iss": self.issuer, "sub": "u-1", "aud": "https://broker.example", "iat": now, "exp": now + 300,
            "preferred_username": "grace", "groups": ["acme/web"],
        })
    }

    /// How often the second issuer's token endpoint was shown a code.
    pub(crate) fn codes_shown(&self) -> u32 {
        self.codes.load(Ordering::Relaxed)
    }

    pub(crate) fn keys_asked(&self) -> u32 {
        self.asked_for_keys.load(Ordering::Relaxed)
    }
}

fn metadata_of(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/logout"),
    })
}

fn answer(behaviour: &Behaviour, asked: &AtomicU32, request: &Request) -> Answer {
    if behaviour.down || behaviour.hangs {
        return Answer::status(503);
    }
    match request.path.as_str() {
        "/.well-known/openid-configuration" => Answer::json(&behaviour.metadata),
        "/jwks" => {
            asked.fetch_add(1, Ordering::Relaxed);
            let mut keys = behaviour.keys.public(behaviour.prefix);
            // What must never verify anything: a shared secret, a key for encryption.
            keys.push(json!({"kty": "oct", "kid": "shared", "k": encode(b"secret secret secret secret 1234")}));
            let mut other = keys[0].clone();
            other["kid"] = "encryption".into();
            other["use"] = "enc".into();
            keys.push(other);
            Answer::json(&json!({"keys": keys}))
        }
        "/token" => match &behaviour.id_token {
            Some(claims) => {
                let header = json!({"alg": "RS256", "kid": format!("{}-rsa", behaviour.prefix)});
                let token = Forge { keys: &behaviour.keys, header, claims: claims.clone() }.token();
                Answer::json(&json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token}))
            }
            None => Answer {
                status: 400,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: json!({"error": "invalid_grant"}).to_string(),
            },
        },
        _ => Answer::status(404),
    }
}
