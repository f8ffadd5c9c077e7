//! Tokens forged in every way of RFC 8725, and in those that other
//! implementations have fallen for: each is made with real keys, and refused.

use crate::issuer::{Forge, Keys, Stage, encode};
use aws_lc_rs::hmac;
use hansa_iam::ErrorKind;
use serde_json::{Value, json};

fn header(algorithm: &str, kid: &str) -> Value {
    json!({"alg": algorithm, "typ": "JWT", "kid": kid})
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    value[name] = other;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

async fn refused(stage: &Stage, what: &str, token: &str) {
    match stage.iam.authenticate_bearer(token).await {
        Ok(principal) => panic!("{what}: taken as {}", principal.actor),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{what}: {error}");
            assert!(
                token.len() < 40 || !error.to_string().contains(&token[..40]),
                "{what}: the refusal repeats the token"
            );
        }
    }
}

#[tokio::test]
async fn good_tokens_of_each_algorithm_are_taken() {
    let stage = Stage::new().await;
    for (algorithm, kid) in
        [("RS256", "one-rsa"), ("PS256", "one-rsa"), ("ES256", "one-p256"), ("EdDSA", "one-ed"), ("Ed25519", "one-ed")]
    {
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            Forge { keys: &behaviour.keys, header: header(algorithm, kid), claims: stage.claims() }.token()
        };
        let principal =
            stage.iam.authenticate_bearer(&token).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(principal.actor.to_string(), "grace", "{algorithm}");
        assert_eq!(principal.grants.len(), 1, "{algorithm}");
    }
    // An access token as RFC 9068 wants it, with a list of audiences and times with fractions.
    let claims = with(
        with(with(stage.claims(), "client_id", "x".into()), "jti", "j".into()),
        "aud",
        json!(["other", "https://broker.example"]),
    );
    let claims = with(claims.clone(), "exp", json!(claims["exp"].as_i64().unwrap() as f64 + 0.5));
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            Forge {
                keys: &behaviour.keys,
                header: with(header("ES256", "one-p256"), "typ", typ.into()),
                claims: claims.clone(),
            }
            .token()
        };
        stage.iam.authenticate_bearer(&token).await.unwrap();
    }
}

