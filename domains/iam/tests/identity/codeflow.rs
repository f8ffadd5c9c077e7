//! Logging in by the code flow: at the development login, which is another
//! party at the end of a real connection, and at an issuer that misbehaves.

use crate::{
    browser::{carried, hidden, led, open, send},
    issuer::{Stage, room},
    server::{listen, serve},
};
use chrono::TimeDelta;
use hansa_iam::{
    ErrorKind, GrantScope, Iam, IamOptions, LoginAnswer, MIGRATIONS, Role, dev::DevProvider, session::Origin,
};
use hansa_repository::{
    ambient::Clock as _,
    testing::{HandClock, TestDatabase, for_each_database, sqlite},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use url::Url;

struct Broker {
    provider: DevProvider,
    iam: Iam,
    clock: HandClock,
    base: String,
    _database: Option<TestDatabase>,
}

async fn broker_on(database: hansa_repository::Database, kept: Option<TestDatabase>) -> Broker {
    let (listener, base) = listen().await;
    let clock = HandClock::default();
    let url: Url = base.parse().unwrap();
    let provider = DevProvider::new(&url, Arc::new(clock.clone())).unwrap();
    let served = provider.clone();
    serve(listener, move |request| {
        let answer = carried(&served, &request);
        async move { answer }
    });
    let options =
        IamOptions { public_url: Some(url), issuers: vec![provider.issuer_options()], ..IamOptions::default() };
    let iam = room(database, &clock, options);
    Broker { provider, iam, clock, base, _database: kept }
}

async fn broker() -> Broker {
    let database = sqlite(&[MIGRATIONS]);
    broker_on(database.database(), Some(database)).await
}

impl Broker {
    /// Begins, chooses, and gives what the issuer sent the browser back with.
    async fn chosen(&self, person: &str, return_to: &str) -> (LoginAnswer, String) {
        let begun = self.iam.login_begin("dev", return_to).await.unwrap();
        let page = open(&self.provider, &begun.url);
        let ticket = hidden(&page, "ticket");
        let answer = send(&self.provider, "/authorize", &[("ticket", &ticket), ("person", person)], Some(&self.base));
        let (url, given) = led(&answer);
        assert_eq!(url.path(), "/login/callback/dev");
        (answer_of(&given), begun.browser.reveal().to_owned())
    }
}

fn answer_of(given: &BTreeMap<String, String>) -> LoginAnswer {
    let get = |name: &str| given.get(name).cloned();
    LoginAnswer {
        issuer: "dev".to_owned(),
        code: get("code"),
        state: get("state"),
        iss: get("iss"),
        error: get("error"),
        error_description: get("error_description"),
    }
}

#[test]
fn somebody_logs_in_works_and_logs_out_on_both_databases() {
    for_each_database(&[MIGRATIONS], async |database| {
        let broker = broker_on(database, None).await;
        let (answer, browser) = broker.chosen("ben", "/applications?x=1").await;
        let origin = Origin { address: Some("127.0.0.1".into()), agent: Some("Firefox\u{7}".into()) };
        let entered = broker.iam.login_finish(answer.clone(), Some(&browser), None, origin).await.unwrap();
        assert_eq!(entered.return_to, "/applications?x=1");
        assert_eq!(entered.principal.actor.to_string(), "ben");
        assert_eq!(entered.principal.name, "Ben Janssen");
        assert_eq!(entered.principal.grants.len(), 1);
        assert_eq!(entered.principal.grants[0].role, Role::UseCaseUser);
        assert_eq!(entered.principal.grants[0].over, GrantScope::Project("acme/web".parse().unwrap()));
        // A login is good for one session.
        let again = broker.iam.login_finish(answer, Some(&browser), None, Origin::default()).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Invalid);

        let cookie = entered.opened.cookie.reveal();
        let (session, principal) = broker.iam.session_with_principal(cookie).await.unwrap();
        assert_eq!(principal, entered.principal);
        assert_eq!(session.agent.as_deref(), Some("Firefox"));
        let account = principal.account.unwrap();
        assert_eq!(broker.iam.session_list(account).await.unwrap().len(), 1);

        // A second login ends the session that the browser had, and is the same person.
        let (answer, browser) = broker.chosen("ben", "//evil.example").await;
        let second = broker.iam.login_finish(answer, Some(&browser), Some(cookie), Origin::default()).await.unwrap();
        assert_eq!(second.return_to, "/");
        assert_eq!(second.principal.account, Some(account));
        assert_ne!(second.opened.cookie.reveal(), cookie);
        assert_eq!(broker.iam.session_get(cookie).await.unwrap_err().kind(), ErrorKind::Unauthenticated);

        let to = broker.iam.logout(second.opened.cookie.reveal()).await.unwrap().unwrap();
        assert!(to.path().ends_with("/logout") && !to.as_str().contains("id_token"), "{to}");
        let (home, _) = led(&open(&broker.provider, &to));
        assert_eq!(home.as_str(), format!("{}/login", broker.base));
        assert!(broker.iam.session_get(second.opened.cookie.reveal()).await.is_err());
        assert!(broker.iam.session_list(account).await.unwrap().is_empty());
    });
}

