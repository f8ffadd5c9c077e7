//! The event log: append-only, in the order of the commits.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use hansa_ontology::{Actor, ApplicationId};
use hansa_repository::{
    Database, RepositoryError,
    ambient::Clock as _,
    event::{self, Event, EventFilter, NewEvent, Order},
    testing::{HandClock, for_each_database},
};
use serde_json::json;
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    HandClock::default().now()
}

fn new(kind: &str, subject: &str) -> NewEvent {
    NewEvent {
        at: at() + TimeDelta::microseconds(123_456),
        actor: Actor::Broker,
        application: Some(ApplicationId(Uuid::from_u128(7))),
        subject: subject.to_owned(),
        kind: kind.to_owned(),
        message: "Ä sentence for people.".to_owned(),
        data: json!({ "a": [1, "zwei", null] }),
    }
}

async fn append(db: &Database, events: Vec<NewEvent>) -> i64 {
    db.write(move |c| event::append_all(c, &events)).await.unwrap()
}

async fn list(db: &Database, filter: EventFilter, limit: usize, order: Order) -> Vec<Event> {
    db.read(move |c| event::list(c, &filter, limit, order)).await.unwrap()
}

#[test]
fn what_is_appended_is_read_back() {
    for_each_database(&[], async |db| {
        let event = new("workload.started", "workload/1");
        let sequence = append(&db, vec![event.clone()]).await;
        let read = list(&db, EventFilter::default(), 10, Order::OldestFirst).await;
        assert_eq!(read.len(), 1);
        let Event { sequence: read_sequence, at, actor, application, subject, kind, message, data, request, project } =
            read[0].clone();
        assert_eq!((read_sequence, request, project), (sequence, None, None));
        assert_eq!(NewEvent { at, actor, application, subject, kind, message, data }, event);
    });
}

#[test]
fn an_event_names_the_request_that_caused_it() {
    for_each_database(&[], async |db| {
        let id = uuid::Uuid::from_u128(7);
        let caused = hansa_repository::request::within(id, append(&db, vec![new("a", "s/a")])).await;
        let by_itself = append(&db, vec![new("b", "s/b")]).await;
        let read = list(&db, EventFilter::default(), 2, Order::OldestFirst).await;
        let found: Vec<_> = read.iter().map(|event| (event.sequence, event.request)).collect();
        assert_eq!(found, [(caused, Some(id)), (by_itself, None)]);
    });
}

#[test]
fn a_nul_from_elsewhere_stops_nothing() {
    for_each_database(&[], async |db| {
        let event = NewEvent { message: "exit\0ed".to_owned(), data: json!("\0"), ..new("a", "b\0") };
        append(&db, vec![event]).await;
        let read = list(&db, EventFilter::default(), 1, Order::NewestFirst).await;
        assert_eq!((read[0].message.as_str(), read[0].subject.as_str()), ("exit\u{fffd}ed", "b\u{fffd}"));
        assert_eq!(read[0].data, json!("\0"));
    });
}

#[test]
fn filters_and_pages() {
    for_each_database(&[], async |db| {
        let kinds = ["offer.imported", "offer.changed", "offerXimported", "site.imported", "offer.withdrawn"];
        append(&db, kinds.iter().map(|kind| new(kind, &format!("s/{kind}"))).collect()).await;
        append(&db, vec![NewEvent { application: None, ..new("other", "s/other") }]).await;
        let names = |events: Vec<Event>| events.into_iter().map(|e| e.kind).collect::<Vec<_>>();

        let prefix = EventFilter { kind_prefix: Some("offer.".to_owned()), ..EventFilter::default() };
        assert_eq!(
            names(list(&db, prefix.clone(), 10, Order::OldestFirst).await),
            ["offer.imported", "offer.changed", "offer.withdrawn"]
        );
        let wildcard = EventFilter { kind_prefix: Some("offer_".to_owned()), ..EventFilter::default() };
        assert_eq!(list(&db, wildcard, 10, Order::OldestFirst).await, []);

        let first = list(&db, EventFilter::default(), 4, Order::NewestFirst).await;
        assert_eq!(first.len(), 4);
        let rest = EventFilter { before: Some(first[3].sequence), ..EventFilter::default() };
        let rest = list(&db, rest, 4, Order::NewestFirst).await;
        assert_eq!(names(rest), ["offer.changed", "offer.imported"]);
        let after = EventFilter { after: Some(first[1].sequence), ..EventFilter::default() };
        assert_eq!(names(list(&db, after, 4, Order::OldestFirst).await), ["other"]);

        let subject = EventFilter { subject: Some("s/site.imported".to_owned()), ..EventFilter::default() };
        assert_eq!(names(list(&db, subject, 10, Order::OldestFirst).await), ["site.imported"]);
        let application =
            EventFilter { application: Some(ApplicationId(Uuid::from_u128(7))), ..EventFilter::default() };
        assert_eq!(list(&db, application, 10, Order::OldestFirst).await.len(), 5);
    });
}

#[test]
fn nothing_can_be_changed_or_deleted() {
    for_each_database(&[], async |db| {
        append(&db, vec![new("a", "b")]).await;
        for sql in ["UPDATE event SET message = 'forged'", "DELETE FROM event"] {
            let result: Result<(), RepositoryError> = db.write(move |c| Ok(c.batch_execute(sql)?)).await;
            let text = result.unwrap_err().to_string();
            assert!(text.contains("append-only"), "{text}");
        }
        assert_eq!(list(&db, EventFilter::default(), 10, Order::OldestFirst).await.len(), 1);
    });
}

#[test]
fn the_signal_comes_after_the_commit_and_not_after_a_rollback() {
    for_each_database(&[], async |db| {
        let mut signal = db.event_signal();
        let before = *signal.borrow_and_update();
        let rolled_back: Result<(), RepositoryError> = db
            .write(|c| {
                event::append(c, &new("a", "b"))?;
                Err(RepositoryError::conflict("no"))
            })
            .await;
        assert!(rolled_back.is_err());
        assert!(!signal.has_changed().unwrap());
        let sequence = append(&db, vec![new("a", "b")]).await;
        signal.changed().await.unwrap();
        assert_eq!(*signal.borrow_and_update(), sequence);
        assert!(sequence > before);
    });
}

/// A follower that asks for what comes after the last number it saw must miss nothing,
/// though many writers of two processes append at one time.
#[test]
fn a_follower_misses_nothing() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 25;
    hansa_repository::testing::for_each_test_database(&[], async |test| {
        let second = test.reopen(&[], hansa_repository::DatabaseOptions::default()).unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let db = if writer % 2 == 0 { test.database() } else { second.clone() };
            writers.spawn(async move {
                for count in 0..EACH {
                    append(
                        &db,
                        vec![new("k", &format!("{writer}/{count}/a")), new("k", &format!("{writer}/{count}/b"))],
                    )
                    .await;
                }
            });
        }
        let mut seen = Vec::new();
        let mut after = 0;
        let all = usize::try_from(WRITERS * EACH * 2).unwrap();
        while seen.len() < all {
            let finished = writers.is_empty();
            let filter = EventFilter { after: Some(after), ..EventFilter::default() };
            let page = list(&test.database(), filter, 7, Order::OldestFirst).await;
            after = page.last().map_or(after, |e| e.sequence);
            assert!(!(finished && page.is_empty()), "missed {} events", all - seen.len());
            seen.extend(page.into_iter().map(|e| e.subject));
            while let Some(done) = writers.try_join_next() {
                done.unwrap();
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all);
    });
}
