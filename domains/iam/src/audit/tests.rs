//! The trail on both databases, and its sealer killed at every step.

use super::{
    AuditOutcome, FaultKind, NewAuditRecord, Trail, append,
    steps::{ALL, DIES_AT},
    store::AuditFilter,
    verify,
};
use crate::{MIGRATIONS, model::Via};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ProjectScope};
use hansa_repository::{
    Database, DatabaseUrl, RepositoryError,
    ambient::{RandomIds, SharedIds},
    event::{self, NewEvent},
    request,
    testing::{HandClock, for_each_test_database, sqlite},
};
use serde_json::json;
use std::{collections::BTreeSet, path::Path, sync::Arc};
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn decision(action: &str) -> NewAuditRecord {
    NewAuditRecord {
        at: now(),
        actor: Actor::Person("ann".to_owned()),
        account: None,
        via: Via::Loopback,
        origin: Some("127.0.0.1".parse().unwrap()),
        request: Some(Uuid::from_u128(7)),
        action: action.to_owned(),
        subject: "application/7".to_owned(),
        project: Some("acme/web".parse().unwrap()),
        outcome: AuditOutcome::Allowed,
        policies: vec!["tenant".to_owned()],
        data: json!(null),
    }
}

fn event(kind: &str) -> NewEvent {
    NewEvent {
        at: now(),
        actor: Actor::Broker,
        application: None,
        subject: "application/7".to_owned(),
        kind: kind.to_owned(),
        message: "it happened".to_owned(),
        data: json!({"b": 1, "a": 2}),
    }
}

fn trail(database: &Database, folder: &Path) -> (Trail, Arc<HandClock>) {
    let (clock, ids) = (Arc::new(HandClock::new(now())), Arc::new(RandomIds) as SharedIds);
    (Trail::new(database.clone(), clock.clone(), ids, folder.join("keys")), clock)
}

async fn happen(database: &Database, kind: &'static str) {
    database.write(move |c| event::append(c, &event(kind)).map(|_| ())).await.map_err(|e: RepositoryError| e).unwrap();
}

async fn export(trail: &Trail) -> String {
    let mut export = trail.export().await.unwrap();
    let mut text = String::new();
    while let Some(piece) = export.piece().await.unwrap() {
        text.push_str(&piece);
    }
    text
}

#[test]
fn decisions_and_events_become_one_sequence() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let (database, folder) = (db.database(), tempfile::tempdir().unwrap());
        let (trail, clock) = trail(&database, folder.path());
        let id = Uuid::from_u128(7);
        trail.append(decision("application.create")).await.unwrap();
        request::within(id, happen(&database, "application.submitted")).await;
        happen(&database, "workload.started").await;
        trail.seal_now().await.unwrap();
        clock.advance(TimeDelta::seconds(60));
        let denied = AuditOutcome::Denied { missing: "application.remove".to_owned() };
        trail.append(NewAuditRecord { outcome: denied, ..decision("application.remove") }).await.unwrap();
        let text = export(&trail).await;
        let verified = verify(text.as_bytes(), &[], None).unwrap();
        assert_eq!((verified.size, verified.checkpoints), (4, 2));
        let of = async |filter: AuditFilter| -> Vec<String> {
            let listed = trail.list(filter, 10).await.unwrap();
            assert!(listed.iter().all(|one| one.altered.is_none()));
            listed.into_iter().map(|one| one.record.action).collect()
        };
        let joined = of(AuditFilter { request: Some(id), ..AuditFilter::default() }).await;
        assert_eq!(BTreeSet::from_iter(joined).len(), 3, "a request's decisions and events are joined by its id");
        assert_eq!(
            of(AuditFilter { outcome: Some("denied".to_owned()), ..AuditFilter::default() }).await,
            ["application.remove"]
        );
        assert_eq!(
            of(AuditFilter { action_prefix: Some("work".to_owned()), ..AuditFilter::default() }).await,
            ["workload.started"]
        );
        let own = ProjectScope::Only(["acme/web".parse().unwrap()].into());
        assert_eq!(of(AuditFilter { scope: own, ..AuditFilter::default() }).await.len(), 2);
        let none = ProjectScope::Only(BTreeSet::new());
        assert!(of(AuditFilter { scope: none, ..AuditFilter::default() }).await.is_empty());
        for place in 0..4 {
            let proof = trail.inclusion(place, None).await.unwrap();
            assert!(proof.holds() && proof.checkpoint.is_some());
            assert!(!super::InclusionProof { place: place + 1, ..proof }.holds());
        }
        let grown = trail.consistency(3, None).await.unwrap();
        assert!(grown.holds() && grown.to == 4);
        assert!(!super::ConsistencyProof { from_root: grown.to_root.clone(), ..grown }.holds());
        assert!(trail.consistency(5, None).await.is_err());
        assert!(trail.inclusion(4, None).await.is_err());
    });
}

