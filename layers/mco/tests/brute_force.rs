//! The planner against all plans there are: on tiny random models every way to
//! put instances into machines is tried, with the planner's independent check
//! as the judge of what is allowed. Feasibility and optimum must agree.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling"
)]

mod shared;

use hansa_mco::{
    model::{Plan, PlanOptions, ProofStatus},
    planner::{OfferIndex, PlanError, plan, verify},
};
use hansa_ontology::{Catalogue, ResourceModel};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::tiny::{Placement, as_plan, every_placement, value};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// How many machines a group `g` or `h` has, and how large they are at least.
fn group() -> impl Strategy<Value = Value> {
    let count = prop_oneof![
        (0..=2_u32).prop_map(|count| json!(count)),
        (0..=1_u32, 1..=2_u32).prop_map(|(min, max)| json!({ "min": min, "max": max })),
    ];
    (count, prop::option::of(1..=3_u32), prop::bool::weighted(0.2)).prop_map(|(count, cpu, capable)| {
        let capabilities = if capable { json!(["x"]) } else { json!([]) };
        json!({ "count": count, "resources": { "cpu": cpu }, "constraints": { "capabilities": capabilities } })
    })
}

fn component() -> impl Strategy<Value = Value> {
    let replicas = prop_oneof![
        (0..=2_u32).prop_map(|count| json!(count)),
        Just(json!(1)),
        (0..=1_u32, 1..=2_u32).prop_map(|(min, max)| json!({ "min": min, "max": max })),
    ];
    let constraints = prop_oneof![
        4 => Just(json!({})),
        1 => Just(json!({ "capabilities": ["x"] })),
        1 => Just(json!({ "maxPricePerHour": "0.000004" })),
        1 => Just(json!({ "maxCarbonIntensity": "100" })),
        1 => Just(json!({ "jurisdiction": { "deny": ["US"] } })),
        1 => Just(json!({ "location": { "allow": ["EU"] } })),
        1 => Just(json!({ "site": { "deny": ["s1"] } })),
    ];
    (1..=3_u32, 0..=2_u32, replicas, constraints, prop::bool::weighted(0.15)).prop_map(
        |(cpu, memory, replicas, constraints, port)| {
            json!({
                "package": { "process": { "command": ["true"] } },
                "resources": { "cpu": cpu, "memory": format!("{memory}Mi") },
                "replicas": replicas,
                "constraints": constraints,
                "ports": if port { json!({ "web": { "number": 80 } }) } else { json!({}) },
            })
        },
    )
}

fn name(count: usize) -> impl Strategy<Value = &'static str> {
    (0..count).prop_map(|number| NAMES[number])
}

fn pair(count: usize) -> impl Strategy<Value = (&'static str, &'static str)> {
    (name(count), name(count)).prop_filter("two different", |(a, b)| a != b)
}

fn rule(count: usize) -> BoxedStrategy<Value> {
    let spread = (name(count), prop::sample::select(vec!["machine", "site", "provider"]), 1..=2_u32)
        .prop_map(|(component, over, max)| json!({ "spread": { "component": component, "over": over, "max": max } }));
    let alone = name(count).prop_map(|name| json!({ "alone": [name] }));
    if count < 2 {
        return prop_oneof![spread, alone].boxed();
    }
    let two = || pair(count);
    prop_oneof![
        spread,
        alone,
        two().prop_map(|(a, b)| json!({ "together": [a, b] })),
        two().prop_map(|(a, b)| json!({ "apart": [a, b] })),
        two().prop_map(|(a, b)| json!({ "conflict": { "component": a, "with": [b] } })),
        two().prop_map(|(a, b)| json!({ "oneOf": [a, b] })),
        two().prop_map(|(a, b)| json!({ "everywhere": { "component": a, "except": [b] } })),
        name(count).prop_map(|a| json!({ "everywhere": { "component": a } })),
        (two(), 0..=3_u32, 1..=4_u32)
            .prop_map(|((a, b), min, max)| json!({ "count": { "of": [a, b], "min": min, "max": max } })),
        (two(), 1..=2_u32, 1..=2_u32, any::<bool>()).prop_map(|((a, b), needs, serves, exact)| {
            json!({ "ratio": { "consumer": a, "provider": b, "needs": needs, "serves": serves, "exact": exact } })
        }),
    ]
    .boxed()
}

fn objective() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!("price")),
        1 => Just(json!("carbon")),
        1 => Just(json!("latency")),
        2 => (0..=2_u32, 0..=2_u32, 0..=2_u32)
            .prop_map(|(price, latency, carbon)| json!({ "price": price, "latency": format!("0.00000{latency}"), "carbon": carbon })),
    ]
}

