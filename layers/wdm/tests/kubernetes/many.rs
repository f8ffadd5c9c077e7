//! Many workloads in one cluster, which has no node: all is applied, and watched.

use crate::world::{World, listed, with_a_control_plane};
use futures_util::{StreamExt as _, stream};
use hansa_wdm::{Peers, Removal, WorkloadSpec};
use k8s_openapi::api::core::v1::Pod;
use std::{fs, time::Instant};

/// Memory of this process, KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn five_hundred_workloads_are_applied_watched_and_removed() {
    let many: u32 = std::env::var("HANSA_TEST_MANY").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    with_a_control_plane(async |cluster| {
        let world = World::new(&cluster, &[]).await;
        let specs: Vec<WorkloadSpec> = (0..many)
            .map(|ordinal| {
                let mut spec = world.shell("true");
                spec.ordinal = ordinal;
                spec
            })
            .collect();
        let (begun, before) = (Instant::now(), resident());
        stream::iter(&specs)
            .for_each_concurrent(16, async |spec| {
                world.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
            })
            .await;
        eprintln!("figure: {many} workloads applied in {:?}", begun.elapsed());
        let labels = format!("hansa.internal/broker={}", world.systems.broker());
        crate::world::eventually("a pod for each", async || {
            (listed::<Pod>(&world.client, &labels).await.len() == specs.len()).then_some(())
        })
        .await;
        let begun = Instant::now();
        let seen = world.wdm.workload_observe(world.application).await.unwrap();
        eprintln!("figure: {many} workloads observed in {:?}", begun.elapsed());
        eprintln!("figure: memory grew by {} KiB (database and client included)", resident().saturating_sub(before));
        assert_eq!(seen.len(), specs.len());
        assert!(seen.iter().all(|status| status.unseen.is_none()), "each is seen");
        let begun = Instant::now();
        stream::iter(&specs)
            .for_each_concurrent(16, async |spec| {
                while world.wdm.workload_remove(spec.id).await.unwrap() != Removal::Gone {
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            })
            .await;
        eprintln!("figure: {many} workloads removed in {:?}", begun.elapsed());
        world.assert_nothing_left().await;
    });
}
