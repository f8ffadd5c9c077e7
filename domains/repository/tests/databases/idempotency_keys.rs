//! Idempotency keys: once carried out, answered alike each time.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::Actor;
use hansa_repository::{
    Database, ErrorKind, RepositoryError,
    ambient::Clock as _,
    idempotency::{self, ABANDONED_AFTER, Begin, KEPT_FOR, StoredAnswer},
    testing::{HandClock, for_each_database},
};

fn start() -> DateTime<Utc> {
    HandClock::default().now()
}

fn answer() -> StoredAnswer {
    StoredAnswer {
        status: 202,
        headers: vec![("location".to_owned(), "/api/v1/operations/1".to_owned())],
        body: "{\"ä\":1}".to_owned(),
    }
}

async fn begin(db: &Database, actor: Actor, digest: &'static str, now: DateTime<Utc>) -> Begin {
    db.write(move |c| idempotency::begin(c, &actor, "key", digest, now)).await.unwrap()
}

async fn finish(db: &Database) -> Result<(), RepositoryError> {
    db.write(|c| idempotency::finish(c, &Actor::Local, "key", &answer())).await
}

#[test]
fn new_then_in_flight_then_replayed() {
    for_each_database(&[], async |db| {
        assert_eq!(begin(&db, Actor::Local, "d", start()).await, Begin::New);
        assert_eq!(begin(&db, Actor::Local, "d", start()).await, Begin::InFlight);
        assert_eq!(begin(&db, Actor::Local, "other", start()).await, Begin::Mismatch);
        assert_eq!(begin(&db, Actor::Broker, "other", start()).await, Begin::New);
        finish(&db).await.unwrap();
        assert_eq!(begin(&db, Actor::Local, "d", start() + TimeDelta::hours(23)).await, Begin::Replay(answer()));
        assert_eq!(begin(&db, Actor::Local, "other", start()).await, Begin::Mismatch);
    });
}

#[test]
fn abandoned_and_expired_requests_may_be_made_again() {
    for_each_database(&[], async |db| {
        assert_eq!(begin(&db, Actor::Local, "d", start()).await, Begin::New);
        let later = start() + ABANDONED_AFTER;
        assert_eq!(begin(&db, Actor::Local, "d", later).await, Begin::New);
        finish(&db).await.unwrap();
        assert_eq!(begin(&db, Actor::Local, "e", later + KEPT_FOR).await, Begin::New);
        let now = later + KEPT_FOR * 2;
        assert_eq!(db.write(move |c| idempotency::expire(c, now)).await.unwrap(), 1);
        assert_eq!(db.write(move |c| idempotency::expire(c, now)).await.unwrap(), 0);
        assert_eq!(finish(&db).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_forgotten_request_and_one_rolled_back_may_be_made_again() {
    for_each_database(&[], async |db| {
        begin(&db, Actor::Local, "d", start()).await;
        db.write(|c| idempotency::forget(c, &Actor::Local, "key")).await.unwrap();
        let failed: Result<(), RepositoryError> = db
            .write(|c| {
                assert_eq!(idempotency::begin(c, &Actor::Local, "key", "d", start())?, Begin::New);
                Err(RepositoryError::conflict("the change failed"))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(begin(&db, Actor::Local, "d", start()).await, Begin::New);
    });
}

#[test]
fn keys_have_a_length() {
    for_each_database(&[], async |db| {
        for key in [String::new(), "x".repeat(256)] {
            let error = db.write(move |c| idempotency::begin(c, &Actor::Local, &key, "d", start())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert_eq!(error.to_string(), "Idempotency-Key: must have 1 to 255 bytes");
        }
    });
}
