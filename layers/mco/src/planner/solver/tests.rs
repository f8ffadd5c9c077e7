//! The solver against numbers worked out by hand.

use super::problem::*;
use super::*;

fn component(demand: Amount, count: u32) -> Component {
    Component { demand, lower: count, upper: count, per_machine: u32::MAX, conflicts: 0, zoned: false }
}

fn slot(price: i64, capacity: Amount) -> Slot {
    Slot { zone: 0, cost: price, price, carbon: 0, capacity, eligible: Mask::MAX, units: 1_000, held: None }
}

fn problem(components: Vec<Component>, mut slots: Vec<Slot>) -> Problem {
    for slot in &mut slots {
        slot.eligible &= (1 << components.len()) - 1;
    }
    Problem { components, slots, zones: 1, latency: vec![0], ..Problem::default() }
}

fn price(problem: &Problem) -> Option<i64> {
    let (answer, _) = minimise(std::slice::from_ref(problem), &mut Work::new(100_000));
    assert!(answer.proved);
    assert_eq!(answer.bound, answer.best.as_ref().map(|best| best.value[0]));
    answer.best.map(|best| best.value[0])
}

#[test]
fn packs_instances_into_one_machine_where_that_is_cheaper() {
    let small = slot(30, [1_000, 1_000, 0, 0]);
    let large = slot(100, [4_000, 4_000, 0, 0]);
    assert_eq!(
        price(&problem(vec![component([1_000, 1_000, 0, 0], 4)], vec![small.clone(), large.clone()])),
        Some(100)
    );
    assert_eq!(price(&problem(vec![component([1_000, 1_000, 0, 0], 3)], vec![small.clone(), large.clone()])), Some(90));
    assert_eq!(price(&problem(vec![component([1_000, 1_000, 0, 0], 7)], vec![small, large])), Some(190));
}

#[test]
fn finds_that_nothing_is_large_enough() {
    assert_eq!(price(&problem(vec![component([5_000, 1, 0, 0], 1)], vec![slot(10, [4_000, 4, 0, 0])])), None);
}
