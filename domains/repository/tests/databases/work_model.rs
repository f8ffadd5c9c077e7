//! The work queue against a model, over random histories.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_repository::{
    Connection, RepositoryError,
    ambient::Clock as _,
    testing::{HandClock, TestDatabase, postgres, sqlite},
    work::{self, Claim},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    Wait(u8),
    Enqueue(u8, u8),
    Claim,
    Finish(u8, Option<u8>),
    Fail(u8, u8),
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    due: i64,
    wanted: Option<i64>,
    /// Number of the claim and end of its lease.
    lease: Option<(usize, i64)>,
}

const LEASE: i64 = 8;

fn at(second: i64) -> DateTime<Utc> {
    HandClock::default().now() + TimeDelta::seconds(second)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..6_u8).prop_map(Step::Wait),
        3 => (0..3_u8, 0..10_u8).prop_map(|(key, due)| Step::Enqueue(key, due)),
        4 => Just(Step::Claim),
        3 => (0..4_u8, proptest::option::of(0..10_u8)).prop_map(|(which, next)| Step::Finish(which, next)),
        2 => (0..4_u8, 0..10_u8).prop_map(|(which, retry)| Step::Fail(which, retry)),
    ]
}

#[derive(Default)]
struct Model {
    now: i64,
    items: BTreeMap<String, Item>,
}

impl Model {
    fn enqueue(&mut self, key: &str, due: i64) {
        let item = self.items.entry(key.to_owned()).or_insert(Item { due, wanted: None, lease: None });
        if item.lease.is_some() {
            item.wanted = Some(item.wanted.map_or(due, |wanted| wanted.min(due)));
        } else {
            item.due = item.due.min(due);
        }
    }

    fn claim(&mut self, number: usize) -> Option<String> {
        let now = self.now;
        let free = |item: &Item| item.due <= now && item.lease.is_none_or(|(_, until)| until <= now);
        let (key, item) = self
            .items
            .iter_mut()
            .filter(|(_, item)| free(item))
            .min_by_key(|(key, item)| (item.due, (*key).clone()))?;
        item.lease = Some((number, now + LEASE));
        item.wanted = None;
        Some(key.clone())
    }

    /// Whether the claim still held.
    fn end(&mut self, key: &str, number: usize, next: Option<i64>) -> bool {
        let Some(item) = self.items.get_mut(key).filter(|item| item.lease.is_some_and(|(holder, _)| holder == number))
        else {
            return false;
        };
        match [item.wanted, next].into_iter().flatten().min() {
            Some(due) => *item = Item { due, wanted: None, lease: None },
            None => drop(self.items.remove(key)),
        }
        true
    }
}

/// Carries out one history on the database and the model side by side, then undoes it.
fn follow(connection: &mut Connection, queue: &str, steps: &[Step]) -> Result<(), RepositoryError> {
    let mut model = Model::default();
    let mut claims: Vec<Claim> = Vec::new();
    for step in steps {
        let now = model.now;
        match step {
            Step::Wait(seconds) => model.now += i64::from(*seconds),
            Step::Enqueue(key, delay) => {
                let (key, due) = (key.to_string(), now + i64::from(*delay));
                work::enqueue(connection, queue, &key, at(due))?;
                model.enqueue(&key, due);
            }
            Step::Claim => {
                let claim = work::claim(connection, queue, "w", at(now), TimeDelta::seconds(LEASE))?;
                assert_eq!(claim.as_ref().map(|c| c.key.clone()), model.claim(claims.len()));
                claims.extend(claim);
            }
            Step::Finish(which, delay) => {
                let Some(number) = claims.len().checked_sub(1 + usize::from(*which)) else {
                    continue;
                };
                let next = delay.map(|delay| now + i64::from(delay));
                let ended = work::finish(connection, &claims[number], next.map(at));
                assert_eq!(ended.is_ok(), model.end(&claims[number].key, number, next));
            }
            Step::Fail(which, delay) => {
                let Some(number) = claims.len().checked_sub(1 + usize::from(*which)) else {
                    continue;
                };
                let retry = now + i64::from(*delay);
                let ended = work::fail(connection, &claims[number], at(retry), "no");
                assert_eq!(ended.is_ok(), model.end(&claims[number].key, number, Some(retry)));
            }
        }
        let stored: BTreeMap<String, (DateTime<Utc>, Option<DateTime<Utc>>)> = work::list(connection, queue)?
            .into_iter()
            .map(|item| (item.key, (item.due, item.lease.map(|l| l.until))))
            .collect();
        let expected = model
            .items
            .iter()
            .map(|(key, item)| (key.clone(), (at(item.due), item.lease.map(|(_, until)| at(until)))))
            .collect();
        assert_eq!(stored, expected, "after {step:?}");
    }
    Ok(())
}

fn check(database: &TestDatabase, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let queue = std::sync::atomic::AtomicU32::new(0);
    runner
        .run(&proptest::collection::vec(step(), 1..60), |steps| {
            // Each history has a queue of its own.
            let queue = format!("q{}", queue.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            runtime.block_on(database.database().write(move |c| follow(c, &queue, &steps))).unwrap();
            Ok(())
        })
        .unwrap();
}

#[test]
fn histories_on_sqlite() {
    check(&sqlite(&[]), 150);
}

#[test]
fn histories_on_postgres() {
    if let Some(database) = postgres(&[]) {
        check(&database, 60);
    }
}
