//! Kubernetes where none is: machines of a cloud become clusters of one node
//! at their first boot, and what is to run on Kubernetes runs there.
//!
//! k3s itself can't be had here. In the image of these machines stands in its
//! place a script that starts a real Kubernetes 1.20 (etcd, API server,
//! controllers, scheduler, kubelet, containerd) inside the machine, and leaves
//! the kubeconfig where k3s would. All else is as on any machine: the user data,
//! the agent, the connector.

use super::cloud::{Cloud, Fitting};
use crate::harness::{attempt, eventually, fetch};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, IMAGE},
    wanted,
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

/// A whole Kubernetes begins on a part of two processors.
const BOOT: Duration = Duration::from_secs(400);
/// What k3s is told, for the program that stands in its place.
const TOLD: &str = "HANSA_TEST_K3S";

const PAGE: &str = "echo it begins; mkdir -p /tmp/w && echo \"I am $HANSA_COMPONENT#$HANSA_ORDINAL\" > /tmp/w/index.html && exec httpd -f -p $PORT_HTTP -h /tmp/w";
const MANIFESTS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {index.html: a note}
";

/// Not a test: what runs as k3s in machines of the test below.
#[test]
fn stands_in_for_k3s() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let of = |name: &str| told.split(' ').find_map(|word| word.strip_prefix(name)).expect("it is told that").to_owned();
    let mut cluster = Kubernetes::in_berth(&of("--node-name=")).expect("a berth");
    let (file, mode) = (of("--write-kubeconfig="), of("--write-kubeconfig-mode="));
    fs::create_dir_all(Path::new(&file).parent().unwrap()).unwrap();
    fs::write(&file, cluster.kubeconfig(ADMIN_TOKEN)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(u32::from_str_radix(&mode, 8).unwrap())).unwrap();
    panic!("{}", cluster.until_one_ends());
}

