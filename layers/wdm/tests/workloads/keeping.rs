//! One copy, always: over races, killed supervisors, killed brokers.

use crate::room::{Room, eventually, is_alive, kill, on_each_database, on_sqlite, processes_of, supervisors_of};
use hansa_wdm::{PeerEndpoint, Peers, WorkloadState};
use std::{fs, sync::Arc};

#[test]
fn two_brokers_that_race_start_one_copy() {
    on_each_database(async |room: Room| {
        let spec = Arc::new(room.shell("echo $$ >> started; exec sleep 600"));
        let mut racers = Vec::new();
        for _ in 0..2 {
            let (wdm, spec) = (room.another(), Arc::clone(&spec));
            racers.push(tokio::spawn(async move {
                for _ in 0..25 {
                    wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
                    wdm.workload_observe(spec.application).await.unwrap();
                }
            }));
        }
        for racer in racers {
            racer.await.unwrap();
        }
        let status = room.until_running(&spec).await;
        let started = room.until_written(&spec, "started").await;
        assert_eq!(started.lines().count(), 1, "{started}");
        assert_eq!(processes_of(spec.id), [status.pid.unwrap()]);
        // One that was second may still be about to find that out.
        let root = room.directory(&spec);
        eventually(async || (supervisors_of(&root).len() == 1).then_some(())).await;
        assert_eq!(room.events("workload.started").await.len(), 1);
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_new_broker_finds_the_old_workloads() {
    on_each_database(async |room: Room| {
        let spec = room.shell("exec sleep 600");
        let before = room.until_running(&spec).await;
        // As after SIGKILL: nothing is told to anybody.
        let room = Room {
            wdm: room.another(),
            database: room.database.clone(),
            options: room.options.clone(),
            folder: keep(room),
        };
        let after = room.until_running(&spec).await;
        assert_eq!((before.pid, before.restarts), (after.pid, after.restarts));
        assert_eq!(room.events("workload.started").await.len(), 1);
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

/// The folder of a room whose manager goes away without its processes.
fn keep(mut room: Room) -> tempfile::TempDir {
    let other = tempfile::tempdir().unwrap();
    std::mem::replace(&mut room.folder, other)
}

#[test]
fn a_killed_supervisor_takes_the_workload_along_and_both_come_back() {
    on_sqlite(async |room: Room| {
        let spec = room.shell("sleep 601 & setsid sleep 602 & exec sleep 600");
        let before = room.until_running(&spec).await;
        let children = eventually(async || Some(processes_of(spec.id)).filter(|all| all.len() == 3)).await;
        let shim = supervisors_of(&room.directory(&spec));
        kill(shim[0], "KILL");
        eventually(async || (!is_alive(before.pid.unwrap())).then_some(())).await;
        let after = room.until(&spec, |status| status.state.is_healthy() && status.pid != before.pid).await;
        assert_eq!(after.restarts, 1);
        let reason = after.last_exit.unwrap().to_string();
        assert!(reason.contains("supervisor was killed"), "{reason}");
        // Its children of the first run went before the second began.
        assert!(children.iter().all(|pid| !is_alive(*pid)));
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_start_that_was_written_down_and_not_made_is_made() {
    on_sqlite(async |room: Room| {
        let mut spec = room.shell("exec sleep 600");
        // The node's directory can't be made: this is as far as a broker gets that dies here.
        let blocker = room.folder.path().join("nodes");
        fs::write(&blocker, "in the way").unwrap();
        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        let state = room.state(&spec).await;
        assert!(
            matches!(&state, WorkloadState::Failed { reason, .. } if reason.contains("make the directory")),
            "{state:?}"
        );
        fs::remove_file(&blocker).unwrap();
        spec.revision = "2".to_owned();
        room.until_running(&spec).await;
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_new_revision_replaces_the_copy_in_place() {
    on_sqlite(async |room: Room| {
        let mut spec = room.shell("exec sleep 600");
        let before = room.until_running(&spec).await;
        spec.revision = "2".to_owned();
        spec.environment.insert("COLOUR".to_owned(), "blue".to_owned());
        let after = room.until(&spec, |now| now.state.is_healthy() && now.pid != before.pid).await;
        let environment = fs::read_to_string(format!("/proc/{}/environ", after.pid.unwrap())).unwrap();
        assert!(environment.contains("COLOUR=blue"));
        assert!(!is_alive(before.pid.unwrap()));
        assert!(room.events("workload.exited").await.is_empty(), "a wished end is no crash");
        room.remove(&spec).await;
    });
}

#[test]
fn changed_peers_are_written_at_once_and_reported_until_a_restart() {
    on_sqlite(async |room: Room| {
        let spec = room.shell("exec sleep 600");
        let at = |number: u16| {
            let address = ([127, 0, 0, 1], number).into();
            Peers::from([("db".to_owned(), vec![PeerEndpoint { ordinal: 0, port: "sql".to_owned(), address }])])
        };
        let file = room.directory(&spec).join("peers.json");
        assert!(!room.wdm.workload_apply(&spec, &at(1)).await.unwrap().peers_changed);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text, r#"{"db":[{"ordinal":0,"port":"sql","address":"127.0.0.1:1"}]}"#);
        assert!(room.wdm.workload_apply(&spec, &at(2)).await.unwrap().peers_changed);
        assert!(fs::read_to_string(&file).unwrap().contains("127.0.0.1:2"));
        assert!(room.wdm.workload(spec.id).await.unwrap().peers_changed);
        room.wdm.workload_restart(spec.id).await.unwrap();
        eventually(async || {
            let applied = room.wdm.workload_apply(&spec, &at(2)).await.unwrap();
            (matches!(applied.state, WorkloadState::Starting { .. }) && !applied.peers_changed).then_some(())
        })
        .await;
        let pid = eventually(async || {
            room.wdm.workload_apply(&spec, &at(2)).await.unwrap();
            room.wdm.workload(spec.id).await.unwrap().pid
        })
        .await;
        // Empty for the moment in which the shell becomes `sleep`.
        let environment = eventually(async || {
            let text = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
            (!text.is_empty()).then_some(text)
        })
        .await;
        assert!(environment.contains("PEERS_DB_SQL=127.0.0.1:2"), "{environment}");
        room.remove(&spec).await;
    });
}

#[test]
fn supervisors_killed_at_any_moment_never_lead_to_two_copies() {
    on_sqlite(async |room: Room| {
        // The copy itself tells: whoever finds the lock taken is a second one.
        let (once, double) = (room.folder.path().join("once"), room.folder.path().join("double"));
        let script = format!("flock -n {} sleep 600 || echo $? >> {}", once.display(), double.display());
        let spec = room.shell(&script);
        let root = room.directory(&spec);
        let brokers = [room.another(), room.another()];
        let mut starts = 0;
        for round in 0..40_u64 {
            for broker in &brokers {
                broker.workload_apply(&spec, &Peers::new()).await.unwrap();
            }
            // Moments spread over the whole of a start.
            tokio::time::sleep(std::time::Duration::from_millis(round * 7 % 40)).await;
            for shim in supervisors_of(&root) {
                kill(shim, "KILL");
            }
            // Without its back-off, so that each round is a start.
            let mut renewed = spec.clone();
            renewed.revision = round.to_string();
            let state = brokers[0].workload_apply(&renewed, &Peers::new()).await.unwrap().state;
            starts += u32::from(matches!(state, WorkloadState::Starting { .. }));
        }
        assert!(starts > 10, "{starts}");
        room.until_running(&spec).await;
        // A shell that was killed with its supervisor leaves no note; one that found the lock taken does.
        let notes = fs::read_to_string(&double).unwrap_or_default();
        assert!(!notes.lines().any(|line| line == "1"), "{notes}");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}
