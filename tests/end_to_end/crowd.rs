//! Many at once, and more than there is room for.

use crate::harness::{Broker, NodeOption, Options, eventually, single};
use serde_json::{Value, json};
use std::thread;

fn large(name: &str) -> Value {
    let mut model = single(name, &["sleep"]);
    model["components"]["web"]["resources"] = json!({ "cpu": "1800m", "memory": "64Mi" });
    model
}

fn phase(broker: &Broker, name: &str) -> String {
    let application = broker.application(name);
    application["phase"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn many_applications_at_once() {
    let broker = Broker::usual();
    let names: Vec<String> = (0..12).map(|number| format!("sleeper-{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let broker = &broker;
            scope.spawn(move || broker.done(&broker.submit(&single(name, &["sleep"]))));
        }
    });
    let running = broker.running();
    assert_eq!(running.len(), names.len(), "{running:#?}");
    let listed = broker.get("/api/v1/applications?namePrefix=sleeper-1").ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3, "sleeper-1, -10, -11");
}

#[test]
fn no_unit_is_sold_twice_and_room_that_is_freed_is_used() {
    // Room for two of them on each of two nodes, and five want it.
    let nodes = ["north", "south"].map(NodeOption::named).into();
    let broker = Broker::start(Options { nodes, ..Options::default() }).unwrap();
    let names: Vec<String> = (0..5).map(|number| format!("large-{number}")).collect();
    thread::scope(|scope| {
        for name in &names {
            let broker = &broker;
            scope.spawn(move || broker.ended(&broker.submit(&large(name))));
        }
    });
    let blocked: Vec<&String> = names.iter().filter(|name| phase(&broker, name) == "blocked").collect();
    assert_eq!((broker.running().len(), blocked.len()), (4, 1), "{:#?}", broker.running());
    for node in broker.get("/admin/v1/nodes").ok()["items"].as_array().unwrap() {
        assert!(node["cpuMilliUsed"].as_u64() <= node["cpuMilli"].as_u64(), "{node}");
    }
    let lucky = names.iter().find(|name| !blocked.contains(name)).unwrap();
    broker.done(&broker.remove(lucky).send());
    eventually("the one that waited takes the room", || match phase(&broker, blocked[0]).as_str() {
        "running" => Ok(()),
        other => Err(other.to_owned()),
    });
}