#[tokio::test]
async fn forged_headers_and_signatures_are_refused() {
    let stage = Stage::new().await;
    let mut cases: Vec<(String, String)> = Vec::new();
    {
        let behaviour = stage.behaviour.lock().unwrap();
        let keys = &behaviour.keys;
        let forge = |header: Value| Forge { keys, header, claims: stage.claims() };
        let good = header("RS256", "one-rsa");
        let mut add = |what: &str, token: String| cases.push((what.to_owned(), token));
        // No signature (RFC 8725, section 2.1).
        for none in ["none", "None", "NONE", "nOnE", ""] {
            let unsigned = forge(with(good.clone(), "alg", none.into())).unsigned();
            add(&format!("alg {none}"), format!("{unsigned}."));
            add(&format!("alg {none} with a signature"), format!("{unsigned}.{}", encode(b"x")));
        }
        add("no alg", format!("{}.{}", forge(without(good.clone(), "alg")).unsigned(), encode(b"x")));
        add("no signature", format!("{}.", forge(good.clone()).unsigned()));
        add("no signature part", forge(good.clone()).unsigned());
        // HMAC by a public key, in the forms that it is written in (RFC 8725, section 2.1).
        let public = keys.public("one");
        let modulus = base64_of(&public[0]["n"]);
        for secret in
            [public[0].to_string().into_bytes(), modulus, b"secret secret secret secret 1234".to_vec(), Vec::new()]
        {
            for (algorithm, kid) in [("HS256", "one-rsa"), ("HS256", "shared"), ("RS256", "one-rsa")] {
                let unsigned = forge(header(algorithm, kid)).unsigned();
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), unsigned.as_bytes());
                add(&format!("{algorithm} by {kid} as HMAC"), format!("{unsigned}.{}", encode(tag.as_ref())));
            }
        }
        // An algorithm that is not allowed, though the key and the signature are good.
        add("RS512", forge(header("RS512", "one-rsa")).token());
        add("ES384", forge(header("ES384", "one-p384")).token());
        add(
            "lower case",
            forge(header("RS256", "one-rsa")).token().replacen(
                &encode(header("RS256", "one-rsa").to_string().as_bytes()),
                &encode(header("rs256", "one-rsa").to_string().as_bytes()),
                1,
            ),
        );
        // Another algorithm than the key's, or than the signature's.
        add("PSS called PKCS1", forge(good.clone()).signed_as("PS256"));
        add("P-256 called RSA", forge(good.clone()).signed_as("ES256"));
        add("RSA by the curve's kid", forge(header("RS256", "one-p256")).token());
        add("ES256 by the RSA kid", forge(header("ES256", "one-rsa")).token());
        add("ES256 by P-384", forge(header("ES256", "one-p384")).signed_as("ES384"));
        // A signature of zeros, and in DER (the "psychic" signature).
        let curve = forge(header("ES256", "one-p256"));
        add("zeros", format!("{}.{}", curve.unsigned(), encode(&[0; 64])));
        add("zeros in DER", format!("{}.{}", curve.unsigned(), encode(&[0x30, 6, 2, 1, 0, 2, 1, 0])));
        add("r and s of the order's size", format!("{}.{}", curve.unsigned(), encode(&[0xff; 64])));
        add("zeros by Ed25519", format!("{}.{}", forge(header("EdDSA", "one-ed")).unsigned(), encode(&[0; 64])));
        // Keys that come with the token (RFC 8725, section 3.10).
        let own = Keys::new();
        let embedded = own.public("own");
        for (name, value) in [
            ("jwk", embedded[0].clone()),
            ("jku", json!("https://evil.example/jwks")),
            ("x5u", json!("https://evil.example/cert.pem")),
            ("x5c", json!(["MIIB"])),
        ] {
            for kid in ["one-rsa", "own-rsa"] {
                let header = with(header("RS256", kid), name, value.clone());
                add(&format!("{name} and {kid}"), Forge { keys: &own, header, claims: stage.claims() }.token());
            }
        }
        add("another's key", Forge { keys: &own, header: good.clone(), claims: stage.claims() }.token());
        // Key ids.
        add("unknown kid", forge(header("RS256", "two-rsa")).token());
        add("a kid with a path", forge(header("RS256", "../../dev/null")).token());
        add("a kid for SQL", forge(header("RS256", "x' UNION SELECT 'k")).token());
        add("an empty kid", forge(header("RS256", "")).token());
        add("a number as kid", forge(with(good.clone(), "kid", json!(1))).token());
        add("a long kid", forge(header("RS256", &"k".repeat(300))).token());
        add("the key for encryption", forge(header("RS256", "encryption")).token());
        // Extensions that change the meaning (RFC 7515, section 4.1.11; RFC 7797).
        add("crit", forge(with(good.clone(), "crit", json!(["exp"]))).token());
        add("empty crit", forge(with(good.clone(), "crit", json!([]))).token());
        add("crit unknown", forge(with(with(good.clone(), "crit", json!(["x"])), "x", json!(1))).token());
        add("b64 false", forge(with(with(good.clone(), "b64", json!(false)), "crit", json!(["b64"]))).token());
        add("zip", forge(with(good.clone(), "zip", json!("DEF"))).token());
        add("enc", forge(with(good.clone(), "enc", json!("A128GCM"))).token());
        // Types of other tokens (RFC 8725, section 3.11).
        for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", "JWE", "oauth-authz-req+jwt", ""] {
            add(&format!("typ {typ}"), forge(with(good.clone(), "typ", typ.into())).token());
        }
        add("typ of another kind", forge(with(good.clone(), "typ", json!(["JWT"]))).token());
        // Letters changed on the way, and other forms.
        let token = forge(good.clone()).token();
        let parts: Vec<&str> = token.split('.').collect();
        let other =
            Forge { keys, header: good.clone(), claims: with(stage.claims(), "sub", "admin".into()) }.unsigned();
        add("another's claims", format!("{other}.{}", parts[2]));
        add("four parts", format!("{token}.x"));
        add("five parts", format!("{token}.x.y"));
        add("padding", format!("{}.{}.{}==", parts[0], parts[1], parts[2]));
        add("white space", format!("{}.{} .{}", parts[0], parts[1], parts[2]));
        add("a line's end", format!("{token}\n"));
        add("the other alphabet", format!("{}.{}.{}", parts[0], parts[1], "+/".repeat(171)));
        add("left-over bits", format!("{}.{}.{}", parts[0], parts[1], left_over(parts[2])));
        add("a shorter signature", format!("{}.{}.{}", parts[0], parts[1], &parts[2][..parts[2].len() - 4]));
        add("a longer signature", format!("{token}AAAA"));
        add("JSON form", json!({"payload": parts[1], "protected": parts[0], "signature": parts[2]}).to_string());
        for text in [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "null",
            &"A".repeat(40_000),
            &format!("{}.{}.{}", "A".repeat(20_000), parts[1], parts[2]),
        ] {
            add(&format!("the text {}", &text[..text.len().min(10)]), text.to_owned());
        }
        // Names that stand twice.
        for (head, body) in [
            (r#"{"alg":"none","alg":"RS256","kid":"one-rsa"}"#.to_owned(), stage.claims().to_string()),
            (good.to_string(), stage.claims().to_string().replacen('{', r#"{"sub":"admin","#, 1)),
            (good.to_string(), stage.claims().to_string().replacen('{', r#"{"deep":{"a":1,"a":2},"#, 1)),
            (good.to_string(), "[]".to_owned()),
            (good.to_string(), "\u{feff}{}".to_owned()),
            ("[]".to_owned(), stage.claims().to_string()),
        ] {
            let signed = format!("{}.{}", encode(head.as_bytes()), encode(body.as_bytes()));
            let signature = encode(&keys.sign("RS256", signed.as_bytes()));
            add(&format!("names twice {head:.20} {body:.20}"), format!("{signed}.{signature}"));
        }
    }
    for (what, token) in &cases {
        refused(&stage, what, token).await;
    }
    assert!(cases.len() > 80, "{}", cases.len());
}

#[tokio::test]
async fn claims_that_prove_nothing_here_are_refused() {
    let stage = Stage::new().await;
    let good = stage.claims();
    let now = good["iat"].as_i64().unwrap();
    let mut cases: Vec<(String, Value, &str)> = Vec::new();
    let mut add = |what: &str, claims: Value| cases.push((what.to_owned(), claims, "JWT"));
    for (name, values) in [
        (
            "iss",
            vec![
                json!("https://evil.example"),
                json!(format!("{}/", stage.issuer)),
                json!(stage.issuer.to_uppercase()),
                json!([stage.issuer]),
                json!(null),
                json!(""),
            ],
        ),
        (
            "aud",
            vec![
                json!("other"),
                json!([]),
                json!(["other"]),
                json!(null),
                json!([1]),
                json!("https://broker.example/"),
                json!("HANSA"),
                json!({"a": "hansa"}),
            ],
        ),
        (
            "exp",
            vec![
                json!(now - 61),
                json!(0),
                json!(-1),
                json!("9999999999"),
                json!(null),
                json!(1e300),
                json!([now + 300]),
            ],
        ),
        ("nbf", vec![json!(now + 120), json!("1"), json!(-5), json!(1e300)]),
        ("iat", vec![json!(now + 120), json!("now")]),
        ("sub", vec![json!(""), json!(null), json!(7), json!("a".repeat(300)), json!("a\u{0}b")]),
        ("cnf", vec![json!({"jkt": "x"}), json!({"x5t#S256": "x"})]),
        ("events", vec![json!({"http://schemas.openid.net/event/backchannel-logout": {}})]),
    ] {
        for value in values {
            add(&format!("{name} {value:.40}"), with(good.clone(), name, value));
        }
        if ["iss", "aud", "exp", "sub"].contains(&name) {
            add(&format!("no {name}"), without(good.clone(), name));
        }
    }
    cases.push(("at+jwt without client_id".to_owned(), with(good.clone(), "jti", "j".into()), "at+jwt"));
    cases.push(("at+jwt without jti".to_owned(), with(good.clone(), "client_id", "c".into()), "at+jwt"));
    for (what, claims, typ) in &cases {
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            Forge {
                keys: &behaviour.keys,
                header: with(header("RS256", "one-rsa"), "typ", (*typ).into()),
                claims: claims.clone(),
            }
            .token()
        };
        refused(&stage, what, &token).await;
    }
    // Within the leeway all is well.
    for claims in [
        with(good.clone(), "exp", json!(now - 59)),
        with(good.clone(), "nbf", json!(now + 59)),
        with(good, "iat", json!(now + 59)),
    ] {
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            Forge { keys: &behaviour.keys, header: header("RS256", "one-rsa"), claims }.token()
        };
        stage.iam.authenticate_bearer(&token).await.unwrap();
    }
}

fn base64_of(value: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

/// The same bytes to a careless reader: the last letter has bits that mean nothing.
fn left_over(signature: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = signature.split_at(signature.len() - 1);
    let at = LETTERS.find(last).unwrap();
    format!("{rest}{}", &LETTERS[at ^ 1..=at ^ 1])
}

/// RFC 8725, sections 3.11 and 3.12: what tells a client who logged in is no proof at the API.
#[tokio::test]
async fn an_id_token_of_a_browser_is_no_access_token() {
    let stage = Stage::new().await;
    let came = async |typ: &str, changes: &[(&str, Value)]| {
        let mut claims = with(with(stage.claims(), "client_id", "x".into()), "jti", "j".into());
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        let token = {
            let behaviour = stage.behaviour.lock().unwrap();
            let header = with(header("RS256", "one-rsa"), "typ", typ.into());
            Forge { keys: &behaviour.keys, header, claims }.token()
        };
        stage.iam.authenticate_bearer(&token).await
    };
    // The audiences of this stage are the API and the portal's client, whose ID tokens would fit by `aud`.
    let portal = ("aud", json!("hansa"));
    for (what, changes) in [
        ("a nonce", vec![portal.clone(), ("nonce", json!("n"))]),
        ("the hash of a code", vec![portal.clone(), ("c_hash", json!("h"))]),
        ("the hash of an access token", vec![portal.clone(), ("at_hash", json!("h"))]),
        ("Keycloak's own word", vec![portal.clone(), ("typ", json!("ID"))]),
        ("a refresh token", vec![portal.clone(), ("typ", json!("Refresh"))]),
        ("two audiences", vec![("aud", json!(["hansa", "hansa-cli"])), ("at_hash", json!("h"))]),
    ] {
        let error = came("JWT", &changes).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{what}: {error}");
    }
    came("JWT", std::slice::from_ref(&portal)).await.unwrap();
    // Access tokens that say that they are some.
    came("at+jwt", &[("nonce", json!("n"))]).await.unwrap();
    came("JWT", &[("typ", json!("Bearer")), ("nonce", json!("n"))]).await.unwrap();
}
