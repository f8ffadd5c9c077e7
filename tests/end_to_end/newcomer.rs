//! The newcomer's path, as README.md tells it, on both databases.

use crate::harness::{Broker, Engine, Options, Page, eventually, repository_file, set_variable, signal, without_a_gap};
use nix::sys::signal::Signal;
use std::collections::{BTreeMap, BTreeSet};

/// The name of the example's application.
const NAME: &str = "three-tier";

#[test]
fn the_newcomers_path_on_sqlite() {
    path(&Broker::usual());
}

#[test]
fn the_newcomers_path_on_postgresql() {
    let options = Options { engine: Engine::Postgres, ..Options::default() };
    // Where there is no PostgreSQL, its absence has been said loudly.
    if let Some(broker) = Broker::start(options) {
        path(&broker);
    }
}

fn path(broker: &Broker) {
    let example = repository_file("examples/three-tier.yaml").display().to_string();
    broker.cli(&["model", "check", &example]).ok();
    let plan = broker.cli(&["plan", &example]).ok();
    assert!(plan.contains("an hour") && plan.contains("optimal"), "{plan}");
    assert!(broker.cli(&["app", "list"]).ok().contains("there is no application"), "a plan writes nothing");
    let shown = broker.cli(&["app", "submit", &example, "--wait"]).ok();
    assert!(shown.contains("proxy#0") && shown.contains("running"), "{shown}");
    broker.settles(NAME, &instances(1));

    serves_pages_through_the_chain(broker);
    scales_and_all_answer(broker);
    heals_what_was_killed(broker);
    updates_without_a_gap(broker);
    tells_what_the_workloads_say(broker);
    tells_what_happened_in_order(broker);
    goes_without_a_trace(broker);
}

fn instances(applications: u32) -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("proxy", 1), ("application", applications), ("database", 1)])
}

fn serves_pages_through_the_chain(broker: &Broker) {
    let first = broker.page(NAME).unwrap();
    let second = broker.page(NAME).unwrap();
    assert_eq!(
        (first.proxy.as_str(), first.application.as_str(), first.database.as_str()),
        ("proxy#0", "application#0", "database#0")
    );
    assert_eq!(second.visits, first.visits + 1, "the database counts");
}

fn scales_and_all_answer(broker: &Broker) {
    broker.cli(&["app", "scale", NAME, "application=3", "--wait"]).ok();
    broker.settles(NAME, &instances(3));
    let mut answered = BTreeSet::new();
    eventually("all three answer", || {
        answered.insert(broker.page(NAME)?.application);
        if answered.len() == 3 { Ok(()) } else { Err(format!("{answered:?}")) }
    });
}

fn heals_what_was_killed(broker: &Broker) {
    for component in ["application", "database", "proxy"] {
        let before = broker.workload(NAME, component, 0);
        let visits = broker.page(NAME).unwrap().visits;
        signal(before.pid.unwrap(), Signal::SIGKILL);
        let after = eventually("it comes back", || {
            let now = broker.workload(NAME, component, 0);
            let back = now.pid.is_some() && now.pid != before.pid && now.state == "running";
            if back { Ok(now) } else { Err(format!("{now:?}")) }
        });
        assert_eq!((after.id, after.endpoints), (before.id, before.endpoints), "the same workload, at the same place");
        assert_eq!(after.restarts, before.restarts + 1);
        broker.settles(NAME, &instances(3));
        let page = eventually("the chain works again", || broker.page(NAME));
        assert!(page.visits > visits, "no visit that was counted is lost");
    }
}

