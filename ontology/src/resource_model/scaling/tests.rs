//! What is written is what is read.

use super::*;
use serde_json::json;

fn read(json: serde_json::Value) -> Scaling {
    serde_json::from_value(json).unwrap()
}

#[test]
fn the_smallest_one_has_the_defaults_of_kubernetes() {
    let scaling =
        read(json!({ "max": 5, "policies": [{ "target": { "metric": { "cpu": "utilization" }, "value": 70 } }] }));
    assert_eq!((scaling.min, scaling.max), (1, 5));
    let (up, down) = (&scaling.behavior.scale_up, &scaling.behavior.scale_down);
    assert_eq!((up.stabilization_window, down.stabilization_window), (TimeSpan(0), TimeSpan::from_millis(300_000)));
    assert_eq!((up.policies.len(), down.policies.len()), (2, 1));
    let Ok(PolicyKind::Target(target)) = scaling.policies[0].kind() else { panic!("{scaling:?}") };
    assert_eq!((target.compared(), target.tolerance), (TargetKind::Utilization, 0.1));
}

#[test]
fn every_kind_goes_round() {
    let written = json!({
        "min": 0,
        "max": 20,
        "minimumInterval": "30s",
        "zero": { "metric": { "promql": "queue" }, "activation": 1.0, "coolDown": "2m" },
        "behavior": {
            "scaleUp": { "stabilizationWindow": "0s", "selectPolicy": "max", "policies": [{ "type": "instances", "value": 2, "period": "1m" }] },
            "scaleDown": { "stabilizationWindow": "1m", "selectPolicy": "disabled", "policies": [], "tolerance": 0.2 }
        },
        "policies": [
            { "name": "load", "target": { "metric": { "endpoint": { "port": "http", "path": "/metrics", "metric": "requests_total", "labels": { "code": "200" }, "counter": true } }, "value": 50.0, "type": "averageValue", "tolerance": 0.1, "predict": { "ahead": "2m", "season": "24h" } } },
            { "step": { "metric": { "memory": "usage" }, "steps": [{ "above": 80.0, "change": 2 }, { "below": 20.0, "change": -1 }], "coolDown": "1m" } },
            { "limit": true, "schedule": { "start": "0 22 * * *", "end": "0 6 * * *", "timeZone": "Europe/Berlin", "instances": 2 } },
            { "deadline": { "jobs": { "promql": "jobs" }, "by": "2026-12-01T08:00:00Z", "serviceTime": "30s", "parallel": 1, "margin": "10m" } },
            { "deadline": { "jobs": { "promql": "jobs" }, "by": "2026-12-01T08:00:00Z", "serviceTime": { "promql": "avg(duration)" }, "parallel": 4, "margin": "0s" } },
            { "rule": { "text": "m_container_count = 3", "queries": { "LOAD": { "cpu": "usage" } }, "constants": { "MAX": 4 } } }
        ]
    });
    let scaling = read(written.clone());
    assert_eq!(serde_json::to_value(&scaling).unwrap(), written);
    let kinds: Vec<_> = scaling.policies.iter().map(|policy| policy.kind().unwrap().name()).collect();
    assert_eq!(kinds, ["target", "step", "schedule", "deadline", "deadline", "rule"]);
    let Ok(PolicyKind::Target(target)) = scaling.policies[0].kind() else { panic!("{scaling:?}") };
    assert_eq!(target.metric.to_string(), "endpoint:http/metrics:requests_total{code=\"200\"}/s");
}

#[test]
fn what_is_wrong_is_refused() {
    for wrong in [
        json!({ "policies": [] }),
        json!({ "max": 3, "policies": [], "replicas": 2 }),
        json!({ "max": 3, "policies": [{ "target": { "metric": { "cpu": "percent" }, "value": 1 } }] }),
        json!({ "max": 3, "policies": [{ "target": { "metric": { "disk": "usage" }, "value": 1 } }] }),
        json!({ "max": 3, "policies": [{ "targets": {} }] }),
        json!({ "max": 3, "policies": [{ "deadline": { "jobs": { "promql": "a" }, "by": "tomorrow", "serviceTime": "1s" } }] }),
    ] {
        assert!(serde_json::from_value::<Scaling>(wrong.clone()).is_err(), "{wrong}");
    }
    let policy: ScalingPolicy = serde_json::from_value(json!({ "limit": true })).unwrap();
    assert_eq!(policy.kind(), Err(ScalingFault(0)));
    let both = json!({
        "schedule": { "start": "@daily", "instances": 1 },
        "rule": { "text": "pass" }
    });
    let policy: ScalingPolicy = serde_json::from_value(both).unwrap();
    assert_eq!(policy.kind(), Err(ScalingFault(2)));
}

#[test]
fn the_schema_tells_what_each_field_is() {
    let schema = serde_json::to_value(schemars::schema_for!(Scaling)).unwrap();
    let text = schema.to_string();
    for word in ["stabilizationWindow", "HorizontalPodAutoscaler", "minimumInterval", "IANA"] {
        assert!(text.contains(word), "{word}");
    }
}
