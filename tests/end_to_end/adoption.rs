//! Workloads outlive their broker, and the next one takes them over.

use crate::harness::{Broker, Process, eventually, fetch, signal, three_tier};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;

fn wanted() -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("proxy", 1), ("application", 1), ("database", 1)])
}

fn deployed() -> (Broker, Vec<Process>) {
    let broker = Broker::usual();
    broker.done(&broker.submit(&three_tier("shop")));
    let running = broker.settles("shop", &wanted());
    (broker, running)
}

#[test]
fn a_killed_broker_leaves_its_workloads_and_the_next_adopts_them() {
    let (mut broker, before) = deployed();
    let entrance = broker.entrance("shop");
    broker.kill();
    assert_eq!(broker.running(), before);
    fetch(entrance).unwrap();
    broker.restart();
    assert_eq!(broker.settles("shop", &wanted()), before, "the same processes, and no second copy");
    broker.page("shop").unwrap();
    assert!(broker.workloads("shop").iter().all(|workload| workload.restarts == 0));
}

#[test]
fn a_stopped_broker_leaves_its_workloads_too() {
    let (mut broker, before) = deployed();
    let entrance = broker.entrance("shop");
    assert!(broker.stop().success());
    fetch(entrance).unwrap();
    broker.restart();
    assert_eq!(broker.settles("shop", &wanted()), before);
}

#[test]
fn what_died_while_no_broker_looked_comes_back() {
    let (mut broker, before) = deployed();
    broker.kill();
    let victim = before.iter().find(|process| process.component == "application").unwrap();
    signal(victim.pid, Signal::SIGKILL);
    eventually("it is gone", || if broker.running().contains(victim) { Err(String::new()) } else { Ok(()) });
    broker.restart();
    let after = broker.settles("shop", &wanted());
    let kept = after.iter().filter(|process| before.contains(process)).count();
    assert_eq!(kept, 2, "before: {before:#?}, after: {after:#?}");
    eventually("the chain works again", || broker.page("shop"));
}

#[test]
fn a_second_broker_on_the_same_data_is_refused() {
    let broker = Broker::usual();
    let configuration = broker.configuration().display().to_string();
    let refused = broker.cli(&["serve", "--config", &configuration]).failed(1);
    assert!(refused.contains("is used by another broker") && refused.contains("data_dir"), "{refused}");
}
