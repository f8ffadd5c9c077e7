//! Recorded series.

use super::shared::{minutely, scaling, start};
use chrono::TimeDelta;
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::MicadoPolicy};
use hansa_scaling::{
    micado::PolicySet,
    replay::{Compared, ReplayOptions, Sample, Series, compare, replay, replay_micado, table},
};
use serde_json::json;

/// Three days of the same shape: quiet nights, a steep morning, a long day.
/// Small disorder on top, always the same.
fn days() -> Series {
    let mut disorder = 7_u64;
    let sample = |minute: i64| {
        disorder = disorder.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let hour = f64::from(i32::try_from(minute % 1_440).unwrap()) / 60.0;
        let day = 1.0 / (1.0 + (-(hour - 8.0) * 6.0).exp()) - 1.0 / (1.0 + (-(hour - 19.0) * 3.0).exp());
        let noise = f64::from(u32::try_from(disorder >> 48).unwrap()) / 65_536.0 - 0.5;
        let value = 80.0 + 900.0 * day + 40.0 * noise;
        Sample { time: start() + TimeDelta::minutes(minute), name: "cpu:utilization".to_owned(), value }
    };
    Series::new((0..3 * 1_440).map(sample))
}

#[test]
fn the_same_series_gives_the_same_bytes() {
    let policy =
        scaling(json!({ "max": 30, "policies": [{ "target": { "metric": { "cpu": "utilization" }, "value": 60 } }] }));
    let (series, options) = (days(), minutely());
    let once = replay("web", &policy, &series, &options);
    assert_eq!(once.decisions.len(), 3 * 1_440);
    assert_eq!(once.to_json_lines().unwrap(), replay("web", &policy, &days(), &options).to_json_lines().unwrap());
    assert!(once.most > 10 && once.changes > 20, "{} {}", once.most, once.changes);
    assert!(once.violation > Some(TimeSpan(0)), "a steep morning is too steep for an instance that takes 3 minutes");
}

#[test]
fn looking_ahead_is_compared_with_the_hpa_formula_in_one_table() {
    let target = |value: u32, predict: serde_json::Value| {
        scaling(
            json!({ "max": 30, "policies": [{ "target": { "metric": { "cpu": "utilization" }, "value": value, "predict": predict } }] }),
        )
    };
    let season = || json!({ "ahead": "5m", "season": "24h" });
    // Who sees the morning coming needs less room for it.
    let (hpa, ahead) = (target(60, json!(null)), target(62, season()));
    let (close, close_ahead) = (target(67, json!(null)), target(67, season()));
    let compared = compare(
        &[
            ("HPA, 60 %", &hpa),
            ("looking ahead, 62 %", &ahead),
            ("HPA, 67 %", &close),
            ("looking ahead, 67 %", &close_ahead),
        ],
        &days(),
        &minutely(),
    );
    println!("{}", table(&compared));
    let [hpa, ahead, close, close_ahead] = compared.as_slice() else { panic!("{compared:?}") };
    assert!(ahead.violation < hpa.violation, "less violation time than the HPA formula");
    assert!(ahead.instance_hours <= hpa.instance_hours, "at no more instance-hours");
    let double = |one: &Compared| TimeSpan(one.violation.unwrap().0 * 2);
    assert!(double(close_ahead) < close.violation.unwrap() && close_ahead.instance_hours <= close.instance_hours);
    assert_eq!(table(&compared).lines().count(), 5);
}

#[test]
fn what_was_recorded_can_be_taken_as_it_is() {
    let text = "time,name,value\n2026-07-01T08:00:00Z,promql:q,10\n2026-07-01T08:01:00Z,promql:q,100\n2026-07-01T08:02:00Z,promql:q,100\n";
    let policy = scaling(
        json!({ "max": 9, "policies": [{ "target": { "metric": { "promql": "q" }, "type": "averageValue", "value": 20 } }] }),
    );
    let replayed = replay("web", &policy, &Series::parse(text).unwrap(), &ReplayOptions::default());
    let counts: Vec<u32> = replayed.decisions.iter().map(|decision| decision.to).collect();
    assert_eq!(counts, [1, 1, 1, 1, 5, 5, 5, 5, 5]);
    assert_eq!(replayed.changes, 1);
    assert!((replayed.instance_hours - (5.0 + 4.0 * 5.0) * 15.0 / 3_600.0).abs() < 1e-9, "{}", replayed.instance_hours);
    assert_eq!(replay("web", &policy, &Series::default(), &ReplayOptions::default()).decisions, []);
}

#[test]
fn micados_policies_are_replayed_too() {
    let policies: Vec<MicadoPolicy> = serde_json::from_value(json!([
        { "target": "nodes", "level": "machine", "min_instances": 1, "max_instances": 3,
          "alerts": [{ "alert": "busy", "expr": "load > 1" }],
          "scaling_rule": "if busy and len(m_nodes) == m_node_count: m_node_count += 1" },
        { "target": "web", "level": "container", "min_instances": 1, "max_instances": 9, "queries": { "LOAD": "load" },
          "scaling_rule": "m_container_count = min(ceil(LOAD / 10), len(m_nodes) * 2)" }
    ]))
    .unwrap();
    let (set, faults) = PolicySet::compile(&policies);
    assert!(faults.is_empty(), "{faults:?}");
    let text = "2026-07-01T08:00:00Z,LOAD,5\n2026-07-01T08:00:30Z,LOAD,55\n2026-07-01T08:00:30Z,busy,1\n2026-07-01T08:02:00Z,LOAD,55\n";
    let options = ReplayOptions { ready_after: TimeSpan::from_millis(30_000), ..ReplayOptions::default() };
    let replayed = replay_micado(&set, &Series::parse(text).unwrap(), &options);
    let of = |target: &str| {
        let (.., replayed) = replayed.iter().find(|(_, name, _)| *name == target).unwrap();
        (replayed.decisions.iter().map(|it| it.to).collect::<Vec<_>>(), replayed.changes, replayed.most)
    };
    assert_eq!(of("nodes"), (vec![1, 1, 2, 2, 3, 3, 3, 3, 3], 2, 3));
    assert_eq!(of("web"), (vec![1, 1, 2, 2, 4, 4, 6, 6, 6], 3, 6));
    // Rounds are counted with the number that they began with: 1, 1, 1, 2, 2, 4, 4, 6, 6.
    let (.., web) = &replayed[1];
    assert!((web.instance_hours - 27.0 * 15.0 / 3_600.0).abs() < 1e-9, "{}", web.instance_hours);
    assert_eq!(web.violation, None, "no objective says what a violation is");
}
