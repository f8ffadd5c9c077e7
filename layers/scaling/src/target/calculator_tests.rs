//! Cases of Kubernetes' own description of the algorithm, by hand.

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000, 0).unwrap()
}

const TENTH: Tolerances = Tolerances { up: 0.1, down: 0.1 };

fn values(values: &[f64]) -> BTreeMap<String, Measured> {
    values.iter().enumerate().map(|(id, value)| (id.to_string(), Measured { value: *value, at: now() })).collect()
}

fn utilization(fleet: &Fleet, told: &[f64], target: f64) -> Result<u32, String> {
    let values = values(told);
    let metric = PerInstance { values: &values, window: TimeSpan(0), cpu: true, utilization: true };
    by_instances(fleet, &metric, target, TENTH, now()).map(|calculated| calculated.instances)
}

#[test]
fn the_ratio_decides() {
    let three = Fleet::ready(3, now());
    assert_eq!(utilization(&three, &[100.0, 100.0, 100.0], 50.0), Ok(6));
    assert_eq!(utilization(&three, &[25.0, 25.0, 25.0], 50.0), Ok(2));
    assert_eq!(utilization(&three, &[54.0, 54.0, 54.0], 50.0), Ok(3), "within a tenth");
    assert_eq!(utilization(&three, &[56.0, 56.0, 56.0], 50.0), Ok(4));
    assert_eq!(utilization(&three, &[0.0, 0.0, 0.0], 50.0), Ok(0));
    assert_eq!(utilization(&three, &[], 50.0), Err("no ready instance told a value".to_owned()));
}

#[test]
fn averages_are_cut_to_whole_percent_as_in_kubernetes() {
    // (55.9 + 55.9) / 2 = 55 whole percent: ratio 1.1, within the tolerance.
    assert_eq!(utilization(&Fleet::ready(2, now()), &[55.9, 55.9], 50.0), Ok(2));
}

#[test]
fn who_tells_nothing_is_taken_for_idle_on_the_way_up_and_for_busy_on_the_way_down() {
    let four = Fleet::ready(4, now());
    // 3 × 100 % of 50 %: ratio 2; with a fourth at 0 %: 75/50 = 1.5 × 4 = 6, not 8.
    assert_eq!(utilization(&four, &[100.0, 100.0, 100.0], 50.0), Ok(6));
    // 3 × 20 %: ratio 0.4; with a fourth at 100 %: 40/50 = 0.8 × 4 = 3.2, so 4 stay.
    assert_eq!(utilization(&four, &[20.0, 20.0, 20.0], 50.0), Ok(4));
    // 1 × 10 %, with three at 100 %: the direction would change, so all stay.
    assert_eq!(utilization(&four, &[10.0], 50.0), Ok(4));
}

#[test]
fn who_is_not_ready_counts_as_idle_on_the_way_up_only() {
    let mut fleet = Fleet::ready(3, now());
    fleet.instances[2].phase = Phase::Pending;
    assert_eq!(utilization(&fleet, &[100.0, 100.0], 50.0), Ok(4), "200 / 3 = 66 whole percent: ceil(1.32 × 3)");
    assert_eq!(utilization(&fleet, &[20.0, 20.0], 50.0), Ok(1), "ceil(0.4 × 2 ready)");
    fleet.instances[2].phase = Phase::Failed;
    assert_eq!(utilization(&fleet, &[100.0, 100.0, 900.0], 50.0), Ok(4), "what failed doesn't count");
    // Its processor time while it starts says nothing.
    fleet.instances[2].phase = Phase::Running;
    fleet.instances[2].ready = false;
    fleet.instances[2].started = Some(now() - TimeDelta::seconds(20));
    assert_eq!(utilization(&fleet, &[100.0, 100.0, 900.0], 50.0), Ok(4));
}

#[test]
fn one_value_by_ratio_and_by_share() {
    let two = Fleet::ready(2, now());
    let none = Fleet::ready(0, now());
    assert_eq!(by_value(&two, 300.0, 100.0, TENTH).instances, 6);
    assert_eq!(by_value(&two, 105.0, 100.0, TENTH).instances, 2);
    assert_eq!(by_value(&none, 250.0, 100.0, TENTH).instances, 3);
    assert_eq!(by_share(&two, 500.0, 100.0, TENTH).instances, 5);
    assert_eq!(by_share(&two, 210.0, 100.0, TENTH).instances, 2);
    assert_eq!(by_share(&none, 0.0, 100.0, TENTH).instances, 0);
    assert_eq!(by_value(&two, f64::MAX, 1e-300, TENTH).instances, u32::MAX);
}
