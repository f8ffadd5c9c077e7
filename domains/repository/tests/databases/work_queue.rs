//! The work queue: one worker at a time for a key, and no wish lost.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::{
    Database, DatabaseOptions, ErrorKind, RepositoryError,
    ambient::{Clock as _, SystemClock},
    testing::{HandClock, for_each_database, for_each_test_database},
    work::{self, Claim, WorkItem},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

const LEASE: TimeDelta = TimeDelta::seconds(30);

fn start() -> DateTime<Utc> {
    HandClock::default().now()
}

fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

async fn enqueue(db: &Database, key: &str, due: DateTime<Utc>) {
    let key = key.to_owned();
    db.write(move |c| work::enqueue(c, "q", &key, due)).await.unwrap();
}

async fn claim(db: &Database, owner: &'static str, now: DateTime<Utc>) -> Option<Claim> {
    db.write(move |c| work::claim(c, "q", owner, now, LEASE)).await.unwrap()
}

async fn finish(db: &Database, claim: Claim, next: Option<DateTime<Utc>>) -> Result<(), RepositoryError> {
    db.write(move |c| work::finish(c, &claim, next)).await
}

async fn items(db: &Database) -> Vec<WorkItem> {
    db.read(|c| work::list(c, "q")).await.unwrap()
}

#[test]
fn the_earliest_due_comes_first_and_nothing_before_its_time() {
    for_each_database(&[], async |db| {
        enqueue(&db, "late", after(20)).await;
        enqueue(&db, "soon", after(10)).await;
        enqueue(&db, "sooner", after(5)).await;
        enqueue(&db, "late", after(7)).await;
        assert_eq!(claim(&db, "a", after(4)).await, None);
        assert_eq!(db.read(|c| work::next_due(c, "q")).await.unwrap(), Some(after(5)));
        let mut order = Vec::new();
        while let Some(claim) = claim(&db, "a", after(10)).await {
            order.push(claim.key);
        }
        assert_eq!(order, ["sooner", "late", "soon"]);
        assert_eq!(db.write(|c| work::claim(c, "other", "a", after(99), LEASE)).await.unwrap(), None);
    });
}

