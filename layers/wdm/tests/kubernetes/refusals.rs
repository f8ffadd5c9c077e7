//! What goes wrong is said in the cluster's own words.

use crate::world::{World, with_a_control_plane, with_a_node};
use hansa_ontology::resource_model::{ContainerPackage, Package};
use hansa_repository::system::SystemErrorKind;
use hansa_wdm::WdmError;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Namespace, ResourceQuota},
};
use kube::{
    Api, ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::json;

#[test]
fn one_that_takes_too_much_memory_is_said_to() {
    with_a_node(async |world| {
        let spec = world.shell("tail /dev/zero");
        world.until_said(&spec, "out of memory (limit 32 MiB)").await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn one_that_ends_is_started_again_by_our_own_count() {
    with_a_node(async |world| {
        let spec = world.shell("sleep 1; exit 3");
        let status = world.until(&spec, |status| status.restarts >= 2 && status.last_exit.is_some()).await;
        assert_eq!(status.last_exit.unwrap().code, Some(3));
        world.until_said(&spec, "exited with code 3").await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn an_image_that_does_not_exist_is_named() {
    with_a_node(async |world| {
        let mut spec = world.shell("true");
        let image = "127.0.0.1:1/nothing:1".to_owned();
        spec.package = Package::Container(ContainerPackage { image: image.clone(), ..Default::default() });
        let said = world.until_said(&spec, "ErrImagePull").await;
        assert!(said.contains(&image), "{said}");
        // A program that the image hasn't.
        let mut other = world.shell("true");
        other.component = "other".to_owned();
        other.package = Package::Container(ContainerPackage {
            image: hansa_test_systems::kubernetes::IMAGE.to_owned(),
            command: vec!["/bin/nothing".to_owned()],
            ..ContainerPackage::default()
        });
        let said = world.until_said(&other, "/bin/nothing").await;
        assert!(said.contains("no such file"), "{said}");
        world.remove(&spec).await;
        world.remove(&other).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_no_node_has_room_for_is_said() {
    with_a_node(async |world| {
        let mut spec = world.shell("true");
        spec.resources.cpu = hansa_ontology::quantity::CpuMilli(900_000);
        world.until_said(&spec, "Insufficient cpu").await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

fn quota(hard: serde_json::Value) -> ResourceQuota {
    serde_json::from_value(json!({ "metadata": { "name": "tight" }, "spec": { "hard": hard } })).unwrap()
}

#[test]
fn a_quota_is_said_and_when_it_is_lifted_it_runs() {
    with_a_node(async |world| {
        let spec = world.server();
        world.wdm.workload_prepare(&spec).await.unwrap();
        let namespace = world.namespace().await;
        let quotas: Api<ResourceQuota> = world.api(&namespace);
        quotas.create(&Default::default(), &quota(json!({ "pods": "0" }))).await.unwrap();
        world.until_said(&spec, "exceeded quota: tight").await;
        quotas.delete("tight", &Default::default()).await.unwrap();
        world.until_healthy(&spec).await;

        // A quota that the request itself breaks leads to another provider.
        quotas.create(&Default::default(), &quota(json!({ "services": "1" }))).await.unwrap();
        let other = {
            let mut other = world.server();
            other.ordinal = 1;
            other
        };
        crate::world::eventually("the quota is counted", async || {
            let counted = quotas.get("tight").await.unwrap().status.and_then(|it| it.used);
            counted.filter(|used| used.get("services").is_some_and(|it| it.0 == "1")).map(drop)
        })
        .await;
        let error = world.wdm.workload_prepare(&other).await.unwrap_err();
        let WdmError::System(error) = error else { panic!("{error}") };
        assert_eq!(error.kind, SystemErrorKind::Quota);
        assert!(error.said.contains("exceeded quota: tight"), "{error}");
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_is_not_ours_is_not_touched() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let spec = world.server();
        let name = format!("hansa-shop-{}", &world.application.0.simple().to_string()[20..]);
        let namespaces: Api<Namespace> = Api::all(world.client.clone());
        let foreign: Namespace =
            serde_json::from_value(json!({ "metadata": { "name": name, "labels": { "owner": "somebody" } } })).unwrap();
        let before = namespaces.create(&Default::default(), &foreign).await.unwrap();
        let WdmError::System(error) = world.wdm.workload_prepare(&spec).await.unwrap_err() else {
            panic!("a system's")
        };
        assert_eq!(error.kind, SystemErrorKind::Conflict);
        assert!(error.remedy.contains("has not made"), "{error}");
        let after = namespaces.get(&name).await.unwrap();
        assert_eq!(before.resource_version(), after.resource_version(), "it is as it was");

        // A foreign object inside our own namespace.
        let world = World::new(&cluster, &[]).await;
        let spec = world.server();
        world.wdm.workload_prepare(&spec).await.unwrap();
        let deployments: Api<Deployment> = world.api(&world.namespace().await);
        let name = format!("hansa-{}", spec.id);
        let foreign = json!({
            "metadata": { "name": name },
            "spec": {
                "replicas": 0, "selector": { "matchLabels": { "a": "b" } },
                "template": {
                    "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "c", "image": "x" }] },
                },
            },
        });
        deployments.create(&Default::default(), &serde_json::from_value(foreign).unwrap()).await.unwrap();
        world.until_said(&spec, "has not made").await;
        assert_eq!(deployments.get(&name).await.unwrap().metadata.generation, Some(1));

        // Somebody else's wish in a field of ours.
        let other = {
            let mut other = world.server();
            other.ordinal = 1;
            other
        };
        world.wdm.workload_apply(&other, &Default::default()).await.unwrap();
        let name = format!("hansa-{}", other.id);
        let theirs = PatchParams { field_manager: Some("colleague".to_owned()), ..Default::default() };
        deployments.patch(&name, &theirs, &Patch::Merge(json!({ "spec": { "replicas": 0 } }))).await.unwrap();
        world.wdm.workload_restart(other.id).await.unwrap();
        let said = world.until_said(&other, "colleague").await;
        assert!(said.contains(".spec.replicas"), "{said}");
    });
}