fn updates_without_a_gap(broker: &Broker) {
    let shown = broker.get(&format!("/api/v1/applications/{NAME}"));
    let (tag, mut model) = (shown.header("etag").to_owned(), shown.ok()["model"].clone());
    let old: BTreeSet<String> = broker.running().into_iter().map(|process| process.workload).collect();
    set_variable(&mut model, "application", "GREETING", "second revision");

    let entrance = broker.entrance(NAME);
    without_a_gap(
        || Page::fetch(entrance),
        || {
            let update = broker.update(NAME, &model).header("If-Match", &tag);
            broker.done(&update.send());
        },
    );
    let now = broker.settles(NAME, &instances(3));
    let replaced = now.iter().filter(|process| !old.contains(&process.workload)).count();
    assert_eq!(replaced, 3, "the three application servers and nothing else: {now:#?}");
    new_ones_work_before_old_ones_go(broker, &now.iter().map(|process| process.workload.clone()).collect());
    // The tag of before is out of date.
    broker.update(NAME, &model).header("If-Match", &tag).send().problem(412, "precondition-failed");
    let stale = broker.cli(&["app", "scale", NAME, "application=1", "--if-version", "1"]).failed(1);
    assert!(stale.contains("read it again"), "{stale}");
}

/// In the event log each old application server begins to go after the new one
/// of the same number has proved that it works.
fn new_ones_work_before_old_ones_go(broker: &Broker, now: &BTreeSet<String>) {
    let events = broker.events(NAME, "workload.");
    let place = |kind: &str, ordinal: u64, new: bool| {
        let found = events.iter().find(|event| {
            event["kind"] == kind
                && event["data"]["component"] == "application"
                && event["data"]["ordinal"] == ordinal
                && event["data"]["workload"].as_str().is_some_and(|id| now.contains(id) == new)
        });
        found.unwrap_or_else(|| panic!("no {kind} of application#{ordinal} in {events:#?}"))["sequence"]
            .as_i64()
            .unwrap()
    };
    for ordinal in 0..3 {
        assert!(place("workload.healthy", ordinal, true) < place("workload.removing", ordinal, false));
    }
}

fn tells_what_the_workloads_say(broker: &Broker) {
    let logs = broker.cli(&["app", "logs", NAME, "--tail", "20"]).ok();
    for component in ["proxy", "application", "database"] {
        assert!(logs.contains(&format!("{component} listens on 127.0.0.1:")), "{component} in {logs}");
    }
    let one = broker.cli(&["app", "logs", NAME, "--component", "database", "--instance", "0"]).ok();
    assert!(one.contains("database listens on") && !one.contains("proxy listens on"), "{one}");
    let unknown = broker.cli(&["app", "logs", NAME, "--component", "databse"]).failed(2);
    assert!(unknown.contains("databse") && unknown.contains("database"), "{unknown}");
}

fn tells_what_happened_in_order(broker: &Broker) {
    let events = broker.events(NAME, "");
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|one, next| one < next), "{sequences:?}");
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    let mut rest = kinds.iter();
    for wanted in [
        "application.submitted",
        "application.planned",
        "workload.prepared",
        "workload.started",
        "workload.healthy",
        "application.running",
        "application.scaled",
        "workload.exited",
        "workload.started",
        "application.updated",
        "workload.removed",
        "application.running",
    ] {
        assert!(rest.any(|kind| *kind == wanted), "{wanted} is not where it belongs in {kinds:#?}");
    }
    let listed = broker.cli(&["event", "list", "--application", NAME, "--limit", "500"]).ok();
    assert!(listed.contains("application.submitted"), "{listed}");
}

fn goes_without_a_trace(broker: &Broker) {
    broker.cli(&["app", "remove", NAME, "--wait"]).ok();
    assert_eq!(broker.running(), []);
    broker.nothing_left();
    broker.get(&format!("/api/v1/applications/{NAME}")).problem(404, "not-found");
    assert!(broker.cli(&["app", "list", "--all"]).ok().contains("removed"), "it stays in the books");
    let nodes = broker.get("/admin/v1/nodes").ok();
    assert!(nodes["items"].as_array().unwrap().iter().all(|node| node["machines"] == 0), "{nodes}");
}
