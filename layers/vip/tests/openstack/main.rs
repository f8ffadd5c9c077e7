//! Virtual machines of a real OpenStack, with Nova's driver `fake.FakeDriver`.
//! One cloud for all of it: it takes minutes to start.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "these are tests"
)]

#[path = "../../../pim/tests/shared/mod.rs"]
mod shared;

mod cloud;
mod failing;

use chrono::DateTime;
use cloud::Cloud;
use hansa_pim::{Delivery, Removal, testing::BROKER};
use hansa_repository::system::SystemErrorKind;
use hansa_test_systems::Nova;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn servers_of_a_real_cloud() {
    let began = Instant::now();
    let Some(nova) = Nova::start() else { return };
    eprintln!("figure: the cloud was up in {:?}", began.elapsed());
    let cloud = Cloud::seeded(&nova).await;
    looks_around(&cloud).await;
    a_server_with_all_that_belongs_to_it(&cloud).await;
    what_is_done_by_hand_is_healed(&cloud).await;
    machines_of_one_application_share_a_group(&cloud).await;
    failing::foreign_names_are_refused(&cloud).await;
    failing::quotas_are_asked_before(&cloud).await;
    failing::no_host_has_room(&cloud).await;
    failing::half_made_things_are_taken_away(&cloud).await;
    failing::tokens_are_revoked_in_the_middle(&cloud).await;
    cloud.nothing_left().await;
}

async fn looks_around(cloud: &Cloud) {
    let report = cloud.connect(&[]).await.discover(DateTime::UNIX_EPOCH).await.unwrap();
    assert!(report.software.starts_with("OpenStack, Compute API 2.79, Identity API v3."), "{}", report.software);
    let tiny = report.flavours.iter().find(|flavour| flavour.name == "m1.tiny").unwrap();
    assert_eq!((tiny.room.cpu_milli, tiny.room.memory_mib, tiny.room.disk_mib), (1_000, 512, 1_024));
    // Nova's own quotas of the start: 10 instances, 20 cores.
    assert_eq!(tiny.units_free, Some(10));
    let wide = report.flavours.iter().find(|flavour| flavour.name == "m1.wide").unwrap();
    assert_eq!(wide.units_free, Some(0));
    assert!(report.images.iter().any(|image| image.name == "tiny"), "{:?}", report.images);
    let names: Vec<&str> = report.quotas.iter().map(|quota| quota.name.as_str()).collect();
    assert!(names.contains(&"cores") && names.contains(&"port") && names.contains(&"floatingip"), "{names:?}");
    assert!(report.notes.iter().any(|note| note.contains("no service `block-storage`")), "{:?}", report.notes);
    assert!(report.notes.iter().any(|note| note.contains("admin in admin")), "{:?}", report.notes);
    assert!(report.hosts.is_empty(), "its scheduler chooses the hosts");
}

async fn a_server_with_all_that_belongs_to_it(cloud: &Cloud) {
    let settings = [
        ("image", "tiny"),
        ("network", "inside"),
        ("subnet", "inside4"),
        ("floating-network", "outside"),
        ("ports", "443, 8000-8080/tcp"),
        ("key", "operators"),
        ("user-data", "#cloud-config\n{}"),
    ];
    let connector = cloud.connect(&settings).await;
    let order = cloud.order(1, 1);
    let began = Instant::now();
    let (address, rounds) = cloud.ready(&*connector, &order).await;
    eprintln!("figure: a server with floating address ready in {:?}, {rounds} rounds", began.elapsed());
    assert!(address.to_string().starts_with("203.0.113."), "{address}");

    let server = cloud.server(&order.name).await.unwrap();
    assert_eq!(server["metadata"]["hansa-broker"], BROKER);
    assert_eq!(server["metadata"]["hansa-machine"], order.machine.to_string());
    assert_eq!((&server["flavor"]["original_name"], &server["key_name"]), (&json!("m1.tiny"), &json!("operators")));
    let groups = cloud.network.get(&format!("/security-groups?name=hansa-app-{}", order.application)).await;
    let rules = groups["security_groups"][0]["security_group_rules"].as_array().unwrap().clone();
    let open = |low: u64, high: u64| {
        rules.iter().filter(|rule| rule["port_range_min"] == low && rule["port_range_max"] == high).count()
    };
    assert_eq!((open(443, 443), open(8_000, 8_080)), (2, 2), "IPv4 and IPv6: {rules:?}");
    let port = cloud.network.get(&format!("/ports?name={}", order.name)).await["ports"][0].clone();
    assert_eq!(port["security_groups"], json!([groups["security_groups"][0]["id"]]));
    assert_eq!(port["device_id"], server["id"]);

    // Nothing is made twice.
    let Delivery::Ready { address: Some(again), .. } = connector.machine_ensure(&order).await.unwrap() else {
        panic!()
    };
    assert_eq!(again, address);
    assert_eq!(cloud.servers(&order.name).await.len(), 1);

    let began = Instant::now();
    cloud.gone(&*connector, &order).await;
    eprintln!("figure: it was gone in {:?}", began.elapsed());
    assert_eq!(connector.machine_release(&order).await.unwrap(), Removal::Gone);
    cloud.nothing_left().await;
}