#[test]
fn a_held_item_is_nobody_elses_until_the_lease_ends() {
    for_each_database(&[], async |db| {
        enqueue(&db, "k", start()).await;
        let first = claim(&db, "a", start()).await.unwrap();
        assert_eq!(first.lease_until, after(30));
        assert_eq!(claim(&db, "b", after(29)).await, None);
        let renewed = first.clone();
        let renewed = db.write(move |c| work::renew(c, &renewed, after(20), LEASE)).await.unwrap();
        assert_eq!(claim(&db, "b", after(49)).await, None);
        assert_eq!(db.read(|c| work::next_due(c, "q")).await.unwrap(), Some(after(50)));
        let second = claim(&db, "b", after(50)).await.unwrap();

        for stale in [first, renewed] {
            let error = finish(&db, stale.clone(), None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
            let renew = stale.clone();
            assert!(db.write(move |c| work::renew(c, &renew, after(50), LEASE)).await.is_err());
            assert!(db.write(move |c| work::fail(c, &stale, after(50), "x")).await.is_err());
        }
        let holder = items(&db).await[0].lease.clone().unwrap();
        assert_eq!((holder.owner.as_str(), holder.until), ("b", after(80)));
        finish(&db, second, None).await.unwrap();
        assert_eq!(items(&db).await, []);
    });
}

#[test]
fn a_stale_claim_stays_stale_after_the_item_was_made_anew() {
    for_each_database(&[], async |db| {
        enqueue(&db, "k", start()).await;
        let stale = claim(&db, "a", start()).await.unwrap();
        let second = claim(&db, "a", after(30)).await.unwrap();
        finish(&db, second, None).await.unwrap();
        enqueue(&db, "k", after(31)).await;
        let third = claim(&db, "a", after(31)).await.unwrap();
        assert!(finish(&db, stale, None).await.is_err());
        finish(&db, third, None).await.unwrap();
    });
}

#[test]
fn a_wish_while_held_brings_another_round() {
    for_each_database(&[], async |db| {
        enqueue(&db, "k", start()).await;
        let held = claim(&db, "a", start()).await.unwrap();
        enqueue(&db, "k", after(9)).await;
        enqueue(&db, "k", after(3)).await;
        finish(&db, held, None).await.unwrap();
        assert_eq!(items(&db).await[0].due, after(3));
        let again = claim(&db, "b", after(3)).await.unwrap();
        finish(&db, again, Some(after(60))).await.unwrap();
        assert_eq!(items(&db).await[0].due, after(60));
    });
}

#[test]
fn failures_are_counted_and_shown_until_a_round_goes_well() {
    for_each_database(&[], async |db| {
        enqueue(&db, "k", start()).await;
        for round in 0..2_u32 {
            let now = after(i64::from(round) * 100);
            let held = claim(&db, "a", now).await.unwrap();
            assert_eq!(held.attempts, round);
            db.write(move |c| work::fail(c, &held, now + TimeDelta::seconds(100), "node is down")).await.unwrap();
        }
        let item = items(&db).await.remove(0);
        assert_eq!((item.attempts, item.last_error.as_deref(), item.due), (2, Some("node is down"), after(200)));
        assert_eq!(claim(&db, "a", after(199)).await, None);
        let held = claim(&db, "a", after(200)).await.unwrap();
        db.write(move |c| work::release(c, &held)).await.unwrap();
        assert_eq!(items(&db).await.remove(0), item);
        let held = claim(&db, "a", after(200)).await.unwrap();
        finish(&db, held, Some(after(300))).await.unwrap();
        let item = items(&db).await.remove(0);
        assert_eq!((item.attempts, item.last_error, item.lease), (0, None, None));
    });
}

#[test]
fn what_a_dead_worker_held_is_taken_back_at_once() {
    for_each_database(&[], async |db| {
        enqueue(&db, "k", start()).await;
        enqueue(&db, "l", start()).await;
        let dead = claim(&db, "a", start()).await.unwrap();
        claim(&db, "b", start()).await.unwrap();
        assert_eq!(db.write(|c| work::take_back(c, "q", "a")).await.unwrap(), 1);
        assert!(finish(&db, dead.clone(), None).await.is_err());
        assert_eq!(claim(&db, "a", start()).await.unwrap().key, dead.key);
        assert_eq!(claim(&db, "a", start()).await, None);
    });
}

#[test]
fn workers_are_woken_after_the_commit() {
    for_each_database(&[], async |db| {
        let mut signal = db.work_signal();
        signal.borrow_and_update();
        enqueue(&db, "k", start()).await;
        signal.changed().await.unwrap();
        let held = claim(&db, "a", start()).await.unwrap();
        assert!(!signal.has_changed().unwrap());
        let rolled_back: Result<(), RepositoryError> = db
            .write(|c| {
                work::enqueue(c, "q", "other", start())?;
                Err(RepositoryError::conflict("no"))
            })
            .await;
        assert!(rolled_back.is_err() && !signal.has_changed().unwrap());
        finish(&db, held, None).await.unwrap();
    });
}

/// Two processes with four workers each over five keys: never two at one key,
/// and each key's last wish is seen by a round that began after it.
#[test]
fn never_two_at_one_key_and_no_wish_lost() {
    const KEYS: usize = 5;
    const WISHES: u64 = 30;
    for_each_test_database(&[], async |test| {
        let wished: Arc<Vec<AtomicU64>> = Arc::new((0..KEYS).map(|_| AtomicU64::new(0)).collect());
        let seen: Arc<Vec<AtomicU64>> = Arc::new((0..KEYS).map(|_| AtomicU64::new(0)).collect());
        let busy = Arc::new(Mutex::new(BTreeSet::new()));
        let processes = [test.database(), test.reopen(&[], DatabaseOptions::default()).unwrap()];
        let mut workers = tokio::task::JoinSet::new();
        for process in processes.iter().cycle().take(8) {
            let (db, wished, seen, busy) = (process.clone(), Arc::clone(&wished), Arc::clone(&seen), Arc::clone(&busy));
            workers.spawn(async move {
                let complete = || (0..KEYS).all(|k| seen[k].load(Ordering::SeqCst) == WISHES);
                while !complete() {
                    let now = SystemClock.now();
                    let Some(claim) = db.write(move |c| work::claim(c, "q", "w", now, LEASE)).await.unwrap() else {
                        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                        continue;
                    };
                    let key: usize = claim.key.parse().unwrap();
                    assert!(busy.lock().unwrap().insert(key), "two workers at key {key}");
                    let version = wished[key].load(Ordering::SeqCst);
                    tokio::time::sleep(std::time::Duration::from_micros(300)).await;
                    seen[key].fetch_max(version, Ordering::SeqCst);
                    assert!(busy.lock().unwrap().remove(&key));
                    finish(&db, claim, None).await.unwrap();
                }
            });
        }
        for wish in 0..WISHES * KEYS as u64 {
            let key = usize::try_from(wish).unwrap() % KEYS;
            wished[key].fetch_add(1, Ordering::SeqCst);
            enqueue(&processes[key % 2], &key.to_string(), SystemClock.now()).await;
        }
        let all = async {
            while let Some(done) = workers.join_next().await {
                done.unwrap()
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), all).await.expect("a wish was lost");
    });
}
