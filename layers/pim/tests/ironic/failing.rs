//! What goes wrong with nodes, and what is made of it.

use super::{connect, gone, nothing_left, operator, order, provided, ready, report, state, to, until};
use hansa_pim::{Delivery, Removal, testing::connection};
use hansa_repository::system::{HostState, SystemErrorKind};
use hansa_test_systems::{Ironic, IronicSettings};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_node_that_fails_to_clean_is_closed_until_it_is_repaired() {
    let Some(ironic) = Ironic::start(IronicSettings { cleans: true, ..IronicSettings::default() }) else { return };
    let operator = operator(&ironic);
    provided(&operator, "one", "baremetal", 8).await;
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    let order = order(31, Some("one"));
    ready(&*connector, &order).await.unwrap();

    // From now on it is cleaned by an agent that never answers.
    operator.does("PUT", "/nodes/one/maintenance", json!({ "reason": "new deploy interface" })).await;
    let patch = json!([{ "op": "replace", "path": "/deploy_interface", "value": "direct" }]);
    operator.does("PATCH", "/nodes/one", patch).await;
    operator.does("DELETE", "/nodes/one/maintenance", Value::Null).await;
    let mut waited = Vec::new();
    while operator.get("/nodes/one").await["provision_state"] != "clean wait" {
        match connector.machine_release(&order).await.unwrap() {
            Removal::Pending(text) => waited.push(text),
            Removal::Gone => panic!("it is said to be gone before it was cleaned: {waited:?}"),
        }
        assert!(waited.len() < 200, "{waited:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(
        matches!(connector.machine_release(&order).await.unwrap(), Removal::Pending(text) if text.contains("clean wait"))
    );
    to(&operator, "one", "abort", "clean failed").await;

    let error = connector.machine_release(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Failed, "{error}");
    let said = operator.get("/nodes/one").await["last_error"].as_str().unwrap().to_owned();
    assert!(error.said.contains(&said) && error.said.contains("clean failed"), "{error}");
    assert!(error.remedy.contains("provide"), "{error}");
    let found = report(&*connector).await;
    assert!(matches!(state(&found, "one"), HostState::Closed { .. }), "{found:?}");
    let refused = connector.machine_ensure(&super::order(32, Some("one"))).await.unwrap_err();
    assert_eq!(refused.kind, SystemErrorKind::NoRoom, "{refused}");

    // Somebody repairs it.
    operator.does("DELETE", "/nodes/one/maintenance", Value::Null).await;
    to(&operator, "one", "manage", "manageable").await;
    operator
        .does("PATCH", "/nodes/one", json!([{ "op": "replace", "path": "/deploy_interface", "value": "fake" }]))
        .await;
    to(&operator, "one", "provide", "available").await;
    gone(&*connector, &order).await.unwrap();
    nothing_left(&operator).await;
}

#[tokio::test]
async fn a_locked_node_is_waited_for() {
    let Some(ironic) = Ironic::start(IronicSettings { deploy_seconds: 3, ..IronicSettings::default() }) else { return };
    let operator = operator(&ironic);
    provided(&operator, "one", "baremetal", 8).await;
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    let order = order(41, Some("one"));
    // While it is being deployed its conductor holds the lock, and a release in the middle waits.
    let mut locked = false;
    for _ in 0..40 {
        let Delivery::Pending(_) = connector.machine_ensure(&order).await.unwrap() else { break };
        let node = operator.get("/nodes/one").await;
        if !node["reservation"].is_null() && node["provision_state"] == "deploying" {
            locked = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    assert!(locked, "it was never seen locked");
    assert!(matches!(connector.machine_release(&order).await.unwrap(), Removal::Pending(_)));
    gone(&*connector, &order).await.unwrap();
    until(&operator, "one", "available").await;
    nothing_left(&operator).await;
}

#[tokio::test]
async fn maintenance_by_somebody_else_is_respected() {
    let Some(ironic) = Ironic::start(IronicSettings::default()) else { return };
    let operator = operator(&ironic);
    provided(&operator, "one", "baremetal", 8).await;
    provided(&operator, "two", "baremetal", 8).await;
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    operator.does("PUT", "/nodes/one/maintenance", json!({ "reason": "fan of row 3" })).await;
    let found = report(&*connector).await;
    let HostState::Closed { reason } = state(&found, "one") else { panic!("{found:?}") };
    assert!(reason.contains("fan of row 3"), "{reason}");
    let error = connector.machine_ensure(&order(51, Some("one"))).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom);
    assert!(error.said.contains("fan of row 3"), "{error}");

    // One that runs goes on, and can be given back in the middle of it.
    let order = order(52, Some("two"));
    ready(&*connector, &order).await.unwrap();
    operator.does("PUT", "/nodes/two/maintenance", json!({ "reason": "disk" })).await;
    assert!(matches!(connector.machine_ensure(&order).await.unwrap(), Delivery::Ready { .. }));
    gone(&*connector, &order).await.unwrap();
    nothing_left(&operator).await;
    assert_eq!(operator.get("/nodes/two").await["maintenance_reason"], "disk");
}

#[tokio::test]
async fn what_vanishes_behind_our_back_is_no_obstacle() {
    let Some(ironic) = Ironic::start(IronicSettings::default()) else { return };
    let operator = operator(&ironic);
    for name in ["one", "two", "three"] {
        provided(&operator, name, "baremetal", 8).await;
    }
    let connector = connect(connection("ironic", &ironic.address, None, &[])).await;
    // The node is deleted.
    let first = order(61, Some("one"));
    ready(&*connector, &first).await.unwrap();
    operator.does("PUT", "/nodes/one/maintenance", json!({ "reason": "scrapped" })).await;
    operator.does("DELETE", "/nodes/one", Value::Null).await;
    let error = ready(&*connector, &first).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::NoRoom, "{error}");
    assert!(error.said.contains("no node one"), "{error}");
    assert_eq!(connector.machine_release(&first).await.unwrap(), Removal::Gone);
    // It is undeployed by hand: it is deployed again.
    let second = order(62, Some("two"));
    ready(&*connector, &second).await.unwrap();
    to(&operator, "two", "deleted", "available").await;
    assert!(matches!(connector.machine_ensure(&second).await.unwrap(), Delivery::Pending(_)));
    ready(&*connector, &second).await.unwrap();
    to(&operator, "two", "deleted", "available").await;
    gone(&*connector, &second).await.unwrap();
    // Somebody else's allocation has our name: it is not ours to use or to delete.
    let third = order(63, Some("three"));
    let foreign = json!({ "name": third.name, "resource_class": "baremetal", "candidate_nodes": ["three"] });
    operator.does("POST", "/allocations", foreign).await;
    let error = connector.machine_ensure(&third).await.unwrap_err();
    assert!(error.kind.is_refusal() && error.said.contains("not touched"), "{error}");
    assert_eq!(connector.machine_release(&third).await.unwrap(), Removal::Gone);
    assert_eq!(operator.get(&format!("/allocations/{}", third.name)).await["state"], "active");
    operator.does("DELETE", &format!("/allocations/{}", third.name), Value::Null).await;
    nothing_left(&operator).await;
}