/// The script in the image. As long as `broken` is there, it ends at once.
fn image(folder: &Path, broken: &Path) -> std::path::PathBuf {
    let script = folder.join("k3s");
    let program = std::env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\nif [ -e '{}' ]; then echo 'level=fatal msg=\"there is no room for etcd\"'; exit 1; fi\n\
         {TOLD}=\"$*\" exec '{}' --exact machines::kubernetes::stands_in_for_k3s --nocapture\n",
        broken.display(),
        program.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

fn model(replicas: u32) -> Value {
    json!({
        "hansa": 1, "name": "inside",
        "components": {
            "page": {
                "package": { "container": { "image": IMAGE, "command": ["/bin/sh", "-c", PAGE] } },
                "resources": { "cpu": "1500m", "memory": "64Mi" },
                "ports": { "http": {} },
                "replicas": replicas,
                "constraints": { "capabilities": ["cloud"] },
                "health": { "probe": { "http": { "port": "http" } }, "interval": "500ms" }
            },
            "notes": {
                "package": { "kubernetes": { "manifests": MANIFESTS } },
                "resources": { "cpu": "10m", "memory": "16Mi" },
                "constraints": { "capabilities": ["cloud"] }
            }
        }
    })
}

impl Cloud {
    /// Waits until exactly these pages are shown, each by the cluster of one
    /// of the machines, and all of the application works.
    #[track_caller]
    fn serves(&mut self, what: &str, wanted: &[&str]) {
        let looked = attempt(BOOT, || {
            self.boots();
            let all = self.broker.workloads("inside");
            let ports = all.iter().filter_map(|one| Some(one.endpoints.get("http")?.port()));
            let berths = || self.machines.values().filter_map(|machine| machine.berth.as_ref());
            let sockets = ports.flat_map(|port| berths().map(move |berth| SocketAddr::new(berth.address(), port)));
            let shown = sockets.filter_map(|socket| fetch(socket).ok());
            let mut pages: Vec<String> = shown.map(|page| page.lines().last().unwrap_or_default().to_owned()).collect();
            pages.sort();
            let runs = all.iter().filter(|one| one.state == "running").count();
            if pages == wanted && runs == wanted.len() + 1 && all.len() == runs {
                Ok(())
            } else {
                Err(format!("{pages:?} {all:#?}"))
            }
        });
        looked.unwrap_or_else(|last| panic!("{what}: {last} {}", self.broker.cli(&["event", "list"]).stdout));
    }

    /// The objects of ours in the only cluster: `KIND/NAME`, below this path of its API.
    fn objects(&self, path: &str) -> Vec<(String, String)> {
        let berth = self.machines.values().find_map(|machine| machine.berth.as_ref()).expect("a machine");
        let (_, all) = berth.ask("GET", &format!("{path}?labelSelector=hansa.internal/broker"), &Value::Null);
        let of = |one: &Value, field: &str| one["metadata"][field].as_str().unwrap_or_default().to_owned();
        all["items"].as_array().into_iter().flatten().map(|one| (of(one, "namespace"), of(one, "name"))).collect()
    }

    fn delete(&self, path: &str) {
        let berth = self.machines.values().find_map(|machine| machine.berth.as_ref()).expect("a machine");
        assert_eq!(berth.ask("DELETE", path, &Value::Null).0, 200, "{path}");
    }
}

#[test]
fn a_plan_that_needs_kubernetes_gets_a_machine_then_a_cluster_then_its_workloads() {
    if !wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    let program = image(folder.path(), &broken);
    let Some(mut cloud) = Cloud::start(Fitting::Kubernetes(Some(program))) else { return };
    for (setting, told) in [("k3sVersion=latest", "k3sVersion"), ("podSecurity=none", "podSecurity")] {
        let refused = cloud.connect("other", &["--set", setting]).failed(2);
        assert!(refused.contains(told), "{refused}");
    }

    // What it waits for is told, in the words of what doesn't come up.
    fs::write(&broken, "").unwrap();
    let begun = Instant::now();
    let accepted = cloud.broker.submit(&model(1));
    let operation = accepted.json()["operation"].as_str().unwrap().to_owned();
    eventually("it is told why there is no cluster yet", || {
        cloud.boots();
        let told = cloud.broker.get(&format!("/api/v1/operations/{operation}")).ok().to_string();
        if told.contains("its cluster is not ready") && told.contains("there is no room for etcd") {
            Ok(())
        } else {
            Err(told)
        }
    });
    fs::remove_file(&broken).unwrap();
    cloud.serves("the page is there", &["I am page#0"]);
    cloud.broker.done(&accepted);
    println!("figure: from nothing to a page on a machine's own Kubernetes, after {:?}", begun.elapsed());
    let machine = cloud.machines.keys().next().unwrap().clone();
    assert_eq!(cloud.machines.len(), 1);
    let log = cloud.broker.get("/api/v1/applications/inside/logs").body;
    assert!(log.contains("it begins"), "{log}");
    lives(&mut cloud, &machine);
    goes(cloud, &machine);
}

/// What is deleted in the cluster comes back; so does the cluster, and the broker.
fn lives(cloud: &mut Cloud, machine: &str) {
    let deployments = cloud.objects("/apis/apps/v1/deployments");
    assert_eq!(deployments.len(), 1, "{deployments:?}");
    let (namespace, name) = &deployments[0];
    cloud.delete(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}"));
    cloud.delete(&format!("/api/v1/namespaces/{namespace}/configmaps/notes"));
    eventually("both are there again", || {
        let berth = cloud.machines[machine].berth.as_ref().unwrap();
        let status = |path: &str| berth.ask("GET", path, &Value::Null).0;
        let found = [
            status(&format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")),
            status(&format!("/api/v1/namespaces/{namespace}/configmaps/notes")),
        ];
        if found == [200, 200] { Ok(()) } else { Err(format!("{found:?}")) }
    });
    cloud.serves("it is healed", &["I am page#0"]);

    // A broker that is killed finds it as it was.
    cloud.broker.kill();
    cloud.broker.restart();
    cloud.serves("it is still there", &["I am page#0"]);
    eventually("its agent is heard again", || {
        let told = |kind: &str| cloud.broker.events("inside", kind).len();
        let (seen, unseen) = (told("workload.seen"), told("workload.unseen"));
        if seen == unseen { Ok(()) } else { Err(format!("{unseen} unseen, {seen} seen")) }
    });

    // The cluster dies, with what runs there left as it is, and is started again.
    let (before, unseen) = (cloud.objects("/api/v1/pods"), cloud.broker.events("inside", "workload.unseen").len());
    let seen = cloud.broker.events("inside", "workload.seen").len();
    cloud.machines[machine].berth.as_ref().unwrap().api_server_kill();
    eventually("it is told", || {
        let told = cloud.broker.events("inside", "workload.unseen");
        if told.len() > unseen { Ok(()) } else { Err(format!("{told:?}")) }
    });
    cloud.serves("it serves all the while", &["I am page#0"]);
    let back = attempt(BOOT, || {
        let (now, told) = (cloud.objects("/api/v1/pods"), cloud.broker.events("inside", "workload.seen"));
        if now == before && told.len() > seen {
            Ok(())
        } else {
            Err(format!("{now:?} instead of {before:?}; {told:?}"))
        }
    });
    back.expect("what ran there was left as it was, and is looked at again");
    assert_eq!(cloud.machines.keys().collect::<Vec<_>>(), [machine]);
}

/// Another machine for one that vanished, two for two, none for none.
fn goes(mut cloud: Cloud, machine: &str) {
    cloud.terminate(machine);
    eventually("another machine is there", || {
        cloud.boots();
        if cloud.machines.keys().any(|id| id != machine) { Ok(()) } else { Err(format!("{machine} alone")) }
    });
    cloud.serves("it is healed", &["I am page#0"]);

    let accepted = cloud.broker.scale("inside", "page", 2).send();
    cloud.serves("it is scaled", &["I am page#0", "I am page#1"]);
    cloud.broker.done(&accepted);
    assert_eq!(cloud.machines.len(), 2, "one would not have room for both");

    let accepted = cloud.broker.remove("inside").send();
    let removed = attempt(BOOT, || {
        let left = cloud.left();
        if left == "0 0 0" { Ok(()) } else { Err(left) }
    });
    removed.expect("all machines go");
    cloud.broker.done(&accepted);
    assert_eq!(cloud.left(), "0 0 0", "something is left behind");
    let last = |kind: &str| {
        let told = cloud.broker.get(&format!("/api/v1/events?kind={kind}&limit=500")).ok();
        told["items"].as_array().unwrap().iter().filter_map(|one| one["sequence"].as_u64()).max().expect("it is told")
    };
    assert!(last("workload.removed") < last("machine.released"), "workloads go first");
    cloud.broker.nothing_left();
}

#[test]
fn a_machine_that_gets_no_cluster_is_given_back_with_the_reason() {
    if !wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        return;
    }
    // Its image has no k3s, and no release is named.
    let Some(mut cloud) = Cloud::start(Fitting::Kubernetes(None)) else { return };
    cloud.broker.submit(&model(1)).ok();
    eventually("the machine is refused", || {
        cloud.boots();
        let told = cloud.broker.events("inside", "machine.refused");
        let good = told.iter().any(|one| {
            let text = one["message"].as_str().unwrap_or_default();
            text.contains("it gets no cluster") && text.contains("k3sVersion")
        });
        if good { Ok(()) } else { Err(format!("{told:?} {}", cloud.broker.application("inside"))) }
    });
    eventually("it is given back", || {
        cloud.boots();
        let left = cloud.left();
        if left.starts_with("0 ") { Ok(()) } else { Err(left) }
    });
    let accepted = cloud.broker.remove("inside").send();
    cloud.broker.done(&accepted);
    assert_eq!(cloud.left(), "0 0 0", "something is left behind");
}
