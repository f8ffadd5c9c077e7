//! Attack vectors of C2SP Wycheproof: the Ed25519 ones against our verification,
//! the JWS ones, of which none is EdDSA, against our reader: all are refused.

use hansa_federation::{
    document, json, jws,
    keys::PublicKey,
    token::{self, UnverifiedToken},
};
use serde_json::Value;
use std::path::PathBuf;

/// The folder of shared data, or None, loudly, where it is absent.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = std::env::var_os("HANSA_SHARED_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set HANSA_SHARED_DATA to the folder of shared data", path.display());
    None
}

fn vectors(name: &str) -> Option<Value> {
    let bytes = std::fs::read(shared("jose")?.join(name)).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn ed25519() {
    let Some(file) = vectors("ed25519_test.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = hex(group["publicKey"]["pk"].as_str().unwrap());
        let key = PublicKey::new(key.try_into().unwrap()).unwrap();
        let jwk = serde_json::from_value(group["publicKeyJwk"].clone()).unwrap();
        assert_eq!(PublicKey::from_jwk(&jwk).unwrap(), key);
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (hex(test["msg"].as_str().unwrap()), hex(test["sig"].as_str().unwrap()));
            let wanted = test["result"] == "valid";
            assert_eq!(key.verifies(&message, &signature), wanted, "{test}");
            *if wanted { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert_eq!((valid, invalid), counted(&file), "every vector was run");
}

fn counted(file: &Value) -> (usize, usize) {
    let tests: Vec<&Value> =
        file["testGroups"].as_array().unwrap().iter().flat_map(|group| group["tests"].as_array().unwrap()).collect();
    let valid = tests.iter().filter(|test| test["result"] == "valid").count();
    assert!(valid > 0 && tests.len() > valid);
    (valid, tests.len() - valid)
}

#[test]
fn no_jws_of_another_algorithm_is_taken() {
    for name in [
        "json_web_signature_test.json",
        "json_web_crypto_test.json",
        "json_web_key_test.json",
        "json_web_encryption_test.json",
    ] {
        let Some(file) = vectors(name) else { return };
        let mut seen = 0;
        for group in file["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let Some(text) = test.get("jws").or_else(|| test.get("jwe")) else { continue };
                // Some are in the JSON form of JWS, which isn't a form of ours.
                let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
                assert!(UnverifiedToken::parse(&text).is_err(), "{name} {test}");
                assert!(jws::Unverified::parse(&text, document::TYPE).is_err(), "{name} {test}");
                assert!(jws::Unverified::parse(&text, token::TYPE).is_err(), "{name} {test}");
                seen += 1;
            }
        }
        assert!(seen > 20, "{name}: {seen}");
    }
}

#[test]
fn thumbprint_of_rfc_8037() {
    // RFC 8037, appendix A.2 and A.3.
    let jwk =
        serde_json::from_str(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
            .unwrap();
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    // RFC 8037, appendix A.5: the signature of a JWS.
    let signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert!(key.verifies(signing_input, &json::decode("signature", signature).unwrap()));
}