#[test]
fn what_is_sealed_stays_as_it_is() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let (database, folder) = (db.database(), tempfile::tempdir().unwrap());
        let (trail, _) = trail(&database, folder.path());
        for action in ["a", "b", "c", "d"] {
            trail.append(decision(action)).await.unwrap();
        }
        let refused = super::store::tamper(&database, "DELETE FROM audit_intake").await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
        trail.seal_now().await.unwrap();
        for table in ["audit_record", "audit_hash", "audit_checkpoint", "audit_key", "audit_state"] {
            let refused = super::store::tamper(&database, &format!("DELETE FROM {table}")).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
        let change = "UPDATE audit_record SET line = replace(line, 'tenant', 'nobody') WHERE place = 2";
        assert!(super::store::tamper(&database, change).await.unwrap_err().to_string().contains("append-only"));
        // Whoever may drop the triggers is found out.
        super::store::without_triggers(&database).await;
        super::store::tamper(&database, change).await.unwrap();
        trail.append(decision("e")).await.unwrap();
        let fault = verify(export(&trail).await.as_bytes(), &[], None).unwrap_err();
        assert_eq!((fault.kind, fault.place), (FaultKind::Altered, Some(2)));
        super::store::tamper(&database, &change.replace("'tenant', 'nobody'", "'nobody', 'tenant'")).await.unwrap();
        verify(export(&trail).await.as_bytes(), &[], None).unwrap();
        super::store::tamper(&database, "UPDATE audit_record SET actor = 'bob' WHERE place = 3").await.unwrap();
        let fault = verify(export(&trail).await.as_bytes(), &[], None).unwrap_err();
        assert_eq!((fault.kind, fault.place), (FaultKind::AlteredRow, Some(3)));
        super::store::tamper(&database, "DELETE FROM audit_record WHERE place = 1").await.unwrap();
        let fault = verify(export(&trail).await.as_bytes(), &[], None).unwrap_err();
        assert_eq!((fault.kind, fault.place), (FaultKind::Missing, Some(1)));
    });
}

#[test]
fn hostile_texts_are_sealed_like_others() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let (database, folder) = (db.database(), tempfile::tempdir().unwrap());
        let (trail, _) = trail(&database, folder.path());
        let hostile = "\0\n\u{2028}\u{202e}'; DROP TABLE audit_record; --\\u0000\u{1f980}";
        for text in [hostile.to_owned(), hostile.repeat(100_000)] {
            let new = NewAuditRecord {
                actor: Actor::Person(text.clone()),
                subject: text.clone(),
                data: json!({ text.clone(): text }),
                ..decision("x")
            };
            trail.append(new).await.unwrap();
        }
        let text = export(&trail).await;
        assert_eq!(verify(text.as_bytes(), &[], None).unwrap().size, 2);
        assert_eq!(trail.list(AuditFilter::default(), 10).await.unwrap().len(), 2);
        let found = trail.list(AuditFilter { actor: Some(hostile.to_owned()), ..AuditFilter::default() }, 10).await;
        assert_eq!(found.unwrap().len(), 1);
    });
}

