//! A broker that starts again with another configuration.

use crate::harness::{Broker, NodeOption, eventually, single};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn a_node_that_was_taken_out_of_the_configuration_keeps_what_runs_on_it() {
    let mut broker = Broker::usual();
    let mut model = single("spread", &["sleep"]);
    // Each takes more than half of a node, so that one goes to each.
    model["components"]["web"]["resources"] = json!({ "cpu": "2", "memory": "64Mi" });
    model["components"]["web"]["replicas"] = 2.into();
    model["rules"] = json!([{ "spread": { "component": "web", "max": 1, "over": "machine" } }]);
    broker.done(&broker.submit(&model));
    let before = broker.running();
    let nodes: BTreeSet<String> = broker.workloads("spread").into_iter().map(|workload| workload.node).collect();
    assert_eq!(nodes.len(), 2, "{nodes:?}");

    broker.kill();
    broker.reconfigure(|options| options.nodes.retain(|node| node.name == "north"));
    broker.restart();
    eventually("the node is withdrawn", || {
        let nodes = broker.get("/admin/v1/nodes").ok();
        let south = nodes["items"].as_array().unwrap().iter().find(|node| node["name"] == "south").cloned();
        if south.as_ref().is_some_and(|node| node["state"] == "withdrawn") { Ok(()) } else { Err(nodes.to_string()) }
    });
    eventually("all is well", || match broker.application("spread")["phase"]["state"].as_str() {
        Some("running") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(broker.running(), before, "what runs goes on, on both nodes");

    // What is new goes where there is a node.
    broker.done(&broker.submit(&single("new", &["sleep"])));
    assert!(broker.workloads("new").iter().all(|workload| workload.node == "north"));
    // What goes from the withdrawn node doesn't come back to it.
    broker.done(&broker.scale("spread", "web", 1).send());
}

#[test]
fn a_node_that_is_new_in_the_configuration_gets_work() {
    let mut broker = Broker::usual();
    broker.done(&broker.submit(&single("first", &["sleep"])));
    let before = broker.running();
    broker.stop();
    broker.reconfigure(|options| options.nodes.push(NodeOption::named("west")));
    broker.restart();
    let nodes = broker.get("/admin/v1/nodes").ok();
    assert_eq!(nodes["items"].as_array().unwrap().len(), 3, "{nodes}");
    let mut model = single("wide", &["sleep"]);
    model["components"]["web"]["resources"] = json!({ "cpu": "2", "memory": "64Mi" });
    model["components"]["web"]["replicas"] = 4.into();
    broker.done(&broker.submit(&model));
    assert!(broker.workloads("wide").iter().any(|workload| workload.node == "west"));
    assert!(before.iter().all(|process| broker.running().contains(process)));
}

#[test]
fn a_configuration_with_faults_names_them_all() {
    let broker = Broker::usual();
    let file = broker.file(
        "faulty.yaml",
        "server:\n  listen: 0.0.0.0:80\n  body_limits: 1Mi\nworkload_ports: 30-20\nlog:\n  format: xml\nsites:\n  - id: urn:x:y\n    nodes: []\n",
    );
    for words in [&["config", "check", "--config", &file][..], &["serve", "--config", &file]] {
        let said = broker.cli(words).failed(2);
        for field in ["server.listen", "server.body_limits", "workload_ports", "log.format", "sites.0.nodes"] {
            assert!(said.contains(field), "{field} in {said}");
        }
    }
}

#[test]
fn the_configuration_in_force_is_shown_and_can_be_given_back() {
    let broker = Broker::usual();
    let configuration = broker.configuration().display().to_string();
    let shown = broker.cli(&["config", "show", "--config", &configuration]).ok();
    let again = broker.file("again.yaml", &shown);
    assert_eq!(broker.cli(&["config", "show", "--config", &again]).ok(), shown);
    broker.cli(&["config", "check", "--config", &again]).ok();
}
