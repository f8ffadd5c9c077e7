//! Clusters that are made on demand: a plan that needs one where none is gets
//! one, and it goes with its last user. The management cluster and the cluster
//! in which things run are a real Kubernetes; Cluster API's controllers and an
//! infrastructure are played (`hansa_test_systems::kubernetes::ClusterApi`).

use crate::harness::{Broker, Options, eventually, fetch};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, ClusterApi, IMAGE},
    wanted,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

const PAGE: &str = "mkdir -p /tmp/w && echo \"I am $HANSA_COMPONENT#$HANSA_ORDINAL\" > /tmp/w/index.html && exec httpd -f -p $PORT_HTTP -h /tmp/w";
const TEMPLATES: &str =
    "templates=small: {class: quick, version: v1.20.2, atMost: 3, workers: {count: 2, cpu: 1, memory: 512Mi}}";

fn model(name: &str, replicas: u32) -> Value {
    json!({
        "hansa": 1, "name": name,
        "components": { "web": {
            "package": { "container": { "image": IMAGE, "command": ["/bin/sh", "-c", PAGE] } },
            "resources": { "cpu": "50m", "memory": "16Mi" },
            "ports": { "http": {} },
            "replicas": replicas,
            "health": { "probe": { "http": { "port": "http" } }, "interval": "500ms" }
        } }
    })
}

/// Waits until exactly these pages are shown.
#[track_caller]
fn shows(broker: &Broker, name: &str, wanted: &[&str]) {
    eventually(&format!("{name} shows {wanted:?}"), || {
        let workloads = broker.workloads(name);
        let answers = workloads.iter().filter_map(|one| fetch(*one.endpoints.get("http")?).ok());
        let mut pages: Vec<String> = answers.map(|page| page.lines().last().unwrap_or_default().to_owned()).collect();
        pages.sort();
        if pages == wanted { Ok(()) } else { Err(format!("{pages:?} {workloads:#?} {}", broker.application(name))) }
    });
}

fn connect(broker: &Broker, cluster: &Kubernetes) {
    let site = broker.site();
    let (secret, trust) =
        (broker.file("kubeconfig", &cluster.kubeconfig(ADMIN_TOKEN)), broker.file("ca.pem", cluster.ca()));
    broker.cli(&["credential", "add", "capi", "--kind", "kubeconfig", "--secret", &secret]).ok();
    assert!(broker.cli(&["system", "kinds"]).ok().contains("cluster_api"));
    let address = cluster.address();
    let words = |verb: &'static str| {
        [
            "system",
            verb,
            "capi",
            "--kind",
            "cluster_api",
            "--site",
            &site,
            "--address",
            &address,
            "--credential",
            "capi",
            "--trust",
            &trust,
            "--set",
            TEMPLATES,
            "--set",
            "gracePeriodSeconds=1",
        ]
        .map(str::to_owned)
    };
    let run = |words: [String; 17]| broker.cli(&words.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    let verdict = run(words("try"));
    assert!(verdict.contains("Cluster API v1beta2 on Kubernetes v1.20.2"), "{verdict}");
    run(words("connect"));
    assert!(broker.cli(&["system", "inventory", "capi"]).ok().contains("small"));
    let made = broker.cli(&["system", "offers", "capi", "--per-cpu", "0.01", "--publish"]).ok();
    assert!(made.contains("capi-small") && made.contains("0.02"), "{made}");
}

/// Ends the provider, whatever becomes of the test.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_cluster_comes_with_its_first_user_and_goes_with_the_last() {
    if !wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        return;
    }
    let cluster = Kubernetes::start();
    let api = ClusterApi::install(&cluster, &["v1beta2", "v1beta1"], &cluster);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| api.play(&over));
        let _over = Over(&over);
        let broker = Broker::start(Options { more: String::new(), ..Options::default() }).expect("SQLite");
        connect(&broker, &cluster);
        journey(broker, &cluster, &api);
    });
}

