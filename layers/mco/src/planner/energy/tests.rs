//! What grids are expected to emit counts in the place of what is stated once and for all.

use super::Coming;
use crate::{
    model::{Plan, PlanOptions},
    planner::{
        OfferIndex, PlanError,
        held::tests::{catalogue, id, model, place},
        plan, sites,
    },
};
use hansa_ontology::{Catalogue, ResourceModel, SiteId};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn site(name: &str) -> SiteId {
    SiteId::new(format!("urn:t:{name}")).unwrap()
}

/// The cheap offer is at `s`, which states 300 g/kWh; the dear one at `t`, which states nothing.
fn two_sites() -> Catalogue {
    let mut catalogue = catalogue(&[1_000, 2_000]);
    let mut other = catalogue.sites[0].clone();
    other.id = site("t");
    catalogue.offers[1].site = site("t");
    let profile = json!({ "carbonIntensity": 300, "pue": 1, "renewableShare": null, "powerWatts": null });
    catalogue.sites[0].energy = serde_json::from_value(profile).unwrap();
    catalogue.sites.push(other);
    catalogue
}

fn planned(change: &Value, grids: &[(&str, i64)]) -> Result<Plan, PlanError> {
    let mut wish = serde_json::to_value(model(1)).unwrap();
    for (field, value) in change.as_object().unwrap() {
        wish[field] = value.clone();
    }
    let wish: ResourceModel = serde_json::from_value(wish).unwrap();
    let coming = |(name, grams): &(&str, i64)| {
        let coming = Coming { intensity: Decimal::from(*grams), source: format!("the grid of {name}") };
        (site(name), coming)
    };
    let index = OfferIndex::with_coming(&two_sites(), grids.iter().map(coming).collect());
    plan(&wish, &index, &PlanOptions::new("2026-06-01T12:00:00Z".parse().unwrap()))
}

#[test]
fn the_objective_and_the_limit_go_by_what_is_expected() {
    let green = json!({ "objective": "carbon" });
    let at = |plan: &Plan| place(plan, "web", 0).0;
    assert_eq!(at(&planned(&green, &[]).unwrap()), id(0), "nobody states an intensity of the other");
    let plan = planned(&green, &[("s", 500), ("t", 100)]).unwrap();
    assert_eq!((at(&plan), plan.carbon_intensity), (id(1), Some(Decimal::from(100))));
    assert!(plan.notes.iter().any(|note| note.contains("At urn:t:t 100 g/kWh count, by the grid of t")), "{plan:?}");
    let plan = planned(&green, &[("s", 90), ("t", 100)]).unwrap();
    assert_eq!((at(&plan), plan.carbon_intensity), (id(0), Some(Decimal::from(90))));
    let bounded = json!({ "constraints": { "maxCarbonIntensity": 200 } });
    let plan = planned(&bounded, &[("t", 150)]).unwrap();
    assert_eq!(at(&plan), id(1), "the other states 300");
    let plan = planned(&bounded, &[("s", 150), ("t", 900)]).unwrap();
    assert_eq!(at(&plan), id(0), "whatever it states once and for all");
    let reasons = serde_json::to_string(&plan.components["web"].refused).unwrap();
    assert!(reasons.contains("the grid of t says 900 g/kWh"), "{reasons}");
    let Err(PlanError::Infeasible(why)) = planned(&bounded, &[("t", 900)]) else { panic!("it can't be") };
    assert!(why.summary().contains("200"), "{why:?}");
}

#[test]
fn a_plan_without_grids_is_as_it_was() {
    for change in [json!({}), json!({ "objective": "carbon" })] {
        let plan = planned(&change, &[]).unwrap();
        assert!(!plan.notes.iter().any(|note| note.contains("in the place of")), "{plan:?}");
    }
    assert_eq!(planned(&json!({ "objective": "carbon" }), &[]).unwrap().carbon_intensity, Some(Decimal::from(300)));
}

#[test]
fn sites_are_those_with_something_that_a_component_could_use() {
    let options = PlanOptions::new("2026-06-01T12:00:00Z".parse().unwrap());
    let index = OfferIndex::new(&two_sites());
    let of = |model: &ResourceModel, options: &PlanOptions| sites(model, &index, options).unwrap();
    let both = BTreeSet::from([site("s"), site("t")]);
    assert_eq!(of(&model(1), &options), BTreeMap::from(["db", "web"].map(|name| (name.to_owned(), both.clone()))));
    let mut bound = model(1);
    bound.components.get_mut("web").unwrap().constraints.site.deny = ["s".to_owned()].into();
    assert_eq!(of(&bound, &options)["web"], BTreeSet::from([site("t")]));
    let taken = PlanOptions { taken: BTreeMap::from([(id(1), 3)]), ..options };
    assert_eq!(of(&bound, &taken).get("web"), None);
}
