//! Real cloud offers and real applications in our own form (RDF and YAML), the
//! way a person would hand them over: read, shape-checked, planned, compared
//! with the proved optimal prices.
//!
//! `UPDATE=1` writes the fixtures anew from the third-party data they come from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on says so by falling"
)]

#[path = "../layers/mco/tests/shared/mod.rs"]
mod shared;

use hansa_application::{read_descriptor, write_descriptor};
use hansa_mco::{
    model::{PlanOptions, ProofStatus},
    planner::{OfferIndex, plan},
};
use hansa_ontology::{
    ResourceModel,
    rdf::{RdfFormat, write_turtle},
    reading::read,
    resource_model::Replicas,
};
use shared::maneuver;
use std::path::{Path, PathBuf};

const ORIGIN: &str = "# From https://github.com/BogdanD02/Cloud-Resource-Provisioning (MIT licence, see NOTICE), written\n# in Hansa's own form.\n\n";
const APPLICATIONS: [(&str, Option<u32>); 4] =
    [("SecureWeb", None), ("SecureBilling", None), ("Oryx2", None), ("Wordpress", Some(3))];
/// More instances of one component than any of the optima has; a descriptor must name a bound.
const MOST: u32 = 50;
const LISTS: [&str; 2] = ["20", "500"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/placement").join(name)
}

fn model_file(application: &str) -> PathBuf {
    fixture(&format!("{}.yaml", application.to_lowercase()))
}

fn model(application: &str) -> ResourceModel {
    let path = model_file(application);
    let text = std::fs::read_to_string(&path).unwrap();
    read_descriptor(&text).unwrap_or_else(|faults| panic!("{}: {faults}", path.display())).model
}

fn offers(list: &str) -> OfferIndex {
    let bytes = std::fs::read(fixture(&format!("offers-{list}.ttl"))).unwrap();
    let reading = read(&bytes, RdfFormat::Turtle).unwrap();
    assert!(reading.refused.is_empty(), "{:?}", reading.refused.first());
    assert_eq!(reading.accepted.offers.len().to_string(), list);
    OfferIndex::new(&reading.accepted)
}

/// `application offers price`, the price in thousandths of a dollar.
fn optima() -> Vec<(String, String, i64)> {
    std::fs::read_to_string(fixture("optima.txt"))
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0].to_owned(), words[1].to_owned(), words[2].parse().unwrap())
        })
        .collect()
}

#[test]
fn real_offers_and_applications_give_the_proved_optimal_prices() {
    if std::env::var_os("UPDATE").is_some() {
        rewrite();
    }
    let optima = optima();
    assert_eq!(optima.len(), APPLICATIONS.len() * LISTS.len());
    for list in LISTS {
        let index = offers(list);
        for (application, _, price) in optima.iter().filter(|(_, of, _)| of == list) {
            let answer = plan(&model(application), &index, &PlanOptions::new(shared::now()))
                .unwrap_or_else(|error| panic!("{application} over {list} offers: {error}"));
            assert_eq!(
                (answer.price_per_hour_micros, answer.proof.status),
                (price * 1_000, ProofStatus::Optimal),
                "{application} over {list} offers"
            );
        }
    }
}

fn rewrite() {
    let Some(folder) = hansa_test_systems::shared_data("placement/maneuver") else {
        return;
    };
    for (application, instances) in APPLICATIONS {
        let json = shared::json(&folder.join(format!("apps/{application}.json")));
        let mut model = maneuver::application(&json, instances);
        for component in model.components.values_mut() {
            component.replicas = Replicas::Range { min: 1, max: Some(MOST) };
        }
        let text = write_descriptor(&model);
        std::fs::write(model_file(application), format!("{ORIGIN}{text}")).unwrap();
    }
    for list in LISTS {
        let json = shared::json(&folder.join(format!("offers/offers_{list}.json")));
        let text = write_turtle(&maneuver::catalogue(&json));
        std::fs::write(fixture(&format!("offers-{list}.ttl")), format!("{ORIGIN}{text}")).unwrap();
    }
    let proved = std::fs::read_to_string(folder.join("VERIFIED_OPTIMA.txt")).unwrap();
    let mut text = ORIGIN.replace("written", "proved optimal prices, written");
    for line in proved.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let status = words.iter().position(|word| *word == "OPTIMAL").unwrap();
        let instances = (status == 3).then(|| words[1].parse().unwrap());
        let ours = APPLICATIONS.contains(&(words[0], instances));
        if ours && LISTS.contains(&words[status - 1]) {
            text.push_str(&format!("{} {} {}\n", words[0], words[status - 1], words[status + 1]));
        }
    }
    std::fs::write(fixture("optima.txt"), text).unwrap();
}
