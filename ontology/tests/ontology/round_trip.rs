//! What is written is read again, the same.

use crate::support;
use hansa_ontology::{
    Catalogue,
    rdf::{self, RdfFormat},
    reading,
};
use proptest::prelude::*;

fn read_back(text: &str) -> Catalogue {
    let reading = reading::read(text.as_bytes(), RdfFormat::Turtle).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(reading.refused, [], "{text}");
    assert_eq!(reading.sources.len(), reading.accepted.len());
    reading.accepted
}

#[test]
fn a_plain_catalogue_goes_round() {
    let catalogue = support::catalogue(3);
    assert_eq!(read_back(&rdf::write_turtle(&catalogue)), catalogue);
}

#[test]
fn many_offers_keep_their_order_whoever_reads_them() {
    let catalogue = support::catalogue(100);
    let text = rdf::write_turtle(&catalogue);
    assert_eq!(read_back(&text), catalogue);
    let broken = text.replace("hansa:vcpu 0.5", "hansa:vcpu 0");
    let reading = reading::read(broken.as_bytes(), RdfFormat::Turtle).unwrap();
    let refused: Vec<&str> = reading.refused.iter().map(|refused| refused.subject.as_str()).collect();
    let offers: Vec<&str> = catalogue.offers.iter().map(|offer| offer.id.as_str()).collect();
    assert_eq!(refused, offers);
    assert_eq!((reading.accepted.len(), reading.sources.len()), (2, 2));
}

#[test]
fn single_documents_are_those_of_the_catalogue() {
    let catalogue = support::catalogue(1);
    let (provider, site, offer) = (&catalogue.providers[0], &catalogue.sites[0], &catalogue.offers[0]);
    assert_eq!(read_back(&rdf::write_provider_turtle(provider)).providers, std::slice::from_ref(provider));
    assert_eq!(read_back(&rdf::write_site_turtle(site)).sites, std::slice::from_ref(site));
    assert_eq!(read_back(&rdf::write_offer_turtle(offer)).offers, std::slice::from_ref(offer));
}

#[test]
fn sources_keep_what_hansa_has_no_word_for() {
    let text = rdf::write_offer_turtle(&support::offer(1)).replace(
        "    hansa:pue 1.2",
        "    <https://other.example/coolant> [ <https://other.example/kind> \"water\" ] ;\n        hansa:pue 1.2",
    );
    let reading = reading::read(text.as_bytes(), RdfFormat::Turtle).unwrap();
    assert_eq!(reading.refused, []);
    assert_eq!(reading.accepted.offers, [support::offer(1)]);
    let source = &reading.sources[support::offer(1).id.as_str()];
    assert!(source.contains("<https://other.example/kind> \"water\" ."), "{source}");
    // The source is a document in its own right, and says the same.
    let again = reading::read(source.as_bytes(), RdfFormat::NTriples).unwrap();
    assert_eq!(again.accepted.offers, reading.accepted.offers);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_catalogue_goes_round(catalogue in support::any_catalogue()) {
        let text = rdf::write_turtle(&catalogue);
        let again = read_back(&text);
        prop_assert_eq!(&again, &catalogue);
        prop_assert_eq!(rdf::write_turtle(&again), text);
    }
}
