//! Ten days of requests that were recorded, minute by minute, in production: looking
//! ahead beside the HPA formula.

use super::shared::{minutely, scaling};
use chrono::NaiveDateTime;
use hansa_ontology::resource_model::scaling::Scaling;
use hansa_scaling::replay::{Compared, Sample, Series, compare, table};
use hansa_test_systems::recorded_requests;
use serde_json::{Value, json};

const METRIC: &str = "cpu:utilization";
/// What a request of the series is of one instance's time, in percent: 10 keep it busy.
const EACH: f64 = 10.0;

fn samples() -> Option<Vec<Sample>> {
    let text = std::fs::read_to_string(recorded_requests()?).unwrap();
    let sample = |line: &str| {
        let [_, time, count] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let time = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S").unwrap().and_utc();
        Sample { time, name: METRIC.to_owned(), value: count.parse::<f64>().unwrap() * EACH }
    };
    Some(text.lines().skip(1).map(sample).collect())
}

fn target(value: f64, predict: Value) -> Scaling {
    let target = json!({ "metric": { "cpu": "utilization" }, "value": value, "predict": predict });
    scaling(json!({ "max": 60, "policies": [{ "target": target }] }))
}

fn compared(samples: Vec<Sample>) -> Vec<Compared> {
    let compared = compare(
        &[
            ("HPA, 60 %", &target(60.0, Value::Null)),
            ("trend, 60.5 %", &target(60.5, json!({ "ahead": "20m" }))),
            ("HPA, 70 %", &target(70.0, Value::Null)),
            ("season, 71.5 %", &target(71.5, json!({ "ahead": "5m", "season": "24h" }))),
        ],
        &Series::new(samples),
        &minutely(),
    );
    println!("{}", table(&compared));
    compared
}

#[test]
fn looking_ahead_on_recorded_requests_gives_less_violation_at_no_more_instance_hours() {
    let Some(samples) = samples() else { return };
    assert_eq!(samples.len(), 14_398);
    for pair in compared(samples).chunks(2) {
        let [hpa, ahead] = pair else { panic!("{pair:?}") };
        assert!(ahead.violation < hpa.violation && ahead.instance_hours <= hpa.instance_hours, "{pair:?}");
    }
}
