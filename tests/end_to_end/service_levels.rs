//! What an application is to achieve: measured, counted, shown against its
//! target, told when it is missed, and asked by scaling.

use crate::harness::{Broker, eventually};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Answers after as long as a file says, and not at all while another is there.
const SERVE: &str = "\
import http.server, os, sys, time
folder = sys.argv[1]
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(open(folder + '/delay').read()))
        self.send_response(500 if os.path.exists(folder + '/broken') else 200)
        self.end_headers()
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer((os.environ['HANSA_ADDRESS'], int(os.environ['PORT_HTTP'])), Page).serve_forever()
";

fn model(folder: &Path) -> Value {
    let longest = "max(max_over_time(probe_duration_seconds{service_level=\"quick\"}[5s]))";
    json!({
        "hansa": 1,
        "name": "page",
        "components": { "web": {
            "package": { "process": { "command": ["python3", "-c", SERVE, folder] } },
            "ports": { "http": {} },
            "resources": { "cpu": "50m", "memory": "32Mi" },
            "health": { "probe": { "tcp": { "port": "http" } }, "interval": "200ms" },
            "scaling": { "min": 1, "max": 2, "policies": [ { "name": "in time", "step": {
                "metric": { "promql": longest },
                "steps": [ { "above": 0.2, "change": 1 } ]
            } } ] }
        } },
        "serviceLevels": {
            "there": { "availability": {
                "component": "web", "probe": { "http": { "port": "http" } },
                "target": 50, "window": "hour", "every": "1s"
            } },
            // An hour has 3,600 rounds: two bad ones are too many.
            "quick": { "latency": {
                "component": "web", "probe": { "http": { "port": "http" } }, "below": "200ms",
                "target": 99.95, "window": "hour", "every": "1s"
            } },
            "steady": { "query": { "promql": longest, "atMost": 5, "target": 99, "every": "1s" } },
            "unknown": { "query": { "promql": "sum(nobody_tells_this)", "atLeast": 1, "target": 99, "every": "1s" } }
        }
    })
}

fn levels(broker: &Broker) -> Value {
    broker.get("/api/v1/applications/page/service-levels").ok()["items"].clone()
}

fn level(broker: &Broker, name: &str) -> Value {
    let all = levels(broker);
    all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
}

#[track_caller]
fn until(broker: &Broker, what: &str, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || {
        let now = level(broker, name);
        if holds(&now) { Ok(now) } else { Err(now.to_string()) }
    })
}

#[test]
fn what_is_to_be_achieved_is_measured_and_told() {
    let mut broker = Broker::usual();
    let folder = broker.folder().join("shown");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("delay"), "0").unwrap();
    broker.done(&broker.submit(&model(&folder)));

    let rounds = |least: f64| move |level: &Value| level["rounds"].as_f64().unwrap() >= least;
    let there = until(&broker, "it is measured", "there", rounds(3.0));
    assert_eq!((&there["state"], &there["goodPercent"]), (&json!("kept"), &json!(100.0)), "{there}");
    let took = there["latest"]["value"].as_f64().unwrap();
    assert!(took > 0.0 && took < 10.0, "{there}");
    until(&broker, "a query is asked, too", "steady", |level| level["state"] == "kept");
    let unknown = until(&broker, "what nobody tells is said", "unknown", |level| level["latest"]["said"].is_string());
    assert_eq!((&unknown["state"], &unknown["rounds"]), (&json!("unmeasured"), &json!(0.0)), "{unknown}");

    // Slow: too late for one level, and still there for the other.
    fs::write(folder.join("delay"), "0.3").unwrap();
    let quick = until(&broker, "it is missed", "quick", |level| level["state"] == "missed");
    assert!(quick["latest"]["said"].as_str().unwrap().starts_with("an answer took 3"), "{quick}");
    assert!(quick["budgetSpentPercent"].as_f64().unwrap() >= 100.0, "{quick}");
    let told: Vec<Value> = broker.events("page", "service-level.");
    let kinds: Vec<&str> = told.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["service-level.at-risk", "service-level.missed"], "each is told once: {told:#?}");
    assert!(told[1]["message"].as_str().unwrap().starts_with("page: service level quick is missed: 1"), "{told:#?}");
    eventually("scaling sees it", || match broker.events("page", "scaling.decided").last() {
        Some(event) if event["data"]["to"] == 2 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    fs::write(folder.join("delay"), "0").unwrap();

    // No instance answers well: that is no availability, and a killed broker forgets nothing of it.
    fs::write(folder.join("broken"), "").unwrap();
    let broken = until(&broker, "it is not there", "there", |level| level["goodPercent"].as_f64().unwrap() < 100.0);
    assert!(broken["latest"]["said"].as_str().unwrap().contains("500"), "{broken}");
    fs::remove_file(folder.join("broken")).unwrap();
    let before = level(&broker, "there")["rounds"].as_f64().unwrap();
    broker.kill();
    broker.restart();
    let after = until(&broker, "it goes on", "there", rounds(before + 2.0));
    assert!(after["goodPercent"].as_f64().unwrap() < 100.0, "{after}");

    let shown = broker.cli(&["app", "service-levels", "page"]).ok();
    assert!(shown.contains("quick") && shown.contains("missed") && shown.contains("99.95 %"), "{shown}");

    // Another indicator counts anew; another target alone doesn't.
    let mut changed = model(&folder);
    changed["serviceLevels"]["quick"]["latency"]["below"] = json!("2s");
    changed["serviceLevels"]["there"]["availability"]["target"] = json!(60);
    broker.done(&broker.update("page", &changed).send());
    let quick = until(&broker, "it counts anew", "quick", |level| level["state"] == "kept");
    assert!(quick["rounds"].as_f64().unwrap() < before, "{quick}");
    assert!(level(&broker, "there")["rounds"].as_f64().unwrap() >= before);
    broker.done(&broker.remove("page").send());
}
