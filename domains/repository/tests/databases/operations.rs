//! Operations: their way from start to end, and what is told of it.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{Actor, ApplicationId, OperationId};
use hansa_repository::{
    Database, ErrorKind, RepositoryError,
    ambient::Clock as _,
    event::{self, EventFilter, Order},
    operation::{self, NewOperation, Operation, OperationFilter, OperationState, Progress},
    testing::{HandClock, for_each_database},
};
use serde_json::json;
use uuid::Uuid;

fn id(number: u128) -> OperationId {
    OperationId(Uuid::from_u128(number))
}

fn at(second: i64) -> DateTime<Utc> {
    HandClock::default().now() + TimeDelta::seconds(second)
}

async fn start(db: &Database, number: u128) -> Operation {
    let new = NewOperation {
        id: id(number),
        kind: "application.submit".to_owned(),
        subject: "application/1".to_owned(),
        application: Some(ApplicationId(Uuid::from_u128(number % 2))),
        actor: Actor::Local,
        message: "planning".to_owned(),
    };
    let now = at(i64::try_from(number).unwrap() / 3);
    db.write(move |c| operation::start(c, new, now)).await.unwrap()
}

fn progress(done: u32, message: &str) -> Progress {
    Progress { done, total: 3, message: message.to_owned() }
}

#[test]
fn from_start_to_success() {
    for_each_database(&[], async |db| {
        let started = start(&db, 1).await;
        assert_eq!(db.read(|c| operation::get(c, id(1))).await.unwrap(), started);
        for _ in 0..2 {
            db.write(|c| operation::progress(c, id(1), progress(2, "starting db#0"), at(2))).await.unwrap();
        }
        let done = db.write(|c| operation::succeed(c, id(1), json!({ "price": 7 }), at(3))).await.unwrap();
        assert_eq!(done.state, OperationState::Succeeded { result: json!({ "price": 7 }) });
        assert_eq!((done.progress.done, done.progress.total, done.updated_at), (3, 3, at(3)));
        assert_eq!(db.write(|c| operation::succeed(c, id(1), json!(null), at(4))).await.unwrap(), done);
        assert_eq!(db.write(|c| operation::progress(c, id(1), progress(1, "late"), at(4))).await.unwrap(), done);
        let error = db.write(|c| operation::fail(c, id(1), "no", at(4))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(db.read(|c| operation::get(c, id(1))).await.unwrap(), done);

        let told = db.read(|c| event::list(c, &EventFilter::default(), 10, Order::OldestFirst)).await.unwrap();
        let kinds: Vec<_> = told.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["operation.started", "operation.progressed", "operation.succeeded"]);
        assert_eq!(told[1].message, "application.submit: starting db#0");
    });
}

#[test]
fn failure_is_final() {
    for_each_database(&[], async |db| {
        start(&db, 1).await;
        let failed = db.write(|c| operation::fail(c, id(1), "nothing fits", at(3))).await.unwrap();
        assert_eq!(failed.state, OperationState::Failed { error: "nothing fits".to_owned() });
        assert!(db.write(|c| operation::succeed(c, id(1), json!(1), at(4))).await.is_err());
        assert_eq!(db.write(|c| operation::fail(c, id(1), "other", at(4))).await.unwrap(), failed);
    });
}

#[test]
fn unknown_and_twice() {
    for_each_database(&[], async |db| {
        let error: RepositoryError = db.read(|c| operation::get(c, id(9))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let new = start(&db, 9).await;
        let again = NewOperation {
            id: new.id,
            kind: new.kind,
            subject: new.subject,
            application: None,
            actor: new.actor,
            message: String::new(),
        };
        let error = db.write(move |c| operation::start(c, again, at(0))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    });
}

#[test]
fn lists_page_by_page_though_several_share_a_time() {
    for_each_database(&[], async |db| {
        for number in 1..=10 {
            start(&db, number).await;
        }
        db.write(|c| operation::fail(c, id(10), "x", at(9))).await.unwrap();
        let mut numbers = Vec::new();
        let mut filter = OperationFilter::default();
        loop {
            let page_filter = filter.clone();
            let page = db.read(move |c| operation::list(c, &page_filter, 3)).await.unwrap();
            numbers.extend(page.iter().map(|o| o.id.0.as_u128()));
            let Some(last) = page.last() else { break };
            filter.before = Some(last.id);
        }
        assert_eq!(numbers, (1..=10).rev().collect::<Vec<_>>());
        let application = Some(ApplicationId(Uuid::from_u128(0)));
        let running = OperationFilter { running: true, application, ..OperationFilter::default() };
        let page = db.read(move |c| operation::list(c, &running, 99)).await.unwrap();
        assert_eq!(page.iter().map(|o| o.id.0.as_u128()).collect::<Vec<_>>(), [8, 6, 4, 2]);
    });
}
