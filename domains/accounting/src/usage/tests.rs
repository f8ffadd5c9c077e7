//! From events and counters to records: hours, repetition, order, gaps, clocks.

use super::*;
use crate::Interval;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{ProjectId, ProviderId};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
}

fn terms(plan: &str) -> Terms {
    Terms {
        provider: ProviderId::new("did:web:north.example").unwrap(),
        project: ProjectId::new("acme/web").unwrap(),
        application: None,
        offer: None,
        plan: PlanId::new(plan).unwrap(),
        meters: BTreeMap::from([(Meter::new("machine-seconds").unwrap(), 1)]),
    }
}

fn machine(id: &str) -> Resource {
    Resource { kind: ResourceKind::Machine, id: id.to_owned() }
}

fn event(sequence: u64, seconds: i64, change: Change) -> LifecycleEvent {
    LifecycleEvent { sequence, at: at(seconds), resource: machine("m1"), change }
}

fn how(now: i64, revision: u64) -> Metering {
    Metering { now: at(now), patience: 3_600, revision }
}

fn told(records: &[UsageRecord]) -> Vec<(i64, i64, u64, Standing)> {
    let start = at(0).timestamp();
    let of = |one: &UsageRecord| {
        (one.interval().begin() - start, one.interval().end() - start, one.quantity(), one.standing())
    };
    records.iter().map(of).collect()
}

fn sum(usage: &Usage) -> u64 {
    usage.counted().map(|record| record.quantity()).sum()
}

#[test]
fn a_life_is_cut_at_hours_and_at_changes_of_plan() {
    let events = [
        event(1, 1_800, Change::Started(terms("small"))),
        event(2, 5_000, Change::Changed(terms("large"))),
        event(3, 8_000, Change::Stopped),
    ];
    let metered = meter(&events, how(100_000, 3)).unwrap();
    let known = Standing::Measured;
    let expected = [
        (1_800, 3_600, 1_800, known),
        (3_600, 5_000, 1_400, known),
        (5_000, 7_200, 2_200, known),
        (7_200, 8_000, 800, known),
    ];
    assert_eq!(told(&metered.records), expected);
    assert_eq!(metered.records[2].subject().plan.as_str(), "large");
    assert!(metered.gaps.is_empty() && metered.clocks.is_empty());
    assert_eq!((metered.lifetimes.len(), metered.lifetimes[0].to), (1, Some(at(8_000))));
}

#[test]
fn an_estimate_is_replaced_by_what_was_so() {
    let mut events = vec![event(1, 0, Change::Started(terms("small"))), event(2, 1_000, Change::Seen)];
    let first = meter(&events, how(9_000, 2)).unwrap();
    assert_eq!(first.gaps.len(), 1, "nobody has seen it for longer than an hour");
    assert_eq!(first.gaps[0].reason, GapReason::Silent);
    let estimated: u64 =
        first.records.iter().filter(|one| one.standing() == Standing::Estimate).map(UsageRecord::quantity).sum();
    assert_eq!(estimated, 8_000);
    let first: Usage = first.records.into_iter().collect();
    assert_eq!(sum(&first), 9_000);

    events.push(event(3, 2_000, Change::Stopped));
    let second = meter(&events, how(12_000, 3)).unwrap();
    let second: Usage = second.records.into_iter().collect();
    let taken_back = second.retractions(&first, 3).unwrap();
    assert_eq!(taken_back.len(), 2, "two hours were told of in which it no longer ran");
    let all = first.clone().join(second.clone()).join(taken_back.clone().into_iter().collect());
    assert_eq!(sum(&all), 2_000);
    let other_way: Usage = taken_back.into_iter().collect();
    assert_eq!(other_way.join(second).join(first), all);
}

#[test]
fn a_clock_that_goes_back_counts_nothing_twice() {
    let events = [
        event(1, 5_000, Change::Started(terms("small"))),
        event(2, 1_000, Change::Changed(terms("large"))),
        event(3, 6_000, Change::Stopped),
        event(4, 5_500, Change::Started(terms("small"))),
        event(5, 90_000, Change::Stopped),
    ];
    let metered = meter(&events, how(10_000, 5)).unwrap();
    assert_eq!(metered.records.iter().map(UsageRecord::quantity).sum::<u64>(), 5_000);
    assert_eq!(metered.clocks.iter().map(|fault| fault.sequence).collect::<Vec<_>>(), [2, 4, 5]);
    assert_eq!(metered.clocks[2].taken, at(10_000), "a clock ahead of now is held");
    let usage: Usage = metered.records.into_iter().collect();
    assert!(usage.overlaps().is_empty());
}

