//! Schedules on common days and on those on which the clock is changed.

use super::*;
use chrono::TimeDelta;

fn policy(start: &str, end: Option<&str>, duration: Option<&str>, zone: &str) -> SchedulePolicy {
    SchedulePolicy {
        start: start.to_owned(),
        end: end.map(str::to_owned),
        duration: duration.map(|it| it.parse().unwrap()),
        time_zone: zone.to_owned(),
        instances: 4,
    }
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn runs(policy: &SchedulePolicy, at: &str) -> bool {
    Schedule::read(policy).unwrap().running(utc(at)).is_some()
}

/// All beginnings between two moments, minute for minute.
fn beginnings(policy: &SchedulePolicy, from: &str, to: &str) -> Vec<String> {
    let schedule = Schedule::read(policy).unwrap();
    let (mut now, mut found) = (utc(from), Vec::new());
    while now < utc(to) {
        if let Some(start) = schedule.running(now).map(|it| it.format("%dT%H:%MZ").to_string())
            && found.last() != Some(&start)
        {
            found.push(start);
        }
        now += TimeDelta::minutes(1);
    }
    found
}

#[test]
fn office_hours_are_those_of_the_place() {
    let office = policy("0 8 * * 1-5", None, Some("10h"), "Europe/Berlin");
    assert!(!runs(&office, "2026-01-14T06:59:59Z") && runs(&office, "2026-01-14T07:00:00Z"), "winter");
    assert!(!runs(&office, "2026-07-15T05:59:59Z") && runs(&office, "2026-07-15T06:00:00Z"), "summer");
    assert!(runs(&office, "2026-07-15T15:59:59Z") && !runs(&office, "2026-07-15T16:00:00Z"));
    assert!(!runs(&office, "2026-07-18T10:00:00Z"), "a Saturday");
    let night = policy("0 22 * * *", Some("0 6 * * *"), None, "UTC");
    assert!(runs(&night, "2026-07-15T23:00:00Z") && runs(&night, "2026-07-16T05:59:00Z"));
    assert!(!runs(&night, "2026-07-16T06:00:00Z") && !runs(&night, "2026-07-16T21:59:00Z"));
}

#[test]
fn the_missing_hour_loses_no_run() {
    // On 2026-03-29 in Berlin 02:00 becomes 03:00, at 01:00 UTC.
    let daily = policy("30 2 * * *", None, Some("20m"), "Europe/Berlin");
    assert_eq!(
        beginnings(&daily, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
        ["28T01:30Z", "29T01:00Z", "30T00:30Z"]
    );
    // New York, 2026-03-08, 02:00 becomes 03:00 at 07:00 UTC.
    let daily = policy("15 2 * * *", None, Some("20m"), "America/New_York");
    assert_eq!(
        beginnings(&daily, "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z"),
        ["07T07:15Z", "08T07:00Z", "09T06:15Z"]
    );
}

#[test]
fn the_hour_that_is_there_twice_runs_once() {
    // On 2026-10-25 in Berlin 03:00 becomes 02:00, at 01:00 UTC.
    let daily = policy("30 2 * * *", None, Some("20m"), "Europe/Berlin");
    assert_eq!(
        beginnings(&daily, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z"),
        ["24T00:30Z", "25T00:30Z", "26T01:30Z"]
    );
    // What lasts from hour to hour goes on through both.
    let night = policy("0 22 * * *", Some("0 6 * * *"), None, "Europe/Berlin");
    for hour in ["00:10", "01:10", "02:10", "04:30"] {
        assert!(runs(&night, &format!("2026-10-25T{hour}:00Z")), "{hour}");
    }
    assert!(!runs(&night, "2026-10-25T05:00:00Z"), "06:00 in winter time");
}

#[test]
fn faults_name_their_field() {
    let field = |policy: &SchedulePolicy| Schedule::read(policy).map(|_| ()).unwrap_err().0;
    assert_eq!(field(&policy("0 25 * * *", None, Some("1h"), "UTC")), "start");
    assert_eq!(field(&policy("0 8 * *", None, Some("1h"), "UTC")), "start");
    assert_eq!(field(&policy(&"0,".repeat(500), None, Some("1h"), "UTC")), "start");
    assert_eq!(field(&policy("0 0 8 * * *", None, Some("1h"), "UTC")), "start", "no seconds");
    assert_eq!(field(&policy("0 8 * * *", Some("often"), None, "UTC")), "end");
    assert_eq!(field(&policy("0 8 * * *", None, None, "UTC")), "duration");
    assert_eq!(field(&policy("0 8 * * *", None, Some("0s"), "UTC")), "duration");
    assert_eq!(field(&policy("0 8 * * *", Some("0 9 * * *"), Some("1h"), "UTC")), "duration");
    assert_eq!(field(&policy("0 8 * * *", None, Some("1h"), "Europe/Bonn")), "timeZone");
}

#[test]
fn a_day_that_never_comes_ends_the_search() {
    let never = policy("0 0 31 2 *", None, Some("1h"), "UTC");
    assert!(!runs(&never, "2026-07-15T00:00:00Z"));
}