fn names(api: &ClusterApi<'_>) -> Vec<String> {
    api.clusters().iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn namespaces(cluster: &Kubernetes) -> Vec<String> {
    let (_, all) = cluster.ask("GET", "/api/v1/namespaces?labelSelector=hansa.internal/broker", &Value::Null);
    all["items"].as_array().unwrap().iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn journey(mut broker: Broker, cluster: &Kubernetes, api: &ClusterApi<'_>) {
    let plan = broker.call(Method::POST, "/api/v1/plans").json(&model("shop", 1)).send().ok();
    assert!(plan["machines"][0]["offer"].as_str().unwrap().ends_with("capi-small"), "{plan}");
    assert_eq!(names(api).len(), 0, "a plan makes nothing");

    // The infrastructure needs its time: what is waited for is told.
    api.is_slow.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    let submitted = broker.submit(&model("shop", 1));
    let operation = submitted.json()["operation"].as_str().unwrap().to_owned();
    eventually("the provider's words are told", || {
        let told = broker.get(&format!("/api/v1/operations/{operation}")).ok().to_string();
        if told.contains("the provider waits for a network") { Ok(()) } else { Err(told) }
    });
    api.is_slow.store(false, Ordering::Relaxed);
    broker.done(&submitted);
    shows(&broker, "shop", &["I am web#0"]);
    println!("figure: from nothing to a page in a played cluster, after {:?}", begun.elapsed());
    let first = names(api);
    assert_eq!(first.len(), 1, "{first:?}");

    // What fits into it shares it; another application has its own.
    broker.done(&broker.scale("shop", "web", 2).send());
    shows(&broker, "shop", &["I am web#0", "I am web#1"]);
    assert_eq!(names(api), first);
    broker.done(&broker.submit(&model("blog", 1)));
    shows(&broker, "blog", &["I am web#0"]);
    assert_eq!(names(api).len(), 2);

    // A broker that was killed finds all of it again.
    broker.kill();
    broker.restart();
    shows(&broker, "shop", &["I am web#0", "I am web#1"]);
    assert_eq!(names(api).len(), 2);

    // The cluster vanishes, with all that ran there.
    let shop = namespaces(cluster).into_iter().find(|name| name.starts_with("hansa-shop-")).expect("its namespace");
    assert_eq!(cluster.ask("DELETE", &format!("/api/v1/namespaces/{shop}"), &Value::Null).0, 200);
    let before =
        api.clusters().iter().find(|one| one["metadata"]["name"] == *first[0]).unwrap()["metadata"]["uid"].clone();
    api.cluster_delete(&first[0]);
    eventually("the machine is lost", || {
        let lost = broker.events("shop", "machine.lost");
        if lost.is_empty() { Err("it is not told".to_owned()) } else { Ok(()) }
    });
    shows(&broker, "shop", &["I am web#0", "I am web#1"]);
    let again =
        api.clusters().iter().find(|one| one["metadata"]["name"] == *first[0]).unwrap()["metadata"]["uid"].clone();
    assert_ne!(before, again);

    leave(&broker, cluster, api, &first[0]);
}

/// Workloads first, then the cluster, however long it takes; the other stays.
fn leave(broker: &Broker, cluster: &Kubernetes, api: &ClusterApi<'_>, first: &str) {
    api.lingers.store(true, Ordering::Relaxed);
    let removed = broker.remove("shop").send();
    eventually("it is being deleted", || {
        let found = api.clusters().into_iter().find(|one| one["metadata"]["name"] == *first).expect("it is held");
        if found.pointer("/metadata/deletionTimestamp").is_some() { Ok(()) } else { Err(found.to_string()) }
    });
    assert!(namespaces(cluster).iter().all(|name| name.starts_with("hansa-blog-")), "workloads go first");
    let refused = broker.cli(&["system", "disconnect", "capi"]).failed(1);
    assert!(refused.contains("are rented"), "{refused}");
    api.lingers.store(false, Ordering::Relaxed);
    broker.done(&removed);
    shows(broker, "blog", &["I am web#0"]);
    assert_eq!(names(api).len(), 1);

    broker.done(&broker.remove("blog").send());
    assert_eq!(api.listing(), Vec::<String>::new());
    eventually("nothing is left in the cluster", || {
        let left = namespaces(cluster);
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    });
    broker.nothing_left();
}
