//! The API's description, held against the API.

use crate::{
    federation::{Owners, orders, spread},
    harness::{Broker, single},
};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_path_that_is_described_is_there() {
    // With a partner and an order at it, so that there is something of everything.
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR")]);
    let broker = owners.get("north");
    let tiers = [("proxy", "north"), ("application", "south"), ("database", "north")];
    broker.done(&broker.submit(&spread("sleeper", &tiers)));
    let order = orders(broker, "consumer").remove(0);
    let mut asked = 0;
    for path in ["/openapi.json", "/admin/openapi.json"] {
        let document = broker.get(path).ok();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["responses"].as_object().is_some_and(|all| !all.is_empty()), "{method} {path}");
                answers(broker, &order, method, path);
                asked += 1;
            }
        }
        unresolved(&document, &document);
    }
    assert!(asked > 70, "{asked}");
}

/// A path that is there answers something else than 405, and than the words
/// for a path that isn't. Of what this broker has none of (tokens, members),
/// "there is no such thing" is a true answer.
fn answers(broker: &Broker, order: &Value, method: &str, template: &str) {
    let operation = broker.get("/api/v1/operations?limit=1").ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = template
        .split('/')
        .map(|part| match (part.starts_with('{'), template) {
            (false, _) => part.to_owned(),
            (true, t) if t.contains("/operations/") => operation.clone(),
            (true, t) if t.contains("/partners/") => "south".to_owned(),
            (true, t) if t.contains("/agreements/") => order["agreement"].as_str().unwrap().to_owned(),
            (true, t) if t.contains("/orders/") => order["id"].as_str().unwrap().to_owned(),
            (true, t) if t.contains("/offers/") => "urn:hansa:site:north:small".to_owned(),
            (true, t) if t.contains("/sites/") => "urn:hansa:site:north".to_owned(),
            (true, _) => "sleeper".to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/");
    // What changes something is only tried.
    let owners = method != "get" && template.starts_with("/admin/v1");
    let path = if method == "delete" || owners { format!("{path}?dryRun=true") } else { path };
    let call = broker.call(method.to_uppercase().parse::<Method>().unwrap(), &path);
    if template.ends_with("/stream") {
        // Its end is never reached: that it begins will do.
        drop(call.open());
        return;
    }
    let answer = call.send();
    let absent = answer.status == 405 || answer.body.contains("there is nothing at ");
    assert!(!absent && answer.status < 500, "{method} {path}: {} {}", answer.status, answer.body);
}

/// Every reference leads somewhere.
fn unresolved(document: &Value, part: &Value) {
    match part {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            object.values().for_each(|value| unresolved(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| unresolved(document, value)),
        _ => {}
    }
}

#[test]
fn health_metrics_and_documents_are_there() {
    let mut broker = Broker::usual();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    assert_eq!(broker.get("/livez").status, 200);
    assert_eq!(broker.get("/readyz").ok()["status"], "ready");

    let metrics = broker.get("/metrics");
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(metrics.body.ends_with("# EOF\n"), "{}", metrics.body);
    let names: BTreeSet<&str> =
        metrics.body.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next()).collect();
    assert!(names.iter().all(|name| name.starts_with("hansa_")) && names.len() >= 5, "{names:?}");
    let running = metrics.body.lines().find(|line| line.starts_with("hansa_workloads{") && line.contains("running"));
    assert!(running.is_some_and(|line| line.ends_with(" 1")), "{running:?} in {}", metrics.body);

    for (path, media_type) in [
        ("/docs/", "text/html"),
        ("/ns", "text/turtle"),
        ("/shapes", "text/turtle"),
        ("/model.schema.json", "application/schema+json"),
        ("/problems", "application/json"),
    ] {
        let answer = broker.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(media_type), "{path}: {}", answer.header("content-type"));
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
    assert!(broker.stop().success());
    broker.restart();
}

#[test]
fn a_stopping_broker_ends_its_streams() {
    let mut broker = Broker::usual();
    let stream = broker.call(Method::GET, "/api/v1/events/stream?after=0").open();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    assert!(broker.stop().success(), "nobody who reads holds it up");
    let text = stream.rest();
    assert!(text.contains("application.submitted") && text.contains("application.running"), "{text}");
    broker.restart();
}
