//! How many offers of a partner come in in a second (parsed, verified,
//! validated, stored, indexed), and how much memory one of them takes.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing set-up ends the bench")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hansa_federation_manager::{
    FederationManager, MIGRATIONS,
    testing::{Network, federate},
};
use hansa_ontology::{
    Actor, Catalogue, Offer, OfferId, ProviderId, SiteId,
    graph::QueryLimits,
    rdf::{self, RdfFormat},
    reading,
};
use hansa_repository::{
    ambient::Clock as _,
    catalogue::{CatalogueService, ImportRequest},
    testing::{HandClock, TestDatabase, sqlite},
};
use std::time::{Duration, Instant};

const OFFERS: u32 = 2_000;
const MANY: u32 = 20_000;

/// A network with one seller, and room for buyers.
struct Market {
    network: Network,
    clock: HandClock,
    keys: tempfile::TempDir,
    seller: FederationManager,
    _database: TestDatabase,
}

struct Buyer {
    manager: FederationManager,
    catalogue: CatalogueService,
    _database: TestDatabase,
}

/// The demo's offers with their SLAs, energy and claims over and over, all of the seller.
fn catalogue(offers: u32) -> Catalogue {
    let demo = include_str!("../../../examples/offers/demo.ttl");
    let read = reading::read(demo.as_bytes(), RdfFormat::Turtle).expect("the demo's offers are read").accepted;
    let provider = ProviderId::new("urn:hansa:provider:seller").unwrap();
    let mut first = read.providers.first().expect("a provider").clone();
    first.id = provider.clone();
    let mut site = read.sites.first().expect("a site").clone();
    (site.id, site.provider) = (SiteId::new("urn:hansa:site:seller").unwrap(), provider.clone());
    site.latencies.clear();
    let varied = |(offer, number): (&Offer, u32)| {
        let mut offer = offer.clone();
        offer.id = OfferId::new(format!("urn:hansa:offer:seller:{number:06}")).unwrap();
        (offer.provider, offer.site) = (provider.clone(), site.id.clone());
        offer.title = format!("{} {number}", offer.title);
        offer.price_plan.price_per_hour.micros += i64::from(number);
        offer
    };
    let offers = read.offers.iter().cycle().zip(0..offers).map(varied).collect();
    Catalogue { providers: vec![first], sites: vec![site], offers }
}

impl Market {
    async fn open(offers: u32) -> Self {
        let (network, clock) = (Network::default(), HandClock::default());
        let keys = tempfile::tempdir().unwrap();
        let database = sqlite(&[MIGRATIONS]);
        let seller = network.broker("seller", &database.database(), keys.path(), &clock).unwrap();
        let service = CatalogueService::new(database.database()).unwrap();
        let turtle = rdf::write_turtle(&catalogue(offers));
        let report = service.import(ImportRequest::new(turtle, RdfFormat::Turtle, Actor::Local, clock.now())).await;
        assert!(report.unwrap().refused.is_empty(), "the seller's offers are good");
        seller.publish().await.unwrap();
        Self { network, clock, keys, seller, _database: database }
    }

    /// A buyer that has just become a partner.
    async fn buyer(&self, number: u64) -> Buyer {
        let database = sqlite(&[MIGRATIONS]);
        let name = format!("buyer{number}");
        let manager = self.network.broker(&name, &database.database(), self.keys.path(), &self.clock).unwrap();
        federate(&self.seller, &manager).await.unwrap();
        let catalogue = CatalogueService::new(database.database()).unwrap();
        Buyer { manager, catalogue, _database: database }
    }
}

impl Buyer {
    async fn pull(&self, from: &FederationManager) {
        let report = self.manager.pull(from.did().as_str()).await.unwrap();
        assert!(report.complete && report.quarantined == 0, "everything is taken");
    }
}

fn incoming(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let market = runtime.block_on(Market::open(OFFERS));
    let mut group = criterion.benchmark_group("exchange");
    group.throughput(Throughput::Elements(u64::from(OFFERS))).sample_size(10).measurement_time(Duration::from_secs(30));
    let mut number = 0;
    group.bench_function("offers in", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                number += 1;
                let buyer = runtime.block_on(market.buyer(number));
                let begun = Instant::now();
                runtime.block_on(buyer.pull(&market.seller));
                let known = runtime.block_on(buyer.catalogue.snapshot()).unwrap().catalogue.offers.len();
                spent += begun.elapsed();
                assert_eq!(known, usize::try_from(OFFERS).unwrap());
            }
            spent
        });
    });
    let settled = runtime.block_on(async {
        let buyer = market.buyer(0).await;
        buyer.pull(&market.seller).await;
        buyer
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("a pull that finds nothing new", |bencher| {
        bencher.iter(|| runtime.block_on(settled.pull(&market.seller)));
    });
    group.finish();
}

/// Resident memory of this process in bytes (Linux).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4_096
}

/// Not a matter of time, so criterion has no word for it: it is printed.
fn memory(_: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let market = Market::open(MANY).await;
        let buyer = market.buyer(0).await;
        buyer.pull(&market.seller).await;
        let before = resident();
        let snapshot = buyer.catalogue.snapshot().await.unwrap();
        let typed = resident().saturating_sub(before);
        let count = buyer.catalogue.query("SELECT ?o { ?o a hansa:Offer } LIMIT 1".to_owned(), QueryLimits::default());
        count.await.unwrap();
        let graph = resident().saturating_sub(before + typed);
        let each = |bytes: u64| bytes / u64::from(MANY);
        eprintln!("exchange/memory of one offer: {} bytes typed, {} bytes in the graph", each(typed), each(graph));
        drop(snapshot);
    });
}

criterion_group!(benches, memory, incoming);
criterion_main!(benches);
