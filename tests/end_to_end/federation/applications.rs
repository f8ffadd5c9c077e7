//! An application whose parts run at several owners: one interface, one page.

use super::{
    Owners,
    owners::{applications, orders, spread},
};
use crate::harness::{Broker, eventually, signal};
use nix::sys::signal::Signal;
use std::{collections::BTreeMap, thread, time::Duration};

const NAME: &str = "shop";

/// Proxy at home, servers in the south, database in the west.
fn shop() -> serde_json::Value {
    spread(NAME, &[("proxy", "north"), ("application", "south"), ("database", "west")])
}

/// How many workloads of each component really run at a broker.
fn running(broker: &Broker) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for process in broker.running() {
        *found.entry(process.component).or_default() += 1;
    }
    found
}

fn count(component: &str, number: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(component.to_owned(), number)])
}

#[test]
fn one_application_at_three_owners_from_submit_to_removal() {
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR"), ("west", "NL")]);
    let (north, south, west) = (owners.get("north"), owners.get("south"), owners.get("west"));
    north.done(&north.submit(&shop()));
    eventually("the chain works across three brokers", || north.page(NAME));
    assert_eq!(running(north), count("proxy", 1));
    assert_eq!(running(south), count("application", 1));
    assert_eq!(running(west), count("database", 1));

    let listed = north.cli(&["agreement", "list"]).ok();
    assert!(listed.contains("ACTIVE"), "{listed}");
    let agreements = north.get("/admin/v1/agreements").ok();
    for agreement in agreements["items"].as_array().unwrap() {
        let id = agreement["id"].as_str().unwrap();
        let said = eventually("both have signed", || {
            let said = north.cli(&["agreement", "verify", id]);
            if said.code == 0 && said.stdout.matches("did:web:").count() >= 2 {
                Ok(said.stdout)
            } else {
                Err(said.stderr)
            }
        });
        assert!(said.contains("genuine"), "{said}");
        let bundle = north.cli(&["agreement", "show", id, "--bundle"]).ok();
        let file = north.file("bundle.json", &bundle);
        north.cli(&["federation", "verify", &file]).ok();
        // One letter of the content is another: nobody signed that.
        let forged = north.file("forged.json", &bundle.replacen("urn:hansa", "urn:hansb", 1));
        let said = north.cli(&["federation", "verify", &forged]).failed(2);
        assert!(said.contains("NOT proved"), "{said}");
    }
    assert_eq!(orders(north, "consumer").len(), 2);
    assert_eq!((orders(south, "provider").len(), orders(west, "provider").len()), (1, 1));

    north.done(&north.scale(NAME, "application", 3).send());
    eventually("three servers run in the south", || {
        let now = running(south);
        if now == count("application", 3) { Ok(()) } else { Err(format!("{now:?}")) }
    });
    let logs = north.cli(&["app", "logs", NAME, "--component", "application"]).ok();
    assert!(!logs.trim().is_empty(), "a partner's workloads have logs");

    north.done(&north.remove(NAME).send());
    for (name, broker) in owners.all() {
        eventually("nothing is left", || {
            let (left, there) = (applications(broker), running(broker));
            if left.is_empty() && there.is_empty() { Ok(()) } else { Err(format!("{name}: {left:?} {there:?}")) }
        });
    }
}

#[test]
fn a_workload_that_dies_at_a_partner_is_healed_there() {
    let owners = Owners::federated(&[("north", "DE"), ("south", "FR"), ("west", "NL")]);
    let north = owners.get("north");
    north.done(&north.submit(&shop()));
    let before = eventually("the chain works", || north.page(NAME));
    let victim = owners.get("south").running()[0].clone();
    signal(victim.pid, Signal::SIGKILL);
    eventually("another process runs in its place", || {
        let now = owners.get("south").running();
        if now.len() == 1 && now[0].pid != victim.pid { Ok(()) } else { Err(format!("{now:?}")) }
    });
    let after = eventually("the chain works again", || north.page(NAME));
    assert!(after.visits > before.visits);
}

#[test]
fn a_cut_that_is_longer_than_the_hold_and_shorter_than_the_grace_changes_nothing() {
    let owners = Owners::with(&[("north", "DE"), ("south", "FR")], |options| {
        let owner = options.owner.as_mut().unwrap();
        owner.grace = "30s".to_owned();
        owner.hold_time = "2s".to_owned();
    });
    owners.federate();
    owners.know(6);
    let north = owners.get("north");
    let model = spread(NAME, &[("proxy", "north"), ("application", "south"), ("database", "north")]);
    north.done(&north.submit(&model));
    let before = owners.get("south").running();
    owners.get("south").pause();
    thread::sleep(Duration::from_secs(4));
    eventually("the page is served all the while", || north.page(NAME));
    owners.get("south").resume();
    north.done(&north.scale(NAME, "application", 2).send());
    let after = owners.get("south").running();
    assert!(before.iter().all(|process| after.contains(process)), "{before:?} goes on in {after:?}");
    assert_eq!(after.len(), 2);
}

#[test]
fn both_sides_restarted_go_on_where_they_were() {
    let mut owners = Owners::federated(&[("north", "DE"), ("south", "FR")]);
    let model = spread(NAME, &[("proxy", "north"), ("application", "south"), ("database", "north")]);
    owners.get("north").done(&owners.get("north").submit(&model));
    let before = owners.get("south").running();
    for name in ["north", "south"] {
        owners.get_mut(name).kill();
    }
    for name in ["south", "north"] {
        owners.get_mut(name).restart();
    }
    let north = owners.get("north");
    eventually("the application runs", || match north.application(NAME)["phase"]["state"].as_str() {
        Some("running") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    eventually("the chain works", || north.page(NAME));
    assert_eq!(owners.get("south").running(), before, "nothing was started again");
    north.done(&north.scale(NAME, "application", 2).send());
    assert_eq!(owners.get("south").running().len(), 2);
}
