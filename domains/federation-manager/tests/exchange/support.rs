//! Brokers with offers.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{Did, FileKeyStore, KeyStore};
use hansa_federation_manager::{
    FederationManager, FederationOptions, MIGRATIONS,
    orders::{Fulfilment, FulfilmentError, Hold, LogRequest},
    testing::{self, Network},
};
use hansa_ontology::{
    Actor, Catalogue, Currency, MachineId, Money, Offer, OfferId, OfferKind, Provider, ProviderId, Site, SiteId,
    offer::{Capacity, CpuArch, Flavour, PricePlan, PricingModel},
    order::{OrderReport, OrderRequest},
    place::Area,
    rdf::{self, RdfFormat},
};
use hansa_repository::{
    Database,
    ambient::Clock as _,
    catalogue::{CatalogueService, ImportRequest},
    event::{self, Event, EventFilter, Order},
    testing::{HandClock, TestDatabase, postgres, sqlite},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex},
};

/// Brokers of one test, each with its own database.
pub(crate) struct Stage {
    pub(crate) network: Network,
    pub(crate) clock: HandClock,
    keys: tempfile::TempDir,
    databases: Mutex<Vec<TestDatabase>>,
    server: bool,
}

/// A broker of a test.
#[derive(Clone)]
pub(crate) struct Broker {
    pub(crate) manager: FederationManager,
    pub(crate) database: Database,
    pub(crate) name: String,
    pub(crate) units: Arc<Units>,
}

/// Runs a test on SQLite and on PostgreSQL.
pub(crate) fn on_each_database<F: Future<Output = ()>>(test: impl Fn(Stage) -> F) {
    let has_server = postgres(&[]).is_some();
    for server in [false, true].into_iter().filter(|server| !server || has_server) {
        eprintln!("on {}", if server { "PostgreSQL" } else { "SQLite" });
        let stage = Stage {
            network: Network::default(),
            clock: HandClock::default(),
            keys: tempfile::tempdir().unwrap(),
            databases: Mutex::default(),
            server,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test(stage));
    }
}

impl Stage {
    pub(crate) fn broker(&self, name: &str) -> Broker {
        self.broker_with(name, |_| {})
    }

    pub(crate) fn broker_with(&self, name: &str, change: impl FnOnce(&mut FederationOptions)) -> Broker {
        let database = if self.server { postgres(&[MIGRATIONS]).unwrap() } else { sqlite(&[MIGRATIONS]) };
        let opened = database.database();
        self.databases.lock().unwrap().push(database);
        self.broker_on(name, opened, change)
    }

    /// A broker over a database that there is already: the same broker, started again.
    pub(crate) fn broker_on(
        &self,
        name: &str,
        database: Database,
        change: impl FnOnce(&mut FederationOptions),
    ) -> Broker {
        let mut options = Network::options(name).unwrap();
        change(&mut options);
        let manager = self.network.broker_with(name, &database, self.keys.path(), &self.clock, options).unwrap();
        let units = Arc::new(Units::default());
        manager.fulfilment_set(Arc::clone(&units) as Arc<dyn Fulfilment>);
        Broker { manager, database, name: name.to_owned(), units }
    }

    /// The keys of a broker, as whoever stole them would have them.
    pub(crate) fn keys_of(&self, name: &str) -> Arc<dyn KeyStore> {
        let did = Did::new(format!("did:web:{name}.example")).unwrap();
        Arc::new(FileKeyStore::open(self.keys.path().join(name), did, self.now()).unwrap())
    }

