//! Changes that go wrong, and changes that have to be careful.

use crate::harness::{Broker, Page, eventually, set_replicas, set_variable, signal, single, three_tier, without_a_gap};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};

fn deployed() -> (Broker, Value) {
    let broker = Broker::usual();
    let model = three_tier("shop");
    broker.done(&broker.submit(&model));
    (broker, model)
}

fn wanted(applications: u32) -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("proxy", 1), ("application", applications), ("database", 1)])
}

/// What a running process was told.
pub(crate) fn told(pid: i32, variable: &str) -> String {
    let environment = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let found = environment.split('\0').find_map(|line| line.strip_prefix(&format!("{variable}=")));
    found.unwrap_or_default().to_owned()
}

#[test]
fn a_new_version_that_does_not_work_leaves_the_old_one_serving() {
    let (broker, mut model) = deployed();
    let before = broker.running();
    let good = model.clone();
    model["components"]["application"]["package"] =
        json!({ "process": { "command": ["hansa", "sample", "crash", "0", "7"] } });
    let operation = broker.ended(&broker.update("shop", &model).send());
    assert_eq!(operation["state"], "failed", "{operation}");
    let error = operation["error"].as_str().unwrap();
    assert!(error.contains("exited with code 7"), "{error}");
    assert!(
        before.iter().all(|process| broker.running().contains(process)),
        "no old one was stopped for a new one that never worked"
    );
    broker.page("shop").unwrap();

    broker.done(&broker.update("shop", &good).send());
    assert_eq!(broker.settles("shop", &wanted(1)), before, "back to what never went away");
}

#[test]
fn an_update_that_can_not_be_planned_leaves_all_as_it_was() {
    let (broker, mut model) = deployed();
    let before = broker.running();
    let good = model.clone();
    model["components"]["application"]["resources"]["memory"] = json!("900Gi");
    let operation = broker.ended(&broker.update("shop", &model).send());
    assert_eq!(operation["state"], "failed", "{operation}");
    assert_eq!(broker.application("shop")["phase"]["state"], "blocked");
    assert_eq!(broker.running(), before);
    // What runs of the earlier revision is healed all the while.
    let victim = before.iter().find(|process| process.component == "application").unwrap();
    signal(victim.pid, Signal::SIGKILL);
    eventually("it comes back", || broker.page("shop"));

    broker.done(&broker.update("shop", &good).send());
    broker.settles("shop", &wanted(1));
}

#[test]
fn a_volume_outlives_restarts_and_updates_of_its_component() {
    let (broker, mut model) = deployed();
    let mut visits = broker.page("shop").unwrap().visits;
    for generation in ["one", "two"] {
        set_variable(&mut model, "database", "GENERATION", generation);
        broker.done(&broker.update("shop", &model).send());
        let database = broker.workload("shop", "database", 0);
        assert_eq!(told(database.pid.unwrap(), "GENERATION"), generation);
        let page = eventually("the chain works again", || broker.page("shop"));
        assert!(page.visits > visits, "{} after {visits}", page.visits);
        visits = page.visits;
    }
}

#[test]
fn a_component_that_grows_out_of_its_machine_moves_without_a_gap() {
    let (broker, mut model) = deployed();
    let machine = |broker: &Broker| broker.application("shop")["machines"].to_string();
    let before = machine(&broker);
    model["components"]["application"]["resources"] = json!({ "cpu": "1500m", "memory": "1536Mi" });
    let entrance = broker.entrance("shop");
    without_a_gap(
        || Page::fetch(entrance),
        || {
            broker.done(&broker.update("shop", &model).send());
        },
    );
    assert_ne!(machine(&broker), before);
    broker.settles("shop", &wanted(1));
    broker.page("shop").unwrap();
}

#[test]
fn servers_come_and_go_without_a_gap() {
    let (broker, mut model) = deployed();
    let entrance = broker.entrance("shop");
    without_a_gap(
        || Page::fetch(entrance),
        || {
            for servers in [3, 1, 2] {
                broker.done(&broker.scale("shop", "application", servers).send());
            }
            set_replicas(&mut model, "application", 2);
            for generation in ["one", "two"] {
                set_variable(&mut model, "application", "GENERATION", generation);
                broker.done(&broker.update("shop", &model).send());
            }
        },
    );
    broker.settles("shop", &wanted(2));
}

#[test]
fn callers_and_called_are_replaced_together_without_a_gap() {
    let (broker, mut model) = deployed();
    without_a_gap(
        || broker.page("shop"),
        || {
            for generation in ["one", "two", "three"] {
                set_variable(&mut model, "proxy", "GENERATION", generation);
                set_variable(&mut model, "application", "GENERATION", generation);
                broker.done(&broker.update("shop", &model).send());
            }
        },
    );
    broker.settles("shop", &wanted(1));
}

#[test]
fn who_only_knows_its_environment_is_restarted_when_its_peers_change() {
    let broker = Broker::usual();
    let mut model = three_tier("shop");
    model["components"]["proxy"]["onPeerChange"] = json!("restart");
    broker.done(&broker.submit(&model));
    let proxy = broker.workload("shop", "proxy", 0);
    broker.done(&broker.scale("shop", "application", 3).send());
    let after = eventually("the proxy is told of all three", || {
        let now = broker.workload("shop", "proxy", 0);
        let Some(pid) = now.pid.filter(|_| now.state == "running") else {
            return Err(format!("{now:?}"));
        };
        let peers = told(pid, "PEERS_APPLICATION_HTTP");
        if peers.split(',').count() == 3 { Ok(now) } else { Err(peers) }
    });
    assert_eq!((after.id, after.endpoints), (proxy.id, proxy.endpoints));
    broker.settles("shop", &wanted(3));
    // Nothing changes any more: nobody is restarted any more.
    let settled = broker.running();
    broker.done(&broker.update("shop", &broker.application("shop")["model"]).send());
    assert_eq!(broker.settles("shop", &wanted(3)), settled);
}

