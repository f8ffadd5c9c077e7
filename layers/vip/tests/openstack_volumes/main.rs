//! Servers that start from a volume, and a server that fails with a console.
//!
//! REPLAYED, not real: Cinder has no place among the systems that run here. The
//! answers have the shapes of the Block Storage API v3 and the Compute API 2.79
//! as these are documented; what is checked is what the connector asks, in
//! which order, and what it makes of the answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stderr,
    reason = "these are tests"
)]

mod replay;

use hansa_pim::{
    Amounts, Delivery, MachineConnector, MachineOrder, Removal,
    testing::{self, BROKER, connection},
};
use hansa_repository::system::SystemErrorKind;
use hansa_vip::connectors::KINDS;
use replay::Replay;
use serde_json::{Value, json};
use std::sync::Arc;

async fn connect(replay: &Replay, settings: &[(&str, &str)]) -> Arc<dyn MachineConnector> {
    replay.logs_in();
    replay.gives("GET", "/compute/v2.1/", 200, json!({ "version": { "version": "2.96", "min_version": "2.1" } }));
    let secret = json!({ "application_credential_id": "i", "application_credential_secret": "s" }).to_string();
    let address = format!("{}/v3", replay.address);
    testing::connector(KINDS, connection("openstack", &address, Some(&secret), settings)).await.unwrap()
}

fn order() -> MachineOrder {
    let amounts = Amounts { cpu_milli: 500, memory_mib: 256, disk_mib: 15_000, gpus: 0 };
    MachineOrder { amounts, ..testing::order(5, 6) }
}

fn no_servers(replay: &Replay) {
    replay.gives("GET", "/compute/v2.1/servers/detail", 200, json!({ "servers": [] }));
}

/// All that is asked before anything is made.
fn beforehand(replay: &Replay, gigabytes: i64) {
    no_servers(replay);
    let tiny = json!({ "id": "f1", "name": "diskless", "vcpus": 1, "ram": 512, "disk": 0, "extra_specs": {} });
    replay.gives("GET", "/compute/v2.1/flavors/detail", 200, json!({ "flavors": [tiny] }));
    replay.gives("GET", "/image/v2/images", 200, json!({ "images": [{ "id": "img-1", "name": "debian" }] }));
    let limits = json!({ "limits": { "absolute": { "maxTotalInstances": 10, "totalInstancesUsed": 1 } } });
    replay.gives("GET", "/compute/v2.1/limits", 200, limits);
    let limits = json!({ "limits": { "rate": [], "absolute": { "maxTotalVolumes": 10, "totalVolumesUsed": 1,
        "maxTotalVolumeGigabytes": gigabytes, "totalGigabytesUsed": 80 } } });
    replay.gives("GET", "/volume/v3/p/limits", 200, limits);
}

fn volume(status: &str) -> Value {
    json!({ "id": "vol-1", "name": order().name, "status": status, "size": 20, "bootable": "true", "attachments": [],
        "metadata": order().labels })
}

fn volumes(replay: &Replay, found: &[Value]) {
    replay.gives("GET", "/volume/v3/p/volumes/detail", 200, json!({ "volumes": found }));
}

const SETTINGS: [(&str, &str); 3] = [("image", "debian"), ("volume-gib", "10"), ("volume-type", "ssd")];

#[tokio::test]
async fn a_server_starts_from_a_volume_that_goes_with_it() {
    let replay = Replay::start();
    let connector = connect(&replay, &SETTINGS).await;
    let order = order();
    // There is none: one is made, as large as the order needs.
    beforehand(&replay, 1_000);
    volumes(&replay, &[]);
    replay.gives("POST", "/volume/v3/p/volumes", 202, json!({ "volume": volume("creating") }));
    let Delivery::Pending(text) = connector.machine_ensure(&order).await.unwrap() else { panic!() };
    assert!(text.contains("volume"), "{text}");
    let asked = replay.body("POST", "/volume/v3/p/volumes")["volume"].clone();
    assert_eq!(
        (&asked["size"], &asked["imageRef"], &asked["volume_type"]),
        (&json!(15), &json!("img-1"), &json!("ssd"))
    );
    assert_eq!(asked["metadata"]["hansa-broker"], BROKER);

    // It is being filled; then the server starts from it.
    beforehand(&replay, 1_000);
    volumes(&replay, &[volume("downloading")]);
    assert!(
        matches!(connector.machine_ensure(&order).await.unwrap(), Delivery::Pending(text) if text.contains("downloading"))
    );
    beforehand(&replay, 1_000);
    volumes(&replay, &[volume("available")]);
    replay.gives("POST", "/compute/v2.1/servers", 202, json!({ "server": { "id": "s-1" } }));
    assert!(matches!(connector.machine_ensure(&order).await.unwrap(), Delivery::Pending(_)));
    let asked = replay.body("POST", "/compute/v2.1/servers")["server"].clone();
    let device = &asked["block_device_mapping_v2"][0];
    assert_eq!((&device["uuid"], &device["delete_on_termination"]), (&json!("vol-1"), &json!(false)));
    assert_eq!((&asked["imageRef"], &asked["networks"]), (&Value::Null, &json!("none")));

    // Released: first the server, then the volume that was its disk.
    let server = json!({ "id": "s-1", "name": order.name, "status": "ACTIVE", "metadata": order.labels });
    replay.gives("GET", "/compute/v2.1/servers/detail", 200, json!({ "servers": [server] }));
    replay.gives("DELETE", "/compute/v2.1/servers/s-1", 204, Value::Null);
    assert!(matches!(connector.machine_release(&order).await.unwrap(), Removal::Pending(_)));
    for (status, then) in [("in-use", None), ("available", Some("/volume/v3/p/volumes/vol-1")), ("deleting", None)] {
        no_servers(&replay);
        volumes(&replay, &[volume(status)]);
        if let Some(path) = then {
            replay.gives("DELETE", path, 202, Value::Null);
        }
        assert!(matches!(connector.machine_release(&order).await.unwrap(), Removal::Pending(_)), "{status}");
    }
    no_servers(&replay);
    volumes(&replay, &[]);
    assert_eq!(connector.machine_release(&order).await.unwrap(), Removal::Gone);
    replay.ended();
}

