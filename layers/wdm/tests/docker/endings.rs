//! How containers end, and how they come back.

use crate::room::{Room, container, eventually, on_each_engine};
use hansa_ontology::{
    quantity::Mebibytes,
    resource_model::{RunPolicy, Volume},
};
use hansa_wdm::{LogQuery, Peers, WorkloadState};

#[test]
fn an_end_is_told_and_the_container_started_again() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.shell("web", "echo run of $$; exit 3");
        let status = room.until(&spec, |status| status.restarts >= 1 && status.last_exit.is_some()).await;
        assert_eq!(status.last_exit.unwrap().to_string(), "exited with code 3");
        // The output of earlier runs is still there.
        let lines = eventually(async || {
            room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            let lines = room.output(&spec, LogQuery::default()).await;
            (lines.len() >= 2).then_some(lines)
        })
        .await;
        assert!(lines.iter().all(|line| line == "run of 1"), "{lines:?}");
        room.until(&spec, |status| status.restarts >= 4).await;
        let name = format!("name={}", container(&spec));
        let there = room.engine.run(&["ps", "--all", "--quiet", "--filter", &name]).lines().count();
        assert!(there <= 3, "{there} containers of one workload");
        room.remove(&spec).await;
    });
}

#[test]
fn a_job_is_tried_until_it_ends_well_and_then_never_again() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "echo try >> $VOLUME_DATA/tries; test $(wc -l < $VOLUME_DATA/tries) = 3");
        spec.run = RunPolicy::Once;
        spec.volumes.insert("data".to_owned(), Volume { size: Mebibytes(8), variable: None, mount: None });
        let done = |state: &WorkloadState| matches!(state, WorkloadState::Completed { .. });
        let status = room.until(&spec, |status| done(&status.state)).await;
        assert_eq!((status.restarts, status.last_exit.unwrap().code), (2, Some(0)));
        room.engine.run(&["rm", "--force", &container(&spec)]);
        for _ in 0..5 {
            let again = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            assert!(done(&again.state), "{again:?}");
        }
        room.remove(&spec).await;
        room.wdm.volume_remove_all(spec.application).await.unwrap();
    });
}

#[test]
fn killed_by_hand_it_comes_back() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        let before = room.until_running(&spec).await;
        room.engine.run(&["kill", "--signal", "KILL", &container(&spec)]);
        let status = room.restarted(&spec, &before).await;
        assert_eq!(status.last_exit.unwrap().to_string(), "killed by signal 9 (SIGKILL)");
        room.remove(&spec).await;
    });
}

#[test]
fn deleted_by_hand_it_comes_back() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.server("web");
        let before = room.until_running(&spec).await;
        room.engine.run(&["rm", "--force", &container(&spec)]);
        let status = room.restarted(&spec, &before).await;
        assert_eq!(status.endpoints, before.endpoints);
        // With its network too: that is made anew.
        room.engine.run(&["rm", "--force", &container(&spec)]);
        room.engine.run(&["network", "rm", &format!("hansa-{}", room.application)]);
        let status = room.restarted(&spec, &status).await;
        // Renamed by hand it is no longer the workload's; but it is ours, and goes with it.
        room.engine.run(&["rename", &container(&spec), "stray"]);
        room.engine.run(&["stop", "--time", "1", "stray"]);
        room.restarted(&spec, &status).await;
        room.remove(&spec).await;
    });
}

#[test]
fn paused_by_hand_it_is_restarted_and_can_be_removed() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.server("web");
        let check = spec.health.as_mut().unwrap();
        check.timeout = hansa_ontology::quantity::TimeSpan::from_millis(1_000);
        let before = room.until_running(&spec).await;
        room.engine.run(&["pause", &container(&spec)]);
        room.restarted(&spec, &before).await;
        room.engine.run(&["pause", &container(&spec)]);
        room.remove(&spec).await;
    });
}

#[test]
fn a_new_revision_takes_its_place() {
    on_each_engine(async |room: &mut Room| {
        let mut spec = room.shell("web", "echo one; trap 'exit 0' TERM; while true; do sleep 0.1; done");
        let before = room.until_running(&spec).await;
        let first = room.inspect(&spec, "{{.Id}}");
        spec.revision = "2".to_owned();
        spec.environment.insert("COLOUR".to_owned(), "blue".to_owned());
        let second = room.restarted(&spec, &before).await;
        assert_ne!(room.inspect(&spec, "{{.Id}}"), first);
        assert_eq!(room.exec(&spec, &["sh", "-c", "echo $COLOUR"]), "blue");
        room.wdm.workload_restart(spec.id).await.unwrap();
        room.restarted(&spec, &second).await;
        room.remove(&spec).await;
    });
}

#[test]
fn one_that_does_not_hear_is_ended_by_force() {
    on_each_engine(async |room: &mut Room| {
        let spec = room.shell("deaf", "trap '' TERM; while true; do sleep 1; done");
        room.until_running(&spec).await;
        let begun = std::time::Instant::now();
        room.remove(&spec).await;
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    });
}
