//! Packages inside machines that are rented of a cloud: the machine's first
//! boot brings an agent, and the agent runs what the broker asks for.

mod cloud;
mod kubernetes;

use crate::harness::{eventually, signal};
use cloud::{Cloud, Fitting, pages};
use hansa_test_systems::{BUSYBOX, docker};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

fn processes(replicas: u32) -> Value {
    let serve = "echo inside a machine > index.html; exec python3 -m http.server -b $HANSA_ADDRESS $PORT_HTTP";
    model(replicas, &json!({ "process": { "command": ["sh", "-c", serve] } }), &json!({ "http": {} }))
}

fn model(replicas: u32, package: &Value, ports: &Value) -> Value {
    json!({
        "hansa": 1,
        "name": "inside",
        "components": { "page": {
            "package": package,
            "resources": { "cpu": "1500m", "memory": "64Mi" },
            "ports": ports,
            "replicas": replicas,
            "constraints": { "capabilities": ["cloud"] },
            "health": { "probe": { "http": { "port": "http" } }, "interval": "500ms" }
        } }
    })
}

#[test]
fn packages_run_inside_machines_of_a_cloud() {
    let Some(mut cloud) = Cloud::start(Fitting::Bare) else { return };
    let accepted = cloud.broker.submit(&processes(1));
    cloud.shows("the page is there", 1);
    cloud.broker.done(&accepted);
    let machine = cloud.machines.keys().next().unwrap().clone();
    assert_eq!(cloud.machines.len(), 1);

    // What it writes is read from there.
    let log = cloud.broker.get("/api/v1/applications/inside/logs").body;
    assert!(log.contains("GET / HTTP/1.1"), "{log}");

    // Its process dies: started again, in the same machine.
    let before = cloud.broker.workload("inside", "page", 0).restarts;
    pages().into_iter().for_each(|pid| signal(pid, Signal::SIGKILL));
    eventually("it is started again", || {
        let now = cloud.broker.workload("inside", "page", 0);
        if now.restarts > before { Ok(()) } else { Err(format!("{now:?}")) }
    });
    cloud.shows("it is back", 1);

    // A broker that is killed finds it as it was.
    let restarts = cloud.broker.workload("inside", "page", 0).restarts;
    cloud.broker.kill();
    cloud.broker.restart();
    cloud.shows("it is still there", 1);
    assert_eq!(cloud.broker.workload("inside", "page", 0).restarts, restarts);
    assert_eq!(cloud.machines.keys().collect::<Vec<_>>(), [&machine]);

    // Deleted behind our back: another one, with another agent.
    cloud.terminate(&machine);
    eventually("another machine is there", || {
        cloud.boots();
        if cloud.machines.keys().any(|id| *id != machine) { Ok(()) } else { Err(format!("{machine} alone")) }
    });
    cloud.shows("it is healed", 1);

    let accepted = cloud.broker.scale("inside", "page", 2).send();
    cloud.shows("it is scaled", 2);
    cloud.broker.done(&accepted);
    assert_eq!(cloud.machines.len(), 2, "one would not have room for both");

    let accepted = cloud.broker.remove("inside").send();
    cloud.broker.done(&accepted);
    assert_eq!(cloud.left(), "0 0 0", "something is left behind");
}

#[test]
fn containers_run_inside_machines_that_have_an_engine() {
    let Some(engine) = docker() else { return };
    let Some(mut cloud) = Cloud::start(Fitting::Engine(engine)) else { return };
    let serve = "mkdir /www && echo inside a machine > /www/index.html && exec httpd -f -p 8080 -h /www";
    let package = json!({ "container": { "image": BUSYBOX, "command": ["/bin/sh", "-c", serve] } });
    let accepted = cloud.broker.submit(&model(1, &package, &json!({ "http": { "number": 8080 } })));
    cloud.shows("the page is there", 1);
    cloud.broker.done(&accepted);
    let accepted = cloud.broker.remove("inside").send();
    cloud.broker.done(&accepted);
    assert_eq!(cloud.left(), "0 0 0", "something is left behind");
    let Fitting::Engine(engine) = &cloud.fitting else { unreachable!("it was started with one") };
    let left = engine.listing();
    assert_eq!(left, Vec::<String>::new(), "something is left on the machine's engine");
}
