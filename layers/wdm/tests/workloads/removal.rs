//! Taking away: the running, the half-started, the unknown, and volumes.

use crate::room::{FIXTURE, Room, eventually, is_alive, on_each_database, on_sqlite, processes_of, supervisors_of};
use hansa_ontology::{quantity::Mebibytes, resource_model::Volume};
use hansa_repository::testing::sqlite;
use hansa_wdm::{MIGRATIONS, Peers, Removal, WdmError};
use std::fs;

#[test]
fn removing_twice_and_removing_what_never_was_is_done() {
    on_each_database(async |room: Room| {
        let spec = room.server();
        assert_eq!(room.wdm.workload_remove(spec.id).await.unwrap(), Removal::Gone);
        // Prepared only.
        room.wdm.workload_prepare(&spec).await.unwrap();
        assert_eq!(room.wdm.workload_remove(spec.id).await.unwrap(), Removal::Gone);
        // In the middle of its start, again and again.
        for _ in 0..5 {
            let spec = room.server();
            room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            room.remove(&spec).await;
            room.assert_no_trace(&spec);
            assert!(matches!(room.wdm.workload(spec.id).await, Err(WdmError::NotFound(_))));
        }
        // With everything taken away, nothing is left of the node's directory but itself.
        let machine = room.server().target.directory;
        assert_eq!(fs::read_dir(machine).unwrap().count(), 0);
    });
}

#[test]
fn applying_and_removing_at_once_leaves_nothing() {
    on_each_database(async |room: Room| {
        for _ in 0..5 {
            let spec = room.shell("exec sleep 600");
            let (wdm, applied) = (room.another(), spec.clone());
            let applier = tokio::spawn(async move {
                for _ in 0..10 {
                    // Refused once the removal has begun, and anew after it has ended:
                    // then it is this one's to take away again.
                    drop(wdm.workload_apply(&applied, &Peers::new()).await);
                }
            });
            for _ in 0..3 {
                room.wdm.workload_remove(spec.id).await.unwrap();
            }
            applier.await.unwrap();
            room.remove(&spec).await;
            room.assert_no_trace(&spec);
        }
    });
}

#[test]
fn a_supervisor_that_does_not_answer_is_overruled() {
    on_sqlite(async |room: Room| {
        let clock = hansa_repository::testing::HandClock::default();
        let room = room.with_clock(std::sync::Arc::new(clock.clone()));
        let spec = room.shell("setsid sleep 601 & echo up > up; exec sleep 600");
        room.until_written(&spec, "up").await;
        let shim = supervisors_of(&room.directory(&spec))[0];
        crate::room::kill(shim, "STOP");
        assert_eq!(room.wdm.workload_remove(spec.id).await.unwrap(), Removal::Stopping);
        assert!(is_alive(shim));
        clock.advance(chrono::TimeDelta::minutes(1));
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn what_no_database_knows_is_swept_and_the_neighbour_is_left_alone() {
    on_sqlite(async |room: Room| {
        let known = room.shell("exec sleep 600");
        room.until_running(&known).await;
        // Another broker with a database and a directory of its own.
        let other = sqlite(&[MIGRATIONS]);
        let neighbour = Room::new(other.database());
        let theirs = neighbour.shell("exec sleep 600");
        neighbour.until_running(&theirs).await;
        // A broker on this directory that has lost its database.
        let lost = sqlite(&[MIGRATIONS]);
        let stranger =
            Room::manager(&lost.database(), &room.options, std::sync::Arc::new(hansa_repository::ambient::SystemClock));
        let orphan = room.shell("exec sleep 600");
        eventually(async || {
            stranger.workload_apply(&orphan, &Peers::new()).await.unwrap();
            stranger.workload(orphan.id).await.unwrap().pid
        })
        .await;
        fs::create_dir_all(orphan.target.directory.join("workloads/not-a-workload")).unwrap();
        let swept = eventually(async || Some(room.wdm.sweep().await.unwrap()).filter(|swept| !swept.is_empty())).await;
        assert_eq!(swept, [orphan.id]);
        room.assert_no_trace(&orphan);
        assert_eq!((processes_of(known.id).len(), processes_of(theirs.id).len()), (1, 1));
        assert_eq!(room.events("workload.swept").await.len(), 1);
        assert!(orphan.target.directory.join("workloads/not-a-workload").exists());
        assert!(room.wdm.sweep().await.unwrap().is_empty());
        room.remove(&known).await;
        neighbour.remove(&theirs).await;
    });
}

#[test]
fn a_process_whose_files_were_deleted_is_swept() {
    on_sqlite(async |room: Room| {
        let lost = sqlite(&[MIGRATIONS]);
        let stranger =
            Room::manager(&lost.database(), &room.options, std::sync::Arc::new(hansa_repository::ambient::SystemClock));
        let orphan = room.spec(&[FIXTURE, "eat", "1"]);
        eventually(async || {
            stranger.workload_apply(&orphan, &Peers::new()).await.unwrap();
            stranger.workload(orphan.id).await.unwrap().pid
        })
        .await;
        fs::remove_dir_all(room.directory(&orphan)).unwrap();
        let swept = eventually(async || Some(room.wdm.sweep().await.unwrap()).filter(|swept| !swept.is_empty())).await;
        assert_eq!(swept, [orphan.id]);
        eventually(async || supervisors_of(&room.directory(&orphan)).is_empty().then_some(())).await;
        room.assert_no_trace(&orphan);
    });
}

#[test]
fn volumes_outlive_the_workload_and_go_when_asked() {
    on_each_database(async |room: Room| {
        let volume = || Volume { size: Mebibytes(1), variable: Some("DATA".to_owned()), mount: None };
        let mut spec =
            room.shell("cat $DATA/kept > seen 2>/dev/null; echo treasure > $DATA/kept; echo up > up; exec sleep 600");
        spec.volumes.insert("data".to_owned(), volume());
        room.until_written(&spec, "up").await;
        let error = room.wdm.volume_remove(spec.application, "web", 0).await.unwrap_err();
        assert!(matches!(error, WdmError::VolumeInUse(id) if id == spec.id), "{error}");
        room.remove(&spec).await;
        // A new copy of the same instance on the same node.
        let mut next = spec.clone();
        next.id = room.shell("").id;
        room.until_written(&next, "up").await;
        assert_eq!(room.until_written(&next, "seen").await, "treasure\n");
        room.remove(&next).await;
        let volumes = spec.target.directory.join("volumes");
        assert!(volumes.exists());
        room.wdm.volume_remove_all(spec.application).await.unwrap();
        room.wdm.volume_remove(spec.application, "web", 0).await.unwrap();
        assert!(!volumes.exists());
    });
}
