//! Several policies, missing measurements, zero, schedules, deadlines, rules.

use super::shared::{Watch, start};
use chrono::TimeDelta;
use hansa_scaling::Keeper;
use serde_json::json;

fn keepers(decision: &hansa_scaling::Decision) -> Vec<Keeper> {
    decision.suppressed.iter().map(|it| it.by).collect()
}

fn cpu(value: u32) -> serde_json::Value {
    json!({ "target": { "metric": { "cpu": "utilization" }, "value": value } })
}

fn at_once() -> serde_json::Value {
    json!({ "scaleUp": { "policies": [] }, "scaleDown": { "policies": [] } })
}

#[test]
fn a_decision_says_what_it_saw_and_how_it_came_to_its_number() {
    let mut web = Watch::new(json!({ "max": 10, "policies": [cpu(50)] }), 2);
    let decision = web.round(&[("cpu:utilization", 90.0)]);
    assert_eq!((decision.target.as_str(), decision.from, decision.to), ("web", 2, 4));
    let reason = &decision.because[0];
    assert_eq!((reason.policy.as_str(), reason.proposes, reason.won), ("target 1", Some(4), true));
    assert_eq!(reason.formula, "average 90 % of 2 instances against 50 %: ceil(1.800 × 2 ready) = 4");
    assert_eq!(
        (reason.inputs[0].name.as_str(), reason.inputs[0].age.unwrap().to_string()),
        ("cpu:utilization", "5s".to_owned())
    );
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["because"][0]["inputs"][0], json!({ "name": "cpu:utilization", "value": 90.0, "age": "5s" }));
}

#[test]
fn the_largest_wins_and_the_decision_says_which_lost() {
    let policies = json!([cpu(50), { "name": "queue", "target": { "metric": { "promql": "q" }, "type": "averageValue", "value": 10 } }]);
    let mut web = Watch::new(json!({ "max": 20, "policies": policies, "behavior": at_once() }), 2);
    let decision = web.round(&[("cpu:utilization", 90.0), ("promql:q", 75.0)]);
    assert_eq!(decision.to, 8);
    assert_eq!(keepers(&decision), [Keeper::LargerPolicy]);
    assert!(decision.suppressed[0].why.contains("`target 1` proposes 4"), "{:?}", decision.suppressed);
    assert!(decision.because[1].won && !decision.because[0].won);
}

#[test]
fn a_limit_bounds_the_others_and_proposes_nothing() {
    let night = json!({ "name": "night", "limit": true, "schedule": { "start": "0 0 * * *", "duration": "24h", "instances": 3 } });
    let mut web = Watch::new(json!({ "max": 20, "policies": [cpu(50), night], "behavior": at_once() }), 2);
    let decision = web.round(&[("cpu:utilization", 200.0)]);
    assert_eq!((decision.to, keepers(&decision)), (3, vec![Keeper::Limit]));
    assert!(decision.suppressed[0].why.contains("`night` is a limit of 3"));
    web.count = 1;
    assert_eq!(web.round(&[("cpu:utilization", 50.0)]).to, 1, "a limit doesn't raise");
}

#[test]
fn while_a_measurement_is_missing_nothing_shrinks_but_what_is_known_may_grow() {
    let policies = json!([cpu(50), { "target": { "metric": { "promql": "q" }, "type": "averageValue", "value": 10 } }]);
    let behavior =
        json!({ "scaleUp": { "policies": [] }, "scaleDown": { "stabilizationWindow": "0s", "policies": [] } });
    let mut web = Watch::new(json!({ "max": 20, "policies": policies, "behavior": behavior }), 4);
    let decision = web.round(&[("cpu:utilization", 10.0)]);
    assert_eq!((decision.to, keepers(&decision)), (4, vec![Keeper::MissingMetric]));
    assert!(decision.suppressed[0].why.contains("promql:q has no value: it was not measured"));
    assert_eq!(web.round(&[("cpu:utilization", 100.0)]).to, 8);
    assert_eq!(web.round(&[("cpu:utilization", f64::NAN), ("promql:q", f64::INFINITY)]).to, 8, "both are none");
    assert_eq!(web.round(&[("cpu:utilization", 10.0), ("promql:q", 5.0)]).to, 2, "and back when both are there");
}

#[test]
fn zero_waits_for_its_cool_down_and_ends_at_the_first_work() {
    let zero = json!({ "metric": { "promql": "q" }, "activation": 2, "coolDown": "60s" });
    let mut web =
        Watch::new(json!({ "min": 0, "max": 5, "policies": [cpu(50)], "zero": zero, "behavior": at_once() }), 1);
    let mut counts = Vec::new();
    for _ in 0..6 {
        counts.push(web.round(&[("cpu:utilization", 0.0), ("promql:q", 2.0)]).to);
    }
    assert_eq!(counts, [1, 1, 1, 1, 0, 0]);
    let unknown = web.round(&[]);
    assert_eq!((unknown.to, unknown.because.last().unwrap().policy.as_str()), (0, "zero"), "nobody knows, so it stays");
    let decision = web.round(&[("promql:q", 3.0)]);
    assert_eq!((decision.from, decision.to), (0, 1), "{decision:?}");
    assert!(keepers(&decision).contains(&Keeper::Zero));
    let unknown = web.round(&[("cpu:utilization", 0.0)]);
    assert_eq!(unknown.to, 1, "what isn't known ends nothing");
}

