//! Tokens and passwords are used everywhere, rightly and wrongly; then they are
//! looked for everywhere: the log, the events, the audit trail, the database,
//! the answers.

use crate::harness::{Answer, Broker, Options, Owner};
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// What looks like a secret wherever it stands.
const PASSWORD: &str = "pa55-w0rd-of-a-careless-person";

/// Tokens of the development login, by handle.
fn issued(broker: &Broker) -> Vec<String> {
    let text = fs::read_to_string(broker.data().join("dev-login.json")).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    strings(&told, &mut found);
    found.into_iter().filter(|text| text.split('.').count() == 3 && text.len() > 100).collect()
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

/// Every file below a folder, but those that are meant to hold secrets.
pub(crate) fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.display().to_string();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() && !name.ends_with("dev-login.json") && !name.contains("/keys/") {
            found.push((name, fs::read(&path).unwrap_or_default()));
        }
    }
}

/// The part of a secret that only its owner knows: of a token the last.
fn known(secret: &str) -> &str {
    match secret.strip_prefix("hansa-invite:") {
        Some(line) => line,
        None if secret.starts_with("hansa_") => secret.rsplit('_').next().unwrap_or(secret),
        // Of a JWT the signature, in whose letters `_` is one like others.
        None => secret.rsplit('.').next().unwrap_or(secret),
    }
}

/// The secret line of an invitation that was asked for twice under one key, as
/// a program does whose first answer got lost.
fn invited(broker: &Broker) -> String {
    let ask = || {
        broker
            .call_as("ada", Method::POST, "/admin/v1/partners/invite")
            .header("Idempotency-Key", "one-invitation")
            .json(&json!({ "name": "north" }))
            .send()
    };
    let first = ask();
    assert_eq!(first.status, 200, "{}", first.request);
    let line = first.json()["invitation"].as_str().unwrap().to_owned();
    assert!(line.starts_with("hansa-invite:"), "an invitation was made");
    let again = ask();
    assert_eq!((again.status, again.json()["invitation"].as_str()), (200, Some("")));
    line
}

/// Looks for secrets in the log, the answers and every file of the broker.
fn found_nowhere(broker: &Broker, secrets: &[String], answers: Vec<Answer>) {
    std::thread::sleep(std::time::Duration::from_secs(3));
    let mut texts: Vec<(String, Vec<u8>)> = vec![("the log".to_owned(), broker.log().into_bytes())];
    texts.extend(answers.into_iter().map(|answer| {
        (format!("the answer to {}", answer.request.split('?').next().unwrap_or_default()), answer.body.into_bytes())
    }));
    files(&broker.data(), &mut texts);
    for secret in secrets {
        let known = known(secret);
        for (place, text) in &texts {
            let found = text.windows(known.len()).any(|part| part == known.as_bytes());
            assert!(!found, "a secret ({}…) stands in {place}", known.get(..6).unwrap_or_default());
        }
    }
}

#[test]
fn no_secret_stays_anywhere() {
    let more = "log:\n  level: debug\n".to_owned();
    let broker = Broker::start(Options {
        dev_login: true,
        owner: Some(Owner::named("south", "DE")),
        more,
        ..Options::default()
    })
    .unwrap();
    let issued = issued(&broker);
    assert!(!issued.is_empty(), "the development login gives tokens");
    let bearer = |token: &str| format!("Bearer {token}");
    let mut answers = Vec::new();
    let mut secrets: Vec<String> = issued.clone();
    secrets.push(PASSWORD.to_owned());
    for token in &issued {
        let made = broker
            .call_unknown(Method::POST, "/api/v1/tokens")
            .header("Authorization", &bearer(token))
            .json(&json!({ "name": "for a test" }))
            .send();
        let mut told = Vec::new();
        strings(&made.json(), &mut told);
        let made: Vec<String> = told.into_iter().filter(|text| text.starts_with("hansa_pat_")).collect();
        for token in &made {
            answers.push(broker.call_unknown(Method::GET, "/api/v1/me").header("Authorization", &bearer(token)).send());
        }
        secrets.extend(made);
    }
    assert!(secrets.iter().any(|secret| secret.starts_with("hansa_pat_")), "a token was made");
    secrets.push(invited(&broker));
    let wrong: Vec<String> =
        secrets.iter().map(|secret| format!("{}x{PASSWORD}", secret.get(..secret.len() - 3).unwrap())).collect();
    secrets.extend(wrong.clone());
    for secret in &wrong {
        for header in [bearer(secret), format!("Basic {secret}"), secret.clone()] {
            answers.push(broker.call_unknown(Method::GET, "/api/v1/me").header("Authorization", &header).send());
            answers.push(broker.call_unknown(Method::POST, "/api/v1/tokens").header("Authorization", &header).send());
        }
    }
    for secret in secrets.clone() {
        let queries =
            [format!("/api/v1/me?access_token={secret}"), format!("/login/callback/dev?code={secret}&state={secret}")];
        answers.extend(queries.iter().map(|path| broker.call_unknown(Method::GET, path).send()));
        answers.push(
            broker
                .call_unknown(Method::GET, "/")
                .header("Cookie", &format!("hansa_session={secret}; __Host-hansa_session={secret}"))
                .send(),
        );
    }
    found_nowhere(&broker, &secrets, answers);
    let owner = issued.first().unwrap();
    let audit =
        broker.call_unknown(Method::GET, "/admin/v1/audit?limit=500").header("Authorization", &bearer(owner)).send();
    assert!(!audit.body.contains(PASSWORD), "{}", audit.body);
}
