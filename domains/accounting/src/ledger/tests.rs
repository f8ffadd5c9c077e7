//! Amounts written out by hand: what each entry does to the accounts.

use super::*;
use crate::{
    AccountingError,
    testing::{broker, day, project},
};
use chrono::NaiveDate;
use hansa_ontology::{Currency, Money};
use proptest::prelude::*;

fn unbilled() -> LedgerAccount {
    LedgerAccount::Unbilled(project())
}

fn revenue() -> LedgerAccount {
    LedgerAccount::Revenue(broker("north"))
}

fn postings(micros: i64) -> Vec<Posting> {
    let amount = Money::new(micros, Currency::EUR);
    vec![Posting::debit(unbilled(), amount), Posting::credit(revenue(), amount)]
}

fn wanted(about: &str, on: &str, micros: i64) -> Wanted {
    Wanted { day: day(on), about: about.to_owned(), postings: postings(micros) }
}

fn owed(ledger: &Ledger, through: Option<&str>) -> i64 {
    let balances = ledger.trial_balance(through.map(day)).unwrap();
    assert_eq!(balances.values().map(|balance| i128::from(balance.net())).sum::<i128>(), 0, "debits equal credits");
    balances.get(&(unbilled(), Currency::EUR)).map_or(0, Balance::net)
}

#[test]
fn what_does_not_balance_cannot_be_made() {
    let mut sides = postings(5);
    sides[1].micros = -4;
    let error = Entry::new("e1", day("2026-02-01"), "g", "a", sides.clone()).unwrap_err();
    assert_eq!(error, AccountingError::Unbalanced { entry: "e1".to_owned(), currency: Currency::EUR, difference: 1 });
    // Not by reading it either, and not in two currencies that even each other out.
    let good = serde_json::to_string(&Entry::new("e1", day("2026-02-01"), "g", "a", postings(5)).unwrap()).unwrap();
    assert!(serde_json::from_str::<Entry>(&good).is_ok());
    assert!(serde_json::from_str::<Entry>(&good.replace("-5", "-4")).is_err());
    sides[1] = Posting { currency: "USD".parse().unwrap(), ..postings(5).remove(1) };
    assert!(Entry::new("e1", day("2026-02-01"), "g", "a", sides).is_err());
}

#[test]
fn corrections_are_counter_entries() {
    let mut ledger = Ledger::default();
    let first = [wanted("a", "2026-02-01", 100), wanted("b", "2026-02-02", 200), wanted("c", "2026-02-03", 300)];
    let today = day("2026-03-05");
    assert_eq!(ledger.revise("g", &first, today), Ok(3));
    assert_eq!(ledger.revise("g", &first, today), Ok(0), "it says so already");
    let second = [wanted("a", "2026-02-01", 100), wanted("b", "2026-02-02", 250)];
    assert_eq!(ledger.revise("g", &second, today), Ok(3), "b taken back and booked anew, c taken back");
    assert_eq!((owed(&ledger, None), ledger.entries().len()), (350, 6));
    assert_eq!(ledger.revise("g", &first, today), Ok(3), "and back again");
    assert_eq!(owed(&ledger, None), 600);
    let taken_back = ledger.entries().iter().filter(|entry| entry.reverses().is_some()).count();
    assert_eq!(taken_back, 3);
    let twice = [wanted("a", "2026-02-01", 1), wanted("a", "2026-02-01", 1)];
    assert!(ledger.revise("g", &twice, today).is_err());
}

#[test]
fn a_closed_period_never_changes() {
    let mut ledger = Ledger::default();
    let march = day("2026-03-05");
    ledger.revise("g", &[wanted("a", "2026-02-01", 100), wanted("b", "2026-03-01", 7)], march).unwrap();
    let closing = ledger.close(day("2026-02-28")).unwrap().clone();
    assert_eq!(closing.entries, 1);
    let late = Entry::new("late", day("2026-02-28"), "g", "x", postings(1)).unwrap();
    assert!(ledger.append(late).unwrap_err().to_string().contains("closed through 2026-02-28"));
    assert!(ledger.close(day("2026-02-28")).is_err());
    // A correction of February is booked in March.
    assert_eq!(ledger.revise("g", &[wanted("a", "2026-02-01", 90), wanted("b", "2026-03-01", 7)], march), Ok(2));
    assert_eq!((owed(&ledger, Some("2026-02-28")), owed(&ledger, None)), (100, 97));
    let count = ledger.entries().len();
    let late = [wanted("z", "2026-02-01", 1), wanted("b", "2026-03-01", 7)];
    assert!(ledger.revise("g", &late, day("2026-02-10")).is_err(), "today is closed");
    assert_eq!(ledger.entries().len(), count, "and nothing was booked");
    assert_eq!(ledger.check(), Ok(()));
    ledger.close(day("2026-03-31")).unwrap();
    assert_eq!(ledger.check(), Ok(()));
}

#[test]
fn the_same_entry_is_booked_once() {
    let mut ledger = Ledger::default();
    let entry = |micros| Entry::new("e", day("2026-02-01"), "g", "a", postings(micros)).unwrap();
    ledger.append(entry(5)).unwrap();
    ledger.append(entry(5)).unwrap();
    assert_eq!(ledger.entries().len(), 1);
    assert!(matches!(ledger.append(entry(6)), Err(AccountingError::Conflict { .. })));
    let other = Entry::new("f", day("2026-02-01"), "g", "a", postings(5)).unwrap();
    assert!(ledger.append(other).unwrap_err().to_string().contains("take it back first"));
}

proptest! {
    #[test]
    fn whatever_is_booked_balances(
        rounds in prop::collection::vec((prop::collection::btree_map(0_u8..6, 1_i64..1_000_000, 0..6), 1_u32..28, any::<bool>()), 1..8),
    ) {
        let mut ledger = Ledger::default();
        let mut today = day("2026-02-01");
        let mut closed: Vec<(NaiveDate, i64)> = Vec::new();
        for (things, on, close) in rounds {
            let on = NaiveDate::from_ymd_opt(2026, 2, on).unwrap();
            let wanted: Vec<Wanted> = things
                .iter()
                .map(|(about, micros)| Wanted { day: on, about: about.to_string(), postings: postings(*micros) })
                .collect();
            ledger.revise("g", &wanted, today).unwrap();
            prop_assert_eq!(owed(&ledger, None), things.values().sum::<i64>());
            if close {
                let through = today.max(on);
                if ledger.closed_through().is_none_or(|last| last < through) {
                    ledger.close(through).unwrap();
                    closed.push((through, owed(&ledger, Some(&through.to_string()))));
                }
            }
            today = ledger.closed_through().map_or(today, |last| last + chrono::Days::new(1)).max(today);
        }
        prop_assert_eq!(ledger.check(), Ok(()));
        for (through, sum) in closed {
            prop_assert_eq!(owed(&ledger, Some(&through.to_string())), sum);
        }
    }
}
