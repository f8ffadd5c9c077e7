//! A tenant after another's everything: logs, streams, keys, cursors, plans,
//! operations, tokens, pages, the audit trail.

use super::{Border, portal::after};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// Stands in the other's model, and nowhere that tess may look.
const SECRET: &str = "schatzkiste";

fn model(name: &str) -> String {
    format!(
        "hansa: 1\nname: {name}\ncomponents:\n  idle:\n    package:\n      process: {{ command: [hansa, sample, sleep] }}\n    environment: {{ WHAT: {SECRET} }}\n"
    )
}

struct Sent<'a> {
    method: &'a str,
    path: &'a str,
    who: &'a str,
    key: Option<&'a str>,
    body: String,
}

impl Border {
    async fn request(&self, sent: Sent<'_>) -> Response {
        let mut request = self.http.request(sent.method.parse().unwrap(), format!("{}{}", self.running.url, sent.path));
        request = request.bearer_auth(&self.tokens[sent.who]).body(sent.body);
        if let Some(key) = sent.key {
            request = request.header("Idempotency-Key", key);
        }
        request.send().await.unwrap()
    }

    async fn value(&self, path: &str, who: &str) -> Value {
        self.send("GET", path, Some(who)).await.json().await.unwrap()
    }

    /// What a stream says within a second and a half.
    async fn overheard(&self, path: &str, who: &str) -> String {
        let mut stream = self.send("GET", path, Some(who)).await;
        let mut text = String::new();
        let until = tokio::time::Instant::now() + Duration::from_millis(1_500);
        while let Ok(Ok(Some(chunk))) = tokio::time::timeout_at(until, stream.chunk()).await {
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        text
    }
}

#[tokio::test]
async fn nothing_of_an_application_is_reached() {
    let border = Border::open(true).await;
    let made: Value = border
        .send_with("POST", "/api/v1/applications?project=acme/web", Some("ben"), &model("theirs"))
        .await
        .json()
        .await
        .unwrap();
    let (id, operation) = (made["application"].as_str().unwrap(), made["operation"].as_str().unwrap());
    let before = border.value(&format!("/api/v1/applications/{id}"), "ben").await;
    for reference in [id, "theirs", "acme%2Fweb%2Ftheirs"] {
        for rest in ["", "/plan", "/workloads", "/endpoints", "/events", "/logs", "/logs?follow=true", "/logs?tail=5"] {
            let found = border.send("GET", &format!("/api/v1/applications/{reference}{rest}"), Some("tess")).await;
            assert_eq!(found.status(), StatusCode::NOT_FOUND, "{reference}{rest}");
        }
        for (method, body) in
            [("PUT", model("theirs")), ("PATCH", r#"{"replicas":{"idle":0}}"#.to_owned()), ("DELETE", String::new())]
        {
            for query in ["", "?dryRun=true", "?dryRun=true&project=globex/shop"] {
                let path = format!("/api/v1/applications/{reference}{query}");
                let found = border.send_with(method, &path, Some("tess"), &body).await;
                assert_eq!(found.status(), StatusCode::NOT_FOUND, "{method} {path}");
            }
        }
    }
    for rest in ["", "/stream"] {
        let found = border.send("GET", &format!("/api/v1/operations/{operation}{rest}"), Some("tess")).await;
        assert_eq!(found.status(), StatusCode::NOT_FOUND, "operation{rest}");
    }
    for path in [
        "/api/v1/plans?project=acme/web",
        "/api/v1/applications?project=acme/web&dryRun=true",
        "/api/v1/applications?project=acme/web",
    ] {
        let found = border.send_with("POST", path, Some("tess"), &model("mine")).await;
        assert_eq!(found.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for query in ["", "&application=ID", "&subject=application/ID", "&project=acme/web"] {
        let path = format!("/api/v1/events/stream?after=0{}", query.replace("ID", id));
        let heard = border.overheard(&path, "tess").await;
        assert!(!heard.contains(id) && !heard.contains("theirs"), "{path}: {heard}");
    }
    let after = border.value(&format!("/api/v1/applications/{id}"), "ben").await;
    assert_eq!((&before["version"], &before["model"]), (&after["version"], &after["model"]));
    assert!(border.overheard("/api/v1/events/stream?after=0", "ben").await.contains(id), "its own see it");
    border.running.stop().await;
}

#[tokio::test]
async fn keys_cursors_tokens_and_sessions_of_another_open_nothing() {
    let border = Border::open(true).await;
    let submit = async |who: &str, key: &str, name: &str| {
        let sent = Sent { method: "POST", path: "/api/v1/applications", who, key: Some(key), body: model(name) };
        border.request(sent).await.json::<Value>().await.unwrap()
    };
    // The very same request under the very same key.
    let theirs = submit("ben", "one-key", "same").await;
    let mine = submit("tess", "one-key", "same").await;
    assert_eq!(submit("ben", "one-key", "same").await, theirs, "to its own it is given again");
    assert!(theirs["application"].is_string() && mine["application"].is_string(), "{theirs} {mine}");
    assert_ne!(theirs["application"], mine["application"]);
    assert_ne!(theirs["operation"], mine["operation"]);
    let token = async |who: &str| {
        let body = json!({ "name": "same" }).to_string();
        let sent = Sent { method: "POST", path: "/api/v1/tokens", who, key: Some("another-key"), body };
        border.request(sent).await.json::<Value>().await.unwrap()
    };
    let (their_token, my_token) = (token("ben").await, token("tess").await);
    assert_ne!(their_token["id"], my_token["id"]);
    assert_ne!(their_token["secret"], my_token["secret"]);
    border.session("ben").await;
    let session = border.value("/api/v1/sessions", "ben").await["items"][0]["id"].as_str().unwrap().to_owned();
    let their_token = their_token["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/api/v1/tokens/{their_token}")),
        ("DELETE", format!("/api/v1/tokens/{their_token}")),
        ("DELETE", format!("/api/v1/sessions/{session}")),
    ] {
        let found = border.send(method, &path, Some("tess")).await;
        assert_eq!(found.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    assert_eq!(border.value(&format!("/api/v1/tokens/{their_token}"), "ben").await["state"], "active");
    // A place in another's list is none in one's own.
    submit("ben", "next-key", "another").await;
    let id = theirs["application"].as_str().unwrap();
    for list in ["/api/v1/applications", "/api/v1/operations", "/api/v1/events", "/api/v1/events?order=newest"] {
        let with = |query: &str| format!("{list}{}{query}", if list.contains('?') { '&' } else { '?' });
        let page = border.value(&with("limit=1"), "ben").await;
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{list}: {page}"));
        let found = border.send("GET", &with(&format!("limit=500&pageToken={next}")), Some("tess")).await;
        let found = found.text().await.unwrap();
        assert!(!found.contains(id) && !found.contains("acme"), "{list}: {found}");
    }
    border.running.stop().await;
}

#[tokio::test]
async fn the_portal_shows_nothing_of_another_and_changes_nothing() {
    let border = Border::open(true).await;
    let made: Value = border
        .send_with("POST", "/api/v1/applications?project=acme/web", Some("ben"), &model("theirs"))
        .await
        .json()
        .await
        .unwrap();
    let id = made["application"].as_str().unwrap();
    let session = border.session("tess").await;
    for path in [
        "/",
        "/applications",
        "/applications?name=theirs",
        "/applications/new",
        "/projects",
        "/account",
        "/costs",
        "/carbon",
        "/promises",
        "/faults",
        "/offers",
        "/sites",
    ] {
        let page = border.visit("GET", path, &session).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let text = page.text().await.unwrap().replace("?name=theirs", "").replace("value=\"theirs\"", "");
        for word in [id, SECRET, "acme", "theirs"] {
            let own_words = text.replace("--name-prefix theirs", "").replace("namePrefix=theirs", "");
            assert!(!own_words.contains(word), "{path}: {word}");
        }
    }
    for path in ["", "/live", "/live?logs=true", "/update", "/remove"] {
        let page = border.visit("GET", &format!("/applications/{id}{path}"), &session).await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(!page.text().await.unwrap().contains("theirs"), "{path}");
    }
    for path in ["/projects/acme/web", "/organisations/acme"] {
        assert_eq!(border.visit("GET", path, &session).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/audit", "/audit/0", "/audit/export", "/infrastructure", "/partners"] {
        assert_eq!(border.visit("GET", path, &session).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    // With her own form's token.
    let page = border.visit("GET", "/applications/new", &session).await.text().await.unwrap();
    let token = after(&page, "name=\"csrf\" value=\"");
    let post = async |path: &str, fields: &str| {
        let form = border.http.post(format!("{}{path}", border.running.url)).header(header::COOKIE, &session.0);
        let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        form.body(format!("csrf={token}&{fields}")).send().await.unwrap()
    };
    for path in ["/update", "/scale", "/remove"] {
        let answer = post(&format!("/applications/{id}{path}"), "version=1&key=k&replicas.idle=0").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let yaml = model("intruder").replace('\n', "%0A").replace(' ', "+");
    let answer = post("/applications", &format!("project=acme%2Fweb&key=k&model={yaml}")).await;
    assert!(answer.status().is_client_error(), "{}", answer.status());
    let all = border.value("/api/v1/applications", "ben").await;
    let names: Vec<&str> = all["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["theirs"], "{all}");
    border.running.stop().await;
}

#[tokio::test]
async fn an_auditor_of_one_project_reads_nothing_of_another() {
    let border = Border::open(true).await;
    border.send("GET", "/api/v1/me", Some("noah")).await;
    let member = border.http.put(format!("{}/api/v1/projects/globex/shop/members/noah", border.running.url));
    // Whoever makes an auditor is one; `tess` isn't.
    let member = member.bearer_auth(&border.tokens["ada"]).json(&json!({ "roles": ["auditor"] })).send().await.unwrap();
    assert!(member.status().is_success(), "{}", member.text().await.unwrap());
    let theirs = border.submit("ben", "acme/web", "theirs").await;
    let own = border.submit("tess", "globex/shop", "own").await;
    border.running.broker.iam.trail().seal_now().await.unwrap();
    let whole = border.value("/admin/v1/audit?limit=500", "otto").await;
    let place = |subject: &str| {
        let found =
            whole["items"].as_array().unwrap().iter().find(|one| one["subject"].as_str().unwrap().contains(subject));
        found.unwrap_or_else(|| panic!("{subject}: {whole}"))["place"].as_u64().unwrap()
    };
    let (foreign, mine) = (place(&theirs.application), place(&own.application));
    for query in ["", "&actor=ben", "&action=application", "&project=acme/web"] {
        let list =
            border.send("GET", &format!("/admin/v1/audit?limit=500{query}"), Some("noah")).await.text().await.unwrap();
        assert!(!list.contains(&theirs.application) && !list.contains("acme/web\""), "{query}: {list}");
    }
    assert!(border.value("/admin/v1/audit?limit=500", "noah").await.to_string().contains(&own.application));
    let status = async |path: String| border.send("GET", &path, Some("noah")).await.status();
    assert_eq!(status(format!("/admin/v1/audit/{mine}")).await, StatusCode::OK);
    assert_eq!(status(format!("/admin/v1/audit/{foreign}")).await, StatusCode::NOT_FOUND);
    for rest in ["export".to_owned(), format!("{mine}/proof")] {
        assert_eq!(status(format!("/admin/v1/audit/{rest}")).await, StatusCode::FORBIDDEN, "{rest}");
    }
    let session = border.session("noah").await;
    assert_eq!(border.visit("GET", &format!("/audit/{mine}"), &session).await.status(), StatusCode::OK);
    assert_eq!(border.visit("GET", &format!("/audit/{foreign}"), &session).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(border.visit("GET", "/audit/export", &session).await.status(), StatusCode::FORBIDDEN);
    border.running.stop().await;
}
