//! Green mode in a running broker: a real service's servers, off while nothing is on them.

use crate::harness::{Broker, Call, Options, attempt, eventually};
use hansa_test_systems::Redfish;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The idle time, some looks at the system, and what it takes to turn off.
const ASLEEP: Duration = Duration::from_secs(180);

#[test]
fn idle_servers_sleep_and_the_reserve_does_not() {
    let Some(rack) = Redfish::start(2, false) else { return };
    let mut broker = Broker::start(Options { more: String::new(), ..Options::default() }).expect("SQLite");
    let site = broker.site();
    let asked = |method, server: &str, more: &str| {
        let address = rack.address.trim_start_matches("http://").parse().unwrap();
        Call::new(method, address, &format!("/redfish/v1/Systems/{server}{more}"))
    };
    let power = |server: &str| -> Value { asked(Method::GET, server, "").send().ok()["PowerState"].clone() };
    for server in &rack.servers {
        let reset = asked(Method::POST, server, "/Actions/ComputerSystem.Reset");
        assert!(reset.json(&json!({ "ResetType": "On" })).send().status < 300);
        eventually("it is on", || if power(server) == "On" { Ok(()) } else { Err("not yet".to_owned()) });
    }
    let words = ["system", "connect", "rack", "--kind", "redfish", "--site", &site, "--address", &rack.address];
    let settings = ["--set", "mark=none", "--set", "graceSeconds=5"];
    broker.cli(&[&words[..], &settings].concat()).ok();
    assert_eq!(broker.cli(&["node", "green"]).ok().trim(), "green mode is off everywhere");
    let local = broker.get("/admin/v1/nodes").ok()["items"][0]["name"].as_str().unwrap().to_owned();
    let refused = broker.cli(&["node", "green", &local]).failed(2);
    assert!(refused.contains("it must be a host of a system of"), "{refused}");
    let tried = broker.cli(&["site", "green", &site, "--idle", "1m", "--reserve", "1", "--dry-run"]).ok();
    assert!(tried.contains("dryRun: true"), "{tried}");
    broker.cli(&["site", "green", &site, "--idle", "1m", "--reserve", "1"]).ok();
    let listed = broker.cli(&["site", "green"]).ok();
    assert!(listed.contains(&format!("site/{site}")) && listed.contains("1m"), "{listed}");

    // A broker that is killed while the time runs goes on.
    broker.kill();
    broker.restart();
    let slept = attempt(ASLEEP, || {
        let nodes = broker.cli(&["node", "list"]).ok();
        if nodes.contains("asleep") && !nodes.contains("falling-asleep") { Ok(nodes) } else { Err(nodes) }
    });
    let nodes = slept.unwrap_or_else(|last| panic!("nothing sleeps: {last}"));
    assert_eq!(nodes.matches("asleep").count(), 1, "the reserve stays on: {nodes}");
    let mut powers: Vec<Value> = rack.servers.iter().map(|server| power(server)).collect();
    powers.sort_by_key(Value::to_string);
    assert_eq!(powers, ["Off", "On"]);
    let events = broker.cli(&["event", "list", "--kind", "node.asleep"]).ok();
    assert!(events.contains("sleeps: it is off, and nothing is on it"), "{events}");

    broker.cli(&["site", "green", &site, "--off", "--if-version", "7"]).failed(1);
    broker.cli(&["site", "green", &site, "--off", "--if-version", "1"]).ok();
    eventually("it is an off server like any other", || {
        let nodes = broker.cli(&["node", "list"]).ok();
        if nodes.contains("asleep") { Err(nodes) } else { Ok(()) }
    });
}
