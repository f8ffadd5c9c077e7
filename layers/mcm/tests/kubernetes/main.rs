//! Real clusters tell what they have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing set-up fails the test"
)]

use hansa_mcm::connectors::{ClusterConnector, KINDS};
use hansa_ontology::{Actor, SiteId};
use hansa_repository::{
    ambient::{SharedClock, SystemClock},
    system::{HostState, System, SystemConnection, SystemErrorKind, SystemReport, SystemSecret},
};
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, LIMITED_TOKEN},
    wanted,
};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod, ResourceQuota};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const BROKER: &str = "0190aaaa-0000-7000-8000-000000000001";

fn connection(cluster: &Kubernetes, secret: &str, settings: &[(&str, &str)]) -> SystemConnection {
    let clock: SharedClock = Arc::new(SystemClock);
    SystemConnection {
        system: System {
            name: "edge".to_owned(),
            kind: "kubernetes".to_owned(),
            site: SiteId::new("urn:test:site").unwrap(),
            address: cluster.address(),
            credential: Some("edge".to_owned()),
            trust: Some(cluster.ca().to_owned()),
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            created_at: clock.now(),
            created_by: Actor::Broker,
            version: 1,
        },
        secret: Some(SystemSecret::new(secret.as_bytes().to_vec())),
        broker: BROKER.into(),
    }
}

async fn connector(connection: SystemConnection) -> Arc<dyn ClusterConnector> {
    let kind = KINDS.iter().find(|kind| kind.name == "kubernetes").expect("it is registered");
    (kind.connect)(connection).await.unwrap()
}

async fn discovered(connector: &Arc<dyn ClusterConnector>) -> SystemReport {
    let clock: SharedClock = Arc::new(SystemClock);
    connector.discover(clock.now()).await.unwrap()
}

async fn admin(cluster: &Kubernetes) -> Client {
    let connection = connection(cluster, ADMIN_TOKEN, &[]);
    hansa_kubernetes_client::Cluster::connect(&connection).await.unwrap().client()
}

/// A pod that is put onto the node by hand, and asks for so much.
async fn pod(client: &Client, node: &str, name: &str, labels: BTreeMap<&str, &str>, cpu: &str) {
    let pod = json!({
        "metadata": { "name": name, "labels": labels },
        "spec": {
            "nodeName": node, "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "c", "image": hansa_test_systems::kubernetes::IMAGE, "command": ["sleep", "600"],
                "resources": { "requests": { "cpu": cpu, "memory": "64Mi" } },
            }],
        },
    });
    let api: Api<Pod> = Api::namespaced(client.clone(), "default");
    api.create(&Default::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
}

fn run(test: impl AsyncFnOnce(Kubernetes), start: fn() -> Kubernetes) {
    if wanted("kubernetes", Kubernetes::is_installed(), Kubernetes::REMEDY) {
        let cluster = start();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(test(cluster));
    }
}

