//! A system that refuses a package: the next best offer takes it, and the
//! reason is kept. A real cluster with a credential that may look and not
//! write, and a real container engine beside it.

use crate::harness::{Broker, Options, eventually, fetch};
use hansa_test_systems::{BUSYBOX, Kubernetes, docker, kubernetes::LIMITED_TOKEN, wanted};
use reqwest::Method;
use serde_json::{Value, json};

/// The limited user may see everything and change nothing.
fn may_look(cluster: &Kubernetes) {
    let rules = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"] }]);
    let api = "/apis/rbac.authorization.k8s.io/v1";
    let role = json!({ "metadata": { "name": "looks" }, "rules": rules });
    assert_eq!(cluster.ask("POST", &format!("{api}/clusterroles"), &role).0, 201);
    let binding = json!({
        "metadata": { "name": "looks" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "looks" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited" }],
    });
    assert_eq!(cluster.ask("POST", &format!("{api}/clusterrolebindings"), &binding).0, 201);
}

/// Connects a system and offers small places on it, at this price for a processor.
fn connect(broker: &Broker, name: &str, price: &str, more: &[&str]) {
    let site = broker.site();
    broker.cli(&[&["system", "connect", name, "--site", &site][..], more].concat()).ok();
    let made = broker.cli(&["system", "offers", name, "--flavour", "place", "--per-cpu", price, "--publish"]).ok();
    assert!(made.contains(&format!("{name}-place")), "{made}");
}

fn model() -> Value {
    let page = "mkdir -p /www && echo found > /www/index.html && exec httpd -f -p $PORT_HTTP -h /www";
    json!({
        "hansa": 1, "name": "shop",
        "components": { "web": {
            "package": { "container": { "image": BUSYBOX, "command": ["/bin/sh", "-c", page] } },
            "resources": { "cpu": "100m", "memory": "32Mi" },
            "ports": { "http": {} },
            "health": { "probe": { "http": { "port": "http" } }, "interval": "200ms" }
        } }
    })
}

#[test]
fn what_a_cluster_forbids_goes_to_the_next_best_offer() {
    if !wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        return;
    }
    let Some(engine) = docker() else { return };
    let cluster = Kubernetes::start();
    may_look(&cluster);
    let broker = Broker::start(Options { more: String::new(), ..Options::default() }).expect("SQLite");
    broker.small_places();
    let (secret, trust) =
        (broker.file("kubeconfig", &cluster.kubeconfig(LIMITED_TOKEN)), broker.file("ca.pem", cluster.ca()));
    broker.cli(&["credential", "add", "looks", "--kind", "kubeconfig", "--secret", &secret]).ok();
    let address = cluster.address();
    let words = ["--kind", "kubernetes", "--address", &address, "--credential", "looks", "--trust", &trust];
    connect(&broker, "cheap", "0.01", &words);
    connect(&broker, "dear", "0.50", &["--kind", "docker", "--address", &engine.address()]);

    let plan = broker.call(Method::POST, "/api/v1/plans").json(&model()).send().ok();
    assert!(plan["machines"][0]["offer"].as_str().unwrap().ends_with("cheap-place"), "{plan}");
    broker.done(&broker.submit(&model()));
    eventually("the page is shown", || {
        let workloads = broker.workloads("shop");
        let pages: Vec<_> = workloads.iter().filter_map(|one| fetch(*one.endpoints.get("http")?).ok()).collect();
        if pages.len() == 1 && pages[0].ends_with("found\n") {
            Ok(())
        } else {
            Err(format!("{pages:?} {workloads:#?}"))
        }
    });

    let told = broker.get("/api/v1/events?kind=package.refused").ok();
    let message = told["items"][0]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("web#0 is refused by offer cheap-place: ") && message.contains("limited"), "{told}");
    assert_eq!(told["items"].as_array().unwrap().len(), 1, "it is told once: {told}");
    let explained = broker.get("/api/v1/applications/shop/plan").ok().to_string();
    assert!(explained.contains("refused there: "), "the plan keeps the reason: {explained}");
    broker.done(&broker.remove("shop").send());
    assert!(engine.containers().is_empty(), "{:?}", engine.listing());
}
