//! Real offers and real applications with proved optimal prices: the planner
//! must find each of them. Reads `placement/maneuver` of the shared data.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that can't go on says so by falling"
)]

mod shared;

use hansa_mco::{
    model::{PlanOptions, ProofStatus},
    planner::{OfferIndex, plan},
};
use hansa_test_systems::shared_data;
use serde_json::Value;
use shared::maneuver;
use std::collections::BTreeMap;

#[test]
fn finds_every_proved_optimum() {
    let Some(folder) = shared_data("placement/maneuver") else {
        return;
    };
    let optima = std::fs::read_to_string(folder.join("VERIFIED_OPTIMA.txt")).unwrap();
    let mut indexes: BTreeMap<String, OfferIndex> = BTreeMap::new();
    let mut cases = 0;
    for line in optima.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let status = words.iter().position(|word| *word == "OPTIMAL").unwrap();
        let (application, offers, price) = (words[0], words[status - 1], words[status + 1]);
        let instances = (status == 3).then(|| words[1].parse().unwrap());
        let json: Value = shared::json(&folder.join(format!("apps/{application}.json")));
        let model = maneuver::application(&json, instances);
        let index = indexes.entry(offers.to_owned()).or_insert_with(|| {
            OfferIndex::new(&maneuver::catalogue(&shared::json(&folder.join(format!("offers/offers_{offers}.json")))))
        });
        let plan =
            plan(&model, index, &PlanOptions::new(shared::now())).unwrap_or_else(|error| panic!("{line}: {error}"));
        let expected: i64 = price.parse().unwrap();
        assert_eq!(plan.price_per_hour_micros, expected * 1_000, "{line}");
        assert_eq!(plan.proof.status, ProofStatus::Optimal, "{line}");
        cases += 1;
    }
    assert_eq!(cases, 52);
}
