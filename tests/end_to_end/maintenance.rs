//! Draining: what runs on a node moves first, its replacement works before it
//! goes, and the node is empty in the end, whatever dies meanwhile.

use crate::harness::{Broker, eventually, set_replicas, single};
use reqwest::Method;
use serde_json::{Value, json};

/// How many machines are on a node.
fn machines(broker: &Broker, node: &str) -> u64 {
    broker.get(&format!("/admin/v1/nodes/{node}")).ok()["machines"].as_u64().unwrap()
}

fn drain(broker: &Broker, node: &str, query: &str) -> Value {
    let body = json!({ "node": node, "reason": "a new disk" });
    broker.call(Method::POST, &format!("/admin/v1/maintenance{query}")).json(&body).send().ok()
}

/// The node of each workload.
fn nodes(broker: &Broker, application: &str) -> Vec<String> {
    let page = broker.get(&format!("/api/v1/applications/{application}/workloads")).ok();
    let running = page["items"].as_array().unwrap().iter().filter(|one| one["state"] == "running");
    running.map(|one| one["node"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_drained_node_is_empty_and_nothing_stopped_before_its_replacement_ran() {
    let mut broker = Broker::usual();
    let mut model = single("sleeper", &["sleep"]);
    set_replicas(&mut model, "web", 2);
    broker.done(&broker.submit(&model));
    let node = nodes(&broker, "sleeper").remove(0);
    let other = if node == "north" { "south" } else { "north" };

    let would = drain(&broker, &node, "?dryRun=true");
    assert_eq!((would["dryRun"].as_bool(), would["moves"][0]["outcome"].as_str()), (Some(true), Some("moves")));
    assert_eq!(broker.get("/admin/v1/maintenance").ok()["items"].as_array().unwrap().len(), 0, "a dry run");

    let begun = drain(&broker, &node, "");
    // The broker dies in the midst of it, and goes on where it was.
    broker.kill();
    broker.restart();
    eventually("the node is empty", || match machines(&broker, &node) {
        0 => Ok(()),
        left => Err(format!("{left} machines are left")),
    });
    eventually("all runs elsewhere", || {
        let on = nodes(&broker, "sleeper");
        if on.len() == 2 && on.iter().all(|name| name == other) { Ok(()) } else { Err(format!("{on:?}")) }
    });
    let id = begun["id"].as_str().unwrap();
    let path = format!("/admin/v1/maintenance/{id}");
    let drained = eventually("it is told", || {
        let shown = broker.get(&path);
        let state = shown.ok();
        let done = state["state"] == "drained" && state["drainedAt"].is_string();
        if done { Ok(shown.header("etag").to_owned()) } else { Err(state.to_string()) }
    });
    let ended = broker.call(Method::DELETE, &path).header("If-Match", "\"1\"").send();
    ended.problem(412, "precondition-failed");
    broker.call(Method::DELETE, &path).header("If-Match", &drained).send().ok();
    assert_eq!(broker.get(&format!("/admin/v1/nodes/{node}")).ok()["state"], "ready");
    broker.done(&broker.remove("sleeper").send());
}

#[test]
fn what_has_no_other_place_stays_and_says_why() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    for node in ["north", "south"] {
        drain(&broker, node, "");
    }
    let stuck = eventually("it is told", || {
        let page = broker.get("/admin/v1/maintenance").ok();
        let all = page["items"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["state"] == "blocked").ok_or_else(|| page.to_string())
    });
    assert_eq!(stuck["moves"][0]["outcome"], "stays");
    assert!(!stuck["moves"][0]["reason"].as_str().unwrap().is_empty(), "{stuck}");
    assert_eq!(nodes(&broker, "sleeper").len(), 1, "it runs all the while");
    assert_eq!(broker.application("sleeper")["phase"]["state"], "running");
    // Nothing new goes to a node under maintenance.
    let another = broker.call(Method::POST, "/api/v1/plans").json(&single("another", &["sleep"])).send();
    another.problem(422, "infeasible");
    broker.done(&broker.remove("sleeper").send());
}
