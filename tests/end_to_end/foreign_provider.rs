//! The OpenID provider that is not ours does what tests of login rely on.

use crate::harness::{Provider, device_client, robot_client, web_client};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

/// Header and claims of a token, unverified.
fn read(token: &str) -> [Value; 2] {
    let mut parts =
        token.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap());
    [parts.next().unwrap(), parts.next().unwrap()]
}

#[test]
fn the_foreign_provider_signs_rotates_and_forges() {
    let clients = [
        web_client("portal", "a-secret-of-the-portal", "http://127.0.0.1:9", "foreign"),
        device_client("cli"),
        robot_client("robot", "a-secret-of-the-robot"),
    ];
    let settings = json!({ "clients": clients, "accounts": {}, "clientClaims": { "robot": { "groups": ["night"] } } });
    let Some(provider) = Provider::start(&settings) else { return };
    let discovered = provider.call(Method::GET, "/.well-known/openid-configuration").send().ok();
    assert_eq!(discovered["issuer"], provider.issuer());

    let [header, claims] = read(&provider.client_token("robot", "a-secret-of-the-robot"));
    assert_eq!((&header["alg"], &claims["aud"]), (&json!("RS256"), &json!("urn:hansa:api")));
    assert_eq!((&claims["sub"], &claims["groups"]), (&json!("robot"), &json!(["night"])));

    let keys = |provider: &Provider| provider.call(Method::GET, "/jwks").send().ok()["keys"].as_array().unwrap().len();
    assert_eq!(keys(&provider), 3);
    provider.control("rotate", &json!({}));
    assert_eq!(keys(&provider), 4, "the old key is still published");
    let rotated = read(&provider.client_token("robot", "a-secret-of-the-robot"));
    assert_ne!(rotated[0]["kid"], header["kid"], "signed with the new key");
    provider.control("rotate", &json!({ "keep": false }));
    assert_eq!(keys(&provider), 3, "the old keys are withdrawn");

    let [header, claims] = read(
        &provider
            .mint(&json!({ "header": { "alg": "none" }, "with": "nothing", "claims": { "sub": "eve", "jti": null } })),
    );
    assert_eq!((&header["alg"], &claims["sub"], claims.get("jti")), (&json!("none"), &json!("eve"), None));

    let form = "client_id=cli&scope=openid";
    let device =
        provider.call(Method::POST, "/device/auth").body("application/x-www-form-urlencoded", form).send().ok();
    assert!(device["user_code"].is_string() && device["verification_uri"].is_string(), "{device}");
}