#[test]
fn a_cluster_tells_its_nodes_and_what_others_use() {
    run(
        async |cluster| {
            let client = admin(&cluster).await;
            let edge = connector(connection(&cluster, &cluster.kubeconfig(ADMIN_TOKEN), &[])).await;
            let report = discovered(&edge).await;
            assert_eq!(report.software, "Kubernetes v1.20.2");
            assert!(report.capabilities.contains("network-policies"), "{:?}", report.capabilities);
            assert!(!report.capabilities.contains("gateway-api"), "{:?}", report.capabilities);
            let [host] = &report.hosts[..] else { panic!("{report:#?}") };
            assert_eq!((host.name.clone(), host.address), (cluster.node_name(), Some(cluster.node_address())));
            assert_eq!(host.state, HostState::Ready);
            assert_eq!(host.labels["kubernetes.io/hostname"], cluster.node_name());
            assert_eq!(host.facts["kubelet"], "v1.20.2");
            let processors = std::thread::available_parallelism().unwrap().get() as u64;
            assert_eq!(host.capacity.cpu_milli, processors * 1_000);
            assert!(host.capacity.memory_mib > 256 && host.capacity.disk_mib > 256, "{host:?}");
            assert_eq!(host.used_by_others.cpu_milli, 0);

            // What this broker has made is not others' use.
            pod(&client, &cluster.node_name(), "theirs", BTreeMap::new(), "250m").await;
            pod(&client, &cluster.node_name(), "ours", BTreeMap::from([("hansa.internal/broker", BROKER)]), "100m")
                .await;
            let other = BTreeMap::from([("hansa.internal/broker", "another")]);
            pod(&client, &cluster.node_name(), "another", other, "0.1").await;
            let used = discovered(&edge).await.hosts[0].used_by_others;
            assert_eq!((used.cpu_milli, used.memory_mib), (350, 128));

            let nodes: Api<Node> = Api::all(client.clone());
            let cordon = Patch::Merge(json!({ "spec": { "unschedulable": true } }));
            nodes.patch(&cluster.node_name(), &PatchParams::default(), &cordon).await.unwrap();
            let state = discovered(&edge).await.hosts[0].state.clone();
            assert!(matches!(&state, HostState::Closed { reason } if reason.contains("cordoned")), "{state:?}");

            // A balancer stands before the nodes.
            let front = connector(connection(&cluster, ADMIN_TOKEN, &[("nodeAddress", "192.0.2.7")])).await;
            assert_eq!(discovered(&front).await.hosts[0].address, Some([192, 0, 2, 7].into()));

            cluster.kubelet_kill();
            let mut state = HostState::Ready;
            for _ in 0..120 {
                state = discovered(&edge).await.hosts[0].state.clone();
                if matches!(state, HostState::Down { .. }) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            assert!(matches!(&state, HostState::Down { reason } if reason.contains("Kubelet")), "{state:?}");
        },
        Kubernetes::start,
    );
}

#[test]
fn what_may_not_be_seen_is_said_and_what_is_gone_is_an_error() {
    run(
        async |cluster| {
            let client = admin(&cluster).await;
            let limited = connector(connection(&cluster, LIMITED_TOKEN, &[])).await;
            let report = discovered(&limited).await;
            assert!(report.hosts.is_empty() && report.notes[0].contains("forbidden"), "{report:?}");

            let namespaces: Api<Namespace> = Api::all(client.clone());
            let tenant = serde_json::from_value(json!({ "metadata": { "name": "tenant" } })).unwrap();
            namespaces.create(&Default::default(), &tenant).await.unwrap();
            let quota = json!({ "metadata": { "name": "tight" }, "spec": { "hard": { "requests.cpu": "1500m", "pods": "4" } } });
            let quotas: Api<ResourceQuota> = Api::namespaced(client, "tenant");
            quotas.create(&Default::default(), &serde_json::from_value(quota).unwrap()).await.unwrap();
            let tenant = connector(connection(&cluster, ADMIN_TOKEN, &[("namespace", "tenant")])).await;
            let mut counted = Vec::new();
            for _ in 0..100 {
                counted = discovered(&tenant).await.quotas;
                if counted.len() == 2 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let limits: Vec<(&str, Option<u64>)> = counted.iter().map(|one| (one.name.as_str(), one.limit)).collect();
            assert_eq!(limits, [("tight: pods", Some(4)), ("tight: requests.cpu (thousandths)", Some(1_500))]);

            let clock: SharedClock = Arc::new(SystemClock);
            let mut untrusted = connection(&cluster, ADMIN_TOKEN, &[]);
            untrusted.system.trust = None;
            let error = connector(untrusted).await.discover(clock.now()).await.unwrap_err();
            assert_eq!(error.kind, SystemErrorKind::Unreachable);
            assert!(error.remedy.contains("trust anchor"), "{error}");

            cluster.api_server_kill();
            let error = tenant.discover(clock.now()).await.unwrap_err();
            assert_eq!(error.kind, SystemErrorKind::Unreachable, "{error}");
        },
        Kubernetes::control_plane,
    );
}
