//! What a partner admits counts, also where nobody here was there to see it.

use super::{Owners, orders};
use crate::{
    harness::{Broker, Options, attempt, eventually},
    sla,
};
use hansa_test_systems::docker;
use serde_json::{Value, json};
use std::time::Duration;

/// Two looks at a system, and what it takes to begin.
const PATIENCE: Duration = Duration::from_secs(150);

#[track_caller]
fn told(broker: &Broker, kind: &str, times: usize) -> Vec<Value> {
    let found = attempt(PATIENCE, || {
        let page = broker.get(&format!("/api/v1/events?limit=500&kind={kind}")).ok();
        let items = page["items"].as_array().unwrap().clone();
        if items.len() >= times { Ok(items) } else { Err(page.to_string()) }
    });
    found.unwrap_or_else(|last| panic!("{kind}: {last}"))
}

#[test]
fn an_outage_that_only_the_partner_saw_is_a_breach_with_its_word() {
    let Some(mut engine) = docker() else { return };
    let more = |options: &mut Options| "moving: { lost_after: 2s, improve: false }\n".clone_into(&mut options.more);
    let mut owners = Owners::with(&[("north", "DE"), ("south", "FR")], more);
    let south = owners.get("south");
    south.small_places();
    sla::connect(south, &engine);
    owners.federate();
    // Three of each, and the engine's.
    owners.know(7);
    let north = owners.get("north");
    let mut model = sla::model();
    model["components"]["sleeper"]["constraints"]["site"] = json!({ "allow": ["urn:hansa:site:south"] });
    north.done(&north.submit(&model));
    assert_eq!(orders(north, "consumer").len(), 1);
    let rented = told(owners.get("south"), "machine.rented", 1).len();

    // Nobody here is there to see it.
    owners.get_mut("north").kill();
    engine.stop();
    told(owners.get("south"), "machine.rental-interrupted", 1);
    std::thread::sleep(Duration::from_secs(3));
    engine.go_on();
    told(owners.get("south"), "machine.rented", rented + 1);
    // What adjoins an outage of ours and is short would be a matter of clocks.
    std::thread::sleep(Duration::from_secs(3));
    owners.get_mut("north").restart();

    let north = owners.get("north");
    eventually("it is there", || match north.workloads("sleeper").as_slice() {
        [one] if one.state == "running" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    north.done(&north.remove("sleeper").send());
    let breach = eventually("it is judged with the report", || {
        let page = north.get("/api/v1/sla/breaches").ok();
        page["items"].get(0).cloned().ok_or_else(|| page.to_string())
    });
    let reports: Vec<Value> =
        told(north, "sla.provider-reported", 1).iter().map(|event| json!([event["sequence"]])).collect();
    let outages = breach["outages"].as_array().unwrap();
    assert!(outages.iter().any(|one| reports.contains(&one["events"])), "the report shows it: {breach} {reports:?}");
    assert_eq!(breach["partner"], "south", "{breach}");
    let standing = north.get("/api/v1/sla?missed=true").ok()["items"][0].clone();
    assert!(standing["reported"]["admittedSeconds"].as_i64().unwrap() >= 3, "{standing}");
    assert!(north.cli(&["sla", "list", "--missed"]).ok().contains("REPORTED"), "its own column");
}
