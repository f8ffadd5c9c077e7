//! What is counted, and told, from round to round.

use super::{Sample, counted, round::write_down};
use crate::store::{self, MIGRATIONS, tests::application};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_assurance::Tally;
use hansa_ontology::resource_model::ServiceLevel;
use hansa_repository::{
    Connection, Database,
    event::{self, EventFilter, Order},
    testing::for_each_database,
};
use serde_json::json;

/// 3,600 rounds in each window: two bad ones are too many.
fn quick(below: &str, target: &str) -> ServiceLevel {
    let level = json!({ "component": "web", "below": below, "target": target, "window": "hour", "every": "1s" });
    serde_json::from_value(json!({ "latency": level })).unwrap()
}

fn begin() -> DateTime<Utc> {
    "2026-11-23T04:59:50Z".parse().unwrap()
}

/// Writes one round down, so many seconds after the begin.
async fn round(database: &Database, level: &ServiceLevel, second: i64, good: Option<u64>) {
    let at = begin() + TimeDelta::seconds(second);
    let said = (good == Some(0)).then(|| "an answer took 1s".to_owned());
    let (level, sample) = (level.clone(), Sample { at, good, value: None, said });
    let write = move |connection: &mut Connection| {
        write_down(connection, &application(), (&"quick".to_owned(), &level), &sample)
    };
    database.write(write).await.unwrap();
}

async fn sum(database: &Database, level: &ServiceLevel, second: i64) -> Tally {
    let (aim, at) = (super::aim(level), begin() + TimeDelta::seconds(second));
    database.read(move |connection| counted(connection, (application().id, "quick"), &aim, at)).await.unwrap()
}

async fn told(database: &Database) -> Vec<(String, String)> {
    let filter = EventFilter { kind_prefix: Some("service-level.".to_owned()), ..EventFilter::default() };
    let all = database.read(move |connection| event::list(connection, &filter, 100, Order::OldestFirst)).await.unwrap();
    all.into_iter().map(|event| (event.kind, event.message)).collect()
}

#[test]
fn rounds_are_counted_and_told_once_for_each_window() {
    for_each_database(&[MIGRATIONS], async |database| {
        database.write(|connection| store::insert(connection, &application())).await.unwrap();
        let level = quick("200ms", "99.95");
        round(&database, &level, 0, Some(0)).await;
        assert_eq!(sum(&database, &level, 0).await, Tally::default(), "it begins with its first good answer");
        round(&database, &level, 1, Some(1_000)).await;
        round(&database, &level, 2, None).await;
        round(&database, &level, 3, Some(500)).await;
        assert_eq!(sum(&database, &level, 3).await, Tally { good: 1_500, bad: 500 });
        assert_eq!(told(&database).await, []);
        for second in 4..8 {
            round(&database, &level, second, Some(0)).await;
        }
        let spent = |percent: &str| format!("{percent} % of the error budget of this hour is spent; an answer took 1s");
        let risk = ("service-level.at-risk", format!("shop: service level quick is at risk: {}", spent("83.333")));
        let missed = ("service-level.missed", format!("shop: service level quick is missed: {}", spent("138.889")));
        let both = [risk, missed].map(|(kind, message)| (kind.to_owned(), message));
        assert_eq!(told(&database).await, both);

        // The next window: how the last one ended is told, and it begins anew.
        round(&database, &level, 10, Some(0)).await;
        round(&database, &level, 11, Some(1_000)).await;
        assert_eq!(sum(&database, &level, 11).await, Tally { good: 1_000, bad: 1_000 });
        let all = told(&database).await;
        let message = "shop: service level quick was missed in the hour from 2026-11-23 04:00: \
                       25 % were good, the target is 99.95 %";
        assert_eq!(all[2], ("service-level.reported".to_owned(), message.to_owned()));
        assert_eq!(all.len(), 4, "and the new window is at risk: {all:?}");

        // Another target is held against the same rounds; another indicator isn't.
        assert_eq!(sum(&database, &quick("200ms", "40"), 11).await, Tally { good: 1_000, bad: 1_000 });
        round(&database, &quick("200ms", "40"), 12, Some(1_000)).await;
        assert_eq!(sum(&database, &level, 12).await, Tally { good: 2_000, bad: 1_000 });
        round(&database, &quick("2s", "40"), 13, Some(1_000)).await;
        assert_eq!(sum(&database, &level, 13).await, Tally { good: 1_000, bad: 0 });
    });
}
