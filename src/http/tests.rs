//! Contracts of the border, against a whole broker in a temporary directory
//! and over real HTTP.

use super::wire::{ImportReport, Offer, Page, Problem};
use crate::{demo, metrics::Metrics, wiring};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tempfile::TempDir;
use wiring::RunningBroker;

struct Border {
    running: RunningBroker,
    http: Client,
    _directory: TempDir,
}

impl Border {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = demo::demo_settings(directory.path(), 0).unwrap();
        let running = wiring::start(settings, Arc::new(Metrics::new())).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { running, http, _directory: directory }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.url))
    }

    fn import(&self, turtle: &str, key: &str) -> RequestBuilder {
        let request = self.request(Method::POST, "/admin/v1/offers/import").header("Content-Type", "text/turtle");
        request.header("Idempotency-Key", key).body(turtle.to_owned())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        self.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }
}

/// Sends a request that must be refused, and gives the problem.
async fn problem(request: RequestBuilder) -> Problem {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], super::problem::MEDIA_TYPE);
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Problem = answer.json().await.unwrap();
    assert_eq!(problem.status, status);
    assert_eq!(problem.instance, format!("urn:uuid:{id}"));
    assert!(!problem.detail.is_empty());
    problem
}

/// Request line, one header, body; status and kind of the problem.
type Case = (&'static str, &'static str, &'static str, u16, &'static str);

const CASES: [Case; 16] = [
    ("GET /nope", "", "", 404, "not-found"),
    ("GET /api/v1/nope", "", "", 404, "not-found"),
    ("GET /api/v1/applications/nope", "", "", 404, "not-found"),
    ("GET /api/v1/operations/nope", "", "", 404, "not-found"),
    ("PUT /api/v1/plans", "", "", 405, "method-not-allowed"),
    ("GET /api/v1/events?limt=1", "", "", 400, "malformed"),
    ("GET /api/v1/events?limit=0", "", "", 400, "malformed"),
    ("GET /api/v1/offers?pageToken=x", "", "", 400, "malformed"),
    ("POST /api/v1/plans", "", "name: x", 422, "invalid"),
    ("POST /api/v1/plans?dryrun=true", "", "name: x", 400, "malformed"),
    ("POST /api/v1/plans", "Content-Type: text/csv", "a", 415, "unsupported-media-type"),
    // What isn't there is told before anything about the body is.
    ("PATCH /api/v1/applications/x", "", "{", 404, "not-found"),
    ("PATCH /api/v1/applications/x", "If-Match: 3", "{}", 404, "not-found"),
    ("POST /admin/v1/keys/rotate", "If-Match: 3", "{}", 400, "malformed"),
    ("GET /api/v1/sparql?query=nonsense", "", "", 422, "invalid"),
    ("GET /api/v1/sparql?query=ASK%7B%7D", "Accept: text/turtle", "", 406, "not-acceptable"),
];

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_problem() {
    let border = Border::open().await;
    for (line, header, body, status, kind) in CASES {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = border.request(method.parse().unwrap(), path).body(body);
        if let Some((name, value)) = header.split_once(": ") {
            request = request.header(name, value);
        }
        let told = problem(request).await;
        let kind = format!("urn:hansa:problem:{kind}");
        assert_eq!((told.status, told.problem_type), (status, kind), "{line}");
    }
    let large = border.request(Method::POST, "/api/v1/plans").body(vec![b' '; 17 << 20]);
    assert_eq!(problem(large).await.status, 413);
    border.running.stop().await;
}

#[tokio::test]
async fn an_import_has_one_effect_for_a_key_and_pages_hold_every_offer_once() {
    let border = Border::open().await;
    let first: Value = border.import(demo::OFFERS, "k").send().await.unwrap().json().await.unwrap();
    let again: Value = border.import(demo::OFFERS, "k").send().await.unwrap().json().await.unwrap();
    assert_eq!(first, again);
    let report: ImportReport = border.import(demo::OFFERS, "another").send().await.unwrap().json().await.unwrap();
    assert!(report.changes.is_empty() && report.unchanged > 0);
    assert_eq!(
        problem(border.import(demo::THREE_TIER, "k")).await.problem_type,
        "urn:hansa:problem:idempotency-key-reused"
    );

    let whole: Page<Offer> = border.get("/api/v1/offers?limit=500").await;
    let (mut seen, mut token) = (BTreeSet::new(), String::new());
    loop {
        let page: Page<Offer> = border.get(&format!("/api/v1/offers?limit=2{token}")).await;
        assert!(page.items.len() <= 2);
        assert!(page.items.iter().all(|offer| seen.insert(offer.id.clone())));
        match page.next {
            Some(next) => token = format!("&pageToken={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), whole.items.len());
    border.running.stop().await;
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let border = Border::open().await;
    let dry = border.request(Method::POST, "/admin/v1/offers/import?dryRun=true").body(demo::OFFERS);
    let report: ImportReport = dry.send().await.unwrap().json().await.unwrap();
    assert_eq!(report.outcome, "dry-run");
    let offers: Page<Offer> = border.get("/api/v1/offers").await;
    assert!(offers.items.is_empty());
    border.import(demo::OFFERS, "k").send().await.unwrap();
    let dry = border.request(Method::POST, "/api/v1/applications?dryRun=true").body(demo::THREE_TIER);
    assert_eq!(dry.send().await.unwrap().status(), StatusCode::OK);
    let applications: Page<Value> = border.get("/api/v1/applications?includeRemoved=true").await;
    assert!(applications.items.is_empty());
    border.running.stop().await;
}

#[tokio::test]
async fn the_description_names_every_route_and_every_schema() {
    let border = Border::open().await;
    for path in ["/openapi.json", "/admin/openapi.json"] {
        let document: Value = border.get(path).await;
        assert_eq!(document["openapi"], "3.1.0");
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
        }
        let of_owners =
            document["paths"].as_object().unwrap().keys().filter(|path| path.starts_with("/admin/")).count();
        assert_eq!(of_owners > 0, path == "/admin/openapi.json");
    }
    for path in
        ["/livez", "/readyz", "/metrics", "/docs/", "/admin/docs/", "/ns", "/shapes", "/problems", "/model.schema.json"]
    {
        assert_eq!(border.request(Method::GET, path).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    border.running.stop().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text.clone()),
                    other => collect_references(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn an_open_stream_goes_on_where_it_broke_off_and_does_not_hold_up_the_end() {
    let border = Border::open().await;
    border.import(demo::OFFERS, "k").send().await.unwrap();
    let request = border.request(Method::GET, "/api/v1/events/stream").header("Last-Event-ID", "3");
    let mut stream = request.send().await.unwrap();
    let mut text = String::new();
    while !text.contains("id: ") {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    assert!(text.contains("id: 4\n"), "{text}");
    let stopped = tokio::time::timeout(Duration::from_secs(5), border.running.stop()).await;
    assert!(stopped.is_ok(), "the broker waits for the reader of a stream");
}
