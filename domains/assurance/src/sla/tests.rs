//! The rules, by examples and against a count of every single second.

use super::*;
use crate::LevelState;
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    Actor, MachineId, OfferId, ProjectId, ProviderId, SiteId,
    sla::{Metric, Remedy, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::breach::Breach;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn promise(metric: Metric, target: &str, window: Window) -> ServiceLevelObjective {
    let remedy =
        |threshold: &str, percent: &str| Remedy { threshold: number(threshold), credit_percent: number(percent) };
    let remedies = match metric {
        Metric::Availability => vec![remedy("99", "25"), remedy("99.9", "10"), remedy("95", "100")],
        _ => vec![remedy("300", "5"), remedy("900", "15")],
    };
    ServiceLevelObjective { metric, target: number(target), window, percentile: None, remedies }
}

fn terms(objectives: Vec<ServiceLevelObjective>) -> Terms {
    Terms {
        project: ProjectId::new("acme/web").unwrap(),
        application: None,
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        partner: Some("north".to_owned()),
        customer: None,
        sla: Sla { objectives, credit_cap_percent: Some(number("50")) },
    }
}

/// A rental from then on, and what was told of it: changes with their times.
fn course(objectives: Vec<ServiceLevelObjective>, from: &str, told: &[(&str, Change)]) -> Course {
    let far = at("2100-01-01T00:00:00Z");
    let ordered = Some(at(from) - TimeDelta::seconds(400));
    let mut course = Course::new(MachineId(Uuid::from_u128(1)), terms(objectives), (1, at(from)), ordered, far);
    for (sequence, (time, change)) in (2..).zip(told) {
        course.take(Told { sequence, at: at(time), change: *change }, far);
    }
    // What a partner reports: report_tests.rs.
    course.reports_close();
    course
}

fn judged(mut course: Course, now: &str, announced: &[Announcement]) -> Vec<(Standing, Option<Breach>)> {
    let (judged, more) = course.judge(at(now).timestamp(), announced, 1_000);
    assert!(!more);
    assert_eq!(course.judge(at(now).timestamp(), announced, 1_000), (Vec::new(), false), "each window once");
    judged
}

fn announcement(from: &str, until: &str) -> Announcement {
    Announcement {
        id: Uuid::from_u128(9),
        site: terms(Vec::new()).site,
        offer: None,
        from: at(from),
        until: at(until),
        reason: "a new kernel".to_owned(),
        by: Actor::Broker,
        announced: at("2020-01-01T00:00:00Z"),
    }
}

#[test]
fn an_outage_within_a_second_counts_as_one() {
    let told = [("2026-03-01T10:20:00.2Z", Change::Lost), ("2026-03-01T10:20:00.7Z", Change::Ended)];
    let course = course(vec![promise(Metric::Availability, "99.95", Window::Hour)], "2026-03-01T10:00:00Z", &told);
    let found = judged(course, "2026-03-01T11:01:00Z", &[]);
    let [(standing, Some(_))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((standing.counted_seconds, standing.down_seconds, standing.state), (1_201, 1, LevelState::Missed));
}

#[test]
fn an_outage_is_measured_and_the_dearest_remedy_is_owed() {
    // Ten minutes of an hour: 83.333333 %.
    let told = [("2026-03-01T10:20:00Z", Change::Lost), ("2026-03-01T10:30:00Z", Change::There)];
    let course = course(vec![promise(Metric::Availability, "99.95", Window::Hour)], "2026-03-01T10:00:00Z", &told);
    assert_eq!(judged(course.clone(), "2026-03-01T11:00:59Z", &[]), [], "not before a minute after its end");
    let found = judged(course, "2026-03-01T11:01:00Z", &[]);
    let [(standing, Some(breach))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((standing.counted_seconds, standing.down_seconds, standing.state), (3_600, 600, LevelState::Missed));
    assert_eq!((standing.measured, standing.credit_percent), (Some(number("83.333333")), Some(number("100"))));
    assert_eq!(breach.missed.credit_percent, number("100"));
    assert_eq!((breach.partner.as_deref(), breach.credit_cap_percent), (Some("north"), Some(number("50"))));
    let [outage] = breach.outages.as_slice() else { panic!("{breach:?}") };
    assert_eq!((outage.from, outage.until), (at("2026-03-01T10:20:00Z"), Some(at("2026-03-01T10:30:00Z"))));
    assert_eq!(outage.events, [2, 3], "the events that show it");
}

#[test]
fn what_is_just_reached_is_kept_and_what_is_just_missed_is_not() {
    // 36 of 3,600 seconds are one percent.
    for (end, state, credit) in [("36", LevelState::Kept, None), ("37", LevelState::Missed, Some(number("25")))] {
        let back = format!("2026-03-01T10:00:{end}Z");
        let told = [("2026-03-01T10:00:00Z", Change::Lost), (back.as_str(), Change::There)];
        let course = course(vec![promise(Metric::Availability, "99", Window::Hour)], "2026-03-01T10:00:00Z", &told);
        let found = judged(course, "2026-03-01T12:00:00Z", &[]);
        assert_eq!((found[0].0.state, found[0].0.credit_percent), (state, credit));
    }
}

#[test]
fn a_miss_above_the_first_threshold_owes_nothing_and_is_told() {
    let told = [("2026-03-01T10:00:00Z", Change::Lost), ("2026-03-01T10:00:02Z", Change::There)];
    let course = course(vec![promise(Metric::Availability, "99.99", Window::Hour)], "2026-03-01T10:00:00Z", &told);
    let found = judged(course, "2026-03-01T12:00:00Z", &[]);
    assert_eq!(found[0].1.as_ref().unwrap().missed.credit_percent, Decimal::ZERO);
}

#[test]
fn a_rental_that_is_over_is_judged_at_once_by_the_time_that_it_had() {
    let told = [
        ("2026-02-10T00:00:00Z", Change::Lost),
        ("2026-02-10T00:30:00Z", Change::Ended),
        ("2026-02-10T00:31:00Z", Change::There),
    ];
    let course = course(vec![promise(Metric::Availability, "99.9", Window::Month)], "2026-02-09T00:00:00Z", &told);
    let found = judged(course, "2026-02-10T00:30:00Z", &[]);
    let [(standing, Some(breach))] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((standing.counted_seconds, standing.down_seconds), (88_200, 1_800));
    assert_eq!((standing.from, standing.until), (at("2026-02-09T00:00:00Z"), at("2026-02-10T00:30:00Z")));
    assert_eq!(breach.outages[0].until, Some(at("2026-02-10T00:30:00Z")), "until it was given up");
}

#[test]
fn announced_maintenance_counts_neither_way() {
    let told = [("2026-03-01T10:00:00Z", Change::Lost), ("2026-03-01T10:40:00Z", Change::There)];
    let objective = promise(Metric::Availability, "99", Window::Hour);
    let course = course(vec![objective], "2026-03-01T10:00:00Z", &told);
    // Two that overlap, and one of another offer.
    let other = Announcement {
        offer: Some(OfferId::new("urn:hansa:offer:large").unwrap()),
        ..announcement("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")
    };
    let announced = [
        announcement("2026-03-01T09:00:00Z", "2026-03-01T10:20:00Z"),
        announcement("2026-03-01T10:10:00Z", "2026-03-01T10:30:00Z"),
        other,
    ];
    let found = judged(course.clone(), "2026-03-01T12:00:00Z", &announced);
    assert_eq!((found[0].0.counted_seconds, found[0].0.down_seconds), (1_800, 600));
    assert_eq!(found[0].1.as_ref().unwrap().excluded.len(), 2);
    // Nothing but maintenance: nothing is promised.
    let whole = [announcement("2026-03-01T09:00:00Z", "2026-03-01T12:00:00Z")];
    let found = judged(course, "2026-03-01T12:00:00Z", &whole);
    assert_eq!((found[0].0.state, found[0].0.measured), (LevelState::Unmeasured, None));
}

#[test]
fn a_month_with_a_leap_day_has_its_seconds() {
    let promise = || vec![promise(Metric::Availability, "99.9", Window::Month)];
    let found = judged(course(promise(), "2028-01-31T23:59:58Z", &[]), "2028-03-01T00:01:00Z", &[]);
    let counted: Vec<i64> = found.iter().map(|(standing, _)| standing.counted_seconds).collect();
    assert_eq!(counted, [2, 29 * 86_400]);
}

#[test]
fn a_clock_that_goes_back_or_ahead_counts_no_second_twice() {
    let objective = vec![promise(Metric::Availability, "99", Window::Hour)];
    let machine = MachineId(Uuid::from_u128(1));
    let now = at("2026-03-01T10:50:00Z");
    let mut course = Course::new(machine, terms(objective), (1, at("2026-03-01T10:00:00Z")), None, now);
    course.reports_close();
    let mut take = |sequence, time: &str, change| course.take(Told { sequence, at: at(time), change }, now);
    assert_eq!(take(2, "2026-03-01T10:20:00Z", Change::Lost), None);
    assert_eq!(take(3, "2026-03-01T10:10:00Z", Change::There), Some(at("2026-03-01T10:20:00Z")));
    assert_eq!(take(4, "2026-03-01T10:30:00Z", Change::Lost), None);
    assert_eq!(take(5, "2026-03-01T12:00:00Z", Change::There), Some(now));
    // Told again it is nothing new.
    assert_eq!(take(5, "2026-03-01T10:55:00Z", Change::Lost), None);
    let found = judged(course, "2026-03-01T12:00:00Z", &[]);
    assert_eq!(found[0].0.down_seconds, 1_200);
}

#[test]
fn times_to_provide_and_to_repair() {
    let told = [
        ("2026-03-01T10:50:00Z", Change::Lost),
        ("2026-03-01T11:00:00Z", Change::There),
        ("2026-03-01T11:10:00Z", Change::Lost),
        ("2026-03-01T11:12:00Z", Change::There),
        ("2026-03-01T11:20:00Z", Change::Lost),
        ("2026-03-01T11:45:30Z", Change::Ended),
    ];
    let median =
        ServiceLevelObjective { percentile: Some(number("50")), ..promise(Metric::RepairTime, "9", Window::Hour) };
    let objectives = vec![
        promise(Metric::ProvisioningTime, "300", Window::Hour),
        promise(Metric::RepairTime, "20", Window::Hour),
        median,
        promise(Metric::Latency, "20", Window::Hour),
    ];
    let found = judged(course(objectives, "2026-03-01T10:00:00Z", &told), "2026-03-01T12:00:00Z", &[]);
    let of = |objective| -> Vec<_> {
        let own = found.iter().filter(|(standing, _)| standing.objective == objective);
        own.map(|(one, breach)| (one.state, one.measured, breach.clone())).collect()
    };
    let [(LevelState::Missed, Some(took), Some(breach))] = &of(0)[..] else { panic!("once: {:?}", of(0)) };
    assert_eq!((*took, breach.missed.credit_percent), (number("400"), number("5")));
    assert_eq!(breach.outages[0].events, [1]);
    // A fault belongs to the hour in which it ended, its end included where the rental ends there.
    let [(LevelState::Unmeasured, None, None), (LevelState::Missed, Some(longest), Some(breach))] = &of(1)[..] else {
        panic!("{:?}", of(1))
    };
    assert_eq!((*longest, breach.outages.len()), (number("25.5"), 3));
    assert_eq!(of(2)[1].1, Some(number("10")), "the second of three");
    assert!(of(3).iter().all(|(state, measured, _)| (*state, *measured) == (LevelState::Unmeasured, None)));
}

#[test]
fn half_of_the_budget_is_told_once_a_window_and_looked_at_in_time() {
    let told = [("2026-03-01T10:10:00Z", Change::Lost)];
    // One percent of an hour: 36 seconds.
    let mut course = course(vec![promise(Metric::Availability, "99", Window::Hour)], "2026-03-01T10:00:00Z", &told);
    let seconds = |text: &str| at(text).timestamp();
    let standing = |course: &Course, now: &str| course.running(seconds(now), &[]).remove(0);
    let first = standing(&course, "2026-03-01T10:10:17Z");
    assert_eq!((first.state, first.budget_left_seconds), (LevelState::Kept, Some(19)));
    let look =
        |course: &Course, now: &str, one: &Standing| course.next_look(seconds(now), std::slice::from_ref(one)).unwrap();
    assert_eq!(look(&course, "2026-03-01T10:10:17Z", &first), seconds("2026-03-01T10:10:18Z"));
    assert_eq!(course.warn(&[first]), []);
    let risk = standing(&course, "2026-03-01T10:10:18Z");
    assert_eq!((risk.state, risk.spent_percent), (LevelState::AtRisk, Some(number("50"))));
    assert_eq!(look(&course, "2026-03-01T10:10:18Z", &risk), seconds("2026-03-01T10:10:37Z"));
    assert_eq!((course.warn(std::slice::from_ref(&risk)).len(), course.warn(&[risk]).len()), (1, 0));
    let over = standing(&course, "2026-03-01T10:10:37Z");
    assert_eq!((over.state, over.judged, over.budget_left_seconds), (LevelState::Missed, false, Some(-1)));
    assert_eq!(look(&course, "2026-03-01T10:10:37Z", &over), seconds("2026-03-01T11:01:00Z"));
    let (judged, _) = course.judge(seconds("2026-03-01T11:01:00Z"), &[], 10);
    assert_eq!(judged[0].0.down_seconds, 3_000);
    let next = standing(&course, "2026-03-01T11:01:00Z");
    assert_eq!(next.from, at("2026-03-01T11:00:00Z"));
    assert_eq!(course.warn(&[next]).len(), 1, "it is another window");
}

#[test]
fn a_target_of_all_has_no_budget() {
    let told = [("2026-03-01T10:10:00Z", Change::Lost), ("2026-03-01T10:10:01Z", Change::There)];
    let course = course(vec![promise(Metric::Availability, "100", Window::Hour)], "2026-03-01T10:00:00Z", &told);
    let running = course.running(at("2026-03-01T10:30:00Z").timestamp(), &[]);
    assert_eq!((running[0].state, running[0].spent_percent), (LevelState::Missed, None));
}

/// Four hours from ten o'clock.
const SPAN: i64 = 4 * 3_600;

fn begin() -> i64 {
    at("2026-03-29T00:00:00Z").timestamp()
}

/// By each single second: which of them count, and in which of these it was away.
fn by_seconds(course: &[(i64, Change)], announced: &[(i64, i64)], hour: i64) -> (i64, i64) {
    let (mut counted, mut down) = (0, 0);
    for second in hour * 3_600..(hour + 1) * 3_600 {
        // The last that was told by then, of events in their order, each not before the one before it.
        let mut clock = 0;
        let mut state = None;
        for (time, change) in course {
            clock = clock.max(*time);
            if clock <= second && state != Some(Change::Ended) {
                state = Some(*change);
            }
        }
        if state == Some(Change::Ended) || announced.iter().any(|(from, until)| (*from..*until).contains(&second)) {
            continue;
        }
        counted += 1;
        down += i64::from(state == Some(Change::Lost));
    }
    (counted, down)
}

fn changes() -> impl Strategy<Value = Vec<(i64, Change)>> {
    let change = prop_oneof![4 => Just(Change::Lost), 4 => Just(Change::There), 1 => Just(Change::Ended)];
    prop::collection::vec((0..SPAN, change), 0..12)
}

fn announcements() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((-2_000..SPAN, 1..5_000_i64).prop_map(|(from, long)| (from, from + long)), 0..4)
}

fn rental() -> Course {
    let objective = promise(Metric::Availability, "99", Window::Hour);
    let first = super::stretch::time(begin());
    let mut course = Course::new(MachineId(Uuid::from_u128(1)), terms(vec![objective]), (0, first), None, first);
    course.reports_close();
    course
}

fn stated(times: &[(i64, i64)]) -> Vec<Announcement> {
    let one = |(from, until): &(i64, i64)| Announcement {
        from: super::stretch::time(begin() + from),
        until: super::stretch::time(begin() + until),
        ..announcement("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")
    };
    times.iter().map(one).collect()
}

fn tell(course: &mut Course, sequence: i64, (time, change): (i64, Change)) {
    let now = super::stretch::time(begin() + SPAN);
    course.take(Told { sequence, at: super::stretch::time(begin() + time), change }, now);
}

proptest! {
    #[test]
    fn every_second_counts_once(told in changes(), times in announcements()) {
        let mut course = rental();
        for (sequence, one) in (1..).zip(&told) {
            tell(&mut course, sequence, *one);
        }
        let (judged, _) = course.judge(begin() + SPAN + 60, &stated(&times), 100);
        let mut seen = 0;
        for hour in 0..4 {
            let expected = by_seconds(&told, &times, hour);
            let hour_begin = begin() + hour * 3_600;
            let found = judged.iter().find(|(one, _)| one.from.timestamp() == hour_begin);
            let found = found.map_or((0, 0), |(one, _)| (one.counted_seconds, one.down_seconds));
            prop_assert_eq!(found, expected, "hour {}", hour);
            seen += 1;
        }
        prop_assert_eq!(seen, 4);
    }

    #[test]
    fn judged_bit_by_bit_is_judged_as_at_once(told in changes(), times in announcements()) {
        let mut told = told;
        told.sort_by_key(|(time, _)| *time);
        let announced = stated(&times);
        let (mut whole, mut bits) = (rental(), rental());
        let mut found = Vec::new();
        for (sequence, one) in (1..).zip(&told) {
            tell(&mut whole, sequence, *one);
            tell(&mut bits, sequence, *one);
            found.extend(bits.judge(begin() + one.0, &announced, 2).0);
            let text = serde_json::to_string(&bits).unwrap();
            bits = serde_json::from_str(&text).unwrap();
        }
        found.extend(bits.judge(begin() + SPAN + 60, &announced, 100).0);
        prop_assert_eq!(found, whole.judge(begin() + SPAN + 60, &announced, 100).0);
    }

    #[test]
    fn covered_seconds_are_those_that_are_covered(
        from in 0..100_i64,
        long in 1..100_i64,
        parts in prop::collection::vec((0..200_i64, 1..60_i64), 0..8),
    ) {
        let of = Stretch::new(from, from + long).unwrap();
        let by: Vec<Stretch> = parts.iter().filter_map(|(from, long)| Stretch::new(*from, from + long)).collect();
        let one_by_one = (from..from + long)
            .filter(|second| by.iter().any(|part| (part.from()..part.until()).contains(second)))
            .count();
        prop_assert_eq!(covered(&of, &by), i64::try_from(one_by_one).unwrap());
    }
}