#[test]
fn what_was_never_told_is_a_gap_and_costs_nothing() {
    let events = [
        event(1, 100, Change::Stopped),
        event(2, 200, Change::Started(terms("small"))),
        event(3, 300, Change::Seen),
        event(4, 1_000, Change::Started(terms("small"))),
        event(5, 1_100, Change::Stopped),
    ];
    let metered = meter(&events, how(2_000, 5)).unwrap();
    let gaps: Vec<_> = metered.gaps.iter().map(|gap| (gap.from, gap.to, gap.reason)).collect();
    assert_eq!(gaps, [(None, at(100), GapReason::BeginMissing), (Some(at(300)), at(1_000), GapReason::EndMissing)]);
    assert_eq!(metered.records.iter().map(UsageRecord::quantity).sum::<u64>(), 200);
    assert_eq!(metered.lifetimes.len(), 2);
}

#[test]
fn two_events_of_one_number_mean_the_same_in_any_order() {
    let mut events = [
        event(1, 100, Change::Started(terms("small"))),
        event(1, 200, Change::Started(terms("large"))),
        event(2, 1_000, Change::Stopped),
    ];
    let metered = meter(&events, how(2_000, 2)).unwrap();
    events.reverse();
    assert_eq!(meter(&events, how(2_000, 2)).unwrap(), metered);
    assert_eq!(metered.records[0].quantity(), 900);
}

#[test]
fn counters_begin_anew_and_are_spread_over_hours() {
    let subject = Arc::new(terms("net").subject(&machine("m1"), &Meter::new("bytes").unwrap()));
    let reading = |sequence, seconds, value| Reading { sequence, at: at(seconds), value };
    let readings = [
        reading(3, 7_200, 10),
        reading(1, 0, 500),
        reading(2, 5_400, 1_400),
        reading(2, 5_400, 1_400),
        reading(4, 7_100, 15),
    ];
    let (records, gaps) = meter_readings(&subject, &readings, how(10_000, 1)).unwrap();
    let counted: Vec<_> = told(&records).into_iter().map(|(from, to, quantity, _)| (from, to, quantity)).collect();
    assert_eq!(counted, [(0, 3_600, 600), (3_600, 5_400, 300), (5_400, 7_200, 10)]);
    assert_eq!(gaps.len(), 1, "an hour and a half between two readings");
}

#[test]
fn a_partner_that_claims_a_second_twice_is_told_of_it() {
    let subject = Arc::new(terms("small").subject(&machine("m1"), &Meter::new("machine-seconds").unwrap()));
    let record = |from, to, quantity| {
        let interval = Interval::new(at(from), at(to)).unwrap();
        UsageRecord::new(Arc::clone(&subject), interval, quantity, 1, Standing::Measured, Source::Partner).unwrap()
    };
    let usage: Usage =
        [record(0, 1_000, 1_000), record(500, 1_500, 1_000), record(600, 700, 100)].into_iter().collect();
    assert_eq!(sum(&usage), 1_500);
    assert_eq!(usage.overlaps().len(), 2);
    let expected = Interval::new(at(0), at(2_000)).unwrap();
    let missing = usage.missing(&machine("m1"), &Meter::new("machine-seconds").unwrap(), expected);
    assert_eq!(missing, [Interval::new(at(1_500), at(2_000)).unwrap()]);
}

#[test]
fn a_partners_record_of_some_hours_is_cut_at_hours() {
    let subject = Arc::new(terms("small").subject(&machine("m1"), &Meter::new("machine-seconds").unwrap()));
    let stretch = Interval::new(at(1_800), at(10_000)).unwrap();
    let records = UsageRecord::spread(&subject, stretch, 16_401, 1, Source::Partner).unwrap();
    let told: Vec<_> = told(&records).into_iter().map(|(from, to, quantity, _)| (from, to, quantity)).collect();
    assert_eq!(told, [(1_800, 3_600, 3_600), (3_600, 7_200, 7_200), (7_200, 10_000, 5_601)]);
}

