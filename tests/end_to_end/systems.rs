//! One application over two systems of different kinds: containers on a real
//! engine, processes on this machine's nodes. Deployed, healed, scaled,
//! removed; nothing is left, as the engine itself tells.

use crate::harness::{Broker, Options, eventually, fetch};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker};
use reqwest::Method;
use serde_json::{Value, json};

/// A page of busybox's web server that says which instance it is.
const PAGE: &str =
    "mkdir -p /www && echo \"I am $HANSA_COMPONENT#$HANSA_ORDINAL\" > /www/index.html && exec httpd -f -p 8080 -h /www";

fn broker() -> Broker {
    Broker::start(Options { more: String::new(), ..Options::default() }).expect("SQLite")
}

/// Connects the engine and offers small places on it.
fn connect(broker: &Broker, engine: &ContainerEngine) {
    let (site, address) = (broker.site(), engine.address());
    let options = ["--kind", "docker", "--site", &site, "--address", &address];
    let words = |verb: &'static str| [&["system", verb, "edge"][..], &options].concat();
    let verdict = broker.cli(&words("try")).ok();
    assert!(verdict.contains("1 of 1 hosts ready"), "{verdict}");
    broker.cli(&words("connect")).ok();
    broker.small_places();
    let made = broker.cli(&["system", "offers", "edge", "--flavour", "place", "--per-cpu", "0.01", "--publish"]).ok();
    assert!(made.contains("edge-place") && made.contains("0.002"), "{made}");
    let rule =
        ["system", "offers", "edge", "--flavour", "place", "--per-cpu", "0.01", "--capability", "fast", "--dry-run"];
    let none = broker.cli(&rule).ok();
    assert!(none.contains("has the capability fast; its setting `capabilities=fast` gives them"), "{none}");
}

fn model(replicas: u32) -> Value {
    json!({
        "hansa": 1,
        "name": "mixed",
        "components": {
            "web": {
                "package": { "container": { "image": BUSYBOX, "command": ["/bin/sh", "-c", PAGE] } },
                "resources": { "cpu": "100m", "memory": "32Mi" },
                "ports": { "http": { "number": 8080 } },
                "replicas": replicas,
                "health": { "probe": { "http": { "port": "http" } }, "interval": "200ms" }
            },
            "worker": {
                "package": { "process": { "command": ["hansa", "sample", "echo"] } },
                "resources": { "cpu": "50m", "memory": "32Mi" }
            }
        },
        "links": [{ "from": "worker", "to": "web" }]
    })
}

/// What the instances of `web` answer, as far as they do.
fn pages(broker: &Broker) -> Vec<String> {
    let mut pages: Vec<String> = broker
        .workloads("mixed")
        .iter()
        .filter(|one| one.component == "web")
        .filter_map(|one| fetch(*one.endpoints.get("http")?).ok())
        .map(|page| page.lines().last().unwrap_or_default().to_owned())
        .collect();
    pages.sort();
    pages
}

/// Waits until exactly these pages are shown.
#[track_caller]
fn shows(broker: &Broker, what: &str, wanted: &[&str]) {
    eventually(what, || {
        let pages = pages(broker);
        if pages == wanted { Ok(()) } else { Err(format!("{pages:?} {:#?}", broker.workloads("mixed"))) }
    });
}

#[test]
fn one_application_on_an_engine_and_on_nodes() {
    let Some(mut engine) = docker() else { return };
    let mut broker = broker();
    connect(&broker, &engine);
    let plan = broker.call(Method::POST, "/api/v1/plans").json(&model(1)).send().ok();
    let offers: Vec<&str> =
        plan["machines"].as_array().unwrap().iter().map(|machine| machine["offer"].as_str().unwrap()).collect();
    assert!(offers.iter().any(|offer| offer.ends_with("edge-place")) && offers.len() == 2, "{offers:?}");

    broker.done(&broker.submit(&model(1)));
    shows(&broker, "the page is there", &["I am web#0"]);
    let name = engine.containers();
    assert_eq!(name.len(), 1, "{name:?}");
    assert!(broker.cli(&["node", "list"]).ok().contains("edge."), "its host is a node");

    // By hand, behind our back.
    engine.run(&["rm", "--force", &name[0]]);
    shows(&broker, "it is healed", &["I am web#0"]);

    broker.done(&broker.scale("mixed", "web", 2).send());
    shows(&broker, "it is scaled", &["I am web#0", "I am web#1"]);

    // A broker that is killed finds its containers again.
    let before = engine.containers();
    broker.kill();
    broker.restart();
    shows(&broker, "they are still there", &["I am web#0", "I am web#1"]);
    assert_eq!(engine.containers(), before, "none was started anew");

    // The engine goes away for a while: said, and over when it comes back.
    engine.stop();
    let trouble = eventually("the engine is missed", || {
        let system = broker.get("/admin/v1/systems/edge").ok();
        system["trouble"].as_str().map(str::to_owned).ok_or_else(|| system.to_string())
    });
    assert!(trouble.contains("can't be reached"), "{trouble}");
    engine.go_on();
    shows(&broker, "it is back", &["I am web#0", "I am web#1"]);

    let refused = broker.cli(&["system", "disconnect", "edge"]).failed(1);
    assert!(refused.contains("are rented"), "{refused}");
    broker.done(&broker.remove("mixed").send());
    assert_eq!(engine.listing(), Vec::<String>::new(), "something is left behind");
    broker.nothing_left();
}