#[tokio::test]
async fn an_answer_that_belongs_to_another_login_opens_nothing() {
    let broker = broker().await;
    let (answer, browser) = broker.chosen("ada", "/").await;
    let (other, other_browser) = broker.chosen("ben", "/").await;
    let finish = async |answer: LoginAnswer, browser: Option<&str>| {
        broker
            .iam
            .login_finish(answer, browser, None, Origin::default())
            .await
            .map(|entered| entered.principal.actor.to_string())
    };
    // Another browser, none, another state, no state: the login stays open for its own browser.
    for (answer, browser) in [
        (answer.clone(), Some(other_browser.as_str())),
        (answer.clone(), None),
        (answer.clone(), Some("")),
        (LoginAnswer { state: other.state.clone(), ..answer.clone() }, Some(browser.as_str())),
        (LoginAnswer { state: None, ..answer.clone() }, Some(browser.as_str())),
        (LoginAnswer { state: Some("x".repeat(9_000)), ..answer.clone() }, Some(browser.as_str())),
    ] {
        assert_eq!(finish(answer, browser).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    // Another's code: bound to their verifier and nonce.
    let mixed = LoginAnswer { code: other.code.clone(), ..answer.clone() };
    assert_eq!(finish(mixed, Some(&browser)).await.unwrap_err().kind(), ErrorKind::Issuer);
    // Which used up the login; and the code.
    assert!(finish(answer, Some(&browser)).await.is_err());
    assert!(finish(other, Some(&other_browser)).await.is_err());
}

#[tokio::test]
async fn mix_up_and_refusals_are_told_apart() {
    let broker = broker().await;
    for (iss, kind) in [(Some("https://evil.example".to_owned()), ErrorKind::Invalid), (None, ErrorKind::Invalid)] {
        let (answer, browser) = broker.chosen("ada", "/").await;
        let answer = LoginAnswer { iss, ..answer };
        let failed = broker.iam.login_finish(answer, Some(&browser), None, Origin::default()).await.unwrap_err();
        assert_eq!(failed.kind(), kind);
    }
    let (answer, browser) = broker.chosen("ada", "/").await;
    let refused = LoginAnswer { code: None, error: Some("access_denied".into()), ..answer };
    let failed = broker.iam.login_finish(refused, Some(&browser), None, Origin::default()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Forbidden);
    let (answer, browser) = broker.chosen("ada", "/").await;
    let broken = LoginAnswer {
        code: None,
        error: Some("server_error".into()),
        error_description: Some("<script>".into()),
        ..answer
    };
    let failed = broker.iam.login_finish(broken, Some(&browser), None, Origin::default()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Issuer);
    assert!(!failed.to_string().contains('<'), "{failed}");
    // Too late.
    let (answer, browser) = broker.chosen("ada", "/").await;
    broker.clock.advance(TimeDelta::minutes(11));
    let failed = broker.iam.login_finish(answer, Some(&browser), None, Origin::default()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_session_ends_when_it_idles_and_when_its_time_is_over() {
    let broker = broker().await;
    let enter = async || {
        let (answer, browser) = broker.chosen("uma", "/").await;
        let entered = broker.iam.login_finish(answer, Some(&browser), None, Origin::default()).await.unwrap();
        entered.opened.cookie.reveal().to_owned()
    };
    let cookie = enter().await;
    broker.clock.advance(TimeDelta::minutes(59));
    assert!(broker.iam.session_get(&cookie).await.is_ok());
    broker.clock.advance(TimeDelta::minutes(59));
    assert!(broker.iam.session_get(&cookie).await.is_ok(), "the use before kept it");
    broker.clock.advance(TimeDelta::minutes(61));
    assert!(broker.iam.session_get(&cookie).await.is_err());
    let cookie = enter().await;
    for _ in 0..23 {
        broker.clock.advance(TimeDelta::minutes(31));
        assert!(broker.iam.session_get(&cookie).await.is_ok());
    }
    broker.clock.advance(TimeDelta::minutes(31));
    assert!(broker.iam.session_get(&cookie).await.is_err(), "twelve hours are over");
    assert!(broker.iam.session_get("").await.is_err() && broker.iam.session_get(&"0".repeat(64)).await.is_err());
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_login_is_refused() {
    let stage = Stage::new().await;
    let now = stage.clock.now().timestamp();
    let good = json!({"iss": stage.issuer, "sub": "u-1", "aud": "hansa", "iat": now, "exp": now + 60});
    for (what, name, value) in [
        ("another's nonce", "nonce", json!("x")),
        ("no nonce", "nonce", json!(null)),
        ("another client", "aud", json!("other")),
        ("two clients and no party", "aud", json!(["hansa", "other"])),
        ("another party", "azp", json!("other")),
        ("another issuer", "iss", json!("https://evil.example")),
        ("another access token", "at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("too old", "exp", json!(now - 100)),
        ("none", "", json!(null)),
    ] {
        let begun = stage.iam.login_begin("corp", "/").await.unwrap();
        let sent: BTreeMap<String, String> = begun.url.query_pairs().into_owned().collect();
        assert_eq!(sent["code_challenge_method"], "S256");
        let mut claims = good.clone();
        claims["nonce"] = sent["nonce"].clone().into();
        if !name.is_empty() {
            claims[name] = value;
        }
        stage.behaviour.lock().unwrap().id_token = Some(claims);
        let answer = answer_at("corp", &sent["state"]);
        let browser = begun.browser.reveal();
        let finished = stage.iam.login_finish(answer, Some(browser), None, Origin::default()).await;
        match what {
            "none" => assert!(finished.is_ok(), "{finished:?}"),
            _ => assert_eq!(finished.unwrap_err().kind(), ErrorKind::Issuer, "{what}"),
        }
    }
}

/// A code that came to the redirect URI of this issuer.
fn answer_at(issuer: &str, state: &str) -> LoginAnswer {
    LoginAnswer {
        issuer: issuer.to_owned(),
        code: Some("c".to_owned()),
        state: Some(state.to_owned()),
        ..LoginAnswer::default()
    }
}

/// RFC 9700, section 4.4.1: the browser is at one issuer, which sends it on to
/// another; that one's code comes back with the state of the first. Neither
/// says in its answer who it is.
#[tokio::test]
async fn a_code_of_one_issuer_is_never_shown_to_another() {
    let stage = Stage::new().await;
    let redirect = |url: &Url| {
        let sent: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        (sent["redirect_uri"].clone(), sent["state"].clone())
    };
    let (honest, evil) = ("corp", "partner");
    let begun = stage.iam.login_begin(evil, "/").await.unwrap();
    let (uri, state) = redirect(&begun.url);
    assert!(uri.ends_with("/login/callback/partner"), "{uri}");
    // The honest issuer sends to the URI that it has registered, which is another one.
    let (theirs, _) = redirect(&stage.iam.login_begin(honest, "/").await.unwrap().url);
    assert!(theirs.ends_with("/login/callback/corp"), "{theirs}");
    let finish = async |issuer: &str, state: &str| {
        let browser = begun.browser.reveal();
        stage.iam.login_finish(answer_at(issuer, state), Some(browser), None, Origin::default()).await
    };
    let failed = finish(honest, &state).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Invalid, "{failed}");
    assert_eq!(stage.codes_shown(), 0, "a token endpoint was shown the code");
    // And the login is used up, for the right one too.
    assert_eq!(finish(evil, &state).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(stage.codes_shown(), 0);
    // Where they fit the code is shown, to the issuer that gave it.
    let begun = stage.iam.login_begin(evil, "/").await.unwrap();
    let (_, state) = redirect(&begun.url);
    let answer = answer_at(evil, &state);
    let failed = stage.iam.login_finish(answer, Some(begun.browser.reveal()), None, Origin::default()).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Issuer);
    assert_eq!(stage.codes_shown(), 1);
}

#[tokio::test]
async fn new_keys_are_found_and_invented_ones_cost_one_question() {
    use crate::issuer::{Forge, Keys};
    let stage = Stage::new().await;
    let token = |prefix: &str| {
        let behaviour = stage.behaviour.lock().unwrap();
        let header = json!({"alg": "ES256", "kid": format!("{prefix}-p256")});
        Forge { keys: &behaviour.keys, header, claims: stage.claims() }.token()
    };
    stage.iam.authenticate_bearer(&token("one")).await.unwrap();
    assert_eq!(stage.keys_asked(), 1);
    {
        let mut behaviour = stage.behaviour.lock().unwrap();
        (behaviour.keys, behaviour.prefix) = (Keys::new(), "two");
    }
    // Just asked: not again at once, whoever wants it.
    assert!(stage.iam.authenticate_bearer(&token("two")).await.is_err());
    assert_eq!(stage.keys_asked(), 1);
    stage.clock.advance(TimeDelta::seconds(11));
    stage.iam.authenticate_bearer(&token("two")).await.unwrap();
    assert_eq!(stage.keys_asked(), 2);
    stage.clock.advance(TimeDelta::seconds(11));
    for number in 0..20 {
        assert!(stage.iam.authenticate_bearer(&token(&format!("invented-{number}"))).await.is_err());
    }
    assert_eq!(stage.keys_asked(), 3);
    // An issuer that is down keeps nobody out whose key is known; for a day.
    stage.behaviour.lock().unwrap().down = true;
    stage.clock.advance(TimeDelta::hours(2));
    stage.iam.authenticate_bearer(&token("two")).await.unwrap();
    stage.clock.advance(TimeDelta::hours(23));
    let failed = stage.iam.authenticate_bearer(&token("two")).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Issuer);
}

#[tokio::test]
async fn metadata_of_another_issuer_is_not_believed() {
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://login.example/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
    ] {
        let stage = Stage::new().await;
        stage.behaviour.lock().unwrap().metadata[name] = value;
        let failed = stage.iam.login_begin("corp", "/").await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Issuer, "{name}: {failed}");
    }
    let stage = Stage::new().await;
    assert_eq!(stage.iam.login_begin("nobody", "/").await.unwrap_err().kind(), ErrorKind::NotFound);
}
