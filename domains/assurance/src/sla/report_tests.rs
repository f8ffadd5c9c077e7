//! What a partner reports beside our own measure: which of both counts.

use super::*;
use crate::LevelState;
use chrono::{DateTime, Utc};
use hansa_ontology::{
    MachineId, OfferId, ProjectId, ProviderId, SiteId,
    sla::{Metric, Remedy, ServiceLevelObjective, Sla, Window},
};
use hansa_repository::{
    breach::Breach,
    report::{ProviderReport, ReportedPart},
};
use proptest::prelude::*;
use uuid::Uuid;

const MACHINE: MachineId = MachineId(Uuid::from_u128(1));
/// The begin of the rental: 10 o'clock.
const TEN: i64 = 1_772_359_200;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(TEN + second, 0).unwrap()
}

/// A rental of which 99 % of each hour are promised, with our own outages.
fn course(partner: Option<&str>, downs: &[(i64, i64)]) -> Course {
    let remedy = Remedy { threshold: 99.into(), credit_percent: 10.into() };
    let objective = ServiceLevelObjective {
        metric: Metric::Availability,
        target: 99.into(),
        window: Window::Hour,
        percentile: None,
        remedies: vec![remedy],
    };
    let terms = Terms {
        project: ProjectId::new("acme/web").unwrap(),
        application: None,
        offer: OfferId::new("urn:hansa:offer:small").unwrap(),
        provider: ProviderId::new("did:web:north.example").unwrap(),
        site: SiteId::new("urn:hansa:site:kiel").unwrap(),
        partner: partner.map(str::to_owned),
        customer: None,
        sla: Sla { objectives: vec![objective], credit_cap_percent: None },
    };
    let far = at(1_000_000);
    let mut course = Course::new(MACHINE, terms, (1, at(0)), None, far);
    let mut sequence = 2;
    for (from, until) in downs {
        for (second, change) in [(from, Change::Lost), (until, Change::There)] {
            course.take(Told { sequence, at: at(*second), change }, far);
            sequence += 1;
        }
    }
    course
}

fn parts(all: &[(i64, i64)]) -> Vec<ReportedPart> {
    all.iter().map(|(from, until)| ReportedPart { from: at(*from), until: at(*until) }).collect()
}

fn report((from, until): (i64, i64), down: &[(i64, i64)]) -> ProviderReport {
    ProviderReport {
        machine: MACHINE,
        partner: "did:web:north.example".to_owned(),
        digest: "d".to_owned(),
        from: at(from),
        until: at(until),
        down: parts(down),
        maintenance: Vec::new(),
        last: false,
    }
}

/// The first hour, judged long after it.
fn judged(mut course: Course) -> (Standing, Option<Breach>) {
    let (judged, _) = course.judge(TEN + 3_600 + 60, &[], 1);
    judged.into_iter().next().expect("the hour is judged")
}

/// How the first hour ends with our own outages and those of a report on it.
fn both(own: &[(i64, i64)], theirs: &[(i64, i64)]) -> (Standing, Option<Breach>) {
    let mut course = course(Some("north"), own);
    course.report(100, &report((0, 3_600), theirs));
    judged(course)
}

fn counts(standing: &Standing) -> (i64, i64, Agreement) {
    let reported = standing.reported.as_ref().expect("the partner has reported");
    (standing.down_seconds, reported.admitted_seconds, reported.agreement)
}

#[test]
fn what_only_the_partner_has_seen_down_counts_with_its_word_as_evidence() {
    let (standing, breach) = both(&[], &[(600, 1_200)]);
    assert_eq!(counts(&standing), (600, 600, Agreement::AdmitsMore));
    assert_eq!(standing.state, LevelState::Missed);
    let outages = breach.unwrap().outages;
    assert_eq!((outages.len(), outages[0].from, outages[0].events.clone()), (1, at(600), vec![100]));
    assert_eq!(outages[0].until, Some(at(1_200)));
}

#[test]
fn a_partner_that_says_all_was_up_takes_nothing_from_our_measure() {
    let (standing, breach) = both(&[(600, 1_200)], &[]);
    assert_eq!(counts(&standing), (600, 0, Agreement::AdmitsLess));
    let outages = breach.unwrap().outages;
    assert_eq!((outages.len(), outages[0].events.clone()), (1, vec![2, 3]));
}

#[test]
fn both_agree_within_a_minute_and_clocks_add_nothing() {
    for theirs in [(600, 1_200), (570, 1_170), (630, 1_230), (560, 1_240)] {
        let (standing, _) = both(&[(600, 1_200)], &[theirs]);
        let confirmed = theirs != (560, 1_240);
        let agreement = if confirmed { Agreement::Confirmed } else { Agreement::AdmitsMore };
        assert_eq!(counts(&standing), (600, 0, agreement), "{theirs:?}");
    }
    // We were not there when it began: what it adds is more than clocks.
    assert_eq!(counts(&both(&[(600, 1_200)], &[(300, 1_200)]).0), (900, 300, Agreement::AdmitsMore));
    // A short one that nobody here has seen is none of clocks.
    assert_eq!(counts(&both(&[(600, 1_200)], &[(2_000, 2_030)]).0).0, 630);
}

#[test]
fn what_the_partner_had_announced_it_does_not_admit() {
    let mut course = course(Some("north"), &[]);
    let maintenance = parts(&[(600, 900)]);
    course.report(100, &ProviderReport { maintenance, ..report((0, 3_600), &[(600, 1_200)]) });
    assert_eq!(counts(&judged(course).0), (300, 300, Agreement::AdmitsMore));
}

