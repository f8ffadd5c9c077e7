//! The database joins as memory does, on both databases.

use super::*;
use crate::{
    Interval,
    ledger::{Entry, LedgerAccount, Posting},
    testing::{any_record, broker, day, machine, project, second},
    usage::{Subject, Usage, UsageRecord},
};
use hansa_ontology::{Currency, Money};
use hansa_repository::{
    RepositoryError,
    follow::{self, Position},
    testing::for_each_database,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use std::sync::Arc;

fn whole() -> Interval {
    Interval::new(second(0), second(100_000)).unwrap()
}

/// The same records of things of another name, so that one database serves many cases.
fn of_case(case: usize, record: UsageRecord) -> UsageRecord {
    let subject = record.subject();
    let resource = machine(&format!("{case}-{}", subject.resource.id));
    let subject = Arc::new(Subject { resource, ..subject.as_ref().clone() });
    record.sharing(subject)
}

#[test]
fn the_database_joins_as_memory_does() {
    for_each_database(&[MIGRATIONS], async |db| {
        let mut dice = TestRunner::deterministic();
        let cases = prop::collection::vec(any_record(), 0..40);
        let mut all = Usage::default();
        for case in 0..60 {
            let records = cases.new_tree(&mut dice).unwrap().current();
            let records: Vec<UsageRecord> = records.into_iter().map(|record| of_case(case, record)).collect();
            let cut = records.len() / 2;
            let parts = [&records[cut..], &records[..cut], &records[cut / 2..], &records[..]];
            for part in parts {
                let part: Usage = part.iter().cloned().collect();
                db.write(move |connection| usage_join(connection, &part)).await.unwrap();
            }
            all.extend(records);
            let window = UsageWindow { project: project(), within: whole(), included: true };
            let stored = db.read(move |connection| usage_load(connection, &window)).await.unwrap();
            assert!(stored == all, "case {case}");
        }
        let other = UsageWindow { project: hansa_ontology::ProjectId::orders(), within: whole(), included: true };
        let none = db.read(move |connection| usage_load(connection, &other)).await.unwrap();
        assert!(none.records().is_empty());
    });
}

#[test]
fn of_two_rounds_at_one_time_one_is_written() {
    for_each_database(&[MIGRATIONS], async |db| {
        let position = |connection: &mut _| follow::position(connection, "accounting");
        let from = db.read(position).await.unwrap();
        let moved = async |to| {
            db.write(move |connection| follow::position_move(connection, "accounting", from, to)).await.unwrap()
        };
        assert!(moved(7).await);
        assert!(!moved(9).await, "it was moved on meanwhile");
        let now = db.read(position).await.unwrap();
        assert_eq!(now, Position { sequence: 7, generation: from.generation + 1 });
    });
}

#[test]
fn entries_are_read_back_and_balance() {
    for_each_database(&[MIGRATIONS], async |db| {
        let posting = |micros| {
            let amount = Money::new(micros, Currency::EUR);
            let (one, other) = (LedgerAccount::Unbilled(project()), LedgerAccount::Revenue(broker("north")));
            vec![Posting::debit(one, amount), Posting::credit(other, amount)]
        };
        let entry = |id: &str, on: &str, micros| Entry::new(id, day(on), "g", id, posting(micros)).unwrap();
        let entries = vec![entry("b", "2026-02-01", 5), entry("a", "2026-02-02", 7), entry("c", "2026-03-01", 11)];
        let written = entries.clone();
        db.write(move |connection| entries_append(connection, &written)).await.unwrap();
        assert_eq!(db.read(|connection| entries_of_group(connection, "g")).await.unwrap(), entries);
        let february = db.read(|connection| entries_between(connection, None, day("2026-02-28"))).await.unwrap();
        assert_eq!(february.len(), 2);
        let later = |connection: &mut _| entries_between(connection, Some(day("2026-02-01")), day("2026-03-01"));
        assert_eq!(db.read(later).await.unwrap().len(), 2);
        let balances = db.read(|connection| trial_balance(connection, Some(day("2026-02-28")))).await.unwrap();
        let sum: i64 = balances.values().map(crate::ledger::Balance::net).sum();
        assert_eq!((balances.len(), sum), (2, 0));
        assert_eq!(balances[&(LedgerAccount::Unbilled(project()), Currency::EUR)].net(), 12);
        // No name twice.
        let again = vec![entry("b", "2026-02-01", 5)];
        let refused = db.write(move |connection| entries_append(connection, &again)).await.unwrap_err();
        assert_eq!(refused.kind(), hansa_repository::ErrorKind::Conflict);
    });
}

#[test]
fn a_quantity_that_no_database_keeps_is_refused() {
    let refused: RepositoryError = small("quantity", u64::MAX).unwrap_err();
    assert!(refused.to_string().contains("quantity: 18446744073709551615 is more than"), "{refused}");
}
