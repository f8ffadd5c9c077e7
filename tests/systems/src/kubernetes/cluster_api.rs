//! Cluster API on a management cluster, PLAYED: the API server and its storage
//! are real, the kinds are definitions of our own writing that accept whatever
//! their fields are, and what controllers and providers would do (statuses,
//! machines, the kubeconfig's Secret, finalizers) is done here, in the shapes
//! that Cluster API documents. No webhook checks or fills in anything.

use super::{ADMIN_TOKEN, Kubernetes};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

const GROUP: &str = "cluster.x-k8s.io";
const KINDS: [(&str, &str, &str); 4] = [
    ("Cluster", "clusters", "cluster"),
    ("ClusterClass", "clusterclasses", "clusterclass"),
    ("MachineDeployment", "machinedeployments", "machinedeployment"),
    ("Machine", "machines", "machine"),
];
/// As Cluster API's own controller names it.
const FINALIZER: &str = "cluster.cluster.x-k8s.io";

impl Kubernetes {
    /// A request by the administrator: its status, and its answer as JSON.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        asked(self.folder.path(), &format!("{}{path}", self.address()), method, body)
    }
}

/// A request by the administrator of the cluster in that folder.
pub(super) fn asked(folder: &Path, url: &str, method: &str, body: &Value) -> (u16, Value) {
    let mut command = Command::new("curl");
    command.args(["-sS", "--http1.1", "--max-time", "10", "-w", "\n%{http_code}", "-X", method, "--cacert"]);
    command.arg(folder.join("ca.crt"));
    command.args(["-H", &format!("Authorization: Bearer {ADMIN_TOKEN}")]);
    if !body.is_null() {
        let sort = if method == "PATCH" { "merge-patch+json" } else { "json" };
        command.args(["-H", &format!("Content-Type: application/{sort}"), "--data-binary", &body.to_string()]);
    }
    let asked = command.arg(url).stderr(Stdio::null()).output().expect("curl");
    let text = String::from_utf8(asked.stdout).expect("an answer in UTF-8");
    let (answer, status) = text.rsplit_once('\n').expect("a status");
    (status.parse().expect("a status"), serde_json::from_str(answer).unwrap_or(Value::Null))
}

/// Cluster API, played.
#[derive(Debug)]
pub struct ClusterApi<'a> {
    management: &'a Kubernetes,
    version: &'static str,
    /// What each new cluster's Secret holds.
    kubeconfig: Mutex<String>,
    /// Where its nodes are reached.
    address: String,
    /// The infrastructure is slow: nothing becomes ready.
    pub is_slow: AtomicBool,
    /// Finalizers linger: what is deleted stays.
    pub lingers: AtomicBool,
}

