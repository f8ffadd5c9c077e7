//! How many offers are read, validated and converted in a second.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hansa_ontology::{
    Catalogue, Offer, OfferId,
    graph::{OfferGraph, QueryLimits},
    rdf::{self, RdfFormat},
    reading,
};
use std::time::Duration;

const OFFERS: u32 = 2_000;

/// The demo's offers over and over, each with its own IRI, title, price and units; where
/// `distinct`, each with its own flavour, energy profile and SLA too, which real catalogues share.
fn catalogue(distinct: bool) -> Catalogue {
    let demo = include_str!("../../examples/offers/demo.ttl");
    let mut catalogue =
        reading::read(demo.as_bytes(), RdfFormat::Turtle).map(|reading| reading.accepted).unwrap_or_default();
    assert!(!catalogue.offers.is_empty(), "the demo's catalogue can't be read");
    let offers: Vec<Offer> =
        catalogue.offers.iter().cycle().zip(0..OFFERS).map(|(offer, number)| varied(offer, number, distinct)).collect();
    catalogue.offers = offers;
    catalogue
}

fn varied(offer: &Offer, number: u32, distinct: bool) -> Offer {
    let mut offer = offer.clone();
    if let Ok(id) = OfferId::new(format!("{}/{number}", offer.id)) {
        offer.id = id;
    }
    offer.title = format!("{} {number}", offer.title);
    offer.price_plan.price_per_hour.micros += i64::from(number);
    offer.capacity.available_units = number;
    if distinct {
        offer.flavour.disk_mib += u64::from(number);
        if let Some(energy) = &mut offer.energy {
            energy.power_watts = Some(number.into());
        }
        for objective in offer.sla.iter_mut().flat_map(|sla| &mut sla.objectives) {
            for remedy in &mut objective.remedies {
                remedy.threshold += rust_decimal::Decimal::new(i64::from(number), 6);
            }
        }
        for claim in &mut offer.claims {
            claim.issuer = Some(format!("Issuer {number}"));
        }
    }
    offer
}

fn reading_offers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("offers");
    group.throughput(Throughput::Elements(u64::from(OFFERS))).sample_size(10).measurement_time(Duration::from_secs(20));
    for (name, distinct) in [("shared parts", false), ("distinct parts", true)] {
        let catalogue = catalogue(distinct);
        let text = rdf::write_turtle(&catalogue);
        group.bench_function(format!("read and validate, {name}"), |bencher| {
            bencher.iter(|| {
                reading::read(text.as_bytes(), RdfFormat::Turtle).map(|reading| reading.accepted.offers.len())
            });
        });
    }
    let catalogue = catalogue(true);
    group.bench_function("write", |bencher| bencher.iter(|| rdf::write_turtle(&catalogue)));
    group.bench_function("put in the graph", |bencher| {
        bencher.iter(|| OfferGraph::new().and_then(|graph| graph.put(&catalogue)));
    });
    group.finish();
}

fn querying(criterion: &mut Criterion) {
    let Ok(graph) = OfferGraph::new() else { return };
    if graph.put(&catalogue(true)).is_err() {
        return;
    }
    let query = "SELECT ?o ?p { ?o a hansa:Offer ; hansa:pricePlan/schema:price ?p ; hansa:flavour/hansa:memoryGiB ?m .
                 ?o hansa:sla/hansa:objective/hansa:target ?t . FILTER(?m >= 0.5 && ?t >= 99.9) } ORDER BY ?p LIMIT 10";
    let mut group = criterion.benchmark_group("graph");
    group.sample_size(10);
    group.bench_function("ten cheapest of 2,000", |bencher| {
        bencher.iter(|| graph.query(query, &QueryLimits::default()));
    });
    group.finish();
}

criterion_group!(benches, reading_offers, querying);
criterion_main!(benches);
