//! Clusters that vanish and come back, two at once, and credentials that expire.

use crate::world::{World, change, eventually, listed, system, with_a_control_plane};
use hansa_repository::system::SystemErrorKind;
use hansa_test_systems::{
    Kubernetes,
    kubernetes::{ADMIN_TOKEN, LIMITED_TOKEN},
};
use hansa_wdm::{Peers, Removal, WdmError};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Secret, ServiceAccount},
    rbac::v1::ClusterRoleBinding,
};
use kube::{Api, ResourceExt as _, api::ListParams};
use serde_json::json;

#[test]
fn an_api_server_that_was_killed_is_unseen_and_then_seen_again() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let spec = world.server();
        world.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        let before = world.wdm.workload(spec.id).await.unwrap();
        cluster.api_server_kill();
        let unseen = eventually("it is unseen", async || {
            let all = world.wdm.workload_observe(world.application).await.unwrap();
            all[0].unseen.clone()
        })
        .await;
        assert!(unseen.contains("can't be reached"), "{unseen}");
        assert_eq!(world.wdm.workload_remove(spec.id).await.unwrap(), Removal::Stopping, "nobody saw it go");
        cluster.api_server_start();
        eventually("it is seen", async || {
            let all = world.wdm.workload_observe(world.application).await.unwrap();
            all[0].unseen.is_none().then_some(())
        })
        .await;
        assert_eq!(world.wdm.workload(spec.id).await.unwrap().restarts, before.restarts);
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn two_clusters_know_nothing_of_each_other() {
    with_a_control_plane(async |one| {
        let two = Kubernetes::control_plane();
        let world = World::new(&one, &[]).await;
        world.secrets.set("far", &two.kubeconfig(ADMIN_TOKEN));
        world.systems.system_add(system(&two, "far", &[("exposure", "clusterIp")]), change()).await.unwrap();
        let here = world.server();
        let mut there = world.server();
        there.target.system = Some("far".to_owned());
        there.ordinal = 1;
        for spec in [&here, &there] {
            world.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
        }
        let endpoints = world.wdm.workload(there.id).await.unwrap().endpoints;
        assert!(endpoints["http"].address.to_string().starts_with("10.96."), "{endpoints:?}");
        let far = crate::world::admin(&two).await;
        let labels = format!("hansa.internal/broker={}", world.systems.broker());
        assert_eq!(listed::<Deployment>(&world.client, &labels).await, [format!("Deployment hansa-{}", here.id)]);
        assert_eq!(listed::<Deployment>(&far, &labels).await, [format!("Deployment hansa-{}", there.id)]);
        world.remove(&here).await;
        world.assert_nothing_left().await;
        assert_eq!(listed::<Deployment>(&far, &labels).await.len(), 1, "the other cluster is as it was");
        world.remove(&there).await;
    });
}

#[test]
fn credentials_may_be_wrong_too_weak_revoked_and_renewed() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let spec = world.server();
        let refused = async || match world.wdm.workload_prepare(&spec).await {
            Err(WdmError::System(error)) => Some(error),
            _ => None,
        };
        world.secrets.set("edge", "not-a-token-of-anybody");
        let error = refused().await.unwrap();
        assert_eq!(error.kind, SystemErrorKind::Unauthenticated, "{error}");
        assert!(!error.to_string().contains("not-a-token"), "{error}");
        world.secrets.set("edge", LIMITED_TOKEN);
        let error = refused().await.unwrap();
        assert_eq!(error.kind, SystemErrorKind::Forbidden, "{error}");
        assert!(error.said.contains("limited"), "{error}");

        // A service account, whose token is revoked while the connector works.
        let accounts: Api<ServiceAccount> = world.api("default");
        let account = serde_json::from_value(json!({ "metadata": { "name": "broker" } })).unwrap();
        accounts.create(&Default::default(), &account).await.unwrap();
        let binding = json!({
            "metadata": { "name": "broker" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin" },
            "subjects": [{ "kind": "ServiceAccount", "name": "broker", "namespace": "default" }],
        });
        let bindings: Api<ClusterRoleBinding> = Api::all(world.client.clone());
        bindings.create(&Default::default(), &serde_json::from_value(binding).unwrap()).await.unwrap();
        let secrets: Api<Secret> = world.api("default");
        let (name, token) = eventually("its token", async || {
            let all = secrets.list(&ListParams::default()).await.unwrap().items;
            let own = all.into_iter().find(|one| one.name_any().starts_with("broker-token"))?;
            let token = own.data.as_ref()?.get("token")?.0.clone();
            Some((own.name_any(), String::from_utf8(token).unwrap()))
        })
        .await;
        world.secrets.set("edge", &token);
        world.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        secrets.delete(&name, &Default::default()).await.unwrap();
        let unseen = eventually("it is unseen", async || {
            world.wdm.workload_observe(world.application).await.unwrap()[0].unseen.clone()
        })
        .await;
        assert!(unseen.contains("does not accept the credential") && unseen.contains("renew"), "{unseen}");
        world.secrets.set("edge", ADMIN_TOKEN);
        eventually("it is seen", async || {
            let all = world.wdm.workload_observe(world.application).await.unwrap();
            all[0].unseen.is_none().then_some(())
        })
        .await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
