//! Volumes outlive runs and workloads, and go when they are given back.

use crate::world::{World, eventually, get, listed, with_a_node};
use hansa_ontology::{WorkloadId, quantity::Mebibytes, resource_model::Volume};
use hansa_repository::ambient::{IdSource as _, RandomIds};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube::Api;
use serde_json::json;

/// There is no provisioner in a cluster of tests: its administrator has made a volume.
async fn offer_a_volume(world: &World) -> (Api<PersistentVolume>, String) {
    let (api, name) = (Api::all(world.client.clone()), format!("disk-{}", world.application));
    let volume = json!({
        "metadata": { "name": name },
        "spec": {
            "capacity": { "storage": "64Mi" }, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": { "path": std::env::temp_dir().join(&name), "type": "DirectoryOrCreate" },
        },
    });
    api.create(&Default::default(), &serde_json::from_value(volume).unwrap()).await.unwrap();
    (api, name)
}

#[test]
fn volumes_outlive_runs_and_workloads() {
    with_a_node(async |world| {
        let (disks, disk) = offer_a_volume(&world).await;
        let mut spec = world.server();
        spec.package = world
            .shell("echo run >> /srv/data/runs; mkdir /tmp/w; cp $DATA/runs /tmp/w/index.html; exec httpd -f -p $PORT_HTTP -h /tmp/w")
            .package;
        spec.volumes.insert(
            "data".to_owned(),
            Volume { size: Mebibytes(32), variable: Some("DATA".to_owned()), mount: Some("/srv/data".to_owned()) },
        );
        let first = world.until_healthy(&spec).await;
        let socket = first.endpoints["http"].socket();
        let lines = async |socket| {
            let page = eventually("an answer", async || get(socket).await).await;
            page.lines().filter(|line| *line == "run").count()
        };
        assert_eq!(lines(socket).await, 1);

        world.wdm.workload_restart(spec.id).await.unwrap();
        world.until(&spec, |status| status.restarts == 1 && status.state.is_healthy()).await;
        assert_eq!(lines(socket).await, 2, "the second run finds what the first wrote");

        world.remove(&spec).await;
        let labels = format!("hansa.internal/broker={}", world.systems.broker());
        let kept = listed::<PersistentVolumeClaim>(&world.client, &labels).await;
        assert_eq!(kept.len(), 1, "{kept:?}");
        world.namespace().await;

        // Another workload of the same instance finds the volume.
        spec.id = WorkloadId(RandomIds.next());
        let third = world.until_healthy(&spec).await;
        assert_eq!(lines(third.endpoints["http"].socket()).await, 3);
        world.remove(&spec).await;
        world.wdm.volume_remove_all(world.application).await.unwrap();
        world.assert_nothing_left().await;
        disks.delete(&disk, &Default::default()).await.unwrap();
        std::fs::remove_dir_all(std::env::temp_dir().join(disk)).unwrap();
    });
}
