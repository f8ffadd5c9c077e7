//! Ports that others have.

use crate::harness::{Broker, eventually, fetch, signal, single, three_tier};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

fn listen(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()
}

/// An application server at a port number of its own.
fn at_port(name: &str, number: u16) -> Value {
    let mut model = single(name, &["application"]);
    model["components"]["web"]["ports"] = json!({ "http": { "number": number } });
    model["components"]["web"]["health"] =
        json!({ "probe": { "http": { "port": "http", "path": "/healthz" } }, "interval": "200ms" });
    model
}

#[test]
fn a_fixed_port_that_is_taken_is_named_and_used_once_it_is_free() {
    let broker = Broker::usual();
    let number = broker.ports().first();
    let other = listen(number);
    let accepted = broker.submit(&at_port("fixed", number));
    let operation = accepted.json()["operation"].as_str().unwrap().to_owned();
    let reason = eventually("the operation says why", || {
        let shown = broker.get(&format!("/api/v1/operations/{operation}")).ok().to_string();
        if shown.contains(&number.to_string()) { Ok(shown) } else { Err(shown) }
    });
    assert!(reason.contains("web") && reason.contains("http"), "names component and port: {reason}");
    assert!(reason.contains(&std::process::id().to_string()), "names who has it: {reason}");
    drop(other);
    let served = SocketAddr::from((Ipv4Addr::LOCALHOST, number));
    eventually("it comes up", || match broker.application("fixed")["phase"]["state"].as_str() {
        Some("running") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    // Without a database it says so; what matters is that it answers there.
    assert!(fetch(served).unwrap_err().contains("503"));
}

#[test]
fn a_fixed_port_of_another_application_is_named() {
    let broker = Broker::usual();
    let number = broker.ports().first();
    broker.done(&broker.submit(&at_port("first", number)));
    let accepted = broker.submit(&at_port("second", number));
    let operation = accepted.json()["operation"].as_str().unwrap().to_owned();
    eventually("the operation says why", || {
        let shown = broker.get(&format!("/api/v1/operations/{operation}")).ok().to_string();
        if shown.contains(&number.to_string()) { Ok(()) } else { Err(shown) }
    });
    broker.done(&broker.remove("first").send());
    eventually("the second takes its place", || match broker.application("second")["phase"]["state"].as_str() {
        Some("running") => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

#[test]
fn dynamic_ports_pass_over_those_that_are_taken() {
    let broker = Broker::usual();
    let (first, last) = (broker.ports().first(), broker.ports().last());
    // Every second one is somebody else's.
    let others: Vec<TcpListener> = (first..=last).step_by(2).map(listen).collect();
    broker.done(&broker.submit(&three_tier("shop")));
    let given: BTreeSet<u16> = broker
        .workloads("shop")
        .iter()
        .flat_map(|workload| workload.endpoints.values().map(SocketAddr::port).collect::<Vec<_>>())
        .collect();
    assert_eq!(given.len(), 3, "each its own: {given:?}");
    assert!(given.iter().all(|port| (port - first) % 2 == 1), "{given:?}");
    broker.page("shop").unwrap();
    drop(others);
}

#[test]
fn a_port_that_was_taken_while_its_workload_was_dead_is_replaced_and_peers_are_told() {
    let mut broker = Broker::usual();
    broker.done(&broker.submit(&three_tier("shop")));
    let victim = broker.workload("shop", "application", 0);
    let address = victim.endpoints["http"];
    broker.kill();
    signal(victim.pid.unwrap(), Signal::SIGKILL);
    let other = eventually("its port is free", || TcpListener::bind(address).map_err(|error| error.to_string()));
    broker.restart();
    let moved = eventually("it is at another port", || {
        let now = broker.workload("shop", "application", 0);
        if now.state == "running" && now.endpoints["http"] != address { Ok(now) } else { Err(format!("{now:?}")) }
    });
    assert_eq!(moved.id, victim.id);
    eventually("the chain works", || broker.page("shop"));
    let told = broker.events("shop", "workload.endpoints-changed");
    assert_eq!(told.len(), 1, "{told:?}");
    drop(other);
}

#[test]
fn when_all_ports_are_taken_the_reason_is_told_and_it_goes_on_when_they_are_free() {
    let broker = Broker::usual();
    let (first, last) = (broker.ports().first(), broker.ports().last());
    let others: Vec<TcpListener> = (first..=last).map(listen).collect();
    let accepted = broker.submit(&three_tier("shop"));
    let operation = accepted.json()["operation"].as_str().unwrap().to_owned();
    eventually("the operation says why", || {
        let shown = broker.get(&format!("/api/v1/operations/{operation}")).ok().to_string();
        if shown.contains(&format!("{first}")) && shown.contains(&format!("{last}")) { Ok(()) } else { Err(shown) }
    });
    drop(others);
    eventually("it comes up", || match broker.application("shop")["phase"]["state"].as_str() {
        Some("running") => broker.page("shop").map(drop),
        other => Err(format!("{other:?}")),
    });
}

#[test]
fn a_broker_whose_port_is_taken_says_so() {
    let broker = Broker::usual();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = other.local_addr().unwrap();
    let configuration = broker.file(
        "second.yaml",
        &format!("server:\n  listen: {address}\ndata_dir: {}\n", broker.folder().join("second").display()),
    );
    let refused = broker.cli(&["serve", "--config", &configuration]).failed(1);
    assert!(refused.contains(&address.port().to_string()) && refused.contains("server.listen"), "{refused}");
    assert!(!broker.folder().join("second").exists(), "nothing is touched before the port is had");
}
