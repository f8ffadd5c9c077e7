//! The audit trail from outside: what people do is in it, a broker that is
//! killed loses nothing of it, and an altered export is found out.

use crate::harness::{Broker, Engine, Options, single};
use std::fs;

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
