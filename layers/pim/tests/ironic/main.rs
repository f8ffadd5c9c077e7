//! Whole servers of a real Ironic, with its driver `fake-hardware`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "these are tests"
)]

#[path = "../shared/mod.rs"]
mod shared;

mod failing;

use chrono::DateTime;
use hansa_pim::{
    Amounts, Delivery, HostPower, MachineConnector, MachineOrder, Removal, Sleep,
    connectors::KINDS,
    testing::{self, BROKER, Rounds, connection},
};
use hansa_repository::system::{HostState, SystemConnection, SystemError, SystemErrorKind, SystemReport};
use hansa_test_systems::{ADMIN_PASSWORD, Ironic, IronicSettings, Keystone};
use serde_json::{Value, json};
use shared::Operator;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const ROUNDS: Rounds = Rounds::new(250, 90);
const VERSION: (&str, &str) = ("x-openstack-ironic-api-version", "1.90");

async fn connect(connection: SystemConnection) -> Arc<dyn MachineConnector> {
    testing::connector(KINDS, connection).await.unwrap()
}

fn operator(ironic: &Ironic) -> Operator {
    Operator::new(&format!("{}/v1", ironic.address), &[VERSION])
}

fn order(machine: u128, host: Option<&str>) -> MachineOrder {
    let amounts = Amounts { cpu_milli: 4_000, memory_mib: 8_192, ..Amounts::ZERO };
    MachineOrder { amounts, host: host.map(str::to_owned), ..testing::order(machine, 7) }
}

/// A node that Ironic only knows of.
async fn enrol(operator: &Operator, name: &str, class: &str, cpus: u32) {
    let node = json!({ "name": name, "driver": "fake-hardware", "resource_class": class,
        "extra": { "address": "192.0.2.7" },
        "properties": { "cpus": cpus, "memory_mb": "16384", "local_gb": 200, "cpu_arch": "x86_64" } });
    operator.does("POST", "/nodes", node).await;
}

async fn to(operator: &Operator, name: &str, target: &str, state: &str) {
    operator.does("PUT", &format!("/nodes/{name}/states/provision"), json!({ "target": target })).await;
    until(operator, name, state).await;
}

