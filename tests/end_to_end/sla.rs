//! What is promised of a machine is held against the log: a host that dies
//! breaks the promise, with the events that show it; announced maintenance is
//! announced before it begins.

use crate::harness::{Broker, Options, attempt, eventually};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker};
use serde_json::{Value, json};
use std::time::Duration;

/// Two looks at a system, and what it takes to begin.
const PATIENCE: Duration = Duration::from_secs(150);

/// Connects an engine and offers small places on it, of which so much is promised.
pub(crate) fn connect(broker: &Broker, engine: &ContainerEngine) {
    let (site, address) = (broker.site(), engine.address());
    broker.cli(&["system", "connect", "near", "--kind", "docker", "--site", &site, "--address", &address]).ok();
    let offers = ["system", "offers", "near", "--flavour", "place", "--per-cpu", "0.01", "--availability", "99.9"];
    broker.cli(&[&offers[..], &["--publish"]].concat()).ok();
}

pub(crate) fn model() -> Value {
    json!({
        "hansa": 1, "name": "sleeper",
        "components": { "sleeper": {
            "package": { "container": { "image": BUSYBOX, "command": ["sleep", "600"] } },
            "resources": { "cpu": "100m", "memory": "32Mi" }
        } }
    })
}

/// The numbers of the events of a kind, in their order.
fn numbers(broker: &Broker, application: &str, kind: &str) -> Vec<u64> {
    broker.events(application, kind).iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
}

#[track_caller]
fn told(broker: &Broker, what: &str, kind: &str, times: usize) {
    let found = attempt(PATIENCE, || match numbers(broker, "sleeper", kind).len() {
        enough if enough >= times => Ok(()),
        less => Err(format!("{less} of {times}")),
    });
    found.unwrap_or_else(|last| panic!("{what}: {last}\n{}", broker.application("sleeper")));
}

#[test]
fn a_host_that_dies_breaks_the_promise_with_its_evidence() {
    let Some(mut engine) = docker() else { return };
    let more = "moving: { lost_after: 2s, improve: false }\n".to_owned();
    let broker = Broker::start(Options { more, ..Options::default() }).expect("SQLite");
    broker.small_places();
    connect(&broker, &engine);
    broker.done(&broker.submit(&model()));
    let running = broker.get("/api/v1/sla?application=sleeper").ok();
    let row = &running["items"][0];
    assert_eq!((&row["objective"]["metric"], &row["objective"]["target"]), (&json!("availability"), &json!(99.9)));
    assert_eq!((&row["judged"], &row["applicationName"]), (&json!(false), &json!("sleeper")), "{running}");

    engine.stop();
    told(&broker, "its loss is told", "machine.rental-interrupted", 1);
    eventually("it counts as down", || {
        let row = broker.get("/api/v1/sla?application=sleeper").ok()["items"][0].clone();
        if row["downSeconds"].as_i64().unwrap_or_default() > 0 { Ok(()) } else { Err(row.to_string()) }
    });
    engine.go_on();
    told(&broker, "it is there again", "machine.rented", 2);
    let lost = numbers(&broker, "sleeper", "machine.rental-interrupted")[0];
    let back = numbers(&broker, "sleeper", "machine.rented")[1];
    let id = broker.application("sleeper")["id"].as_str().unwrap().to_owned();
    broker.done(&broker.remove("sleeper").send());

    let breach = eventually("the rental is over, and judged", || {
        let page = broker.get("/api/v1/sla/breaches").ok();
        page["items"].get(0).cloned().ok_or_else(|| page.to_string())
    });
    let shown = breach["outages"].as_array().unwrap().iter().any(|one| one["events"] == json!([lost, back]));
    assert!(shown, "the events that show it: {breach}");
    assert!(breach["measured"].as_f64().unwrap() < 99.9, "{breach}");
    assert_eq!(numbers(&broker, &id, "sla.missed"), [breach["event"].as_u64().unwrap()]);
    let listed = broker.cli(&["sla", "list", "--missed"]).ok();
    assert!(listed.contains("sleeper") && listed.contains("availability 99.9 %"), "{listed}");
    assert!(broker.cli(&["sla", "breaches"]).ok().contains(&breach["event"].to_string()));
}

#[test]
fn maintenance_is_announced_before_it_begins() {
    let broker = Broker::usual();
    let site = broker.site();
    let announce = |from: &str, until: &str| {
        broker.cli(&["maintenance", "announce", &site, "--from", from, "--until", until, "--reason", "a new kernel"])
    };
    announce("2090-01-01T06:00:00Z", "2090-01-01T08:00:00Z").ok();
    let listed = broker.get("/admin/v1/announcements").ok();
    let one = &listed["items"][0];
    assert_eq!((&one["reason"], &one["site"]), (&json!("a new kernel"), &json!(site)), "{listed}");
    assert!(broker.cli(&["maintenance", "announced"]).ok().contains("a new kernel"));
    let late = announce("2020-01-01T06:00:00Z", "2020-01-01T08:00:00Z").failed(2);
    assert!(late.contains("must be after now"), "{late}");
    broker.cli(&["maintenance", "withdraw", one["id"].as_str().unwrap()]).ok();
    assert_eq!(broker.get("/admin/v1/announcements").ok()["items"], json!([]));
}
