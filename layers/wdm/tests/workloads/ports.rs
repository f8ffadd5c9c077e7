//! Ports: several workloads of one kind on one node, and others who were first.

use crate::room::{FIXTURE, Room, eventually, on_each_database, on_sqlite, port};
use hansa_wdm::{ErrorKind, Peers, WdmError, WorkloadState};
use std::{collections::BTreeSet, net::TcpListener};

#[test]
fn many_of_one_kind_get_numbers_of_their_own() {
    on_each_database(async |room: Room| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let first = 21_000 + (std::process::id() % 4_000) as u16;
        let foreign = TcpListener::bind(("127.0.0.1", first + 3));
        let room = room.with(|options| options.ports = first..=first + 7);
        let mut numbers = BTreeSet::new();
        let mut specs = Vec::new();
        for ordinal in 0..6 {
            let mut spec = room.server();
            spec.ordinal = ordinal;
            let endpoints = room.wdm.workload_prepare(&spec).await.unwrap();
            assert_eq!(endpoints, room.wdm.workload_prepare(&spec).await.unwrap(), "idempotent");
            assert!(numbers.insert(endpoints["http"].number));
            specs.push(spec);
        }
        if foreign.is_ok() {
            assert!(!numbers.contains(&(first + 3)), "somebody else listens there");
        }
        for spec in &specs {
            room.until_running(spec).await;
        }
        for spec in &specs {
            room.remove(spec).await;
            room.assert_no_trace(spec);
        }
        // What was given back can be given again.
        let again = room.wdm.workload_prepare(&specs[0]).await.unwrap();
        assert!((first..=first + 7).contains(&again["http"].number));
        room.remove(&specs[0]).await;
        drop(taken);
    });
}

#[test]
fn a_fixed_number_that_is_taken_names_who_has_it_and_works_once_it_is_free() {
    on_sqlite(async |room: Room| {
        let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = foreign.local_addr().unwrap().port();
        let mut spec = room.server();
        spec.ports.insert("http".to_owned(), port(Some(number)));
        let error = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let text = error.to_string();
        for part in ["component `web`", &format!("port {number} as `http`"), &format!("process {}", std::process::id())]
        {
            assert!(text.contains(part), "{text}");
        }
        drop(foreign);
        room.until_running(&spec).await;
        let mut second = spec.clone();
        second.id = room.server().id;
        let error = room.wdm.workload_prepare(&second).await.unwrap_err();
        assert!(error.to_string().contains("another workload of this broker"), "{error}");
        assert!(matches!(room.wdm.workload(second.id).await, Err(WdmError::NotFound(_))));
        room.remove(&spec).await;
    });
}

#[test]
fn a_number_that_is_lost_while_nothing_runs_is_replaced() {
    on_each_database(async |room: Room| {
        let spec = room.server();
        let before = room.wdm.workload_prepare(&spec).await.unwrap();
        let foreign = TcpListener::bind(before["http"].socket()).unwrap();
        let after = room.until_running(&spec).await;
        assert_ne!(before["http"].number, after.endpoints["http"].number);
        assert_eq!(room.events("workload.endpoints-changed").await.len(), 1);
        drop(foreign);
        room.remove(&spec).await;
    });
}

#[test]
fn a_fixed_number_that_is_lost_while_nothing_runs_is_waited_for() {
    on_sqlite(async |room: Room| {
        let mut spec = room.server();
        let number = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        spec.ports.insert("http".to_owned(), port(Some(number)));
        let endpoints = room.wdm.workload_prepare(&spec).await.unwrap();
        let foreign = TcpListener::bind(endpoints["http"].socket()).unwrap();
        let state = room.wdm.workload_apply(&spec, &Peers::new()).await.unwrap().state;
        assert!(
            matches!(&state, WorkloadState::Failed { reason, .. } if reason.contains(&number.to_string())),
            "{state:?}"
        );
        drop(foreign);
        room.until_running(&spec).await;
        room.remove(&spec).await;
    });
}

#[test]
fn an_exhausted_range_says_so() {
    on_sqlite(async |room: Room| {
        let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
        let number = foreign.local_addr().unwrap().port();
        let room = room.with(|options| options.ports = number..=number);
        let error = room.wdm.workload_prepare(&room.server()).await.unwrap_err();
        assert!(matches!(error, WdmError::PortsExhausted { .. }), "{error}");
    });
}

#[test]
fn two_brokers_never_give_the_same_number() {
    on_each_database(async |room: Room| {
        let mut racers = Vec::new();
        for _ in 0..2 {
            let (wdm, specs) = (room.another(), (0..12).map(|_| room.server()).collect::<Vec<_>>());
            racers.push(tokio::spawn(async move {
                let mut numbers = Vec::new();
                for spec in &specs {
                    numbers.push(wdm.workload_prepare(spec).await.unwrap()["http"].number);
                }
                numbers
            }));
        }
        let mut all = BTreeSet::new();
        for racer in racers {
            for number in racer.await.unwrap() {
                assert!(all.insert(number), "{number} was given twice");
            }
        }
        assert_eq!(all.len(), 24);
    });
}

#[test]
fn the_fixture_is_there() {
    // A fault here would look like a fault everywhere.
    assert!(std::path::Path::new(FIXTURE).exists());
    drop(eventually(async || Some(())));
}
