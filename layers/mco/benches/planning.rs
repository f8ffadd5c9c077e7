//! How long planning takes, and what it proves. Prints the proof of each case
//! once; run with `-- --test` for that alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling"
)]

#[path = "../tests/shared/mod.rs"]
mod shared;

use criterion::{Criterion, criterion_group, criterion_main};
use hansa_mco::{
    model::PlanOptions,
    planner::{OfferIndex, plan},
};
use hansa_ontology::ResourceModel;
use hansa_test_systems::shared_data;
use serde_json::{Value, json};
use shared::{
    maneuver, now,
    synthetic::{Shape, application, market},
};
use std::hint::black_box;

/// Time that this thread has had a processor, in milliseconds.
fn cpu_millis() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0) / 1_000_000
}

fn run(criterion: &mut Criterion, name: &str, model: &ResourceModel, index: &OfferIndex) {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if filter.is_some_and(|filter| !name.contains(&filter)) {
        return;
    }
    let options = PlanOptions::new(now());
    let start = cpu_millis();
    let planned = plan(model, index, &options);
    let millis = cpu_millis() - start;
    match planned {
        Ok(plan) => eprintln!(
            "{name}: {millis} ms of CPU, {:?}, objective {:.6}, gap {:.4} %, {} machines, {} patterns, {} nodes",
            plan.proof.status,
            plan.proof.objective,
            plan.proof.gap * 100.0,
            plan.machines.len(),
            plan.proof.patterns,
            plan.proof.nodes
        ),
        Err(error) => eprintln!("{name}: {millis} ms of CPU, {error}"),
    }
    criterion.bench_function(name, |bencher| bencher.iter(|| plan(black_box(model), black_box(index), &options)));
}

fn maneuver_cases(criterion: &mut Criterion) {
    let Some(folder) = shared_data("placement/maneuver") else {
        return;
    };
    for offers in [20, 500] {
        let list = shared::json(&folder.join(format!("offers/offers_{offers}.json")));
        let index = OfferIndex::new(&maneuver::catalogue(&list));
        for name in ["Oryx2", "SecureBilling", "SecureWeb", "Wordpress"] {
            let json: Value = shared::json(&folder.join(format!("apps/{name}.json")));
            let model = maneuver::application(&json, (name == "Wordpress").then_some(12));
            run(criterion, &format!("maneuver/{name}/{offers}"), &model, &index);
        }
    }
}

fn made_up(criterion: &mut Criterion) {
    let (price, carbon, latency) = (json!("price"), json!("carbon"), json!("latency"));
    let weights = json!({ "price": "1", "latency": "0.001", "carbon": "0.001" });
    for sites in [1, 5, 20] {
        let index = OfferIndex::new(&market(2_000, sites, 7));
        for (shape, objective) in [
            (Shape::Plain, &price),
            (Shape::Rules, &price),
            (Shape::Sites, &price),
            (Shape::Rules, &carbon),
            (Shape::Sites, &latency),
            (Shape::Sites, &weights),
        ] {
            for seed in 1..=2 {
                let name = format!("30 instances/{sites} sites/{shape:?}/{objective}/{seed}");
                run(criterion, &name, &application(8, 30, shape, objective, seed), &index);
            }
        }
    }
}

fn large(criterion: &mut Criterion) {
    let price = json!("price");
    let index = OfferIndex::new(&market(2_000, 10, 11));
    for (components, instances) in [(8, 100), (20, 100), (20, 500)] {
        for shape in [Shape::Plain, Shape::Rules, Shape::Sites] {
            let model = application(components, instances, shape, &price, 3);
            run(criterion, &format!("{instances} instances of {components}/{shape:?}"), &model, &index);
        }
    }
    let many = OfferIndex::new(&market(100_000, 50, 13));
    run(criterion, "30 instances over 100,000 offers", &application(8, 30, Shape::Rules, &price, 5), &many);
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(std::time::Duration::from_millis(200)).measurement_time(std::time::Duration::from_secs(1)).without_plots();
    targets = maneuver_cases, made_up, large
}
criterion_main!(benches);