    /// Two brokers that are partners; the first sells `offers` offers, which are published.
    pub(crate) async fn pair(&self, offers: u32) -> (Broker, Broker) {
        let (seller, buyer) = (self.broker("seller"), self.broker("buyer"));
        seller.sell(offers).await;
        testing::federate(&seller.manager, &buyer.manager).await.unwrap();
        (seller, buyer)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn later(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

impl Broker {
    pub(crate) fn did(&self) -> String {
        self.manager.did().to_string()
    }

    pub(crate) fn catalogue(&self) -> CatalogueService {
        CatalogueService::new(self.database.clone()).unwrap()
    }

    /// Imports a catalogue of its own and publishes it.
    pub(crate) async fn sell(&self, offers: u32) {
        self.import(&catalogue(&self.name, offers)).await;
        self.manager.publish().await.unwrap();
    }

    pub(crate) async fn import(&self, catalogue: &Catalogue) {
        let request = ImportRequest::new(
            rdf::write_turtle(catalogue),
            RdfFormat::Turtle,
            Actor::Local,
            DateTime::from_timestamp(1_780_000_000, 0).unwrap(),
        );
        let report = self.catalogue().import(request).await.unwrap();
        assert_eq!(report.refused, []);
    }

    /// The offers of a provider here.
    pub(crate) async fn offers_of(&self, name: &str) -> Vec<Offer> {
        let snapshot = self.catalogue().snapshot().await.unwrap();
        let provider = provider(name).id;
        snapshot.catalogue.offers.iter().filter(|offer| offer.provider == provider).cloned().collect()
    }

    pub(crate) async fn pull(&self, from: &Self) -> hansa_federation_manager::exchange::PullReport {
        self.manager.pull(&from.did()).await.unwrap()
    }

    /// Reasons of what is in quarantine, the newest first.
    pub(crate) async fn quarantine(&self) -> Vec<String> {
        let view = self.manager.quarantine_list(None, 1_000).await.unwrap();
        view.items.into_iter().map(|item| item.reason).collect()
    }

    pub(crate) async fn events(&self, prefix: &str) -> Vec<Event> {
        let filter = EventFilter { kind_prefix: Some(prefix.to_owned()), ..EventFilter::default() };
        self.database.read(move |c| event::list(c, &filter, 1_000, Order::OldestFirst)).await.unwrap()
    }

    pub(crate) async fn kinds(&self, prefix: &str) -> Vec<String> {
        self.events(prefix).await.into_iter().map(|event| event.kind).collect()
    }
}

/// Units left of each offer, as a test says.
#[derive(Debug, Default)]
pub(crate) struct Units(pub(crate) Mutex<BTreeMap<OfferId, u32>>);

#[async_trait::async_trait]
impl Fulfilment for Units {
    async fn available_units(&self, _: &str) -> Result<BTreeMap<OfferId, u32>, FulfilmentError> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn hold_place(&self, _: &Hold) -> Result<(), FulfilmentError> {
        Err(FulfilmentError::NotFound)
    }
    async fn hold_release(&self, _: &str, _: MachineId) -> Result<(), FulfilmentError> {
        Err(FulfilmentError::NotFound)
    }
    async fn order_put(&self, _: &str, _: &OrderRequest) -> Result<(), FulfilmentError> {
        Err(FulfilmentError::NotFound)
    }
    async fn order_report(&self, _: &str, _: MachineId) -> Result<Option<OrderReport>, FulfilmentError> {
        Ok(None)
    }
    async fn order_end(&self, _: &str, _: MachineId) -> Result<(), FulfilmentError> {
        Err(FulfilmentError::NotFound)
    }
    async fn order_logs(
        &self,
        _: &str,
        _: MachineId,
        _: &LogRequest,
    ) -> Result<Vec<hansa_federation_manager::orders::DeliveredLogLine>, FulfilmentError> {
        Err(FulfilmentError::NotFound)
    }
}

pub(crate) fn provider(name: &str) -> Provider {
    let id = ProviderId::new(format!("urn:hansa:provider:{name}")).unwrap();
    Provider { id, name: name.to_owned(), country: Area::new("DE").unwrap() }
}

pub(crate) fn site(name: &str) -> Site {
    Site {
        id: SiteId::new(format!("urn:hansa:site:{name}")).unwrap(),
        name: name.to_owned(),
        provider: provider(name).id,
        country: Area::new("DE").unwrap(),
        coordinates: None,
        jurisdictions: BTreeSet::from([Area::new("DE").unwrap()]),
        latencies: BTreeMap::new(),
        energy: None,
    }
}

pub(crate) fn offer(name: &str, number: u32) -> Offer {
    Offer {
        id: OfferId::new(format!("urn:hansa:offer:{name}:{number:05}")).unwrap(),
        title: format!("Offer {number} of {name}"),
        provider: provider(name).id,
        site: site(name).id,
        kind: OfferKind::VirtualMachine,
        flavour: Flavour {
            name: "m1.small".to_owned(),
            cpu_milli: 1_000,
            memory_mib: 2_048,
            disk_mib: 10_240,
            cpu_arch: CpuArch::Amd64,
            gpu: None,
            bandwidth_mbps: Some(100),
        },
        capacity: Capacity { available_units: 10, as_of: DateTime::from_timestamp(1_780_000_000, 0).unwrap() },
        price_plan: PricePlan { model: PricingModel::OnDemand, price_per_hour: Money::new(12_500, Currency::EUR) },
        sla: None,
        energy: None,
        claims: Vec::new(),
        capabilities: BTreeSet::new(),
        service_area: BTreeSet::new(),
        valid_from: None,
        valid_through: None,
    }
}

/// A provider, its site, and offers 0, 1, 2 and so on.
pub(crate) fn catalogue(name: &str, offers: u32) -> Catalogue {
    Catalogue {
        providers: vec![provider(name)],
        sites: vec![site(name)],
        offers: (0..offers).map(|number| offer(name, number)).collect(),
    }
}
