//! The pure parts: choices, quotas, labels, and what answers mean. The answers
//! are of the services themselves, shortened.

use super::{
    description,
    discover::{Left, left, units},
    flavour::{Flavour, smallest},
    is_labelled,
    network::{Opening, opening},
    quota::{absolute, excess},
    server::Server,
};
use hansa_pim::connectors::keystone::kind_of_words;
use hansa_repository::system::{Room, SystemErrorKind, SystemQuota};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn flavour(name: &str, vcpus: u64, ram: u64, disk: u64, specs: &Value) -> Flavour {
    serde_json::from_value(json!({ "id": name, "name": name, "vcpus": vcpus, "ram": ram, "disk": disk,
        "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "extra_specs": specs, "swap": "" }))
    .unwrap()
}

#[test]
fn the_smallest_flavour_that_fits_is_chosen() {
    let none = json!({});
    let all = vec![
        flavour("large", 8, 16_384, 80, &none),
        flavour("gpu", 2, 4_096, 40, &json!({ "resources:VGPU": "1" })),
        flavour("cards", 2, 4_096, 40, &json!({ "pci_passthrough:alias": "a100:2,fast-nic:1" })),
        flavour("small", 2, 4_096, 40, &none),
    ];
    let needs = |cpu_milli, gpus| Room { cpu_milli, memory_mib: 2_048, disk_mib: 10_240, gpus };
    let chosen = |room| smallest(all.clone(), room).map(|flavour| flavour.name);
    assert_eq!(chosen(needs(1_500, 0)).as_deref(), Some("small"), "no card that nobody asked for");
    assert_eq!(chosen(needs(2_001, 0)).as_deref(), Some("large"));
    assert_eq!(chosen(needs(500, 1)).as_deref(), Some("gpu"));
    assert_eq!(chosen(needs(500, 2)).as_deref(), Some("cards"), "a network card is none");
    assert_eq!(chosen(needs(9_000, 0)), None);
    let mut closed = all.clone();
    closed.iter_mut().for_each(|flavour| flavour.disabled = true);
    assert!(smallest(closed, needs(1, 0)).is_none());
}

#[test]
fn quotas_are_read_and_counted() {
    let answer = json!({ "limits": { "rate": [], "absolute": {
        "maxTotalInstances": 10, "totalInstancesUsed": 9, "maxTotalCores": -1, "totalCoresUsed": 12,
        "maxTotalRAMSize": 51_200, "totalRAMUsed": 50_000 } } });
    let names =
        [("maxTotalInstances", "instances", "totalInstancesUsed"), ("maxTotalCores", "cores", "totalCoresUsed")];
    let quotas = absolute(&answer, &names);
    assert_eq!(quotas[0], SystemQuota { name: "instances".to_owned(), limit: Some(10), used: 9 });
    assert_eq!(quotas[1], SystemQuota { name: "cores".to_owned(), limit: None, used: 12 });
    assert_eq!(excess(&quotas[0], 1), None);
    assert!(excess(&quotas[0], 2).unwrap().contains("9 of 10 are used, and 2 more"));
    assert_eq!(excess(&quotas[1], 1_000_000), None, "no bound");
    let ram = SystemQuota { name: "ram (MiB)".to_owned(), limit: Some(51_200), used: 50_000 };
    let tiny = flavour("tiny", 1, 512, 1, &json!({}));
    assert_eq!(units(&tiny, &[quotas[0].clone(), ram], None), Some(1));
    assert_eq!(units(&tiny, &[quotas[1].clone()], None), None, "nothing bounds it");
}

#[test]
fn hosts_bound_what_can_be_had() {
    let resource = |capacity: u64, used: u64| json!({ "capacity": capacity, "used": used });
    let answer = json!({ "allocation_requests": [], "provider_summaries": {
        "one": { "resources": { "VCPU": resource(16, 14), "MEMORY_MB": resource(8_192, 0), "DISK_GB": resource(100, 0) } },
        "two": { "resources": { "VCPU": resource(64, 0), "MEMORY_MB": resource(1_500, 0), "DISK_GB": resource(100, 0) } },
        "shared disks": { "resources": { "DISK_GB": resource(1_000, 0) } } } });
    let hosts = left(&answer);
    assert_eq!(hosts[0], Left { vcpus: 2, memory_mib: 8_192, disk_gib: Some(100) });
    assert_eq!(hosts.len(), 2);
    // Two on the first by its processors, two on the second by its memory: a sum over hosts, not of their parts.
    assert_eq!(units(&flavour("tiny", 1, 512, 1, &json!({})), &[], Some(&hosts)), Some(4));
    assert_eq!(units(&flavour("diskless", 1, 512, 0, &json!({})), &[], Some(&hosts)), Some(4));
    assert_eq!(units(&flavour("tiny", 1, 512, 1, &json!({})), &[], Some(&[])), Some(0));
}

#[test]
fn refusals_are_told_by_words() {
    let kinds = [
        ("Quota exceeded for cores: Requested 1, but already used 4 of 4 cores", SystemErrorKind::Quota),
        ("Quota exceeded for resources: ['port'].", SystemErrorKind::Quota),
        (
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota.",
            SystemErrorKind::Quota,
        ),
        ("Maximum number of volumes allowed (10) exceeded for quota 'volumes'.", SystemErrorKind::Quota),
        ("No valid host was found. There are not enough hosts available.", SystemErrorKind::NoRoom),
        ("No more IP addresses available on network 6b1f.", SystemErrorKind::NoRoom),
    ];
    for (said, kind) in kinds {
        assert_eq!(kind_of_words(said), Some(kind), "{said}");
    }
    assert_eq!(kind_of_words("Image 3f could not be found."), None);
}

#[test]
fn labels_survive_descriptions() {
    let labels: BTreeMap<String, String> =
        [("hansa-broker", "b1"), ("hansa-machine", "m1")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let text = description(&labels);
    assert_eq!(text, "hansa-broker=b1 hansa-machine=m1");
    assert!(is_labelled(&text, &labels) && is_labelled(&format!("of ours: {text}"), &labels));
    assert!(!is_labelled("hansa-broker=b1 hansa-machine=m12", &labels) && !is_labelled("", &labels));
}

#[test]
fn openings_are_read() {
    let of =
        |protocol: &str, low, high| Some(Opening { protocol: Some(protocol.to_owned()), ports: Some((low, high)) });
    assert_eq!(opening("443"), of("tcp", 443, 443));
    assert_eq!(opening("8000-8080/tcp"), of("tcp", 8_000, 8_080));
    assert_eq!(opening("53/udp"), of("udp", 53, 53));
    assert_eq!(opening("all"), Some(Opening { protocol: None, ports: None }));
    for wrong in ["http", "0", "9-8", "70000", "1/ip", ""] {
        assert_eq!(opening(wrong), None, "{wrong}");
    }
}

#[test]
fn a_server_is_reached_by_its_best_address() {
    let address = |addr: &str, kind: &str| json!({ "addr": addr, "version": 4, "OS-EXT-IPS:type": kind });
    let mut server = json!({ "id": "s", "name": "n", "status": "ACTIVE", "OS-EXT-STS:task_state": null,
        "addresses": { "a": [address("fd00::7", "fixed"), address("10.0.0.7", "fixed")], "b": [] } });
    let read = |value: &Value| serde_json::from_value::<Server>(value.clone()).unwrap();
    assert_eq!(read(&server).address(), Some("10.0.0.7".parse().unwrap()));
    server["addresses"]["b"] = json!([address("203.0.113.9", "floating")]);
    assert_eq!(read(&server).address(), Some("203.0.113.9".parse().unwrap()));
    server["OS-EXT-STS:task_state"] = json!("deleting");
    assert!(read(&server).is_leaving());
}
