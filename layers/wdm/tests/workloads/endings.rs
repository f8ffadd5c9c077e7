//! How workloads end: gracefully, by force, by themselves, or by never beginning.

use crate::room::{Room, eventually, on_each_database, on_sqlite, processes_of};
use chrono::TimeDelta;
use hansa_ontology::resource_model::RunPolicy;
use hansa_repository::testing::HandClock;
use hansa_wdm::{Peers, Removal, WorkloadState};
use std::sync::Arc;

#[test]
fn who_hears_the_request_ends_gracefully() {
    on_sqlite(async |room: Room| {
        let farewell = room.folder.path().join("farewell");
        let script = format!(
            "trap 'echo bye > {}; exit 0' TERM; echo up > up; while :; do sleep 0.05; done",
            farewell.display()
        );
        let spec = room.shell(&script);
        room.until_written(&spec, "up").await;
        room.remove(&spec).await;
        assert_eq!(std::fs::read_to_string(farewell).unwrap(), "bye\n");
        room.assert_no_trace(&spec);
    });
}

#[test]
fn who_ignores_the_request_is_killed_after_the_grace() {
    on_sqlite(async |room: Room| {
        let room = room.with(|options| options.process.grace_ms = 300);
        let spec = room.shell("trap '' TERM; echo up > up; while :; do sleep 0.05; done");
        room.until_written(&spec, "up").await;
        assert_eq!(room.wdm.workload_remove(spec.id).await.unwrap(), Removal::Stopping);
        assert!(!processes_of(spec.id).is_empty(), "it has its grace");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn who_escapes_by_sessions_and_orphanage_is_caught() {
    on_sqlite(async |room: Room| {
        let room = room.with(|options| options.process.grace_ms = 300);
        // One leaves the group, one is orphaned twice over, one wipes its
        // environment as well; all are deaf.
        let script = "trap '' TERM; \
            setsid sleep 601 & \
            (setsid sh -c '(sleep 602 &) &' &); \
            (setsid env -i /bin/sleep 603 &); \
            echo up > up; exec sleep 600";
        let spec = room.shell(script);
        let status = room.until_running(&spec).await;
        room.until_written(&spec, "up").await;
        let all = eventually(async || Some(sleepers(&room)).filter(|all| all.len() == 4)).await;
        assert!(all.contains(&status.pid.unwrap()));
        room.remove(&spec).await;
        assert_eq!(sleepers(&room), Vec::<u32>::new());
        room.assert_no_trace(&spec);
    });
}

/// Every sleeping process that works in the room's folder, whatever its environment says.
fn sleepers(room: &Room) -> Vec<u32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(room.folder.path()))
        })
        .filter(|entry| std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name == "sleep\n"))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| crate::room::is_alive(*pid))
        .collect()
}