#[test]
fn peers_are_found_by_file_and_by_lookup() {
    let (broker, _) = deployed();
    broker.done(&broker.scale("shop", "application", 2).send());
    let proxy = broker.workload("shop", "proxy", 0).pid.unwrap();
    let lookup = broker.get("/api/v1/applications/shop/endpoints?component=application").ok();
    let mut found: Vec<String> = lookup["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["address"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    let file: Value = serde_json::from_str(&fs::read_to_string(told(proxy, "HANSA_PEERS_FILE")).unwrap()).unwrap();
    let mut in_file: Vec<String> = file["application"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["address"].as_str().unwrap().to_owned())
        .collect();
    in_file.sort();
    assert_eq!((found.len(), &found), (2, &in_file));
    let url = told(proxy, "HANSA_DISCOVERY_URL");
    let path = url.split_once("/api/").map(|(_, path)| format!("/api/{path}")).unwrap();
    assert_eq!(broker.get(&path).status, 200, "{url}");
}

#[test]
fn an_application_can_be_removed_at_any_time() {
    let broker = Broker::usual();
    let mut model = three_tier("shop");
    // While it is planned or started.
    broker.submit(&model).ok();
    broker.done(&broker.remove("shop").send());
    broker.nothing_left();
    // While it is changed.
    broker.done(&broker.submit(&model));
    set_variable(&mut model, "application", "GENERATION", "two");
    set_replicas(&mut model, "application", 3);
    let update = broker.update("shop", &model).send();
    let removal = broker.remove("shop").send();
    // Again: the same removal, not another.
    assert_eq!(broker.remove("shop").send().json(), removal.json());
    broker.update("shop", &model).send().problem(409, "conflict");
    broker.done(&removal);
    let superseded = broker.ended(&update);
    assert!(superseded["error"].as_str().unwrap().contains("superseded"), "{superseded}");
    broker.nothing_left();
}

#[test]
fn scaled_to_nothing_and_back() {
    let broker = Broker::usual();
    broker.done(&broker.submit(&single("sleeper", &["sleep"])));
    broker.done(&broker.scale("sleeper", "web", 0).send());
    assert_eq!(broker.running(), []);
    broker.done(&broker.scale("sleeper", "web", 2).send());
    broker.settles("sleeper", &BTreeMap::from([("web", 2)]));
}

#[test]
fn a_job_that_has_ended_well_is_done() {
    let mut broker = Broker::usual();
    let job = |code: u32| {
        let package = json!({ "process": { "command": ["hansa", "sample", "crash", "0", code.to_string()] } });
        json!({ "hansa": 1, "name": "night", "components": { "sum": { "package": package, "run": "once" } } })
    };
    broker.done(&broker.submit(&job(0)));
    assert_eq!(broker.application("night")["phase"]["state"], "running");
    let states = |broker: &Broker| broker.workloads("night").iter().map(|one| one.state.clone()).collect::<Vec<_>>();
    assert_eq!(states(&broker), ["completed"]);
    broker.kill();
    broker.restart();
    eventually("a new broker knows that it is done", || match states(&broker).as_slice() {
        [state] if state == "completed" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let started = broker.get("/api/v1/events?kind=workload.started").ok();
    assert_eq!(started["items"].as_array().unwrap().len(), 1, "{started}");

    let operation = broker.ended(&broker.update("night", &job(3)).send());
    assert!(operation["error"].as_str().unwrap().contains("exited with code 3"), "{operation}");
    broker.done(&broker.update("night", &job(0)).send());
}

#[test]
fn machines_of_a_group_are_there_as_such() {
    let broker = Broker::usual();
    let mut model = json!({
        "hansa": 1, "name": "crew",
        "machines": { "workers": { "count": 2, "resources": { "cpu": 1 } } },
        "components": { "work": {
            "package": { "process": { "command": ["hansa", "sample", "echo"] } },
            "resources": { "cpu": "100m", "memory": "32Mi" }, "machines": ["workers"]
        } }
    });
    broker.done(&broker.submit(&model));
    let rented = |broker: &Broker| {
        let plan = broker.get("/api/v1/applications/crew/plan").ok();
        plan["machines"].as_array().unwrap().iter().map(|machine| machine["held"].to_string()).collect::<Vec<_>>()
    };
    let two = rented(&broker);
    assert_eq!(two.len(), 2, "one of them is empty");
    // More instances find room in what is there; another number of machines leaves those that stay.
    broker.done(&broker.scale("crew", "work", 3).send());
    assert_eq!(rented(&broker), two);
    broker.done(&broker.scale("crew", "workers", 3).send());
    let three = rented(&broker);
    assert!(three.len() == 3 && two.iter().all(|machine| three.contains(machine)), "{three:?} {two:?}");
    broker.done(&broker.scale("crew", "workers", 1).send());
    assert_eq!(rented(&broker).len(), 1);
    eventually("all instances are in it", || {
        let workloads = broker.workloads("crew");
        let there = workloads.len() == 3 && workloads.iter().all(|one| one.state == "running");
        if there { Ok(()) } else { Err(format!("{workloads:#?}")) }
    });
    model["components"]["work"]["machines"] = json!(["workres"]);
    let refused = broker.update("crew", &model).send();
    assert_eq!(refused.status, 422, "{refused:?}");
}