#[test]
fn a_decision_is_undone_with_its_transaction() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let (database, folder) = (db.database(), tempfile::tempdir().unwrap());
        let (trail, _) = trail(&database, folder.path());
        let undone: Result<(), RepositoryError> = database
            .write(|connection| {
                append(connection, &decision("a"))?;
                Err(RepositoryError::conflict("no"))
            })
            .await;
        undone.unwrap_err();
        trail.seal_now().await.unwrap();
        assert!(trail.list(AuditFilter::default(), 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_new_key_is_vouched_for_by_the_old_one() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let (database, folder) = (db.database(), tempfile::tempdir().unwrap());
        let (trail, _) = trail(&database, folder.path());
        trail.append(decision("a")).await.unwrap();
        trail.seal_now().await.unwrap();
        let first = trail.keys().await.unwrap().remove(0);
        let second = trail.key_rotate().await.unwrap();
        assert_eq!((second.replaces.as_deref(), second.from), (Some(first.id.as_str()), 1));
        trail.append(decision("b")).await.unwrap();
        let text = export(&trail).await;
        let verified = verify(text.as_bytes(), &[first.public], None).unwrap();
        assert_eq!(verified.keys.len(), 2);
        // The next process finds the new key in force.
        let (next, _) = self::trail(&database, folder.path());
        next.append(decision("c")).await.unwrap();
        next.seal_now().await.unwrap();
        assert_eq!(next.keys().await.unwrap().len(), 2);
        let checkpoint = next.checkpoints(None, 1).await.unwrap().remove(0).note;
        verify(export(&next).await.as_bytes(), &[second.public], None).unwrap_err();
        assert!(checkpoint.contains("hansa.audit/"), "{checkpoint}");
    });
}

#[test]
fn one_process_seals_at_a_time() {
    for_each_test_database(&[MIGRATIONS], async |db| {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let other = db.reopen(&[MIGRATIONS], hansa_repository::DatabaseOptions::default()).unwrap();
        let (one, _) = trail(&db.database(), folders[0].path());
        let (two, _) = trail(&other, folders[1].path());
        let stop = tokio_util::sync::CancellationToken::new();
        let running: Vec<_> = [&one, &two]
            .map(|trail| {
                let (trail, stop) = (trail.clone(), stop.clone());
                tokio::spawn(async move { trail.run(stop).await })
            })
            .into();
        for _ in 0..20 {
            one.append(decision("a")).await.unwrap();
            two.append(decision("b")).await.unwrap();
        }
        stop.cancel();
        for task in running {
            task.await.unwrap();
        }
        assert_eq!(verify(export(&one).await.as_bytes(), &[], None).unwrap().size, 40);
    });
}

/// What a process that is killed does: records, seals, changes the key, seals again.
async fn live(url: &str, folder: &Path) {
    let database = Database::open(&url.parse::<DatabaseUrl>().unwrap(), &[MIGRATIONS]).unwrap();
    let (trail, _) = trail(&database, folder);
    trail.append(decision("a")).await.unwrap();
    happen(&database, "b").await;
    trail.seal_now().await.unwrap();
    trail.key_rotate().await.unwrap();
    trail.append(decision("c")).await.unwrap();
    trail.seal_now().await.unwrap();
}

/// The process of the test below.
#[test]
fn child() {
    let Ok(url) = std::env::var("HANSA_TEST_AUDIT_DATABASE") else { return };
    let folder = std::env::var("HANSA_TEST_AUDIT_FOLDER").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(live(&url, Path::new(&folder)));
}

#[test]
fn a_sealer_that_is_killed_at_any_step_loses_and_doubles_nothing() {
    use std::os::unix::process::ExitStatusExt as _;
    for step in ALL {
        let (db, folder) = (sqlite(&[MIGRATIONS]), tempfile::tempdir().unwrap());
        let run = |dies: Option<&str>| {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child
                .args(["--exact", "audit::tests::child", "--nocapture"])
                .env("HANSA_TEST_AUDIT_DATABASE", format!("sqlite:{}", db.folder().unwrap().join("hansa.db").display()))
                .env("HANSA_TEST_AUDIT_FOLDER", folder.path());
            match dies {
                Some(step) => child.env(DIES_AT, step),
                None => child.env_remove(DIES_AT),
            };
            child.output().unwrap()
        };
        let killed = run(Some(step));
        assert_eq!(killed.status.signal(), Some(9), "{step}: {killed:?}");
        let whole = run(None);
        assert!(whole.status.success(), "{step}: {whole:?}");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (trail, _) = trail(&db.database(), folder.path());
            let first = trail.keys().await.unwrap().remove(0).public;
            let text = export(&trail).await;
            let verified = verify(text.as_bytes(), &[first], None).unwrap();
            let count = |action: &str| text.matches(&format!(r#""action":"{action}""#)).count();
            // The first life recorded what it had come to, the second all of it.
            let last = usize::from(count("c") == 2);
            assert_eq!((count("a"), count("b"), count("c")), (2, 2, 1 + last), "{step}");
            assert_eq!(verified.size, 5 + last as u64, "{step}");
        });
    }
}