#[test]
fn the_first_word_holds_and_comes_once() {
    let mut one = course(Some("north"), &[]);
    one.report(100, &report((0, 1_800), &[(600, 1_200)]));
    let known = one.clone();
    one.report(100, &report((1_800, 3_600), &[(1_800, 3_600)]));
    assert_eq!(one, known, "an event that was taken in already");
    // Again, and with other words: only the number of the event goes on.
    one.report(101, &report((0, 1_800), &[(600, 1_200)]));
    one.report(102, &report((0, 1_800), &[(0, 1_800)]));
    one.report(103, &report((1_799, 3_600), &[(1_799, 3_600)]));
    one.report(104, &report((1_800, 3_600), &[]));
    assert_eq!(counts(&judged(one).0), (600, 600, Agreement::AdmitsMore));
    // Of what we deliver ourselves nobody reports.
    let mut ours = course(None, &[]);
    ours.report(100, &report((0, 3_600), &[(0, 3_600)]));
    let (standing, _) = judged(ours);
    assert_eq!((standing.down_seconds, standing.reported), (0, None));
}

#[test]
fn a_window_waits_for_its_report_but_not_for_ever() {
    let late = TEN + 3_600 + 60;
    let mut silent = course(Some("north"), &[]);
    assert_eq!(silent.judge(late, &[], 9), (Vec::new(), false));
    let running = silent.running(late, &[]);
    assert_eq!(silent.next_look(late, &running), Some(late + 7_200), "no look that finds nothing new");
    assert_eq!(silent.judge(late + 7_199, &[], 9).0.len(), 0);
    let given_up = silent.clone().judge(late + 7_200, &[], 9).0;
    assert_eq!((given_up.len(), &given_up[0].0.reported), (3, &None), "each hour that is over by then");
    // It comes late: what was not judged has it.
    silent.report(100, &report((0, 3_600), &[(0, 100)]));
    let (after, _) = silent.judge(late + 7_200, &[], 9);
    assert_eq!((after.len(), after[0].0.down_seconds), (1, 100), "the next hour waits anew");
    // After its end it is closed at once, or waited for but ten minutes.
    let mut ended = course(Some("north"), &[]);
    ended.take(Told { sequence: 9, at: at(100), change: Change::Ended }, at(200));
    assert_eq!(ended.judge(TEN + 200, &[], 9).0.len(), 0);
    assert_eq!(ended.next_look(TEN + 200, &[]), Some(TEN + 800));
    let mut closed = ended.clone();
    closed.report(10, &ProviderReport { last: true, ..report((0, 98), &[(50, 98)]) });
    let (standing, breach) = closed.judge(TEN + 201, &[], 9).0.remove(0);
    assert_eq!((standing.down_seconds, breach.is_some()), (48, true));
    assert_eq!(closed.next_look(TEN + 201, &[]), None);
    assert_eq!(ended.judge(TEN + 800, &[], 9).0.len(), 1);
}

#[test]
fn a_report_on_two_windows_is_cut_at_their_edge() {
    let mut course = course(Some("north"), &[]);
    course.report(100, &report((0, 7_200), &[(3_000, 4_000)]));
    let (judged, _) = course.judge(TEN + 7_260, &[], 9);
    let downs: Vec<_> = judged.iter().map(|(standing, _)| standing.down_seconds).collect();
    assert_eq!(downs, [600, 400]);
}

#[test]
fn what_was_ordered_of_us_is_known_after_it_was_judged() {
    let mut course = course(None, &[(600, 1_200)]);
    course.terms.customer = Some("did:web:south.example".to_owned());
    assert_eq!(course.judge(TEN + 3_660, &[], 9).0.len(), 1);
    let hour = Stretch::new(TEN, TEN + 3_600).unwrap();
    let (down, maintenance) = course.service(&hour, &[]);
    assert_eq!((down, maintenance), (vec![Stretch::new(TEN + 600, TEN + 1_200).unwrap()], Vec::new()));
}

proptest! {
    /// Against a count of every single second: down is what either has seen, but
    /// for what is a matter of clocks.
    #[test]
    fn a_word_only_ever_adds(
        own in proptest::collection::vec(0_i64..3_600, 0..3),
        theirs in proptest::collection::vec(0_i64..3_600, 0..4),
    ) {
        let pairs = |mut edges: Vec<i64>| -> Vec<(i64, i64)> {
            edges.sort_unstable();
            edges.dedup();
            edges.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
        };
        let (own, theirs) = (pairs(own), pairs(theirs));
        let (standing, _) = both(&own, &theirs);
        let within = |all: &[(i64, i64)], second: i64| all.iter().any(|(from, until)| (*from..*until).contains(&second));
        let alone = (0..3_600).filter(|second| within(&own, *second)).count() as i64;
        let either = (0..3_600).filter(|second| within(&own, *second) || within(&theirs, *second)).count() as i64;
        prop_assert!(standing.down_seconds >= alone && standing.down_seconds <= either);
        let edges = 2 * 60 * own.len() as i64;
        prop_assert!(standing.down_seconds >= either - edges, "{} of {either}", standing.down_seconds);
        prop_assert_eq!(standing.down_seconds, alone + standing.reported.unwrap().admitted_seconds);
    }
}
