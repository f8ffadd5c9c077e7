//! How long a round takes: of 1,000 components with two policies each, and of
//! one rule.
#![allow(clippy::unwrap_used, reason = "a bench that can't go on says so by falling")]

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::Scaling};
use hansa_scaling::{
    Fleet, Measured, Reading, Readings, Round, ScalingState, decide,
    rule::{Datum, Inputs, Limits, Rule},
};
use serde_json::json;
use std::hint::black_box;

const RULE: &str = "
if m_userdata is None:
  m_userdata = {'container_count': 1, 'time': TIME}
if len(m_nodes) == m_node_count and TIME - m_userdata['time'] > minContScaleInterval:
  if REQUESTSPERCONT > maxRPCth:
    if m_container_count < m_node_count * CONTSPERNODE:
      m_container_count += 1
      m_userdata['container_count'] = m_container_count
      m_userdata['time'] = TIME
  elif REQUESTSPERCONT < minRPCth and m_container_count > 1:
    m_container_count -= 1
";

fn rounds(criterion: &mut Criterion) {
    let now = DateTime::from_timestamp(1_760_000_000, 0).unwrap();
    let scaling: Scaling = serde_json::from_value(json!({
        "max": 20,
        "policies": [
            { "target": { "metric": { "cpu": "utilization" }, "value": 60 } },
            { "schedule": { "start": "0 8 * * 1-5", "duration": "10h", "timeZone": "Europe/Berlin", "instances": 4 } }
        ]
    }))
    .unwrap();
    let fleet = Fleet::ready(5, now);
    let values = fleet.instances.iter().map(|it| (it.id.clone(), Measured { value: 90.0, at: now })).collect();
    let readings =
        Readings([("cpu:utilization".to_owned(), Reading::Instances { values, window: TimeSpan(0) })].into());
    criterion.bench_function("a round of 1,000 components", |bencher| {
        let mut states = vec![ScalingState::default(); 1_000];
        bencher.iter(|| {
            for state in &mut states {
                let round = Round { target: "web", fleet: &fleet, readings: &readings, now };
                black_box(decide(&scaling, &round, state));
            }
        });
    });
}

fn one_rule(criterion: &mut Criterion) {
    let rule = Rule::parse(RULE).unwrap();
    let number = |value: f64| Datum::Float(value);
    let variables = [
        ("TIME", number(1e9)),
        ("REQUESTSPERCONT", number(9.0)),
        ("maxRPCth", number(4.0)),
        ("minRPCth", number(1.0)),
        ("CONTSPERNODE", number(4.0)),
        ("minContScaleInterval", number(60.0)),
        ("m_node_count", Datum::Int(2)),
        ("m_container_count", Datum::Int(3)),
        ("m_nodes", Datum::List(vec![Datum::from("a"), Datum::from("b")])),
        ("m_userdata", Datum::Dict(vec![(Datum::from("time"), number(0.0))])),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let inputs = Inputs { variables, ..Inputs::default() };
    criterion.bench_function("parse one rule", |bencher| bencher.iter(|| Rule::parse(black_box(RULE))));
    criterion
        .bench_function("run one rule", |bencher| bencher.iter(|| rule.run(black_box(&inputs), &Limits::default())));
    let endless = Rule::parse("while True: pass").unwrap();
    criterion.bench_function("end a rule that doesn't end", |bencher| {
        bencher.iter(|| endless.run(black_box(&inputs), &Limits::default()));
    });
}

criterion_group!(benches, rounds, one_rule);
criterion_main!(benches);
