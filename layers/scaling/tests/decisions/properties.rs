//! What holds for any policy, any measurement and any order of them.

use super::shared::start;
use chrono::TimeDelta;
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::scaling::{MicadoPolicy, Scaling},
};
use hansa_scaling::micado::{Answer, Machines, MicadoRound, MicadoState, PolicySet};
use hansa_scaling::{Fleet, Measured, Phase, Reading, Readings, Round, ScalingState, decide};
use proptest::prelude::*;
use serde_json::{Value, json};

fn metric() -> impl Strategy<Value = Value> {
    proptest::sample::select(vec![
        json!({ "cpu": "utilization" }),
        json!({ "memory": "usage" }),
        json!({ "promql": "q" }),
    ])
}

fn policy() -> impl Strategy<Value = Value> {
    prop_oneof![
        (metric(), 1_u32..200, 0.0..0.5).prop_map(|(metric, value, tolerance)| {
            json!({ "target": { "metric": metric, "value": value, "tolerance": tolerance, "predict": { "ahead": "30s" } } })
        }),
        (metric(), -5_i32..5, -5_i32..5).prop_map(|(metric, up, down)| {
            json!({ "step": { "metric": metric, "steps": [{ "above": 70, "change": up }, { "below": 30, "change": down }], "coolDown": "30s" } })
        }),
        (0_u32..40, any::<bool>()).prop_map(|(instances, limit)| {
            json!({ "limit": limit, "schedule": { "start": "*/2 * * * *", "duration": "1m", "instances": instances } })
        }),
        (metric(), 1_u32..5).prop_map(|(metric, parallel)| {
            json!({ "deadline": { "jobs": metric, "by": "2026-07-01T08:20:00Z", "serviceTime": "7s", "parallel": parallel } })
        }),
        proptest::sample::select(vec!["m_container_count = Q * 3", "m_container_count = -5", "m_container_count = 1e300", "while True: pass", "x ="])
            .prop_map(|text| json!({ "rule": { "text": text, "queries": { "Q": { "promql": "q" } } } })),
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => 0.0..300.0,
        1 => proptest::sample::select(vec![0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e-300]),
    ]
}

fn fleet(count: u32, phases: &[u8], round: i64) -> Fleet {
    let now = start() + TimeDelta::seconds(15 * round);
    let mut fleet = Fleet::ready(count, now);
    for (instance, phase) in fleet.instances.iter_mut().zip(phases.iter().cycle()) {
        match phase {
            0 => instance.phase = Phase::Pending,
            1 => instance.phase = Phase::Failed,
            2 => instance.phase = Phase::Ending,
            3 => (instance.ready, instance.started, instance.since) = (false, Some(now), now),
            _ => {}
        }
    }
    fleet
}

fn micado_rule() -> impl Strategy<Value = String> {
    let line = prop_oneof![proptest::sample::select(vec![
        "m_node_count = Q",
        "m_container_count = Q",
        "m_node_count += 1",
        "m_container_count -= 3",
        "m_node_count = None",
        "m_container_count = 'x'",
        "m_nodes_todrop = m_nodes",
        "m_nodes_todrop.append(m_nodes[0])",
        "m_nodes_todrop = [1, None]",
        "m_nodes_todrop = 3",
        "m_userdata = [m_userdata]",
        "m_userdata = Q",
        "x = m_nodes[9]",
        "m_node_count = 10**30",
        "m_node_count = -5.5",
        "m_container_count = True",
        "while A: pass",
        "print Q",
    ]),];
    proptest::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn micados_numbers_stay_within_their_bounds_whatever_its_rules_do(
        rules in proptest::collection::vec((any::<bool>(), micado_rule()), 1..4),
        rounds in proptest::collection::vec((value(), any::<bool>(), any::<bool>(), 0_u32..9, 0_usize..9), 1..8),
    ) {
        let policies: Vec<MicadoPolicy> = rules.iter().enumerate().map(|(place, (machine, rule))| {
            serde_json::from_value(json!({
                "target": format!("t{place}"), "level": if *machine { "machine" } else { "container" }, "scaling_rule": rule,
                "min_instances": "1", "max_instances": "{{ MOST }}", "constants": { "MOST": 6 }, "queries": { "Q": "q" },
                "alerts": [{ "alert": "A", "expr": "a" }]
            })).unwrap()
        }).collect();
        let (set, _) = PolicySet::compile(&policies);
        let mut state = MicadoState::default();
        for (round, (value, there, firing, wanted, ready)) in (0_i64..).zip(rounds) {
            let now = start() + TimeDelta::seconds(15 * round);
            let answer = if there { Answer::Value { value: value.into(), at: now } } else { Answer::Missing { reason: "away".to_owned() } };
            let nodes = (0..ready).map(|node| format!("n{node}")).collect();
            let machines = [("t0".to_owned(), Machines { wanted, nodes })].into();
            let given = MicadoRound {
                now,
                answers: &[("Q".to_owned(), answer)].into(),
                firing: &firing.then(|| "A".to_owned()).into_iter().collect(),
                machines: &machines,
                containers: &[("t1".to_owned(), wanted)].into(),
            };
            let mut again = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            let decisions = set.round(&given, &mut state);
            prop_assert_eq!(&format!("{decisions:?}"), &format!("{:?}", set.round(&given, &mut again)));
            prop_assert_eq!(decisions.len(), rules.len());
            for decision in decisions {
                prop_assert!((1..=6).contains(&decision.to), "{decision:?}");
                prop_assert!(!decision.because.is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_stay_within_their_bounds_and_rounds_are_functions(
        policies in proptest::collection::vec(policy(), 1..4),
        (min, more) in (0_u32..4, 1_u32..30),
        zero in any::<bool>(),
        rounds in proptest::collection::vec((value(), value(), proptest::collection::vec(0_u8..12, 1..8), any::<bool>()), 1..30),
        first in 0_u32..40,
    ) {
        let mut json = json!({ "min": min, "max": min + more, "policies": policies });
        if zero && min == 0 {
            json["zero"] = json!({ "metric": { "promql": "q" }, "coolDown": "30s" });
        }
        let scaling: Scaling = serde_json::from_value(json).unwrap();
        let mut state = ScalingState::default();
        let mut count = first;
        for (round, (each, whole, phases, there)) in (0_i64..).zip(&rounds) {
            let now = start() + TimeDelta::seconds(15 * round);
            let fleet = fleet(count, phases, round);
            let mut readings = Readings::default();
            if *there {
                let of_each = |value: f64| fleet.instances.iter().map(|it| (it.id.clone(), Measured { value, at: now })).collect();
                readings.0.insert("cpu:utilization".to_owned(), Reading::Instances { values: of_each(*each), window: TimeSpan(0) });
                readings.0.insert("memory:usage".to_owned(), Reading::Instances { values: of_each(*whole), window: TimeSpan(0) });
            }
            readings.0.insert("promql:q".to_owned(), Reading::Whole(Measured { value: *whole, at: now }));
            let given = Round { target: "web", fleet: &fleet, readings: &readings, now };
            let mut again = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            let decision = decide(&scaling, &given, &mut state);
            prop_assert_eq!(&decision, &decide(&scaling, &given, &mut again), "a state that was stored decides alike");
            prop_assert!(decision.to <= scaling.max && decision.to >= scaling.min, "{decision:?}");
            prop_assert_eq!(decision.from, count);
            prop_assert_eq!(decision.because.len(), scaling.policies.len() + usize::from(scaling.zero.is_some()));
            prop_assert!(serde_json::to_string(&state).unwrap().len() < 200_000, "what is remembered is bounded");
            count = decision.to;
        }
    }
}