fn model() -> impl Strategy<Value = ResourceModel> {
    (1..=3_usize).prop_flat_map(|count| {
        let parts = prop::collection::vec(component(), count);
        let rules = prop::collection::vec(rule(count), 0..=3);
        let limit = prop::option::of(prop::sample::select(vec!["1ms", "10ms", "20ms"]));
        let links = prop::collection::vec((name(count), name(count), limit), 0..=2);
        let most = prop::option::weighted(0.2, 1..=12_u32);
        let groups = prop::collection::vec(group(), 0..=3 - count);
        let housed = prop::collection::vec(0..4_usize, count);
        let more = (groups, housed);
        (parts, rules, links, most, objective(), more).prop_map(|(parts, rules, links, most, objective, more)| {
            let (groups, housed) = more;
            let known: Vec<&str> = ["g", "h"].into_iter().take(groups.len()).collect();
            let within = |which: usize| match (which, known.as_slice()) {
                (0, _) | (_, []) => json!([]),
                (1, [first, ..]) => json!([first]),
                (2, all) => json!(all.last()).as_str().map_or(json!([]), |last| json!([last])),
                (_, all) => json!(all),
            };
            let part = |(number, mut part): (usize, Value)| {
                part["machines"] = within(housed[number]);
                (NAMES[number].to_owned(), part)
            };
            let components: serde_json::Map<String, Value> = parts.into_iter().enumerate().map(part).collect();
            let machines: serde_json::Map<String, Value> =
                known.iter().map(|name| (*name).to_owned()).zip(groups).collect();
            let links: Vec<Value> = links
                .into_iter()
                .map(|(from, to, limit)| json!({ "from": from, "to": to, "maxLatency": limit }))
                .collect();
            let constraints = most.map_or(json!({}), |most| json!({ "maxPricePerHour": format!("0.0000{most:02}") }));
            serde_json::from_value(json!({
                "hansa": 1, "name": "tiny", "components": components, "machines": machines, "rules": rules, "links": links,
                "constraints": constraints, "objective": objective,
            }))
            .unwrap()
        })
    })
}

fn catalogue() -> impl Strategy<Value = Catalogue> {
    let offer = (1..=6_u32, 0..=5_u32, 1..=9_i64, 1..=2_u32, 0..3_usize, 0..2_usize, any::<bool>(), 1..=9_u32);
    // Whole milliseconds: the planner counts an objective in millionths, and half of one is none.
    let latency =
        prop::collection::vec(prop::option::of(prop::sample::select(vec![1_000_u32, 8_000, 15_000, 30_000])), 3);
    (prop::collection::vec(offer, 1..=3), latency)
        .prop_map(|(offers, latency)| shared::tiny::catalogue(&offers, &latency))
}

fn best(model: &ResourceModel, catalogue: &Catalogue, index: &OfferIndex, options: &PlanOptions) -> Option<i128> {
    let mut best: Option<i128> = None;
    every_placement(model, catalogue, &mut |placement: &Placement| {
        let value = value(model, catalogue, index, placement);
        if best.is_none_or(|best| value < best)
            && verify(&as_plan(catalogue, placement), model, index, options).is_empty()
        {
            best = Some(value);
        }
    });
    best
}

fn placement(plan: &Plan, catalogue: &Catalogue) -> Placement {
    let offer = |machine: &hansa_mco::model::PlannedMachine| {
        catalogue.offers.iter().position(|offer| offer.id == machine.offer).unwrap()
    };
    plan.machines.iter().map(|machine| (offer(machine), machine.instances.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_every_plan_there_is(model in model(), catalogue in catalogue()) {
        let index = OfferIndex::new(&catalogue);
        let options = PlanOptions::new(shared::now());
        let expected = best(&model, &catalogue, &index, &options);
        let answer = plan(&model, &index, &options);
        prop_assert_eq!(&answer, &plan(&model, &index, &options), "not deterministic");
        match (answer, expected) {
            (Ok(plan), Some(expected)) => {
                prop_assert_eq!(plan.proof.status, ProofStatus::Optimal);
                prop_assert_eq!(value(&model, &catalogue, &index, &placement(&plan, &catalogue)), expected);
            }
            (Err(PlanError::Infeasible(infeasible)), None) => {
                prop_assert!(infeasible.minimal);
                prop_assert!(!infeasible.conflict.is_empty());
            }
            (answer, expected) => prop_assert!(false, "{answer:?} where {expected:?} is the best"),
        }
    }
}
