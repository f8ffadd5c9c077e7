//! From events and counters to records: hours, repetition, order, gaps, clocks.

use super::*;
use crate::{
    Interval,
    testing::{any_record, machine, second as at, terms},
};
use chrono::TimeDelta;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn event(sequence: u64, seconds: i64, change: Change) -> LifecycleEvent {
    LifecycleEvent { sequence, at: at(seconds), resource: machine("m1"), change }
}

fn how(now: i64, revision: u64) -> Metering {
    Metering { now: at(now), patience: 3_600, revision, since: None }
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
fn what_has_ended_may_be_told_to_have_ended_again() {
    let events = [
        event(1, 0, Change::Started(terms("small"))),
        event(2, 1_000, Change::Stopped),
        event(3, 1_500, Change::Stopped),
    ];
    let metered = meter(&events, how(2_000, 3)).unwrap();
    assert_eq!((metered.gaps.len(), metered.lifetimes.len()), (0, 1));
    assert_eq!(metered.records.iter().map(UsageRecord::quantity).sum::<u64>(), 1_000);
    let seen = [events[0].clone(), events[1].clone(), event(3, 1_200, Change::Seen), event(4, 1_500, Change::Stopped)];
    let gaps = meter(&seen, how(2_000, 4)).unwrap().gaps;
    assert_eq!(gaps.len(), 2, "it was seen, so it began again, and nobody told of it");
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
    let subject = Arc::new(terms("small").subject(&machine("m1"), &crate::testing::meter()));
    let record = |from, to, quantity| {
        let interval = Interval::new(at(from), at(to)).unwrap();
        UsageRecord::new(Arc::clone(&subject), interval, quantity, 1, Standing::Measured, Source::Partner).unwrap()
    };
    let usage: Usage =
        [record(0, 1_000, 1_000), record(500, 1_500, 1_000), record(600, 700, 100)].into_iter().collect();
    assert_eq!(sum(&usage), 1_500);
    assert_eq!(usage.overlaps().len(), 2);
    let expected = Interval::new(at(0), at(2_000)).unwrap();
    let missing = usage.missing(&machine("m1"), &crate::testing::meter(), expected);
    assert_eq!(missing, [Interval::new(at(1_500), at(2_000)).unwrap()]);
}

#[test]
fn a_partners_record_of_some_hours_is_cut_at_hours() {
    let subject = Arc::new(terms("small").subject(&machine("m1"), &crate::testing::meter()));
    let stretch = Interval::new(at(1_800), at(10_000)).unwrap();
    let records = UsageRecord::spread(&subject, stretch, 16_401, 1, Source::Partner).unwrap();
    let told: Vec<_> = told(&records).into_iter().map(|(from, to, quantity, _)| (from, to, quantity)).collect();
    assert_eq!(told, [(1_800, 3_600, 3_600), (3_600, 7_200, 7_200), (7_200, 10_000, 5_601)]);
}

#[test]
fn records_go_round_and_keep_to_their_hour() {
    let subject = Arc::new(terms("small").subject(&machine("m1"), &crate::testing::meter()));
    let interval = Interval::new(at(0), at(10)).unwrap();
    let record = UsageRecord::new(subject, interval, 10, 7, Standing::Measured, Source::Partner).unwrap();
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<UsageRecord>(&text).unwrap(), record);
    let long = text.replace("2026-01-01T00:00:10Z", "2026-01-01T01:00:01Z");
    assert!(serde_json::from_str::<UsageRecord>(&long).unwrap_err().to_string().contains("another UTC hour"));
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

    #[test]
    fn a_course_in_any_steps_meters_the_same(
        steps in prop::collection::vec((1_i64..9_000, 0_u8..3, any::<bool>(), any::<bool>()), 1..30),
        rest in 0_i64..9_000,
    ) {
        let (mut events, mut time, mut running) = (Vec::new(), 0, false);
        let mut course: Option<Course> = None;
        let mut all = Vec::new();
        for (number, (seconds, kind, meter_now, go_on)) in (1_u64..).zip(steps) {
            time += seconds;
            let change = match (running, kind) {
                (false, _) => Change::Started(terms("small")),
                (true, 0) => Change::Changed(terms("large")),
                (true, 1) => Change::Changed(terms("small")),
                (true, _) => Change::Stopped,
            };
            running = change != Change::Stopped;
            let one = event(number, time, change);
            let known = course.get_or_insert_with(|| Course::new(&one));
            events.push(one.clone());
            prop_assert_eq!(known.take(one.clone(), at(time)), None);
            prop_assert_eq!(known.take(one, at(time)), None, "again");
            if meter_now {
                all.extend(known.meter(at(time), number).unwrap().records);
            }
            if go_on {
                // As the follower does: what is there is metered, then whole hours.
                all.extend(known.meter(at(time), number).unwrap().records);
                let hour = time.div_euclid(3_600) * 3_600;
                all.extend(known.go_on(at(hour), number).unwrap().records);
            }
        }
        let end = time + rest;
        let mut course = course.unwrap();
        all.extend(course.meter(at(end), events.len() as u64).unwrap().records);
        let text = serde_json::to_string(&course).unwrap();
        let course: Course = serde_json::from_str(&text).unwrap();
        if course.is_running() {
            all.extend(course.live(at(end)).unwrap());
        }
        let bit_by_bit: Usage = all.into_iter().collect();
        let at_once: Usage = meter(&events, how(end, 1)).unwrap().records.into_iter().collect();
        let used = |usage: &Usage| {
            let mut used: BTreeMap<(PlanId, i64), u64> = BTreeMap::new();
            for record in usage.counted() {
                *used.entry((record.subject().plan.clone(), record.interval().cell())).or_default() += record.quantity();
            }
            used
        };
        prop_assert_eq!(used(&bit_by_bit), used(&at_once));
        prop_assert!(bit_by_bit.overlaps().is_empty());
    }
}
