//! What pods use. The metrics server isn't there: an API server has its API
//! all the same, by a definition of that group, and tells what the test put there.

use crate::world::{World, eventually, with_a_node};
use hansa_wdm::{CpuUsage, Usage, WorkloadSpec};
use k8s_openapi::{
    api::core::v1::Pod, apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, ResourceExt as _,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, PostParams},
};
use serde_json::json;
use std::collections::BTreeMap;

const NAME: &str = "pods.metrics.k8s.io";

fn definition() -> CustomResourceDefinition {
    serde_json::from_value(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": NAME,
            "annotations": { "api-approved.kubernetes.io": "unapproved, for a test" }
        },
        "spec": {
            "group": "metrics.k8s.io", "scope": "Namespaced",
            "names": { "plural": "pods", "singular": "podmetrics", "kind": "PodMetrics", "listKind": "PodMetricsList" },
            "versions": [{
                "name": "v1beta1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } }
            }]
        }
    }))
    .unwrap()
}

async fn used(world: &World, spec: &WorkloadSpec) -> Result<Usage, String> {
    let measured = world.wdm.measure(spec.application, &BTreeMap::new()).await.unwrap();
    measured.into_iter().find(|one| one.workload == spec.id).unwrap().usage
}

#[test]
fn what_pods_use_is_told_by_the_metrics_api() {
    with_a_node(async |world| {
        let spec = world.shell("sleep 600");
        world.until_healthy(&spec).await;
        let error = used(&world, &spec).await.unwrap_err();
        assert!(error.contains("install the metrics server"), "{error}");
        world.remove(&spec).await;
        let all: Api<CustomResourceDefinition> = Api::all(world.client.clone());
        all.create(&PostParams::default(), &definition()).await.unwrap();
    });
    with_a_node(async |world| {
        let spec = world.shell("sleep 600");
        world.until_healthy(&spec).await;
        let namespace = world.namespace().await;
        let pods: Api<Pod> = world.api(&namespace);
        let pod = pods.list(&ListParams::default()).await.unwrap().items[0].name_any();
        let kind = GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics");
        let resource = ApiResource::from_gvk_with_plural(&kind, "pods");
        let metrics: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &namespace, &resource);
        let told = json!({
            "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": { "name": pod },
            "timestamp": "2026-11-22T12:00:00Z", "window": "15s",
            "containers": [{ "name": "main", "usage": { "cpu": "250000001n", "memory": "3072Ki" } }]
        });
        let told: DynamicObject = serde_json::from_value(told).unwrap();
        eventually("the API is there", async || metrics.create(&PostParams::default(), &told).await.ok()).await;
        let usage = eventually("it is told", async || used(&world, &spec).await.ok()).await;
        assert_eq!(usage.cpu, CpuUsage::Rate { milli: 250 });
        assert_eq!((usage.memory_bytes, usage.at.to_rfc3339().as_str()), (3 << 20, "2026-11-22T12:00:00+00:00"));
        let all: Api<CustomResourceDefinition> = Api::all(world.client.clone());
        all.delete(NAME, &DeleteParams::default()).await.unwrap();
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
