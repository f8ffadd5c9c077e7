//! The audit trail from outside: what people do is in it, a broker that is
//! killed loses nothing of it, and an altered export is found out.

use crate::harness::{Broker, Engine, Options, hansa, say, signal, single};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;
use std::{fs, thread, time::Duration};

#[test]
fn a_change_is_in_the_trail_with_the_events_it_caused() {
    let broker = Broker::usual();
    let accepted = broker.submit(&single("sleeper", &["sleep"]));
    broker.done(&accepted);
    let request = accepted.header("x-request-id").to_owned();
    let file = broker.folder().join("audit.jsonl").display().to_string();
    broker.cli(&["audit", "export", &file]).ok();
    let listed = broker.get(&format!("/admin/v1/audit?request={request}")).ok();
    let kinds: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"event"), "{listed}");
    assert!(kinds.contains(&"decision"), "{listed}");
    let exports = broker.get("/admin/v1/audit?action=audit.export").ok();
    assert_eq!(exports["items"].as_array().unwrap().len(), 1, "exporting is recorded: {exports}");
    assert!(broker.cli(&["audit", "verify", &file]).ok().contains("is what the broker sealed"));
}

#[test]
fn an_altered_export_is_found_out_with_exit_code_2() {
    let broker = Broker::usual();
    let folder = broker.folder();
    let path = |name: &str| folder.join(name).display().to_string();
    let (whole, altered, short) = (path("whole.jsonl"), path("altered.jsonl"), path("short.jsonl"));
    broker.cli(&["audit", "export", &short]).ok();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    broker.cli(&["audit", "export", &whole]).ok();
    let note = broker.file("checkpoint.note", &broker.cli(&["audit", "checkpoint"]).ok());
    broker.cli(&["audit", "verify", &whole, "--against", &short]).ok();
    let text = fs::read_to_string(&whole).unwrap();
    assert!(text.contains("application/"), "{text}");
    fs::write(&altered, text.replacen("sleeper", "slipper", 1)).unwrap();
    let place = text.lines().find(|line| line.contains("sleeper")).unwrap();
    let place = place.strip_prefix("{\"place\":").unwrap().split(',').next().unwrap();
    let said = broker.cli(&["audit", "verify", &altered]).failed(2);
    assert!(said.contains(&format!("record {place} was altered")), "{said}");
    let said = broker.cli(&["audit", "verify", &short, "--against", &note]).failed(2);
    assert!(said.contains("the tail was cut off"), "{said}");
    let keys = broker.get("/admin/v1/audit/keys").ok();
    let key = keys["items"][0]["public"].as_str().unwrap().to_owned();
    broker.cli(&["audit", "verify", &whole, "--key", &key]).ok();
    let stranger = "hansa.audit/x+00000000+AAAA";
    assert!(broker.cli(&["audit", "verify", &whole, "--key", stranger]).failed(2).contains("forged"));
    broker.cli(&["audit", "key", "rotate"]).ok();
    broker.cli(&["audit", "export", &whole]).ok();
    broker.cli(&["audit", "verify", &whole, "--key", &key, "--against", &short]).ok();
}

fn killed(engine: Engine) {
    let Some(mut broker) = Broker::start(Options { engine, ..Options::default() }) else { return };
    let mut seen = 0;
    for round in 0..4 {
        let name = format!("sleeper-{round}");
        broker.submit(&single(&name, &["sleep"]));
        broker.kill();
        broker.restart();
        let file = broker.folder().join("audit.jsonl").display().to_string();
        broker.cli(&["audit", "export", &file]).ok();
        broker.cli(&["audit", "verify", &file]).ok();
        let text = fs::read_to_string(&file).unwrap();
        let submitted = text.lines().filter(|line| line.contains("\"kind\":\"event\"") && line.contains(&name)).count();
        assert!(submitted > 0, "the events of {name} are in the trail");
        let records = text.lines().filter(|line| line.starts_with("{\"place\":")).count();
        assert!(records > seen, "the trail only grows");
        seen = records;
    }
}

#[test]
fn a_killed_broker_loses_nothing_of_the_trail() {
    killed(Engine::Sqlite);
}

#[test]
fn nor_does_one_on_postgresql() {
    killed(Engine::Postgres);
}

/// Somebody submits, and the broker is killed so long after.
fn cut(broker: &Broker, name: &str, after: Duration) -> bool {
    let pid = i32::try_from(broker.pid()).unwrap();
    let call = broker.call_as("ben", Method::POST, "/api/v1/applications?project=acme/web");
    thread::scope(|scope| {
        let sent = scope.spawn(|| call.json(&single(name, &["sleep"])).try_send().is_ok());
        thread::sleep(after);
        signal(pid, Signal::SIGKILL);
        sent.join().unwrap()
    })
}

/// The records of an export that `hansa audit verify` finds whole.
fn verified(broker: &Broker) -> Vec<Value> {
    let file = broker.folder().join("audit.jsonl").display().to_string();
    let (server, token) = (broker.url(), broker.token("ada").unwrap());
    let variables = [("HANSA_SERVER", server.as_str()), ("HANSA_TOKEN", token.as_str())];
    hansa(broker.folder(), &["audit", "export", &file], &variables).ok();
    hansa(broker.folder(), &["audit", "verify", &file], &variables).ok();
    let text = fs::read_to_string(&file).unwrap();
    let records = text.lines().filter(|line| line.starts_with("{\"place\":"));
    records.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn no_change_without_its_decision(engine: Engine) {
    let Some(mut broker) = Broker::start(Options { engine, dev_login: true, ..Options::default() }) else { return };
    let (mut delay, mut changed, mut unanswered) = (100.0, 0, 0);
    for round in 0..12 {
        let name = format!("sleeper-{round}");
        let answered = cut(&broker, &name, Duration::from_secs_f64(delay / 1_000.0));
        broker.kill();
        broker.restart();
        let records = verified(&broker);
        let of_it = |record: &&Value| {
            record["kind"] == "event" && record["data"]["message"].as_str().is_some_and(|text| text.contains(&name))
        };
        let event = records.iter().filter(of_it).find(|record| record["actor"]["name"] == "ben");
        match event {
            // Not done: whether it was decided by then is all the same.
            None => delay *= 1.3,
            Some(event) => {
                changed += 1;
                unanswered += u32::from(!answered);
                delay *= if answered { 0.7 } else { 0.95 };
                let request = event["request"].as_str().unwrap();
                let decision =
                    records.iter().find(|record| record["kind"] == "decision" && record["request"] == request);
                let decision = decision.unwrap_or_else(|| panic!("nobody decided {event}"));
                assert_eq!(decision["actor"], serde_json::json!({ "kind": "person", "name": "ben" }));
                assert_eq!(decision["action"], "application.create");
                assert_eq!(decision["outcome"]["kind"], "allowed");
                assert_eq!(decision["policies"], serde_json::json!(["use-case-user"]));
                assert_eq!((&decision["origin"], &decision["via"]["kind"]), (&"127.0.0.1".into(), &"bearer".into()));
            }
        }
    }
    assert!(changed > 0, "no kill came after a change");
    say(&format!("killed 12 times: {changed} changes were done, {unanswered} of them without an answer"));
}

#[test]
fn a_kill_leaves_no_change_without_its_decision() {
    no_change_without_its_decision(Engine::Sqlite);
}

#[test]
fn nor_does_it_on_postgresql() {
    no_change_without_its_decision(Engine::Postgres);
}
