//! What runs once: a Job for each try, done when one ends well.

use crate::world::{eventually, with_a_node};
use hansa_ontology::resource_model::RunPolicy;
use hansa_repository::ambient::{Clock as _, SystemClock};
use hansa_wdm::{Peers, WorkloadSpec, WorkloadState};
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::{Api, ResourceExt as _, api::ListParams};

fn once(spec: WorkloadSpec) -> WorkloadSpec {
    WorkloadSpec { run: RunPolicy::Once, ..spec }
}

fn is_done(state: &WorkloadState) -> bool {
    matches!(state, WorkloadState::Completed { .. })
}

async fn names(jobs: &Api<Job>) -> Vec<String> {
    jobs.list(&ListParams::default()).await.unwrap().items.iter().map(|job| job.name_any()).collect()
}

#[test]
fn a_job_is_tried_until_it_ends_well_and_then_never_again() {
    with_a_node(async |world| {
        // It fails until its time has come, which is well after the first pod has begun.
        let at = SystemClock.now().timestamp() + 25;
        let spec = once(world.shell(&format!("test $(date +%s) -ge {at}")));
        let done = world.until(&spec, |status| is_done(&status.state)).await;
        assert!(done.restarts >= 1, "{done:?}");
        assert_eq!(done.last_exit.as_ref().and_then(|exit| exit.code), Some(0));
        let jobs: Api<Job> = world.api(&world.namespace().await);
        eventually("one job is left", async || (names(&jobs).await.len() == 1).then_some(())).await;
        let last = format!("hansa-{}-r{}", spec.id, done.restarts + 1);
        assert_eq!(names(&jobs).await, std::slice::from_ref(&last));

        // Deleted by hand, with its pod: what is done stays done.
        jobs.delete(&last, &kube::api::DeleteParams::background()).await.unwrap();
        eventually("it is gone", async || names(&jobs).await.is_empty().then_some(())).await;
        for _ in 0..5 {
            let again = world.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            assert!(is_done(&again.state), "{again:?}");
        }
        assert!(names(&jobs).await.is_empty());
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}

#[test]
fn a_job_that_is_taken_away_while_it_runs_leaves_nothing() {
    with_a_node(async |world| {
        let spec = once(world.shell("sleep 600"));
        world.until_healthy(&spec).await;
        let pods: Api<Pod> = world.api(&world.namespace().await);
        // Its pod is deleted by hand: it begins anew.
        let pod = pods.list(&ListParams::default()).await.unwrap().items[0].name_any();
        pods.delete(&pod, &Default::default()).await.unwrap();
        eventually("the pod is gone", async || pods.get_opt(&pod).await.unwrap().is_none().then_some(())).await;
        world.until_healthy(&spec).await;
        world.remove(&spec).await;
        world.assert_nothing_left().await;
    });
}
