//! Components that are reached by a host name.

use crate::world::{World, eventually, listed, with_a_control_plane};
use hansa_ontology::WorkloadId;
use hansa_repository::ambient::{IdSource as _, RandomIds};
use hansa_wdm::{Peers, WorkloadSpec};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Endpoints, Pod, Service},
    networking::v1::Ingress,
};
use kube::{Api, ResourceExt as _};
use serde_json::json;

const HOST: &str = "shop.hansa.example";

fn hosted(world: &World) -> WorkloadSpec {
    let mut spec = world.server();
    let port = spec.ports.get_mut("http").unwrap();
    (port.number, port.host) = (Some(8080), Some(HOST.to_owned()));
    spec
}

/// No pod runs on a control plane alone: applied is as far as it comes.
async fn applied(world: &World, spec: &WorkloadSpec) {
    let labels = format!("hansa.internal/workload={}", spec.id);
    eventually("it is applied", async || {
        drop(world.wdm.workload_apply(spec, &Peers::new()).await);
        let made = listed::<Deployment>(&world.client, &labels).await;
        (made.len() == 1).then_some(())
    })
    .await;
}

async fn entrances(world: &World) -> Vec<Ingress> {
    let all = Api::<Ingress>::all(world.client.clone()).list(&Default::default()).await.unwrap();
    all.items.into_iter().filter(|it| it.labels().contains_key("hansa.internal/broker")).collect()
}

#[test]
fn instances_share_one_entrance_until_the_last_is_gone() {
    with_a_control_plane(async |cluster| {
        for settings in [&[("ingressClass", "outside")][..], &[("namespace", "default")]] {
            let world = World::new(&cluster, settings).await;
            let first = hosted(&world);
            let second = WorkloadSpec { id: WorkloadId(RandomIds.next()), ordinal: 1, ..first.clone() };
            applied(&world, &first).await;
            applied(&world, &second).await;
            let doors = entrances(&world).await;
            assert_eq!(doors.len(), 1, "{doors:?}");
            let (name, namespace) = (doors[0].name_any(), doors[0].namespace().unwrap());
            let rule = serde_json::to_value(doors[0].spec.as_ref().unwrap()).unwrap();
            assert_eq!(rule.pointer("/rules/0/host"), Some(&json!(HOST)));
            assert_eq!(rule.pointer("/rules/0/http/paths/0/backend/service/name"), Some(&json!(name)));
            let class = settings.iter().find(|(name, _)| *name == "ingressClass").map(|(_, class)| json!(class));
            assert_eq!(rule.get("ingressClassName"), class.as_ref());

            // The service behind it has the pods of both: as the cluster itself counts, ready or not.
            world.api::<Service>(&namespace).get(&name).await.unwrap();
            eventually("both are behind it", async || {
                let pods = world.api::<Pod>(&namespace).list(&Default::default()).await.unwrap();
                let known = world.api::<Endpoints>(&namespace).get_opt(&name).await.unwrap();
                (known.is_some() && pods.items.len() == 2).then_some(())
            })
            .await;
            let service = world.api::<Service>(&namespace).get(&name).await.unwrap();
            let selector = service.spec.unwrap().selector.unwrap();
            let selector: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(listed::<Pod>(&world.client, &selector.join(",")).await.len(), 2);

            // What somebody deletes comes back, and nothing is restarted for it.
            let uid = doors[0].metadata.uid.clone();
            let api: Api<Ingress> = world.api(&namespace);
            api.delete(&name, &Default::default()).await.unwrap();
            world.api::<Service>(&namespace).delete(&name, &Default::default()).await.unwrap();
            eventually("it comes back", async || {
                let seen = world.wdm.workload_observe(world.application).await.unwrap();
                assert!(seen.iter().all(|one| one.restarts == 0), "{seen:?}");
                let there = api.get_opt(&name).await.unwrap().filter(|it| it.metadata.uid != uid);
                let behind = world.api::<Service>(&namespace).get_opt(&name).await.unwrap();
                there.zip(behind)
            })
            .await;

            // One goes: it stays.
            world.remove(&first).await;
            assert_eq!(entrances(&world).await.len(), 1);

            // A new revision without a host name gives it back.
            let mut bare = WorkloadSpec { revision: "2".to_owned(), ..second.clone() };
            bare.ports.get_mut("http").unwrap().host = None;
            eventually("it goes", async || {
                drop(world.wdm.workload_apply(&bare, &Peers::new()).await);
                drop(world.wdm.workload_observe(world.application).await);
                entrances(&world).await.is_empty().then_some(())
            })
            .await;
            assert!(world.api::<Service>(&namespace).get_opt(&name).await.unwrap().is_none());

            // Again, and it goes with the last of all.
            let third = WorkloadSpec { id: WorkloadId(RandomIds.next()), ..first.clone() };
            applied(&world, &third).await;
            world.remove(&bare).await;
            assert_eq!(entrances(&world).await.len(), 1);
            world.remove(&third).await;
            assert!(entrances(&world).await.is_empty());
            world.assert_nothing_left().await;
        }
    });
}

#[test]
fn a_host_name_of_somebody_else_is_left_to_them() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let backend = json!({ "service": { "name": "theirs", "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        let theirs: Ingress = serde_json::from_value(json!({
            "metadata": { "name": "theirs" }, "spec": { "rules": [{ "host": HOST, "http": { "paths": [path] } }] },
        }))
        .unwrap();
        let api: Api<Ingress> = world.api("default");
        let before = api.create(&Default::default(), &theirs).await.unwrap();
        let spec = hosted(&world);
        world.until_said(&spec, "another Ingress of the cluster").await;
        assert_eq!(api.get("theirs").await.unwrap().resource_version(), before.resource_version());
        assert!(entrances(&world).await.is_empty());

        // Once they have given it up it is ours.
        api.delete("theirs", &Default::default()).await.unwrap();
        applied(&world, &spec).await;
        assert_eq!(entrances(&world).await.len(), 1);
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
