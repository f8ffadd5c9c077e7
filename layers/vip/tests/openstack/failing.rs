//! What goes wrong in a cloud, and what is made of it.

use crate::{cloud::Cloud, shared::Operator};
use hansa_pim::{MachineOrder, Removal};
use hansa_repository::system::SystemErrorKind;
use hansa_test_systems::ADMIN_PASSWORD;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PLAIN: [(&str, &str); 2] = [("image", "tiny"), ("network", "inside")];

pub(crate) async fn foreign_names_are_refused(cloud: &Cloud) {
    let connector = cloud.connect(&PLAIN).await;
    let order = cloud.order(21, 21);
    let foreign = json!({ "server": { "name": order.name, "flavorRef": cloud.tiny, "imageRef": cloud.image_id,
        "networks": "none", "metadata": { "hansa-broker": "somebody else" } } });
    let made = cloud.compute.does("POST", "/servers", foreign).await;
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert!(error.kind.is_refusal() && error.said.contains("not touched"), "{error}");
    assert_eq!(connector.machine_release(&order).await.unwrap(), Removal::Gone);
    let server = cloud.server(&order.name).await.expect("it is still there");
    assert_eq!(server["id"], made["server"]["id"]);
    cloud.nothing_left().await;
    let path = format!("/servers/{}", server["id"].as_str().unwrap());
    cloud.compute.does("DELETE", &path, Value::Null).await;
}

pub(crate) async fn quotas_are_asked_before(cloud: &Cloud) {
    let connector = cloud.connect(&PLAIN).await;
    let order = cloud.order(22, 22);
    let compute = format!("/os-quota-sets/{}", cloud.project);
    cloud.compute.does("PUT", &compute, json!({ "quota_set": { "cores": 0 } })).await;
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
    assert!(error.said.contains("quota of cores: 0 of 0"), "{error}");
    let report = connector.discover(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert!(report.flavours.iter().all(|flavour| flavour.units_free == Some(0)), "{:?}", report.flavours);
    cloud.compute.does("DELETE", &compute, Value::Null).await;

    let network = format!("/quotas/{}", cloud.project);
    cloud.network.does("PUT", &network, json!({ "quota": { "port": 1 } })).await;
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
    assert!(error.said.contains("quota of port"), "{error}");
    cloud.nothing_left().await;
    cloud.network.does("DELETE", &network, Value::Null).await;

    // One that only shows when it is asked for: rules are not counted before.
    // A new group has two of its own, then there is room for none of ours.
    let rules = cloud.network.get("/security-group-rules").await["security_group_rules"].as_array().unwrap().len();
    let quota = json!({ "quota": { "security_group_rule": rules + 2 } });
    cloud.network.does("PUT", &network, quota).await;
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Quota, "{error}");
    cloud.network.does("DELETE", &network, Value::Null).await;
    cloud.gone(&*connector, &order).await;
    cloud.nothing_left().await;
}

pub(crate) async fn no_host_has_room(cloud: &Cloud) {
    // Nobody has a host of 5,000 processors, though the quota would allow it.
    let path = format!("/os-quota-sets/{}", cloud.project);
    cloud.compute.does("PUT", &path, json!({ "quota_set": { "cores": -1 } })).await;
    let connector = cloud.connect(&PLAIN).await;
    let order = MachineOrder { item: Some("m1.wide".to_owned()), ..cloud.order(23, 23) };
    let error = cloud.tried(&*connector, &order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
    assert!(error.said.contains("No valid host"), "{error}");
    let end = Instant::now() + Duration::from_secs(60);
    while cloud.server(&order.name).await.is_some() {
        assert!(Instant::now() < end, "the half-made server is still there");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    cloud.compute.does("DELETE", &path, Value::Null).await;
    cloud.gone(&*connector, &order).await;
    cloud.nothing_left().await;
}

pub(crate) async fn half_made_things_are_taken_away(cloud: &Cloud) {
    // A key that does not exist is only found when all else is made.
    let connector = cloud.connect(&[PLAIN.as_slice(), &[("key", "nobodys")]].concat()).await;
    let order = cloud.order(24, 24);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Invalid, "{error}");
    assert!(error.said.contains("key_name"), "{error}");
    assert_eq!(cloud.network.get(&format!("/ports?name={}", order.name)).await["ports"].as_array().unwrap().len(), 1);
    cloud.gone(&*connector, &order).await;
    cloud.nothing_left().await;

    for (settings, said) in [
        (vec![("network", "inside")], "it says not what"),
        (vec![("image", "nothing-of-the-kind")], "there is no `nothing-of-the-kind`"),
        (vec![("image", "tiny"), ("network", "nowhere")], "there is no `nowhere`"),
        (vec![("image", "tiny"), ("network", "inside"), ("ports", "http")], "`http` is no port"),
        (vec![("image", "tiny"), ("floating-network", "outside")], "it needs `network`"),
        (vec![("image", "tiny"), ("network", "inside"), ("volume-gib", "10")], "no service `block-storage`"),
    ] {
        let connector = cloud.connect(&settings).await;
        let error = connector.machine_ensure(&order).await.unwrap_err();
        assert!(error.kind.is_refusal() && error.to_string().contains(said), "{settings:?}: {error}");
        cloud.gone(&*connector, &order).await;
    }
    cloud.nothing_left().await;
}

pub(crate) async fn tokens_are_revoked_in_the_middle(cloud: &Cloud) {
    let identity = Operator::of(&cloud.keystone, &cloud.keystone, ADMIN_PASSWORD, &[]).await;
    let user = json!({ "user": { "name": "hansa", "password": "of-hansa" } });
    let user = identity.does("POST", "/users", user).await["user"]["id"].as_str().unwrap().to_owned();
    let role = identity.get("/roles?name=member").await["roles"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/projects/{}/users/{user}/roles/{role}", cloud.project);
    identity.does("PUT", &path, Value::Null).await;
    // A member, who may see no hosts.
    let connector = cloud.connect_as("hansa", "of-hansa", &PLAIN).await.unwrap();
    let report = connector.discover(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert!(report.notes.iter().any(|note| note.contains("may not see the hosts")), "{:?}", report.notes);

    let order = cloud.order(25, 25);
    connector.machine_ensure(&order).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let path = format!("/users/{user}");
    identity.does("PATCH", &path, json!({ "user": { "password": "of-hansa" } })).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    cloud.ready(&*connector, &order).await;
    cloud.gone(&*connector, &order).await;

    identity.does("PATCH", &path, json!({ "user": { "password": "changed" } })).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let error = cloud.connect_as("hansa", "of-hansa", &PLAIN).await.map(drop).unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
}