#[tokio::test]
async fn volumes_that_can_not_be_are_told() {
    let replay = Replay::start();
    let connector = connect(&replay, &SETTINGS).await;
    let order = order();
    beforehand(&replay, 90);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Quota);
    assert!(error.said.contains("volume gigabytes: 80 of 90 are used, and 15 more"), "{error}");
    // Quotas of a volume type show only when one is asked for.
    beforehand(&replay, 1_000);
    volumes(&replay, &[]);
    let said = "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes_ssd quota. \
                Requested 15G, quota is 10G and 0G has been consumed.";
    replay.gives("POST", "/volume/v3/p/volumes", 413, json!({ "overLimit": { "code": 413, "message": said } }));
    assert_eq!(connector.machine_ensure(&order).await.unwrap_err().kind, SystemErrorKind::Quota);
    // One that failed is taken away.
    beforehand(&replay, 1_000);
    volumes(&replay, &[volume("error")]);
    replay.gives("DELETE", "/volume/v3/p/volumes/vol-1", 202, Value::Null);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Failed);
    no_servers(&replay);
    volumes(&replay, &[volume("error_deleting")]);
    let error = connector.machine_release(&order).await.unwrap_err();
    assert!(error.said.contains("error_deleting"), "{error}");
    replay.ended();
}

#[tokio::test]
async fn the_end_of_the_console_is_in_the_error() {
    let replay = Replay::start();
    let connector = connect(&replay, &SETTINGS[..1]).await;
    let order = order();
    let server = json!({ "id": "s-1", "name": order.name, "status": "ERROR", "metadata": order.labels,
        "OS-EXT-STS:task_state": null, "fault": { "code": 500, "message": "Build of instance s-1 aborted" } });
    replay.gives("GET", "/compute/v2.1/servers/detail", 200, json!({ "servers": [server] }));
    let console = "GRUB loading.\nerror: no such partition.\ngrub rescue>";
    replay.gives("POST", "/compute/v2.1/servers/s-1/action", 200, json!({ "output": console }));
    replay.gives("DELETE", "/compute/v2.1/servers/s-1", 204, Value::Null);
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert_eq!(error.kind, SystemErrorKind::Failed);
    assert!(error.said.contains("Build of instance") && error.said.contains("no such partition"), "{error}");
    // A service that is busy is asked again; a create is not repeated.
    replay.gives("GET", "/compute/v2.1/servers/detail", 503, json!({}));
    no_servers(&replay);
    replay.gives("GET", "/compute/v2.1/flavors/detail", 429, json!({ "overLimit": { "message": "slow down" } }));
    let tiny = json!({ "id": "f1", "name": "t", "vcpus": 1, "ram": 512, "disk": 40 });
    replay.gives("GET", "/compute/v2.1/flavors/detail", 200, json!({ "flavors": [tiny] }));
    replay.gives("GET", "/image/v2/images", 200, json!({ "images": [{ "id": "img-1" }] }));
    replay.gives("GET", "/compute/v2.1/limits", 200, json!({ "limits": { "absolute": {} } }));
    replay.gives("POST", "/compute/v2.1/servers", 503, json!({ "message": "try later" }));
    let error = connector.machine_ensure(&order).await.unwrap_err();
    assert!(error.said.contains("try later"), "{error}");
    replay.ended();
}
