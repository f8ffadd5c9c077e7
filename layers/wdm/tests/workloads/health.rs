//! Health checks: what fails them is restarted, and starting is no failing.

use crate::room::{Room, eventually, on_each_database, on_sqlite};
use hansa_ontology::quantity::TimeSpan;
use hansa_wdm::{Peers, WorkloadState};
use std::fs;

#[test]
fn a_workload_that_falls_ill_is_restarted_and_works_again() {
    on_each_database(async |room: Room| {
        let spec = room.server();
        let before = room.until_running(&spec).await;
        let sickness = room.directory(&spec).join("work/sick");
        fs::write(&sickness, "").unwrap();
        eventually(async || {
            let all = room.wdm.workload_observe(spec.application).await.unwrap();
            matches!(&all[0].state, WorkloadState::Unhealthy { reason, .. } if reason.contains("answered 503"))
                .then_some(())
        })
        .await;
        // Without apply nothing starts it again, so it is well when it comes back.
        eventually(async || {
            let all = room.wdm.workload_observe(spec.application).await.unwrap();
            matches!(&all[0].state, WorkloadState::BackingOff { crashes: 1, reason, .. } if reason.starts_with("unhealthy")).then_some(())
        })
        .await;
        fs::remove_file(&sickness).unwrap();
        let after = room.until_running(&spec).await;
        assert_ne!(before.pid, after.pid);
        assert_eq!(before.endpoints, after.endpoints, "its ports are kept");
        assert_eq!(room.events("workload.restarting").await.len(), 1);
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn one_that_never_comes_up_is_restarted_after_its_time() {
    on_sqlite(async |room: Room| {
        let mut spec = room.server();
        spec.package = room.shell("exec sleep 600").package;
        spec.health.as_mut().unwrap().startup = TimeSpan::from_millis(300);
        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        let reason = eventually(async || {
            let all = room.wdm.workload_observe(spec.application).await.unwrap();
            match &all[0].state {
                WorkloadState::BackingOff { reason, .. } => Some(reason.clone()),
                WorkloadState::Running { .. } => panic!("nothing listens"),
                _ => None,
            }
        })
        .await;
        assert!(reason.contains("no success within 300ms after the start"), "{reason}");
        assert!(reason.to_lowercase().contains("connection refused"), "{reason}");
        room.remove(&spec).await;
    });
}