/// Waits until a node is in a state.
async fn until(operator: &Operator, name: &str, state: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let node = operator.get(&format!("/nodes/{name}")).await;
        if node["provision_state"] == state && node["reservation"].is_null() {
            return;
        }
        assert!(Instant::now() < end, "{name} is not {state}: {node}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A node that is free.
async fn provided(operator: &Operator, name: &str, class: &str, cpus: u32) {
    enrol(operator, name, class, cpus).await;
    to(operator, name, "manage", "manageable").await;
    operator.does("PUT", &format!("/nodes/{name}/states/power"), json!({ "target": "power off" })).await;
    let end = Instant::now() + Duration::from_secs(30);
    while operator.get(&format!("/nodes/{name}")).await["power_state"].is_null() {
        assert!(Instant::now() < end, "{name} has no power state");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    to(operator, name, "provide", "available").await;
}

async fn ready(connector: &dyn MachineConnector, order: &MachineOrder) -> Result<(Delivery, usize), SystemError> {
    ROUNDS.ready(connector, order).await
}

async fn gone(connector: &dyn MachineConnector, order: &MachineOrder) -> Result<(), SystemError> {
    ROUNDS.gone(connector, order).await
}

/// By Ironic's own listing: no node and no allocation has anything of ours.
async fn nothing_left(operator: &Operator) {
    assert_eq!(operator.get("/allocations").await["allocations"], json!([]));
    for node in operator.get("/nodes?detail=true").await["nodes"].as_array().unwrap() {
        assert_eq!((&node["instance_uuid"], &node["allocation_uuid"]), (&Value::Null, &Value::Null), "{node}");
        // Ironic itself leaves an empty list of traits, whoever's allocation is deleted.
        let mut written = node["instance_info"].as_object().unwrap().clone();
        written.remove("traits");
        assert!(written.is_empty() && node["extra"]["hansa-machine"].is_null(), "{node}");
    }
}

async fn report(connector: &dyn MachineConnector) -> SystemReport {
    connector.discover(DateTime::UNIX_EPOCH).await.unwrap()
}

fn state<'a>(report: &'a SystemReport, host: &str) -> &'a HostState {
    &report.hosts.iter().find(|found| found.name == host).unwrap().state
}

#[tokio::test]
async fn a_node_goes_from_enrolled_to_active_and_back() {
    let Some(ironic) = Ironic::start(IronicSettings { cleans: true, ..IronicSettings::default() }) else { return };
    let operator = operator(&ironic);
    enrol(&operator, "rack1-u1", "baremetal", 8).await;
    let node = operator.get("/nodes/rack1-u1").await["uuid"].as_str().unwrap().to_owned();
    operator.does("PUT", "/nodes/rack1-u1/traits/CUSTOM_FAST", Value::Null).await;
    operator.does("POST", "/ports", json!({ "node_uuid": node, "address": "52:54:00:00:00:01" })).await;

    let careful = connect(connection("ironic", &ironic.address, None, &[])).await;
    let found = report(&*careful).await;
    assert!(found.software.starts_with("OpenStack Ironic, API 1."), "{}", found.software);
    assert!(found.capabilities.contains("driver fake-hardware"));
    let HostState::Closed { reason } = state(&found, "rack1-u1") else { panic!("{found:?}") };
    assert!(reason.contains("`enroll`") && reason.contains("adopt"), "{reason}");
    let host = &found.hosts[0];
    assert_eq!((host.capacity.cpu_milli, host.capacity.memory_mib, host.capacity.disk_mib), (8_000, 16_384, 204_800));
    assert_eq!(host.labels["trait/CUSTOM_FAST"], "yes");
    assert_eq!(host.labels["resource-class"], "baremetal");
    assert!(host.facts["network cards"].contains("52:54:00:00:00:01"), "{:?}", host.facts);
    let order = order(1, Some("rack1-u1"));
    let error = careful.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
    assert!(error.said.contains("`adopt` is not set"), "{error}");

    let settings = [
        ("adopt", "yes"),
        ("image", "http://images.example/server.qcow2"),
        ("image-checksum", "0f"),
        ("root-gb", "10"),
    ];
    let connector = connect(connection("ironic", &ironic.address, None, &settings)).await;
    assert_eq!(*state(&report(&*connector).await, "rack1-u1"), HostState::Ready);
    let began = Instant::now();
    let (delivery, rounds) = ready(&*connector, &order).await.unwrap();
    eprintln!("figure: enrolled to ready in {:?}, {rounds} rounds", began.elapsed());
    assert_eq!(delivery, Delivery::Ready { address: Some("192.0.2.7".parse().unwrap()), id: node.clone() });
    let active = operator.get("/nodes/rack1-u1").await;
    assert_eq!((&active["provision_state"], &active["power_state"]), (&json!("active"), &json!("power on")));
    assert_eq!(active["instance_info"]["image_source"], "http://images.example/server.qcow2");
    assert_eq!(active["instance_info"]["root_gb"], "10");
    let allocation = operator.get(&format!("/allocations/{}", order.name)).await;
    assert_eq!(allocation["extra"]["hansa-broker"], BROKER);
    assert_eq!(active["instance_uuid"], allocation["uuid"]);
    assert_eq!(*state(&report(&*connector).await, "rack1-u1"), HostState::Ready, "it is ours");

    // Powered off by hand: powered on again.
    operator.does("PUT", "/nodes/rack1-u1/states/power", json!({ "target": "power off" })).await;
    while operator.get("/nodes/rack1-u1").await["power_state"] != "power off" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ready(&*connector, &order).await.unwrap();
    assert_eq!(operator.get("/nodes/rack1-u1").await["power_state"], "power on");

    let began = Instant::now();
    gone(&*connector, &order).await.unwrap();
    eprintln!("figure: released in {:?}", began.elapsed());
    until(&operator, "rack1-u1", "available").await;
    nothing_left(&operator).await;
    assert_eq!(connector.machine_release(&order).await.unwrap(), Removal::Gone);
}

#[tokio::test]
async fn a_node_is_only_turned_off_while_nobody_has_it() {
    let Some(ironic) = Ironic::start(IronicSettings::default()) else { return };
    let operator = operator(&ironic);
    provided(&operator, "one", "baremetal", 8).await;
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    let switch = connector.power_switch().unwrap();
    let power = async || switch.power_of(&report(&*connector).await.hosts[0]);
    assert_eq!((power().await, switch.host_sleep("one").await.unwrap()), (HostPower::Off, Sleep::Off));
    operator.does("PUT", "/nodes/one/states/power", json!({ "target": "power on" })).await;
    let on = async || operator.get("/nodes/one").await["power_state"] == "power on";
    while !on().await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(power().await, HostPower::On);
    let end = Instant::now() + Duration::from_secs(30);
    while switch.host_sleep("one").await.unwrap() != Sleep::Off {
        assert!(Instant::now() < end, "never off");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!on().await);

    // Made there, the machine turns it on; then nobody else turns it off.
    let order = order(31, Some("one"));
    ready(&*connector, &order).await.unwrap();
    let error = switch.host_sleep("one").await.unwrap_err();
    assert_eq!((error.kind, on().await), (SystemErrorKind::NoRoom, true), "{error}");
    gone(&*connector, &order).await.unwrap();
    operator.does("PUT", "/nodes/one/maintenance", json!({ "reason": "a fan" })).await;
    assert_eq!(switch.host_sleep("one").await.unwrap_err().kind, SystemErrorKind::NoRoom);
    assert_eq!(switch.host_sleep("two").await.unwrap_err().kind, SystemErrorKind::NotFound);
}

#[tokio::test]
async fn nodes_are_chosen_by_class_and_by_amounts() {
    let Some(ironic) = Ironic::start(IronicSettings::default()) else { return };
    let operator = operator(&ironic);
    provided(&operator, "small", "small", 4).await;
    provided(&operator, "large", "large", 16).await;
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    let found = report(&*connector).await;
    let free: Vec<_> = found.flavours.iter().map(|flavour| (flavour.name.as_str(), flavour.units_free)).collect();
    assert_eq!(free, [("large", Some(1)), ("small", Some(1))]);

    let (smallest, by_class) = (order(11, None), MachineOrder { item: Some("large".to_owned()), ..order(12, None) });
    ready(&*connector, &smallest).await.unwrap();
    assert_eq!(operator.get("/nodes/small").await["provision_state"], "active");
    ready(&*connector, &by_class).await.unwrap();
    assert_eq!(operator.get("/nodes/large").await["provision_state"], "active");

    // There is no third.
    let third = MachineOrder { item: Some("large".to_owned()), ..order(13, None) };
    let error = ready(&*connector, &third).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
    assert!(error.said.contains("no available nodes match"), "{error}");
    let error = ready(&*connector, &order(14, Some("small"))).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");

    // Released without the host being known, as of a machine that was given by its class.
    gone(&*connector, &by_class).await.unwrap();
    gone(&*connector, &smallest).await.unwrap();
    gone(&*connector, &third).await.unwrap();
    nothing_left(&operator).await;
}

#[tokio::test]
async fn keystone_is_asked_who_may_use_it() {
    let Some(keystone) = Keystone::start(3_600) else { return };
    let settings = IronicSettings { keystone: Some(&keystone), ..IronicSettings::default() };
    let Some(ironic) = Ironic::start(settings) else { return };
    let identity = Operator::of(&keystone.address, &keystone.address, ADMIN_PASSWORD, &[]).await;
    let service =
        identity.does("POST", "/services", json!({ "service": { "type": "baremetal", "name": "ironic" } })).await;
    let endpoint = json!({ "endpoint": { "service_id": service["service"]["id"], "interface": "public",
        "region_id": "one", "url": ironic.address } });
    identity.does("POST", "/endpoints", endpoint).await;
    let secret = |password: &str| {
        json!({ "username": "admin", "password": password, "project_name": "admin", "region_name": "one" }).to_string()
    };
    let connector = connect(connection("ironic", &keystone.address, Some(&secret(ADMIN_PASSWORD)), &[])).await;
    let address = format!("{}/v1", ironic.address);
    let operator = Operator::of(&keystone.address, &address, ADMIN_PASSWORD, &[VERSION]).await;
    let probe = operator.asked("GET", "/nodes", None).await;
    assert_eq!(probe.0, 200, "{}", ironic.output());
    provided(&operator, "one", "baremetal", 8).await;
    assert_eq!(*state(&report(&*connector).await, "one"), HostState::Ready);

    // The account's tokens are revoked in the middle of a deployment: nobody notices.
    let order = order(21, Some("one"));
    connector.machine_ensure(&order).await.unwrap();
    let user = identity.get("/users?name=admin").await["users"][0]["id"].as_str().unwrap().to_owned();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    identity.does("PATCH", &format!("/users/{user}"), json!({ "user": { "password": "changed-for-a-moment" } })).await;
    // A token of the very second in which the others are revoked is revoked with them.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let identity = Operator::of(&keystone.address, &keystone.address, "changed-for-a-moment", &[]).await;
    identity.does("PATCH", &format!("/users/{user}"), json!({ "user": { "password": ADMIN_PASSWORD } })).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    ready(&*connector, &order).await.unwrap();
    gone(&*connector, &order).await.unwrap();
    let operator = Operator::of(&keystone.address, &address, ADMIN_PASSWORD, &[VERSION]).await;
    nothing_left(&operator).await;

    let wrong = connection("ironic", &keystone.address, Some(&secret("wrong")), &[]);
    let error = testing::connector(KINDS, wrong).await.map(drop).unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
}
