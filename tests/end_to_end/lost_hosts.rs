//! Hosts that die: what ran there begins elsewhere, also when the host of the
//! replacement dies while that begins. Nothing is forgotten, nothing runs twice.

use crate::harness::{Broker, Options, attempt, eventually, fetch};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker};
use serde_json::{Value, json};
use std::time::Duration;

/// Two looks at a system, and what it takes to begin elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(150);
/// A page that takes a while to be there.
const PAGE: &str = "mkdir -p /www && echo \"I am $HANSA_COMPONENT#$HANSA_ORDINAL\" > /www/index.html && \
                    sleep 4 && exec httpd -f -p 8080 -h /www";

/// Connects an engine and offers small places on it, at this price for a processor.
fn connect(broker: &Broker, name: &str, price: &str, engine: &ContainerEngine) {
    let site = broker.site();
    let address = engine.address();
    broker.cli(&["system", "connect", name, "--kind", "docker", "--site", &site, "--address", &address]).ok();
    broker.cli(&["system", "offers", name, "--flavour", "place", "--per-cpu", price, "--publish"]).ok();
}

fn model() -> Value {
    json!({
        "hansa": 1, "name": "page",
        "components": { "web": {
            "package": { "container": { "image": BUSYBOX, "command": ["/bin/sh", "-c", PAGE] } },
            "resources": { "cpu": "100m", "memory": "32Mi" },
            "ports": { "http": { "number": 8080 } },
            "health": { "probe": { "http": { "port": "http" } }, "interval": "200ms", "startup": "30s" }
        } }
    })
}

/// Where `web#0` works, once it does.
#[track_caller]
fn works_on(broker: &Broker, what: &str, system: &str) {
    let found = attempt(ELSEWHERE, || {
        let all = broker.workloads("page");
        let here = all.iter().find(|one| one.node.starts_with(system) && one.state == "running");
        let one = here.ok_or_else(|| format!("{all:#?}"))?;
        fetch(*one.endpoints.get("http").ok_or("it has no endpoint")?).map(drop)
    });
    found.unwrap_or_else(|last| panic!("{what}: {last}\n{}", broker.application("page")));
}

#[test]
fn what_ran_on_a_host_that_died_begins_elsewhere_whatever_dies_meanwhile() {
    let (Some(mut near), Some(mut far)) = (docker(), docker()) else { return };
    let broker =
        Broker::start(Options { more: "moving: { lost_after: 2s, improve: false }\n".into(), ..Options::default() })
            .expect("SQLite");
    broker.small_places();
    connect(&broker, "near", "0.01", &near);
    connect(&broker, "far", "0.02", &far);
    broker.done(&broker.submit(&model()));
    works_on(&broker, "it begins where it costs less", "near");

    near.stop();
    works_on(&broker, "it begins elsewhere", "far");
    near.go_on();
    eventually("nothing runs twice", || match near.containers().len() {
        0 => Ok(()),
        more => Err(format!("{more} are left")),
    });

    // The second dies; and the first again, while the replacement begins there.
    far.stop();
    attempt(ELSEWHERE, || {
        let all = broker.workloads("page");
        if all.iter().any(|one| one.node.starts_with("near")) { Ok(()) } else { Err(format!("{all:#?}")) }
    })
    .unwrap_or_else(|last| panic!("its replacement never began: {last}"));
    near.stop();
    let told = attempt(ELSEWHERE, || {
        let application = broker.application("page");
        let reason = application["phase"]["reason"].as_str().unwrap_or_default().to_owned();
        let bad = application["phase"]["state"] != "running" && !reason.is_empty();
        if bad { Ok(reason) } else { Err(application.to_string()) }
    });
    let told = told.unwrap_or_else(|last| panic!("nobody is told: {last}"));
    assert!(told.contains("near") || told.contains("far"), "the reason names what died: {told}");
    assert!(!broker.workloads("page").is_empty(), "nothing is forgotten while nothing works");

    far.go_on();
    works_on(&broker, "what comes back first takes it", "far");
    near.go_on();
    eventually("it runs once", || match (near.containers().len(), far.containers().len()) {
        (0, 1) => Ok(()),
        both => Err(format!("{both:?}")),
    });
    broker.done(&broker.remove("page").send());
    assert!(near.listing().is_empty() && far.listing().is_empty(), "{:?} {:?}", near.listing(), far.listing());
}
