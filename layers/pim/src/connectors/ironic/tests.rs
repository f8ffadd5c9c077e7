//! The pure parts: what a node's record means.

use super::node::{Allocation, Node};
use hansa_repository::system::{HostState, Room};
use serde_json::{Value, json};

fn node(more: &Value) -> Node {
    let mut record = json!({ "uuid": "u-1", "name": null, "driver": "redfish", "provision_state": "available",
        "power_state": "power off", "properties": { "cpus": "16", "memory_mb": 65_536, "local_gb": "480" },
        "traits": ["HW_CPU_X86_VMX"], "extra": {}, "instance_info": {} });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}

fn reason(state: HostState) -> String {
    match state {
        HostState::Ready => "ready".to_owned(),
        HostState::Closed { reason } => format!("closed: {reason}"),
        HostState::Down { reason } => format!("down: {reason}"),
    }
}

#[test]
fn only_free_nodes_and_ours_are_ready() {
    let state = |more: Value, ours, adopts| reason(node(&more).host_state(ours, adopts));
    assert_eq!(state(json!({}), false, false), "ready");
    assert!(state(json!({ "instance_uuid": "i" }), false, false).contains("somebody else"));
    assert_eq!(state(json!({ "provision_state": "active", "instance_uuid": "i" }), true, false), "ready");
    assert!(state(json!({ "provision_state": "active", "instance_uuid": "i" }), false, true).contains("somebody else"));
    assert!(state(json!({ "provision_state": "manageable" }), false, false).contains("`adopt`"));
    assert_eq!(state(json!({ "provision_state": "manageable" }), false, true), "ready");
    let failed = json!({ "provision_state": "clean failed", "last_error": "step erase_devices timed out" });
    assert!(state(failed, true, true).starts_with("closed: node u-1 is in the state `clean failed`: step erase"));
    let kept = json!({ "maintenance": true, "maintenance_reason": "fan" });
    assert_eq!(state(kept, false, false), "closed: in maintenance: fan");
    assert!(state(json!({ "retired": true }), false, false).contains("retired"));
    assert!(state(json!({ "power_state": "error", "last_error": "BMC" }), false, false).starts_with("down:"));
}

#[test]
fn properties_are_numbers_or_text() {
    let node = node(&json!({ "extra": { "address": "192.0.2.1" } }));
    let has = Room { cpu_milli: 16_000, memory_mib: 65_536, disk_mib: 491_520, gpus: 0 };
    assert_eq!((node.room(), node.has(has), node.name()), (has, true, "u-1"));
    assert!(!node.has(Room { gpus: 1, ..has }));
    assert_eq!(node.address(), Some("192.0.2.1".parse().unwrap()));
    assert_eq!(node.labels()["trait/HW_CPU_X86_VMX"], "yes");
}

#[test]
fn an_allocation_is_ours_by_its_labels() {
    let of = |extra: Value| {
        serde_json::from_value::<Allocation>(json!({ "uuid": "a", "node_uuid": null, "state": "active",
            "last_error": null, "extra": extra }))
        .unwrap()
    };
    assert!(of(json!({ "hansa-broker": "b" })).is_ours("b"));
    assert!(!of(json!({ "hansa-broker": "c" })).is_ours("b") && !of(json!({})).is_ours("b"));
}
