//! Policies that say how many there are: by what is measured, with nothing installed.

use crate::harness::{Broker, attempt, eventually};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A model whose only component shows the files of a folder over HTTP, and is scaled so.
fn model(folder: &Path, scaling: &Value) -> Value {
    let serve = ["python3", "-m", "http.server", "${PORT_HTTP}", "--bind", "127.0.0.1", "--directory"];
    let command: Vec<&str> = serve.into_iter().chain([folder.to_str().unwrap()]).collect();
    json!({
        "hansa": 1,
        "name": "queue",
        "components": { "worker": {
            "package": { "process": { "command": command } },
            "ports": { "http": {} },
            "resources": { "cpu": "50m", "memory": "32Mi" },
            "health": { "probe": { "tcp": { "port": "http" } }, "interval": "200ms" },
            "scaling": scaling
        } }
    })
}

/// Ten for each instance. Every instance tells of the same queue.
fn by_queue(max: u32) -> Value {
    let metric = json!({ "endpoint": { "port": "http", "path": "/queue.txt", "metric": "queue" } });
    json!({
        "min": 1,
        "max": max,
        "policies": [ { "name": "ten each", "rule": {
            "queries": { "QUEUE": metric },
            "text": "if QUEUE is not None and m_ready_count > 0:\n  m_container_count = ceil(QUEUE / m_ready_count / 10)"
        } } ],
        "behavior": { "scaleDown": { "stabilizationWindow": "2s" } }
    })
}

/// The folder, with so many in the queue.
fn queue(broker: &Broker, length: u32) -> PathBuf {
    let folder = broker.folder().join("shown");
    fs::create_dir_all(&folder).unwrap();
    let (new, page) = (folder.join("new"), folder.join("queue.txt"));
    fs::write(&new, format!("queue {length}\n")).unwrap();
    fs::rename(&new, &page).unwrap();
    folder
}

#[track_caller]
fn runs(broker: &Broker, name: &str, component: &str, count: usize) {
    eventually(&format!("{count} of {component} run"), || {
        let all = broker.workloads(name);
        let running = all.iter().filter(|it| it.component == component && it.state == "running").count();
        let there = all.iter().filter(|it| it.component == component).count();
        if running == count && there == count { Ok(()) } else { Err(format!("{all:#?}")) }
    });
}

fn latest(broker: &Broker, name: &str, target: &str) -> Value {
    let view = broker.get(&format!("/api/v1/applications/{name}/scaling")).ok();
    let found = view["decisions"].as_array().unwrap().iter().find(|one| one["target"] == target).cloned();
    found.unwrap_or_default()
}

#[test]
fn a_number_follows_what_is_measured() {
    let mut broker = Broker::usual();
    let folder = queue(&broker, 5);
    broker.done(&broker.submit(&model(&folder, &by_queue(4))));
    runs(&broker, "queue", "worker", 1);

    let changed = Instant::now();
    queue(&broker, 38);
    eventually("it is decided", || match broker.events("queue", "scaling.decided").last() {
        Some(event) if event["data"]["to"] == 4 => Ok(()),
        other => Err(format!("{other:?} {}", latest(&broker, "queue", "worker"))),
    });
    println!("figure: from a metric to a decision, {:?}", changed.elapsed());
    runs(&broker, "queue", "worker", 4);
    println!("figure: from a metric to three more that run, {:?}", changed.elapsed());
    let told = broker.events("queue", "scaling.decided");
    let reason = &told.last().unwrap()["data"]["because"][0];
    assert_eq!((&reason["policy"], &reason["won"]), (&json!("ten each"), &json!(true)), "{told:#?}");
    assert!(reason["inputs"].to_string().contains("38"), "it says what it saw: {reason}");
    assert_eq!(broker.application("queue")["revision"], 1, "it is no revision of its own");

    // Who decides by hand is told who decides.
    let refused = broker.scale("queue", "worker", 2).send().problem(422, "invalid");
    assert!(refused.to_string().contains("scaling policies"), "{refused}");
    let shown = broker.cli(&["app", "scaling", "queue"]).ok();
    assert!(shown.contains("worker") && shown.contains("ten each"), "{shown}");

    // What can't be measured shrinks nothing, also after the broker died.
    fs::remove_file(folder.join("queue.txt")).unwrap();
    eventually("it is told what is missing", || {
        let decision = latest(&broker, "queue", "worker").to_string();
        if decision.contains("404") { Ok(()) } else { Err(decision) }
    });
    broker.kill();
    broker.restart();
    runs(&broker, "queue", "worker", 4);
    queue(&broker, 12);
    runs(&broker, "queue", "worker", 2);

    // Another description keeps the number within its own bounds.
    let mut narrower = model(&folder, &by_queue(1));
    narrower["components"]["worker"]["scaling"]["min"] = 1.into();
    broker.done(&broker.update("queue", &narrower).send());
    runs(&broker, "queue", "worker", 1);
    broker.done(&broker.remove("queue").send());
    broker.nothing_left();
}

/// What so many workers would cost an hour.
fn price(broker: &Broker, count: u32, model: &Value) -> f64 {
    let mut model = model.clone();
    model["components"]["worker"].as_object_mut().unwrap().remove("scaling");
    model["components"]["worker"]["replicas"] = count.into();
    let answer = broker.call(reqwest::Method::POST, "/api/v1/plans").json(&model).send();
    answer.ok()["pricePerHour"]["amount"].as_str().unwrap().parse().unwrap()
}

