//! Clusters by OpenStack Magnum.
//!
//! REPLAYED, not real: Magnum has no place among the systems that run here. The
//! answers have the shapes of the Container Infrastructure Management API v1 as
//! these are documented; what is checked is what the connector asks, in which
//! order, and what it makes of the answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "these are tests"
)]

#[path = "../../../vip/tests/openstack_volumes/replay.rs"]
mod replay;

use hansa_mcm::connectors::{DOORS, MAKERS};
use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder, Removal,
    testing::{self, BROKER, connection},
};
use hansa_repository::system::{ClusterDoor, Kind, SystemErrorKind};
use replay::Replay;
use serde_json::{Value, json};
use std::sync::Arc;

const AT: &str = "/container-infra/v1";
const SETTINGS: [(&str, &str); 3] = [("node-count", "2"), ("key", "ops"), ("exposure", "nodePort")];

async fn connect<C: ?Sized>(replay: &Replay, kinds: &[Kind<C>]) -> Arc<C> {
    replay.logs_in();
    let secret = json!({ "application_credential_id": "i", "application_credential_secret": "s" }).to_string();
    let address = format!("{}/v3", replay.address);
    testing::connector(kinds, connection("magnum", &address, Some(&secret), &SETTINGS)).await.unwrap()
}

fn order(item: Option<&str>, cpu_milli: u64) -> MachineOrder {
    let amounts = Amounts { cpu_milli, memory_mib: 256, ..Amounts::ZERO };
    MachineOrder { item: item.map(str::to_owned), amounts, ..testing::order(5, 6) }
}

/// As lists show it.
fn listed(status: &str) -> Value {
    let order = order(None, 0);
    let mut labels = json!({ "kube_tag": "v1.27.8" });
    labels.as_object_mut().unwrap().extend(order.labels.iter().map(|(name, value)| (name.clone(), json!(value))));
    json!({ "uuid": "c-1", "name": order.name, "status": status, "node_count": 2, "cluster_template_id": "t-1",
        "labels": labels })
}

/// As one alone is shown.
fn whole(replay: &Replay, status: &str, more: Value) -> Value {
    let mut cluster = listed(status);
    let address = replay.address.replace("http://", "https://");
    let shown = json!({ "api_address": address, "node_addresses": ["10.0.0.7", "10.0.0.8"],
        "master_addresses": ["10.0.0.5"], "status_reason": null, "faults": {} });
    cluster.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
    cluster.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    cluster
}

fn lists(replay: &Replay, all: &[Value]) {
    replay.gives("GET", &format!("{AT}/clusters"), 200, json!({ "clusters": all }));
}

fn shows(replay: &Replay, status: &str, more: Value) {
    lists(replay, &[listed(status)]);
    replay.gives("GET", &format!("{AT}/clusters/c-1"), 200, whole(replay, status, more));
}

fn templates(replay: &Replay, id: &str) {
    let template = json!({ "uuid": id, "name": "k8s", "coe": "kubernetes", "flavor_id": "m1.small", "hidden": false,
        "labels": { "kube_tag": "v1.27.8" } });
    let swarm = json!({ "uuid": "t-9", "name": "old", "coe": "swarm", "flavor_id": "m1.small" });
    replay.gives("GET", &format!("{AT}/clustertemplates"), 200, json!({ "clustertemplates": [swarm, template] }));
    let flavour = json!({ "id": "f1", "name": "m1.small", "vcpus": 2, "ram": 4096, "disk": 20 });
    replay.gives("GET", "/compute/v2.1/flavors/detail", 200, json!({ "flavors": [flavour] }));
}

async fn pending(connector: &Arc<dyn MachineConnector>, order: &MachineOrder) -> String {
    match connector.machine_ensure(order).await.unwrap() {
        Delivery::Pending(text) => text,
        ready => panic!("{ready:?}"),
    }
}