async fn what_is_done_by_hand_is_healed(cloud: &Cloud) {
    let connector = cloud.connect(&[("image", "tiny"), ("network", "inside")]).await;
    let order = cloud.order(2, 2);
    let (address, _) = cloud.ready(&*connector, &order).await;
    assert!(address.to_string().starts_with("10.20.0."), "{address}");
    for (action, state) in [("os-stop", "SHUTOFF"), ("pause", "PAUSED"), ("suspend", "SUSPENDED")] {
        cloud.act(&order.name, json!({ action: null })).await;
        cloud.until(&order.name, state).await;
        cloud.ready(&*connector, &order).await;
    }
    // Deleted by hand: it is made again, on the port that it had.
    let id = cloud.server(&order.name).await.unwrap()["id"].as_str().unwrap().to_owned();
    cloud.compute.does("DELETE", &format!("/servers/{id}"), Value::Null).await;
    let end = Instant::now() + Duration::from_secs(60);
    while cloud.server(&order.name).await.is_some() {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (again, _) = cloud.ready(&*connector, &order).await;
    assert_eq!(again, address);
    // A request that seemed lost was heard after all: the younger server goes.
    let first = cloud.server(&order.name).await.unwrap();
    let twin = json!({ "server": { "name": order.name, "flavorRef": cloud.tiny, "imageRef": cloud.image_id,
        "networks": "none", "metadata": first["metadata"] } });
    cloud.compute.does("POST", "/servers", twin).await;
    let end = Instant::now() + Duration::from_secs(60);
    while cloud.servers(&order.name).await.len() > 1 {
        cloud.ready(&*connector, &order).await;
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(cloud.server(&order.name).await.unwrap()["id"], first["id"]);
    cloud.gone(&*connector, &order).await;
    cloud.nothing_left().await;
}

async fn machines_of_one_application_share_a_group(cloud: &Cloud) {
    let connector = cloud.connect(&[("image", "tiny"), ("network", "inside"), ("ports", "80")]).await;
    let (one, two) = (cloud.order(3, 3), cloud.order(4, 3));
    cloud.ready(&*connector, &one).await;
    cloud.ready(&*connector, &two).await;
    let path = format!("/security-groups?name=hansa-app-{}", one.application);
    let count = async || cloud.network.get(&path).await["security_groups"].as_array().unwrap().len();
    assert_eq!(count().await, 1);
    cloud.gone(&*connector, &one).await;
    assert_eq!(count().await, 1, "the other machine still uses it");
    let still = connector.machine_ensure(&two).await.unwrap();
    assert!(matches!(still, Delivery::Ready { .. }), "{still:?}");
    cloud.gone(&*connector, &two).await;
    assert_eq!(count().await, 0);
    // An item that does not exist sends the planner elsewhere.
    let unknown = hansa_pim::MachineOrder { item: Some("m9.none".to_owned()), ..cloud.order(5, 3) };
    let error = connector.machine_ensure(&unknown).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Invalid);
    assert!(error.said.contains("m1.tiny"), "{error}");
}