#[test]
fn what_has_no_room_is_told_and_as_many_as_fit_are_there() {
    let broker = Broker::usual();
    let folder = queue(&broker, 5);
    let mut model = model(&folder, &by_queue(9));
    model["components"]["worker"]["resources"] = json!({ "cpu": "400m", "memory": "32Mi" });
    let (three, nine) = (price(&broker, 3, &model), price(&broker, 9, &model));
    assert!(three < nine, "nine cost more than three");
    model["constraints"] = json!({ "maxPricePerHour": three });
    broker.done(&broker.submit(&model));
    queue(&broker, 90);
    let limited = eventually("it is told", || {
        broker.events("queue", "scaling.limited").pop().ok_or_else(|| latest(&broker, "queue", "worker").to_string())
    });
    let number = usize::try_from(limited["data"]["number"].as_u64().unwrap()).unwrap();
    assert!((3..9).contains(&number), "{limited}");
    assert!(limited["message"].as_str().unwrap().contains("can't be"), "{limited}");
    runs(&broker, "queue", "worker", number);
    eventually("what fits is all well", || {
        let phase = broker.application("queue")["phase"].clone();
        if phase["state"] == "running" { Ok(()) } else { Err(phase.to_string()) }
    });
    eventually("what it waits for is shown", || {
        let decision = latest(&broker, "queue", "worker").to_string();
        if decision.contains("noRoom") { Ok(()) } else { Err(decision) }
    });
    // It can shrink all the while.
    queue(&broker, 8);
    runs(&broker, "queue", "worker", 1);
}

#[test]
fn what_a_policy_wants_has_to_fit_into_the_quota_of_the_price() {
    let broker = Broker::usual();
    let folder = queue(&broker, 5);
    let mut model = model(&folder, &by_queue(9));
    model["components"]["worker"]["resources"] = json!({ "cpu": "400m", "memory": "32Mi" });
    let (three, nine) = (price(&broker, 3, &model), price(&broker, 9, &model));
    assert!(three < nine, "nine cost more than three");
    let quota = |limit: f64| {
        let project = "/api/v1/projects/local/default/quota";
        let version = broker.get(project).ok()["version"].clone();
        let put = broker.call(reqwest::Method::PUT, project).header("If-Match", &format!("\"{version}\""));
        put.json(&json!({ "pricePerHour": { "amount": limit.to_string(), "currency": "EUR" } })).send().ok();
    };
    quota(three);
    broker.done(&broker.submit(&model));
    queue(&broker, 90);
    eventually("it is told", || match latest(&broker, "queue", "worker").to_string() {
        decision if decision.contains("noRoom") && decision.contains("price: the quota of the project") => Ok(()),
        decision => Err(decision),
    });
    runs(&broker, "queue", "worker", 1);
    // What is there stays, so that it may cost more than nine would from nothing.
    quota(nine * 2.0);
    runs(&broker, "queue", "worker", 9);
    broker.done(&broker.remove("queue").send());
}

#[test]
fn policies_of_micado_ask_what_the_broker_measures() {
    let broker = Broker::usual();
    let spin = "while True: pass";
    let busy = "avg(rate(container_cpu_usage_seconds_total{container_label_io_kubernetes_container_name=\"{{NAME}}\"}[10s]))*100 > 2";
    let machines = "(100-(avg(rate(node_cpu_seconds_total{node=\"crew\", mode=\"idle\"}[10s]))*100)) > 0.5";
    let model = json!({
        "hansa": 1,
        "name": "busy",
        "machines": { "crew": { "count": 1, "resources": { "cpu": 1 } } },
        "components": { "spin": {
            "package": { "process": { "command": ["python3", "-c", spin] } },
            "resources": { "cpu": "50m", "memory": "32Mi" },
            "machines": ["crew"]
        } },
        "micado": [
            {
                "target": "crew", "level": "machine", "min_instances": 1, "max_instances": 2,
                "alerts": [ { "alert": "loaded", "expr": machines, "for": "1s" } ],
                "scaling_rule": "if loaded:\n  m_node_count += 1"
            },
            {
                "target": "spin", "level": "container", "host": "crew", "constants": { "NAME": "spin" },
                "min_instances": 1, "max_instances": "{{NAME_MAX}}",
                "alerts": [ { "alert": "overloaded", "expr": busy, "for": "1s" } ],
                "queries": { "NOW": "time()" },
                "scaling_rule": "if overloaded and len(m_nodes) == m_node_count and NOW > 0:\n  m_container_count += 1"
            }
        ]
    });
    let mut model = model;
    model["micado"][0]["constants"] = json!({ "NAME_MAX": 3 });
    broker.done(&broker.submit(&model));
    runs(&broker, "busy", "spin", 3);
    let crew = latest(&broker, "busy", "crew");
    assert_eq!((&crew["to"], crew["suppressed"][0]["by"].as_str()), (&json!(2), Some("bounds")), "{crew}");
    let machines = attempt(Duration::from_secs(30), || {
        let machines = broker.application("busy")["machines"].clone();
        if machines.as_array().is_some_and(|all| all.len() == 2) { Ok(()) } else { Err(machines.to_string()) }
    });
    machines.expect("two machines of the group");
    let told = broker.events("busy", "scaling.decided");
    assert!(
        told.iter().any(|event| event["data"]["because"][0]["inputs"].to_string().contains("overloaded")),
        "{told:#?}"
    );
    broker.done(&broker.remove("busy").send());
    broker.nothing_left();
}