impl<'a> ClusterApi<'a> {
    /// Defines the kinds, in these versions, of which objects are kept in the
    /// first; each cluster that is made will be `workload`.
    #[must_use]
    pub fn install(management: &'a Kubernetes, versions: &[&'static str], workload: &Kubernetes) -> Self {
        let version = versions.first().expect("a version");
        for (kind, plural, singular) in KINDS {
            let schema =
                json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
            let served: Vec<Value> = versions
                .iter()
                .map(|name| {
                    json!({ "name": name, "served": true, "storage": name == version, "schema": schema,
                        "subresources": { "status": {} } })
                })
                .collect();
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {
                    "name": format!("{plural}.{GROUP}"),
                    // Names of this group are protected: as one may who only tests.
                    "annotations": { "api-approved.kubernetes.io": "unapproved, testing-only" },
                },
                "spec": {
                    "group": GROUP, "scope": "Namespaced", "versions": served,
                    "names": { "kind": kind, "plural": plural, "singular": singular, "listKind": format!("{kind}List") },
                },
            });
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            let (status, said) = management.ask("POST", path, &definition);
            assert_eq!(status, 201, "{said}");
        }
        let this = Self {
            management,
            version,
            kubeconfig: Mutex::new(workload.kubeconfig(ADMIN_TOKEN)),
            address: workload.node_address().to_string(),
            is_slow: AtomicBool::new(false),
            lingers: AtomicBool::new(false),
        };
        let until = Instant::now() + Duration::from_secs(30);
        while KINDS.iter().any(|(_, plural, _)| management.ask("GET", &this.path(plural, ""), &Value::Null).0 != 200) {
            assert!(Instant::now() < until, "the kinds of Cluster API are not served");
            std::thread::sleep(Duration::from_millis(100));
        }
        let class =
            json!({ "apiVersion": this.api_version(), "kind": "ClusterClass", "metadata": { "name": "quick" } });
        assert_eq!(management.ask("POST", &this.path("clusterclasses", ""), &class).0, 201);
        this
    }

    /// What the Secrets of clusters hold from now on.
    pub fn kubeconfig_set(&self, text: &str) {
        text.clone_into(&mut self.kubeconfig.lock().expect("the kubeconfig"));
    }

    fn api_version(&self) -> String {
        format!("{GROUP}/{}", self.version)
    }

    fn path(&self, plural: &str, name: &str) -> String {
        let name = if name.is_empty() { String::new() } else { format!("/{name}") };
        format!("/apis/{GROUP}/{}/namespaces/default/{plural}{name}", self.version)
    }

    fn list(&self, plural: &str) -> Vec<Value> {
        let (_, list) = self.management.ask("GET", &self.path(plural, ""), &Value::Null);
        items(&list)
    }

    /// Every Cluster, as the management cluster lists it.
    #[must_use]
    pub fn clusters(&self) -> Vec<Value> {
        self.list("clusters")
    }

    /// All that is left of clusters, by the management cluster's own lists.
    #[must_use]
    pub fn listing(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (kind, plural) in
            [("Cluster", "clusters"), ("MachineDeployment", "machinedeployments"), ("Machine", "machines")]
        {
            all.extend(self.list(plural).iter().map(|one| format!("{kind} {}", name(one))));
        }
        let (_, secrets) = self.management.ask("GET", "/api/v1/namespaces/default/secrets", &Value::Null);
        let secrets = items(&secrets);
        let kubeconfigs = secrets.iter().filter(|one| name(one).ends_with("-kubeconfig"));
        all.extend(kubeconfigs.map(|one| format!("Secret {}", name(one))));
        all
    }

    /// A Cluster with this metadata that somebody makes by hand; the answer's status.
    #[must_use]
    pub fn cluster_put(&self, metadata: &Value) -> u16 {
        let object = json!({ "apiVersion": self.api_version(), "kind": "Cluster", "metadata": metadata, "spec": {} });
        self.management.ask("POST", &self.path("clusters", ""), &object).0
    }

    /// A Cluster that somebody deletes by hand, behind everybody's back.
    pub fn cluster_delete(&self, name: &str) {
        assert_eq!(self.management.ask("DELETE", &self.path("clusters", name), &Value::Null).0, 200, "{name}");
    }

    /// What a provider says of a Cluster; a merge patch of its status.
    pub fn status_set(&self, name: &str, status: &Value) {
        let path = format!("{}/status", self.path("clusters", name));
        let (code, said) = self.management.ask("PATCH", &path, &json!({ "status": status }));
        assert_eq!(code, 200, "{said}");
    }

    /// What controllers and providers do, until this ends.
    pub fn play(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            self.step();
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// One round of what they do. Only clusters with a topology are theirs.
    pub fn step(&self) {
        for cluster in self.clusters().iter().filter(|it| it.pointer("/spec/topology").is_some()) {
            if cluster.pointer("/metadata/deletionTimestamp").is_some() {
                self.take_away(cluster);
            } else {
                self.bring_about(cluster);
            }
        }
    }

    fn bring_about(&self, cluster: &Value) {
        let of = name(cluster);
        let finalizers = json!({ "metadata": { "finalizers": [FINALIZER] } });
        if cluster.pointer("/metadata/finalizers").is_none() {
            drop(self.management.ask("PATCH", &self.path("clusters", &of), &finalizers));
        }
        let wanted = cluster.pointer("/spec/topology/workers/machineDeployments/0/replicas").and_then(Value::as_u64);
        let (wanted, slow) = (wanted.unwrap_or(0), self.is_slow.load(Ordering::Relaxed));
        // Who was ready stays so: only what is new is slow.
        let was_ready = cluster.pointer("/status/phase") == Some(&json!("Provisioned"));
        let status = if slow && !was_ready { self.waiting() } else { self.ready() };
        if cluster.get("status") != Some(&status) {
            drop(self.management.ask(
                "PATCH",
                &format!("{}/status", self.path("clusters", &of)),
                &json!({ "status": status }),
            ));
        }
        if slow {
            return;
        }
        let data = json!({ "value": STANDARD.encode(&*self.kubeconfig.lock().expect("the kubeconfig")) });
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "cluster.x-k8s.io/secret",
            "metadata": { "name": format!("{of}-kubeconfig"), "labels": { "cluster.x-k8s.io/cluster-name": of } },
            "data": data,
        });
        let secrets = "/api/v1/namespaces/default/secrets";
        if self.management.ask("POST", secrets, &secret).0 == 409 {
            drop(self.management.ask("PATCH", &format!("{secrets}/{of}-kubeconfig"), &json!({ "data": data })));
        }
        self.part(
            "MachineDeployment",
            "machinedeployments",
            &of,
            &json!({ "readyReplicas": wanted, "availableReplicas": wanted }),
        );
        self.part(
            "Machine",
            "machines",
            &of,
            &json!({ "addresses": [
            { "type": "Hostname", "address": "worker" }, { "type": "InternalIP", "address": self.address }] }),
        );
    }

    /// One object of a cluster, with this status.
    fn part(&self, kind: &str, plural: &str, of: &str, status: &Value) {
        let name = format!("{of}-workers");
        let object = json!({
            "apiVersion": self.api_version(), "kind": kind,
            "metadata": { "name": name, "labels": { "cluster.x-k8s.io/cluster-name": of } },
        });
        drop(self.management.ask("POST", &self.path(plural, ""), &object));
        let path = format!("{}/status", self.path(plural, &name));
        drop(self.management.ask("PATCH", &path, &json!({ "status": status })));
    }

    fn waiting(&self) -> Value {
        let condition = json!({ "type": if self.version == "v1beta1" { "Ready" } else { "Available" }, "status": "False",
            "reason": "InfrastructureNotReady", "message": "the provider waits for a network", "lastTransitionTime": "2026-11-22T10:00:00Z" });
        json!({ "phase": "Provisioning", "conditions": [condition] })
    }

    fn ready(&self) -> Value {
        let is = |name: &str| json!({ "type": name, "status": "True", "lastTransitionTime": "2026-11-22T10:00:00Z" });
        if self.version == "v1beta1" {
            return json!({ "phase": "Provisioned", "infrastructureReady": true, "controlPlaneReady": true,
                "conditions": [is("Ready"), is("ControlPlaneInitialized"), is("ControlPlaneReady")] });
        }
        json!({ "phase": "Provisioned",
            "initialization": { "infrastructureProvisioned": true, "controlPlaneInitialized": true },
            "conditions": [is("Available"), is("ControlPlaneInitialized"), is("ControlPlaneAvailable")] })
    }

    fn take_away(&self, cluster: &Value) {
        if self.lingers.load(Ordering::Relaxed) {
            return;
        }
        let of = name(cluster);
        for plural in ["machines", "machinedeployments"] {
            drop(self.management.ask("DELETE", &self.path(plural, &format!("{of}-workers")), &Value::Null));
        }
        let secret = format!("/api/v1/namespaces/default/secrets/{of}-kubeconfig");
        drop(self.management.ask("DELETE", &secret, &Value::Null));
        drop(self.management.ask("PATCH", &self.path("clusters", &of), &json!({ "metadata": { "finalizers": null } })));
    }
}

fn name(object: &Value) -> String {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn items(list: &Value) -> Vec<Value> {
    list.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
}