#[test]
fn records_go_round_and_keep_to_their_hour() {
    let subject = Arc::new(terms("small").subject(&machine("m1"), &Meter::new("machine-seconds").unwrap()));
    let interval = Interval::new(at(0), at(10)).unwrap();
    let record = UsageRecord::new(subject, interval, 10, 7, Standing::Measured, Source::Partner).unwrap();
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<UsageRecord>(&text).unwrap(), record);
    let long = text.replace("2026-01-01T00:00:10Z", "2026-01-01T01:00:01Z");
    assert!(serde_json::from_str::<UsageRecord>(&long).unwrap_err().to_string().contains("another UTC hour"));
}

fn any_record() -> impl Strategy<Value = UsageRecord> {
    let parts = (0_u8..3, 0_i64..3, 0_i64..4, 1_i64..5, 0_u64..4, 0_u64..3, any::<bool>());
    parts.prop_map(|(thing, hour, from, length, quantity, revision, known)| {
        let begin = hour * 3_600 + from * 600;
        let interval = Interval::new(at(begin), at((begin + length * 600).min((hour + 1) * 3_600))).unwrap();
        let plan = if quantity > 1 { "large" } else { "small" };
        let subject = terms(plan).subject(&machine(&format!("m{thing}")), &Meter::new("machine-seconds").unwrap());
        let standing = if known { Standing::Measured } else { Standing::Estimate };
        UsageRecord::new(Arc::new(subject), interval, quantity * 100, revision, standing, Source::Partner).unwrap()
    })
}

proptest! {
    #[test]
    fn joining_is_a_join(
        records in prop::collection::vec(any_record(), 0..40),
        split in 0_usize..40,
        order in any::<prop::sample::Index>(),
    ) {
        let whole: Usage = records.iter().cloned().collect();
        // Any order, any repetition.
        let mut turned = records.clone();
        turned.reverse();
        turned.rotate_left(if records.is_empty() { 0 } else { order.index(records.len()) });
        turned.extend(records.iter().take(split).cloned());
        let again: Usage = turned.into_iter().collect();
        prop_assert_eq!(&again, &whole);
        prop_assert_eq!(again.bytes().unwrap(), whole.bytes().unwrap());
        // In parts, from both sides.
        let (left, right) = records.split_at(split.min(records.len()));
        let left: Usage = left.iter().cloned().collect();
        let right: Usage = right.iter().cloned().collect();
        prop_assert_eq!(&left.clone().join(right.clone()), &whole);
        prop_assert_eq!(&right.join(left), &whole);
        prop_assert_eq!(&whole.clone().join(whole.clone()), &whole);
        // No second of a meter is counted twice.
        let mut end: BTreeMap<Resource, i64> = BTreeMap::new();
        for record in whole.counted() {
            let last = end.insert(record.subject().resource.clone(), record.interval().end());
            prop_assert!(last.is_none_or(|last| last <= record.interval().begin()));
        }
    }

    #[test]
    fn events_in_any_order_meter_the_same(
        steps in prop::collection::vec((0_i64..20_000, 0_u8..4), 1..12),
        turn in any::<prop::sample::Index>(),
    ) {
        let change = |kind| match kind {
            0 => Change::Started(terms("small")),
            1 => Change::Changed(terms("large")),
            2 => Change::Seen,
            _ => Change::Stopped,
        };
        let events: Vec<_> = (1..).zip(&steps).map(|(n, (seconds, kind))| event(n, *seconds, change(*kind))).collect();
        let metered = meter(&events, how(15_000, 1)).unwrap();
        let mut turned = events.clone();
        turned.rotate_left(turn.index(events.len()));
        turned.extend(events.iter().cloned());
        prop_assert_eq!(&meter(&turned, how(15_000, 1)).unwrap(), &metered);
        let usage: Usage = metered.records.into_iter().collect();
        prop_assert!(usage.overlaps().is_empty());
        prop_assert!(sum(&usage) <= 15_000);
        let last = at(15_000) + TimeDelta::zero();
        prop_assert!(usage.records().iter().all(|record| record.interval().to() <= last));
    }
}