#[test]
fn what_is_wrong_with_a_system_is_said_with_a_remedy() {
    let broker = broker();
    let site = broker.site();
    let connect = |address: &str, more: &[&str]| {
        let words = ["system", "try", "edge", "--kind", "docker", "--site", &site, "--address", address];
        broker.cli(&[&words[..], more].concat())
    };
    let nobody = connect("unix:///nonexistent/docker.sock", &[]).failed(1);
    assert!(nobody.contains("can't be reached") && nobody.contains("/nonexistent/docker.sock"), "{nobody}");
    let unknown = connect("unix:///run/docker.sock", &["--credential", "nope"]).failed(2);
    assert!(unknown.contains("/credential") && unknown.contains("hansa credential add"), "{unknown}");
    let setting = connect("unix:///run/docker.sock", &["--set", "novalue"]).failed(2);
    assert!(setting.contains("NAME=VALUE"), "{setting}");
    let words = ["system", "connect", "edge", "--kind", "abacus", "--site", &site, "--address", "http://127.0.0.1:1"];
    let kind = broker.cli(&words).failed(2);
    assert!(kind.contains("/kind") && kind.contains("docker"), "{kind}");

    // A container needs a place that runs it, and every other offer says so.
    let model = json!({ "hansa": 1, "name": "lonely", "components": { "web": {
        "package": { "container": { "image": "nowhere" } }, "resources": { "cpu": "10m", "memory": "8Mi" } } } });
    let problem = broker.call(Method::POST, "/api/v1/plans").json(&model).send().problem(422, "infeasible");
    let text = problem.to_string();
    assert!(text.contains("/components/web/package") && text.contains("runs processes"), "{text}");
}

#[test]
fn a_template_of_tosca_goes_where_a_model_goes() {
    let Some(engine) = docker() else { return };
    let broker = broker();
    connect(&broker, &engine);
    let template = format!(
        "tosca_definitions_version: tosca_simple_yaml_1_3
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  inputs: {{ image: {{ type: string, default: '{BUSYBOX}' }} }}
  node_templates:
    web:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties:
        image: {{ get_input: image }}
        command: [/bin/sh, -c]
        args: [sleep 1000]
        resources: {{ requests: {{ cpu: 100m, memory: 16Mi }} }}
        tty: true
"
    );
    let send = |path: &str, text: &str| broker.call(Method::POST, path).body("application/yaml", text).send();
    let remark = |told: &Value| told.as_array().unwrap().iter().any(|one| one.as_str().unwrap().contains("tty"));
    let plan = send("/api/v1/plans?name=shop", &template).ok();
    assert!(remark(&plan["notes"]), "{plan}");
    assert_eq!(plan["machines"].as_array().unwrap().len(), 1, "{plan}");
    let dry = send("/api/v1/applications?name=shop&dryRun=true", &template).ok();
    assert!(remark(&dry["notes"]), "{dry}");

    let accepted = send("/api/v1/applications?name=shop", &template);
    assert!(remark(&accepted.json()["warnings"]), "{accepted:?}");
    broker.done(&accepted);
    assert_eq!(broker.application("shop")["name"], "shop");
    let broken = send("/api/v1/applications?name=other", &template.replace("get_input: image", "get_input: imag"));
    let told = broken.problem(422, "invalid");
    assert!(told.to_string().contains("imag") && told["errors"][0]["line"] == 9, "{told}");

    let file = broker.file("shop.yaml", &template);
    let ended = broker.cli(&["app", "update", "shop", &file, "--input", &format!("image={BUSYBOX}"), "--wait"]);
    assert!(ended.stderr.contains("tty"), "{}", ended.stderr);
    ended.ok();
    let model = broker.file("model.yaml", &model(1).to_string());
    let refused = broker.cli(&["app", "submit", &model, "--input", "a=b"]).failed(2);
    assert!(refused.contains("for templates of TOSCA"), "{refused}");
    broker.done(&broker.remove("shop").send());
    assert!(engine.listing().is_empty(), "{:?}", engine.listing());
}
