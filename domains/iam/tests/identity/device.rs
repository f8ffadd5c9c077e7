//! The command line's way in, and what the development login refuses.

use crate::{
    browser::{carried, led, open, send},
    server::{listen, serve},
};
use chrono::TimeDelta;
use hansa_iam::{
    ErrorKind,
    dev::{DevProvider, people},
    oidc::device::DeviceClient,
};
use hansa_repository::testing::HandClock;
use std::sync::Arc;
use url::Url;

async fn provider() -> (DevProvider, HandClock, String) {
    let (listener, base) = listen().await;
    let clock = HandClock::default();
    let provider = DevProvider::new(&base.parse().unwrap(), Arc::new(clock.clone())).unwrap();
    let served = provider.clone();
    serve(listener, move |request| {
        let answer = carried(&served, &request);
        async move { answer }
    });
    (provider, clock, base)
}

#[tokio::test]
async fn a_device_is_let_in_once_and_renews() {
    let (provider, clock, base) = provider().await;
    let client = DeviceClient::new(&[]).unwrap();
    let issuer = format!("{base}/dev/oidc");
    let mut login = client.begin(&issuer, "hansa-cli", &["openid".to_owned()]).await.unwrap();
    assert!(client.poll(&mut login).await.unwrap().is_none());
    let before = login.interval;
    assert!(client.poll(&mut login).await.unwrap().is_none());
    assert!(login.interval > before, "asked too soon, so asked to be slower");

    let page = open(&provider, login.page_with_code.as_ref().unwrap());
    assert!(page.status == 200 && page.body.contains(&login.user_code));
    let typed = login.user_code.to_lowercase().replace('-', " ");
    let evil = send(&provider, "/device", &[("user_code", &typed), ("person", "ada")], Some("https://evil.example"));
    assert_eq!(evil.status, 400);
    let done = send(&provider, "/device", &[("user_code", &typed), ("person", "ada")], Some(&base));
    assert_eq!(done.status, 200, "{}", done.body);
    let tokens = client.poll(&mut login).await.unwrap().unwrap();
    assert_eq!(tokens.bearer.reveal().split('.').count(), 3);
    let over = client.poll(&mut login).await.unwrap_err();
    assert_eq!(over.kind(), ErrorKind::Unauthenticated);

    let refresh = tokens.refresh.unwrap();
    let renewed = client.refresh(&login.token_endpoint, "hansa-cli", &refresh).await.unwrap();
    assert_ne!(renewed.bearer, tokens.bearer);
    assert!(client.refresh(&login.token_endpoint, "hansa-cli", &refresh).await.is_err(), "good once");
    clock.advance(TimeDelta::days(8));
    assert!(client.refresh(&login.token_endpoint, "hansa-cli", &renewed.refresh.unwrap()).await.is_err());
}

#[tokio::test]
async fn a_device_that_is_refused_or_forgotten_stays_out() {
    let (provider, clock, base) = provider().await;
    let client = DeviceClient::new(&[]).unwrap();
    let issuer = format!("{base}/dev/oidc");
    let begin = || client.begin(&issuer, "hansa-cli", &[]);
    let mut login = begin().await.unwrap();
    send(&provider, "/device", &[("user_code", &login.user_code), ("person", "")], Some(&base));
    assert_eq!(client.poll(&mut login).await.unwrap_err().kind(), ErrorKind::Forbidden);
    let mut login = begin().await.unwrap();
    clock.advance(TimeDelta::minutes(11));
    assert_eq!(client.poll(&mut login).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert!(client.begin(&issuer, "nobody", &[]).await.is_err());
    assert!(client.begin("http://login.example", "hansa-cli", &[]).await.is_err());
    // Codes can't be tried at will.
    let guess = |number: usize| {
        let url: Url = format!("{issuer}/device?user_code=BBBB-BBB{}", b"BCDF"[number % 4] as char).parse().unwrap();
        open(&provider, &url).status
    };
    assert!((0..50).all(|number| guess(number) == 400));
    assert_eq!(guess(51), 429);
}

#[tokio::test]
async fn what_the_development_login_refuses() {
    let (provider, _clock, base) = provider().await;
    let good = [
        ("client_id", "hansa"),
        ("redirect_uri", &format!("{base}/login/callback/dev")),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s&<>\""),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let asked = |name: &str, value: Option<&str>| {
        let mut url: Url = format!("{base}/dev/oidc/authorize").parse().unwrap();
        let others = good.iter().filter(|(known, _)| known != name);
        url.query_pairs_mut().extend_pairs(others).extend_pairs(value.map(|value| (name, value)));
        open(&provider, &url)
    };
    assert_eq!(asked("", None).status, 200);
    // Nobody is sent to an address that is not the client's.
    for bad in [
        "https://evil.example/login/callback/dev",
        &format!("{base}/login/callback/dev/"),
        &format!("{base}/login/callback/corp"),
        &format!("{base}/login/callback"),
        &format!("{base}/login/callback/dev?x"),
        "",
    ] {
        assert_eq!(asked("redirect_uri", Some(bad)).status, 400, "{bad}");
    }
    for bad in [Some("other"), Some("hansa-cli"), None] {
        assert_eq!(asked("client_id", bad).status, 400);
    }
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("scope", Some("email"), "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("prompt", Some("none"), "login_required"),
        ("request", Some("x"), "request_not_supported"),
        ("response_mode", Some("fragment"), "invalid_request"),
    ] {
        let (_, given) = led(&asked(name, value));
        assert_eq!(given["error"], error, "{name}");
        assert_eq!(given["state"], "s&<>\"");
    }
    // Pages let nothing in and are framed by nobody.
    let page = asked("", None);
    let policy = &page.headers.iter().find(|(name, _)| *name == "Content-Security-Policy").unwrap().1;
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!page.body.contains("<script") && !page.body.contains(" style="));
    for person in people::PEOPLE {
        assert!(page.body.contains(person.full_name));
    }
    // It serves loopback alone.
    for bad in ["http://10.0.0.1:8080", "https://broker.example"] {
        assert!(DevProvider::new(&bad.parse().unwrap(), Arc::new(HandClock::default())).is_err(), "{bad}");
    }
}
