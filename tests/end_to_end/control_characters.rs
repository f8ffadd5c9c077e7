//! NUL bytes and other control characters, wherever a text can come in: refused
//! by name, never a fault of the broker, whatever the database.

use crate::harness::{Answer, Broker, Engine, Options};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// It was refused, and the answer names the place.
#[track_caller]
fn refused(answer: &Answer, place: &str) {
    assert!((400..500).contains(&answer.status), "{}: {} {}", answer.request, answer.status, answer.body);
    assert_ne!(answer.status, 404, "{}: {}", answer.request, answer.body);
    let problem = answer.json();
    let told = problem["detail"].as_str().unwrap();
    assert!(told.contains(place) && told.contains("control character"), "{}: `{place}`: {told}", answer.request);
}

fn all_doors(engine: Engine) {
    let Some(broker) = Broker::start(Options { engine, ..Options::default() }) else { return };
    for (path, place) in [
        ("/api/v1/applications/a%00b", "reference"),
        ("/api/v1/applications/a%1Fb/logs", "reference"),
        ("/api/v1/offers/%00", "reference"),
        ("/api/v1/sites/urn:x%7F", "reference"),
        ("/api/v1/operations/%00", "id"),
        ("/api/v1/organisations/%00", "organisation"),
        ("/api/v1/projects/local/%0A", "project"),
        ("/admin/v1/nodes/%00", "node"),
        ("/api/v1/applications?namePrefix=%00", "namePrefix"),
        ("/api/v1/applications?project=%00", "project"),
        ("/api/v1/applications?pageToken=%00", "pageToken"),
        ("/api/v1/events?subject=a%00", "subject"),
        ("/api/v1/events?kind=%01", "kind"),
        ("/api/v1/offers?country=%00", "country"),
        ("/admin/v1/audit?actor=%00", "actor"),
        ("/applications?name=%00", "name"),
        ("/audit?subject=%00", "subject"),
    ] {
        refused(&broker.get(path), place);
    }
    for (method, path, body, place) in [
        (Method::POST, "/api/v1/organisations", json!({ "id": "x", "title": "a\0b" }), "/title"),
        (Method::POST, "/api/v1/organisations", json!({ "id": "x\u{1b}", "title": "x" }), "/id"),
        (Method::POST, "/api/v1/organisations/local/projects", json!({ "id": "p", "title": "\0" }), "/title"),
        (Method::POST, "/admin/v1/sites", json!({ "id": "urn:hansa:site:x", "name": "\0", "country": "DE" }), "/name"),
        (Method::POST, "/admin/v1/nodes", json!({ "name": "a\0", "site": "local" }), "/name"),
        (Method::POST, "/admin/v1/flavours", json!({ "name": "a\u{7}" }), "/name"),
        (Method::POST, "/admin/v1/maintenance", json!({ "reason": "a\0", "deep": { "a/b": ["\0"] } }), "/"),
    ] {
        refused(&broker.call(method, path).json(&body).send(), place);
    }
    others(&broker);
    assert_eq!(broker.get("/readyz").status, 200);
    let log = broker.log();
    assert!(!log.contains("\"a request failed\"") && !log.contains("a request failed"), "{log}");
}

/// What isn't JSON of a fixed shape: it is refused in its own words, or holds what it says.
fn others(broker: &Broker) {
    let send = |path: &str, media_type: &str, body: &str| broker.call(Method::POST, path).body(media_type, body).send();
    let model = |text: &str| {
        format!(
            "{{\"hansa\":1,\"name\":\"a{text}\",\"components\":{{\"web\":{{\"package\":{{\"process\":{{\"command\":[\"x\"]}}}},\"environment\":{{\"A\":\"{text}\"}}}}}}}}"
        )
    };
    for (path, media_type, body) in [
        ("/api/v1/applications", "application/json", model("\\u0000")),
        ("/api/v1/plans", "application/json", model("\\u0000")),
        ("/api/v1/applications", "application/yaml", "hansa: 1\nname: \"a\\0b\"\n".to_owned()),
        ("/api/v1/applications", "application/yaml", "hansa: 1\nname: a\0b\n".to_owned()),
        ("/api/v1/sparql", "application/sparql-query", "SELECT * WHERE { ?s ?p \"a\0\" } LIMIT \0".to_owned()),
        ("/admin/v1/offers/import", "text/turtle", "<urn:a> <urn:b> \"x\0\" .".to_owned()),
        ("/admin/v1/offers/import", "text/turtle", "<urn:a\\u0000> <urn:b> \"x\\u0000\" .".to_owned()),
    ] {
        let answer = send(path, media_type, &body);
        assert!((400..500).contains(&answer.status), "{path} {media_type}: {} {}", answer.status, answer.body);
        assert!(answer.json()["detail"].as_str().is_some_and(|text| text.len() > 10), "{}", answer.body);
    }
    for head in ["X-A: a\0b", "Idempotency-Key: a\0b", "Authorization: Bearer a\0b", "Cookie: a=\0"] {
        let status = raw(
            broker,
            &format!("GET /api/v1/applications HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\nConnection: close\r\n\r\n"),
        );
        assert!(status.starts_with("HTTP/1.1 4"), "{head:?}: {status}");
    }
    let key = broker.call(Method::POST, "/api/v1/plans").header("Idempotency-Key", "a\tb").json(&Value::Null).send();
    assert!(key.status == 400 && key.body.contains("Idempotency-Key"), "{}", key.body);
}

/// The first line that is answered to these bytes.
fn raw(broker: &Broker, request: &str) -> String {
    let mut connection = TcpStream::connect(broker.url().trim_start_matches("http://")).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn control_characters_are_refused_on_sqlite() {
    all_doors(Engine::Sqlite);
}

#[test]
fn control_characters_are_refused_on_postgresql() {
    all_doors(Engine::Postgres);
}