#[test]
fn a_crash_loop_is_slowed_down_and_survives_a_restart_of_the_broker() {
    on_each_database(async |room: Room| {
        let clock = HandClock::default();
        let room = room.with_clock(Arc::new(clock.clone()));
        let spec = room.shell("exit 3");
        let mut waits = Vec::new();
        // After the first end there is no wait: who looks late sees the second run.
        for crash in 2..=8_u32 {
            // A new broker each time: what it needs to know is in the database.
            let wdm = Room::manager(&room.database, &room.options, Arc::new(clock.clone()));
            let (until, reason) = eventually(async || {
                let all = wdm.workload_observe(spec.application).await.unwrap();
                match all.first().map(|status| status.state.clone()) {
                    Some(WorkloadState::BackingOff { until, crashes, reason }) if crashes == crash => {
                        Some((until, reason))
                    }
                    _ => {
                        wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
                        None
                    }
                }
            })
            .await;
            assert_eq!(reason, "exited with code 3");
            let now = hansa_repository::ambient::Clock::now(&clock);
            waits.push((until - now).num_seconds());
            if until > now {
                clock.advance(until - now - TimeDelta::microseconds(1));
                let early = wdm.workload_apply(&spec, &Peers::new()).await.unwrap().state;
                assert!(matches!(early, WorkloadState::BackingOff { .. }), "{early:?}");
                clock.advance(TimeDelta::microseconds(1));
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(room.events("workload.exited").await.len(), 8, "each end is told once");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_minute_of_health_forgets_earlier_crashes() {
    on_sqlite(async |room: Room| {
        let clock = HandClock::default();
        let room = room.with_clock(Arc::new(clock.clone()));
        // Ends at once until the file is there.
        let spec = room.shell("test -e well || exit 1; rm well; while test ! -e end; do sleep 0.02; done; exit 2");
        let work = room.directory(&spec).join("work");
        let backing_off = async |crash| {
            eventually(async || {
                let all = room.wdm.workload_observe(spec.application).await.unwrap();
                match all.first().map(|status| status.state.clone()) {
                    Some(WorkloadState::BackingOff { crashes, .. }) if crashes == crash => Some(()),
                    _ => {
                        room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
                        None
                    }
                }
            })
            .await;
        };
        backing_off(2).await;
        std::fs::write(work.join("well"), "").unwrap();
        clock.advance(TimeDelta::seconds(1));
        eventually(async || {
            let state = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap().state;
            clock.advance(TimeDelta::seconds(1));
            state.is_healthy().then_some(())
        })
        .await;
        clock.advance(TimeDelta::seconds(60));
        room.wdm.workload_observe(spec.application).await.unwrap();
        std::fs::write(work.join("end"), "").unwrap();
        // Only looked at: there is no wait after the first end.
        eventually(async || {
            let all = room.wdm.workload_observe(spec.application).await.unwrap();
            let first = matches!(all[0].state, WorkloadState::BackingOff { crashes: 1, .. });
            first.then_some(())
        })
        .await;
        room.remove(&spec).await;
    });
}

#[test]
fn a_program_that_does_not_exist_is_a_clear_state_and_no_hot_loop() {
    on_sqlite(async |room: Room| {
        let clock = HandClock::default();
        let room = room.with_clock(Arc::new(clock.clone()));
        let spec = room.spec(&["no-such-program", "--flag"]);
        for _ in 0..50 {
            room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
        }
        let state = eventually(async || {
            room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            Some(room.state(&spec).await).filter(|state| matches!(state, WorkloadState::Failed { retry_at, .. } if *retry_at > hansa_repository::ambient::Clock::now(&clock)))
        })
        .await;
        let reason = state.reason().unwrap();
        assert!(reason.contains("program `no-such-program` was not found in PATH"), "{reason}");
        // The first is tried again at once, the second waits for the clock, which stands.
        assert_eq!(room.events("workload.started").await.len(), 2);
        let spec = room.spec(&["/etc/passwd"]);
        let state = eventually(async || {
            room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            Some(room.state(&spec).await).filter(|state| matches!(state, WorkloadState::Failed { .. }))
        })
        .await;
        assert!(state.reason().unwrap().contains("may not be executed"), "{state:?}");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn an_argument_that_names_no_variable_is_a_clear_state() {
    on_sqlite(async |room: Room| {
        let spec = room.spec(&["sleep", "${NOPE}"]);
        let state = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap().state;
        let reason = state.reason().unwrap_or_default();
        assert!(reason.contains("`${NOPE}` is not defined"), "{state:?}");
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}

#[test]
fn a_job_is_tried_until_it_ends_well_and_then_never_again() {
    on_sqlite(async |room: Room| {
        let mut spec = room.shell("echo try >> tries; test $(wc -l < tries) = 3");
        spec.run = RunPolicy::Once;
        let done = |state: &WorkloadState| matches!(state, WorkloadState::Completed { .. });
        let status = room.until(&spec, |status| done(&status.state)).await;
        assert_eq!((status.restarts, status.last_exit.unwrap().code), (2, Some(0)));
        for _ in 0..5 {
            let again = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap();
            assert!(done(&again.state), "{again:?}");
        }
        room.remove(&spec).await;
        room.assert_no_trace(&spec);
    });
}