#[tokio::test]
async fn a_cluster_is_made_resized_upgraded_and_deleted() {
    let replay = Replay::start();
    let connector = connect(&replay, MAKERS).await;
    let named = order(Some("k8s"), 500);
    // What there is.
    templates(&replay, "t-1");
    lists(&replay, &[]);
    replay.gives("GET", &format!("{AT}/quotas/p/Cluster"), 200, json!({ "hard_limit": 3, "resource": "Cluster" }));
    let report = connector.discover(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    let [flavour] = &report.flavours[..] else { panic!("{report:?}") };
    assert_eq!((flavour.name.as_str(), flavour.room.cpu_milli, flavour.units_free), ("k8s", 4_000, Some(3)));
    // It is made, with its template's labels and ours.
    lists(&replay, &[]);
    templates(&replay, "t-1");
    replay.gives("POST", &format!("{AT}/clusters"), 202, json!({ "uuid": "c-1" }));
    assert!(pending(&connector, &named).await.contains("is being made"));
    let asked = replay.body("POST", &format!("{AT}/clusters"));
    assert_eq!((&asked["cluster_template_id"], &asked["node_count"]), (&json!("t-1"), &json!(2)));
    assert_eq!((&asked["keypair"], &asked["labels"]["kube_tag"]), (&json!("ops"), &json!("v1.27.8")));
    assert_eq!(asked["labels"]["hansa-broker"], BROKER);
    shows(&replay, "CREATE_IN_PROGRESS", json!({ "status_reason": "Stack CREATE started" }));
    let told = pending(&connector, &named).await;
    assert!(told.contains("CREATE_IN_PROGRESS: Stack CREATE started"), "{told}");
    shows(&replay, "CREATE_COMPLETE", json!({}));
    templates(&replay, "t-1");
    let there = Delivery::Ready { address: Some([10, 0, 0, 7].into()), id: "c-1".to_owned() };
    assert_eq!(connector.machine_ensure(&named).await.unwrap(), there);
    // The order grows; then the template's name means another one.
    shows(&replay, "CREATE_COMPLETE", json!({}));
    templates(&replay, "t-1");
    replay.gives("POST", &format!("{AT}/clusters/c-1/actions/resize"), 202, json!({ "uuid": "c-1" }));
    assert_eq!(connector.machine_ensure(&order(Some("k8s"), 5_000)).await.unwrap(), there);
    assert_eq!(replay.body("POST", &format!("{AT}/clusters/c-1/actions/resize")), json!({ "node_count": 3 }));
    shows(&replay, "UPDATE_IN_PROGRESS", json!({}));
    assert_eq!(connector.machine_ensure(&named).await.unwrap(), there, "used while it changes");
    shows(&replay, "UPDATE_COMPLETE", json!({}));
    templates(&replay, "t-2");
    let said = json!({ "errors": [{ "status": 409, "title": "Conflict", "detail": "Cluster is busy" }] });
    replay.gives("POST", &format!("{AT}/clusters/c-1/actions/upgrade"), 409, said);
    assert_eq!(connector.machine_ensure(&named).await.unwrap(), there);
    let asked = replay.body("POST", &format!("{AT}/clusters/c-1/actions/upgrade"));
    assert_eq!(asked, json!({ "cluster_template": "t-2", "max_batch_size": 1 }));
    // Gone by itself, in its own time. Nobody answers in it: nothing is waited for.
    lists(&replay, &[listed("UPDATE_COMPLETE")]);
    shows(&replay, "UPDATE_COMPLETE", json!({}));
    replay.gives("GET", &format!("{AT}/certificates/c-1"), 404, json!({ "errors": [] }));
    replay.gives("DELETE", &format!("{AT}/clusters/c-1"), 204, Value::Null);
    assert!(matches!(connector.machine_release(&named).await.unwrap(), Removal::Pending(_)));
    lists(&replay, &[listed("DELETE_IN_PROGRESS")]);
    assert!(
        matches!(connector.machine_release(&named).await.unwrap(), Removal::Pending(text) if text.contains("DELETE_IN_PROGRESS"))
    );
    lists(&replay, &[]);
    assert_eq!(connector.machine_release(&named).await.unwrap(), Removal::Gone);
    replay.ended();
}

#[tokio::test]
async fn failures_quotas_foreigners_and_twins() {
    let replay = Replay::start();
    let connector = connect(&replay, MAKERS).await;
    let order = order(None, 500);
    let faults = json!({ "status_reason": "Failed to create", "faults": { "kube_minions": "ResourceInError: No valid host was found." } });
    shows(&replay, "CREATE_FAILED", faults);
    replay.gives("DELETE", &format!("{AT}/clusters/c-1"), 204, Value::Null);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
    assert!(error.said.contains("kube_minions: ResourceInError"), "{error}");
    // Deleting has failed: again.
    shows(&replay, "DELETE_FAILED", json!({ "status_reason": "network in use" }));
    replay.gives("DELETE", &format!("{AT}/clusters/c-1"), 204, Value::Null);
    assert!(pending(&connector, &order).await.contains("network in use"));
    // The project's quota, which is told by words.
    lists(&replay, &[]);
    templates(&replay, "t-1");
    let said = "Resource limit for Cluster exceeded: You have reached the maximum clusters per project, 20.";
    let refusal = json!({ "errors": [{ "status": 403, "code": "client", "title": "Forbidden", "detail": said }] });
    replay.gives("POST", &format!("{AT}/clusters"), 403, refusal);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
    assert!(error.said.contains("maximum clusters per project"), "{error}");
    // More than any template has; a template that is not there.
    lists(&replay, &[]);
    templates(&replay, "t-1");
    let large = self::order(None, 9_000);
    assert_eq!(connector.machine_ensure(&large).await.unwrap_err().kind, SystemErrorKind::Unsupported);
    lists(&replay, &[]);
    templates(&replay, "t-1");
    let error = connector.machine_ensure(&self::order(Some("old"), 1)).await.unwrap_err();
    assert!(error.said.contains("no cluster template `old` for Kubernetes"), "{error}");
    // Somebody else's of that name; only ours is taken away.
    let mut foreign = listed("CREATE_COMPLETE");
    foreign["uuid"] = json!("c-7");
    foreign["labels"]["hansa-broker"] = json!("another");
    lists(&replay, &[foreign.clone()]);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert!(error.kind == SystemErrorKind::Conflict && error.remedy.contains("c-7"), "{error}");
    lists(&replay, &[foreign]);
    assert_eq!(connector.machine_release(&order).await.unwrap(), Removal::Gone);
    // A request that seemed lost and was heard: the second one goes.
    let mut twin = listed("CREATE_IN_PROGRESS");
    twin["uuid"] = json!("c-0");
    lists(&replay, &[twin, listed("CREATE_COMPLETE")]);
    replay.gives("DELETE", &format!("{AT}/clusters/c-0"), 204, Value::Null);
    replay.gives("GET", &format!("{AT}/clusters/c-1"), 200, whole(&replay, "CREATE_COMPLETE", json!({})));
    templates(&replay, "t-1");
    assert!(matches!(connector.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));
    // Too old a Magnum.
    replay.gives(
        "GET",
        &format!("{AT}/clusters"),
        406,
        json!({ "errors": [{ "detail": "Version 1.8 was requested but the minor version is not supported" }] }),
    );
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert!(error.said.contains("Version 1.8"), "{error}");
    replay.ended();
}

#[tokio::test]
async fn a_certificate_opens_the_cluster_until_its_authority_changes() {
    let replay = Replay::start();
    let keeper = connect(&replay, DOORS).await;
    let name = order(None, 0).name;
    let certificates = format!("{AT}/certificates");
    let pem = |text: &str| json!({ "cluster_uuid": "c-1", "pem": format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n") });
    let opened = async || match keeper.door(&name).await.unwrap() {
        ClusterDoor::Open(connection) => connection,
        ClusterDoor::Nothing(why) => panic!("{why}"),
    };
    shows(&replay, "CREATE_COMPLETE", json!({}));
    replay.gives("GET", &format!("{certificates}/c-1"), 200, pem("CA"));
    replay.gives("POST", &certificates, 201, pem("OURS"));
    let first = opened().await;
    let asked = replay.body("POST", &certificates);
    assert_eq!(asked["cluster_uuid"], "c-1");
    assert!(asked["csr"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{asked}");
    assert!(!asked.to_string().contains("PRIVATE KEY"), "the key stays here");
    assert_eq!((first.system.kind.as_str(), first.system.name.as_str()), ("kubernetes", &*format!("cloud/{name}")));
    assert_eq!((first.setting("exposure"), first.setting("key")), (Some("nodePort"), None));
    assert!(first.system.address.starts_with("https://127.0.0.1:"), "{}", first.system.address);
    let text = first.secret.as_ref().unwrap().text().unwrap().to_owned();
    assert!(text.contains("client-key-data") && text.contains("certificate-authority-data"));
    // The same again asks for no other.
    shows(&replay, "UPDATE_IN_PROGRESS", json!({}));
    replay.gives("GET", &format!("{certificates}/c-1"), 200, pem("CA"));
    assert_eq!(opened().await.secret, first.secret);
    // The authority was rotated.
    shows(&replay, "CREATE_COMPLETE", json!({}));
    replay.gives("GET", &format!("{certificates}/c-1"), 200, pem("NEW"));
    replay.gives("POST", &certificates, 201, pem("OURS"));
    assert_ne!(opened().await.secret, first.secret);
    // Not there, not yet there, on its way out.
    lists(&replay, &[]);
    assert!(matches!(keeper.door(&name).await.unwrap(), ClusterDoor::Nothing(_)));
    for status in ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"] {
        lists(&replay, &[listed(status)]);
        assert!(matches!(keeper.door(&name).await.unwrap(), ClusterDoor::Nothing(why) if why.contains(status)));
    }
    // Without TLS it is not entered.
    shows(&replay, "CREATE_COMPLETE", json!({ "api_address": "http://10.0.0.5:8080" }));
    let error = keeper.door(&name).await.unwrap_err();
    assert!(error.remedy.contains("TLS"), "{error}");
    replay.ended();
}
