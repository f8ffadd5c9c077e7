//! The documents of this repository: the demo's catalogue, and what docs/ontology.md shows.

use hansa_ontology::{
    Catalogue,
    graph::{AnswerFormat, OfferGraph, QueryAnswer, QueryLimits},
    offer::PricingModel,
    rdf::RdfFormat,
    reading,
    vocabulary::{VERSION, VOCABULARY_TTL},
};
use std::{collections::BTreeSet, fs, path::Path};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn accepted(text: &str) -> Catalogue {
    let reading = reading::read(text.as_bytes(), RdfFormat::Turtle).unwrap();
    assert_eq!(reading.refused, []);
    reading.accepted
}

/// The fenced blocks of a language in a Markdown text.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    markdown.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_demo_has_what_a_plan_needs() {
    let catalogue = accepted(&file("examples/offers/demo.ttl"));
    assert_eq!((catalogue.providers.len(), catalogue.sites.len()), (3, 5));
    assert!((12..=16).contains(&catalogue.offers.len()));
    let countries: BTreeSet<&str> = catalogue.sites.iter().map(|site| site.country.as_str()).collect();
    assert_eq!(countries.len(), 5, "five countries");
    for site in &catalogue.sites {
        assert!(catalogue.providers.iter().any(|provider| provider.id == site.provider), "{}", site.id);
        assert!(site.coordinates.is_some() && site.energy.is_some(), "{}", site.id);
        for other in catalogue.sites.iter().filter(|other| other.id != site.id) {
            let known = site.latencies.contains_key(&other.id) || other.latencies.contains_key(&site.id);
            assert!(known, "no latency between {} and {}", site.id, other.id);
        }
    }
}

#[test]
fn the_demo_runs_on_one_small_machine_and_has_refusals_to_show() {
    let catalogue = accepted(&file("examples/offers/demo.ttl"));
    for offer in &catalogue.offers {
        let site = catalogue.sites.iter().find(|site| site.id == offer.site).unwrap();
        assert_eq!(site.provider, offer.provider, "{}", offer.id);
        let spot = offer.price_plan.model == PricingModel::Spot;
        assert!(spot || offer.sla.is_some() && !offer.claims.is_empty(), "{} promises nothing", offer.id);
        assert!(offer.flavour.memory_mib <= 2_048 && offer.flavour.cpu_milli <= 2_000, "one small machine runs all");
    }
    let public = catalogue.offers.iter().filter(|offer| offer.capabilities.contains("public-ip")).count();
    assert!(public > 0 && public < catalogue.offers.len(), "some refusals are worth showing");
    assert!(catalogue.sites.iter().any(|site| site.jurisdictions.iter().all(|law| law.as_str() != "EU")));
}

#[test]
fn the_documentation_s_example_is_accepted() {
    let page = file("docs/ontology.md");
    let examples = blocks(&page, "turtle");
    assert_eq!(examples.len(), 1);
    let catalogue = accepted(&examples[0]);
    assert_eq!((catalogue.providers.len(), catalogue.sites.len(), catalogue.offers.len()), (1, 1, 1));
}

#[test]
fn the_documentation_s_queries_have_answers() {
    let graph = OfferGraph::new().unwrap();
    graph.put(&accepted(&file("examples/offers/demo.ttl"))).unwrap();
    let queries = blocks(&file("docs/ontology.md"), "sparql");
    assert_eq!(queries.len(), 3);
    for query in queries {
        match graph.query(&query, &QueryLimits::default()).unwrap_or_else(|error| panic!("{error}\n{query}")) {
            QueryAnswer::Rows { rows, .. } => assert!(!rows.is_empty(), "{query}"),
            answer => assert!(answer.write(AnswerFormat::Turtle).unwrap().contains("hansa:Site"), "{query}"),
        }
    }
}

#[test]
fn the_documentation_explains_every_word() {
    let page = file("docs/ontology.md");
    assert!(page.contains(&format!("now `{VERSION}`")));
    let words = VOCABULARY_TTL.lines().filter_map(|line| line.strip_prefix("hansa:")?.split_once(" a "));
    let mut count = 0;
    for (word, _) in words {
        assert!(page.contains(&format!("| `hansa:{word}` |")), "hansa:{word} is not in docs/ontology.md");
        count += 1;
    }
    assert!(count > 60);
}