#[test]
fn a_schedule_holds_a_number_and_lets_go() {
    let lunch = json!({ "schedule": { "start": "1 8 * * *", "duration": "1m", "timeZone": "UTC", "instances": 4 } });
    let behavior =
        json!({ "scaleUp": { "policies": [] }, "scaleDown": { "stabilizationWindow": "0s", "policies": [] } });
    let mut web = Watch::new(json!({ "max": 10, "policies": [lunch], "behavior": behavior }), 1);
    let counts: Vec<u32> = (0..10).map(|_| web.round(&[]).to).collect();
    assert_eq!(counts, [1, 1, 1, 1, 4, 4, 4, 4, 1, 1]);
}

#[test]
fn a_deadline_takes_what_it_needs() {
    let by = (start() + TimeDelta::minutes(10)).to_rfc3339();
    let policy = json!({ "deadline": { "jobs": { "promql": "jobs" }, "by": by, "serviceTime": { "promql": "time" } } });
    let behavior =
        json!({ "scaleUp": { "policies": [] }, "scaleDown": { "stabilizationWindow": "0s", "policies": [] } });
    let mut web = Watch::new(json!({ "min": 0, "max": 50, "policies": [policy], "behavior": behavior }), 1);
    assert_eq!(web.round(&[("promql:jobs", 100.0), ("promql:time", 30.0)]).to, 5);
    let decision = web.round(&[("promql:jobs", 100.0)]);
    assert_eq!((decision.to, keepers(&decision)), (5, vec![Keeper::MissingMetric]));
    web.now = start() + TimeDelta::minutes(11);
    let late = web.round(&[("promql:jobs", 7.0), ("promql:time", 30.0)]);
    assert!(late.to == 7 && late.because[0].formula.contains("not all can be in time"), "{late:?}");
    assert_eq!(web.round(&[("promql:jobs", 0.0), ("promql:time", 30.0)]).to, 0);
}

#[test]
fn steps_wait_for_their_cool_down() {
    let steps = json!([{ "above": 60, "change": 1 }, { "above": 90, "change": 3 }, { "below": 20, "change": -1 }]);
    let policy = json!({ "step": { "metric": { "cpu": "utilization" }, "steps": steps, "coolDown": "30s" } });
    let behavior =
        json!({ "scaleUp": { "policies": [] }, "scaleDown": { "stabilizationWindow": "0s", "policies": [] } });
    let mut web = Watch::new(json!({ "max": 20, "policies": [policy], "behavior": behavior }), 1);
    let told = [95.0, 95.0, 70.0, 40.0, 10.0, 10.0, 10.0];
    let counts: Vec<u32> = told.iter().map(|value| web.round(&[("cpu:utilization", *value)]).to).collect();
    assert_eq!(counts, [4, 4, 5, 5, 4, 4, 3]);
}

#[test]
fn a_rule_of_ones_own_keeps_what_it_wants_to_remember() {
    let text = "if m_userdata is None: m_userdata = []\nm_userdata.append(LOAD)\nm_container_count = len(m_userdata) + EXTRA\nprint('seen', len(m_userdata))";
    let policy =
        json!({ "rule": { "text": text, "queries": { "LOAD": { "promql": "load" } }, "constants": { "EXTRA": 1 } } });
    let mut web = Watch::new(json!({ "max": 4, "policies": [policy], "behavior": at_once() }), 1);
    let counts: Vec<u32> = (0..5).map(|_| web.round(&[("promql:load", 1.0)]).to).collect();
    assert_eq!(counts, [2, 3, 4, 4, 4]);
    let broken =
        json!({ "rule": { "text": "m_container_count = LOAD + 1", "queries": { "LOAD": { "promql": "load" } } } });
    let mut web = Watch::new(json!({ "max": 9, "policies": [broken] }), 3);
    let decision = web.round(&[]);
    assert_eq!((decision.to, keepers(&decision)), (3, vec![Keeper::MissingMetric]));
    assert!(decision.suppressed[0].why.contains("LOAD has no value") && decision.suppressed[0].why.contains("line 1"));
}

#[test]
fn utilization_never_scales_itself_out_of_sight() {
    let behavior =
        json!({ "scaleUp": { "policies": [] }, "scaleDown": { "stabilizationWindow": "0s", "policies": [] } });
    let mut web = Watch::new(json!({ "min": 0, "max": 5, "policies": [cpu(50)], "behavior": behavior }), 3);
    assert_eq!(web.round(&[("cpu:utilization", 0.0)]).to, 1);
}
