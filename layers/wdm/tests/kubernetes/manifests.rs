//! Packages of manifests: applied, followed, changed, pruned, removed.

use crate::world::{World, eventually, with_a_control_plane, with_a_node};
use hansa_ontology::{
    WorkloadId,
    resource_model::{KubernetesPackage, Package},
};
use hansa_repository::{
    ambient::{IdSource as _, RandomIds},
    system::SystemErrorKind,
};
use hansa_test_systems::kubernetes::IMAGE;
use hansa_wdm::{WdmError, WorkloadSpec};
use k8s_openapi::api::{
    apps::v1::Deployment,
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams},
};

fn spec(world: &World, manifests: &str) -> WorkloadSpec {
    let mut spec = world.shell("");
    spec.package = Package::Kubernetes(KubernetesPackage { manifests: manifests.to_owned() });
    spec
}

fn deployment(greeting: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: {IMAGE}
        command: [sh, -c, 'trap exit TERM; while true; do sleep 1; done']
        env: [{{name: GREETING, value: '{greeting}'}}]
"
    )
}

fn config(name: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{key: '${{NAME}}'}}\n")
}

#[test]
fn manifests_are_applied_changed_pruned_and_removed() {
    with_a_node(async |world| {
        let mut spec = spec(&world, &format!("{}{}{}", deployment("one"), config("kept"), config("dropped")));
        world.until_healthy(&spec).await;
        let namespace = world.namespace().await;
        let (files, pods) = (world.api::<ConfigMap>(&namespace), world.api::<Pod>(&namespace));
        let kept = files.get("kept").await.unwrap();
        assert_eq!(kept.labels()["hansa.internal/workload"], spec.id.to_string());
        assert_eq!(kept.data.unwrap()["key"], "${NAME}", "nothing is put in");
        let running = pods.list(&ListParams::default()).await.unwrap().items;
        assert_eq!(running.len(), 2);
        assert!(running.iter().all(|pod| pod.labels()["hansa.internal/broker"] == world.systems.broker()));

        // Another revision: what it no longer names goes.
        spec.revision = "2".to_owned();
        spec.package =
            Package::Kubernetes(KubernetesPackage { manifests: format!("{}{}", deployment("two"), config("kept")) });
        world.until(&spec, |status| status.restarts == 1 && status.state.is_healthy()).await;
        assert!(files.get_opt("dropped").await.unwrap().is_none());
        files.get("kept").await.unwrap();

        // Another copy of the component takes all of it over from the first.
        let old = spec.clone();
        spec.id = WorkloadId(RandomIds.next());
        spec.revision = "3".to_owned();
        world.until_healthy(&spec).await;
        world.remove(&old).await;
        let kept = files.get("kept").await.unwrap();
        assert_eq!(kept.labels()["hansa.internal/workload"], spec.id.to_string());

        // What somebody deletes comes back.
        world.api::<Deployment>(&namespace).delete("web", &Default::default()).await.unwrap();
        eventually("it is missed", async || {
            let seen = world.wdm.workload_observe(world.application).await.unwrap();
            seen.iter()
                .any(|one| one.state.reason().is_some_and(|it| it.contains("was deleted by somebody")))
                .then_some(())
        })
        .await;
        world.until_healthy(&spec).await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn what_manifests_may_not_is_said() {
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let refused = async |manifests: &str| world.wdm.workload_prepare(&spec(&world, manifests)).await.unwrap_err();
        let error = refused("{apiVersion: v1, kind: Namespace, metadata: {name: a}}").await;
        assert!(error.to_string().contains("clusterScoped"), "{error}");
        let error = refused("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}").await;
        assert!(error.to_string().contains("clusterScoped"), "{error}");
        let error = refused("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: kube-system}}").await;
        assert!(error.to_string().contains("names a namespace"), "{error}");

        // Kinds that only the cluster knows, or doesn't.
        for (kind, words) in [
            ("{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: a}, handler: x}", "clusterScoped"),
            ("{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}}", "knows no Thing"),
        ] {
            let spec = spec(&world, kind);
            world.until_said(&spec, words).await;
            world.remove(&spec).await;
        }

        // An object of another's, and what the cluster finds wrong.
        let spec_a = spec(&world, "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: []}}");
        let said = world.until_said(&spec_a, "finds the request wrong").await;
        assert!(said.contains("spec.ports"), "{said}");
        world.remove(&spec_a).await;
        let foreign: ConfigMap =
            serde_json::from_value(serde_json::json!({ "metadata": { "name": "theirs" } })).unwrap();
        let spec_b = spec(&world, &config("ours").replace("ours", "theirs"));
        let other = world.server();
        eventually("the namespace is made again", async || world.wdm.workload_prepare(&other).await.ok()).await;
        let files = world.api::<ConfigMap>(&world.namespace().await);
        let before = files.create(&Default::default(), &foreign).await.unwrap();
        world.until_said(&spec_b, "has not made").await;
        assert_eq!(files.get("theirs").await.unwrap().resource_version(), before.resource_version());
        let strict = {
            let mut strict = world.server();
            strict.package = spec_b.package.clone();
            strict
        };
        let error = world.wdm.workload_prepare(&strict).await.unwrap_err();
        assert!(matches!(&error, WdmError::Invalid { field, .. } if field == "ports"), "{error}");
        assert!(SystemErrorKind::Unsupported.is_refusal());
    });
}

/// As Kubernetes from 1.21 on does by itself; the cluster of the tests is older.
#[test]
fn a_job_that_the_cluster_cleans_away_is_no_loss() {
    with_a_node(async |world| {
        let job = |ttl: &str| {
            format!(
                "apiVersion: batch/v1
kind: Job
metadata: {{name: once}}
spec:
  {ttl}
  template:
    spec:
      restartPolicy: Never
      containers:
      - {{name: once, image: {IMAGE}, command: ['true']}}
"
            )
        };
        let passing = spec(&world, &job("ttlSecondsAfterFinished: 60"));
        world.until_healthy(&passing).await;
        let jobs = world.api::<Job>(&world.namespace().await);
        jobs.delete("once", &DeleteParams::background()).await.unwrap();
        // Longer than what was seen holds.
        tokio::time::sleep(std::time::Duration::from_secs(12)).await;
        let seen = world.until_healthy(&passing).await;
        assert!(seen.restarts == 0 && jobs.get_opt("once").await.unwrap().is_none(), "{seen:?}");
        world.remove(&passing).await;
        world.assert_nothing_left().await;
    });
}
