//! What is told of a scaling before anything runs.

use super::shared::scaling;
use hansa_ontology::resource_model::scaling::{MicadoAlert, ScalingBehavior};
use hansa_scaling::{check, sources};
use serde_json::json;

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_field() {
    let wrong = scaling(json!({
        "min": 3,
        "max": 2,
        "zero": { "metric": { "promql": "q" } },
        "behavior": { "scaleUp": { "stabilizationWindow": "2h", "policies": [{ "type": "pods", "value": 0, "period": "1h" }] } },
        "policies": [
            { "name": "a", "target": { "metric": { "promql": "q" }, "value": 0, "type": "utilization" } },
            { "name": "a", "step": { "metric": { "cpu": "usage" }, "steps": [{ "change": 0 }] } },
            { "schedule": { "start": "61 * * * *", "duration": "1h", "instances": 1 } },
            { "rule": { "text": "import os\nm_container_count = LAOD", "queries": { "LOAD": { "promql": "q" } } } },
            { "rule": { "text": "x = LAOD", "queries": { "LOAD": { "promql": "q" } } } },
            { "limit": true }
        ]
    }));
    let told: Vec<String> = check(&wrong).into_iter().map(|fault| fault.field).collect();
    let expected = [
        "max",
        "zero",
        "behavior.scaleUp.stabilizationWindow",
        "behavior.scaleUp.policies[0].value",
        "behavior.scaleUp.policies[0].period",
        "policies[0].target.value",
        "policies[0].target.type",
        "policies[1].name",
        "policies[1].step.steps[0]",
        "policies[1].step.steps[0].change",
        "policies[2].schedule.start",
        "policies[3].rule.text",
        "policies[4].rule.text",
        "policies[4].rule",
        "policies[5]",
    ];
    assert_eq!(told, expected);
    let faults = check(&wrong);
    assert!(faults[12].problem.contains("did you mean `LOAD`"), "{:?}", faults[12]);
    assert_eq!(faults[12].rule.as_ref().map(|rule| (rule.line, rule.column)), Some((1, 5)));
}

/// The examples of the page for tenants.
fn examples() -> Vec<serde_json::Value> {
    let page = include_str!("../../../../docs/scaling.md");
    let blocks = page.split("```yaml").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| serde_saphyr::from_str(block).unwrap()).collect()
}

#[test]
fn the_examples_of_the_documentation_are_right() {
    let examples = examples();
    let [whole, behavior, rule, told] = examples.as_slice() else { panic!("{examples:?}") };
    assert_eq!(check(&scaling(whole["scaling"].clone())), []);
    let usual: ScalingBehavior = serde_json::from_value(behavior["behavior"].clone()).unwrap();
    let mut default = ScalingBehavior::default();
    // The page shows one policy of each direction.
    default.scale_up.policies.truncate(1);
    assert_eq!(usual, default);
    let policy = json!({ "max": 3, "policies": [rule] });
    assert_eq!(check(&scaling(policy)), []);
    let alerts: Vec<MicadoAlert> = serde_json::from_value(told["alerts"].clone()).unwrap();
    assert_eq!(alerts.iter().map(|alert| alert.alert.as_str()).collect::<Vec<_>>(), ["slow"]);
}

#[test]
fn what_has_to_be_measured_is_named_once() {
    let all = scaling(json!({
        "min": 0,
        "max": 9,
        "zero": { "metric": { "promql": "q" } },
        "policies": [
            { "target": { "metric": { "cpu": "utilization" }, "value": 60 } },
            { "step": { "metric": { "cpu": "utilization" }, "steps": [{ "above": 1, "change": 1 }] } },
            { "schedule": { "start": "0 8 * * *", "duration": "1h", "instances": 1 } },
            { "deadline": { "jobs": { "promql": "q" }, "by": "2026-12-01T08:00:00Z", "serviceTime": { "promql": "t" } } },
            { "rule": { "text": "m_container_count = 1", "queries": { "A": { "memory": "usage" } } } }
        ]
    }));
    let named: Vec<String> = sources(&all).iter().map(ToString::to_string).collect();
    assert_eq!(named, ["promql:q", "promql:t", "cpu:utilization", "memory:usage"]);
}

#[test]
fn nothing_is_told_of_what_is_right() {
    let right = scaling(json!({
        "min": 0,
        "max": 9,
        "zero": { "metric": { "promql": "q" } },
        "policies": [
            { "target": { "metric": { "cpu": "utilization" }, "value": 60, "predict": { "season": "24h" } } },
            { "rule": { "text": "m_container_count = ceil(LOAD / PER)", "queries": { "LOAD": { "promql": "q" } }, "constants": { "PER": 5 } } }
        ]
    }));
    assert_eq!(check(&right), []);
}
