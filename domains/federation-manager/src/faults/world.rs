//! Two brokers, each with a database and a runtime of its own, so that one can
//! be killed at any moment and started again over what it had written.

use super::{
    delivery::Units,
    wire::{Plan, Wire},
};
use crate::{
    FederationManager, FederationOptions, MIGRATIONS, Peer, Rooms,
    partners::{Partner, PartnerState},
    settlement::{Measured, ServiceMeasure},
    store::{self, feed::NewItem},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_federation::{Did, FileKeyStore, KeyStore, SignedDocument, document, wire::ReportedStretch};
use hansa_ontology::{
    Actor, ApplicationId, MachineId, Offer,
    order::{Delivery, Instance, MachineWish, OrderRequest},
    rdf::{self, RdfFormat},
    reading,
};
use hansa_repository::{
    Database,
    ambient::{Clock, RandomIds, SystemClock},
    catalogue::{
        CatalogueService, Class, ImportRequest, Source,
        partner::{self as catalogue, AnyResource, PartnerResource, PartnerSource},
    },
    testing::TestDatabase,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

pub(super) const BUYER: &str = "did:web:buyer.example";
pub(super) const SELLER: &str = "did:web:seller.example";
/// A partner that takes its time and never answers.
pub(super) const SLOW: &str = "did:web:slow.example";

const OFFERS: &str = r#"
@prefix hansa: <https://w3id.org/hansa/ns#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix odrl: <http://www.w3.org/ns/odrl/2/> .
@prefix qudt: <http://qudt.org/schema/qudt/> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix schema: <https://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<did:web:seller.example> a hansa:Provider ; schema:name "Seller" ; schema:addressCountry "SE" .
<https://seller.example/sites/one> a hansa:Site ;
    schema:name "One" ; schema:provider <did:web:seller.example> ; schema:addressCountry "SE" ;
    dcat:centroid "POINT(18.0686 59.3293)"^^geo:wktLiteral ; hansa:jurisdiction "EU", "SE" ;
    hansa:energy [ a hansa:EnergyProfile ; hansa:carbonIntensity 25.0 ; hansa:pue 1.12 ; hansa:renewableShare 0.97 ] .
<https://seller.example/offers/nano> a hansa:VirtualMachineOffer, dcat:Dataset ;
    dcterms:title "Nano" ; schema:provider <did:web:seller.example> ; hansa:atSite <https://seller.example/sites/one> ;
    hansa:serviceArea "EEA" ; hansa:capability "application" ;
    hansa:flavour [ a hansa:Flavour ; schema:name "nano" ; hansa:vcpu 0.25 ; hansa:memoryGiB 0.25 ; hansa:diskGiB 2.0 ; hansa:cpuArch "amd64" ] ;
    hansa:capacity [ a hansa:Capacity ; hansa:availableUnits 2 ; hansa:asOf "2026-11-01T00:00:00Z"^^xsd:dateTime ] ;
    hansa:pricePlan [ a hansa:PricePlan ; hansa:pricingModel hansa:OnDemand ; schema:price 36.0 ; schema:priceCurrency "EUR" ; schema:unitCode "HUR" ] ;
    hansa:sla [ a hansa:SLA ; hansa:creditCapPercent 30.0 ; hansa:objective [ a hansa:ServiceLevelObjective ;
        hansa:metric hansa:Availability ; hansa:target 99.9 ; qudt:hasUnit unit:PERCENT ; hansa:window hansa:Month ;
        hansa:remedy [ a hansa:Remedy ; odrl:action odrl:compensate ; hansa:threshold 99.9 ; hansa:creditPercent 10.0 ] ] ] .
"#;

/// A clock that is wrong, and one by which days pass for both.
#[derive(Debug)]
struct Ahead(TimeDelta, Arc<AtomicI64>);

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0 + TimeDelta::days(self.1.load(Ordering::SeqCst))
    }
}

/// What the seller has measured of its deliveries: the same of each.
#[derive(Debug)]
struct OwnMeasure(Arc<Mutex<Option<u64>>>);

#[async_trait::async_trait]
impl Measured for OwnMeasure {
    async fn down_seconds(
        &self,
        _: MachineId,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
    ) -> Result<Option<u64>, crate::FederationError> {
        Ok(*self.0.lock().unwrap())
    }

    async fn service(
        &self,
        _: &str,
        _: MachineId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<ServiceMeasure>, crate::FederationError> {
        let down = self.0.lock().unwrap().map(|seconds| i64::try_from(seconds).unwrap());
        Ok(down.map(|seconds| {
            let part = ReportedStretch { from, until: until.min(from + TimeDelta::seconds(seconds)) };
            let down = if part.from < part.until { vec![part] } else { Vec::new() };
            ServiceMeasure { down, maintenance: Vec::new() }
        }))
    }
}

/// One broker.
struct Broker {
    database: Database,
    keys: Arc<FileKeyStore>,
    running: Mutex<Option<(FederationManager, Runtime)>>,
    starts: Mutex<u32>,
}

/// Both, and what is between them.
pub(super) struct World {
    brokers: BTreeMap<&'static str, Broker>,
    pub(super) plan: Arc<Mutex<Plan>>,
    pub(super) units: Arc<Units>,
    pub(super) offer: Offer,
    own: std::sync::Weak<World>,
    options: fn(&mut FederationOptions),
    /// By how much the buyer's clock is ahead.
    ahead: TimeDelta,
    /// Days that have passed for both.
    passed: Arc<AtomicI64>,
    /// For how many seconds the seller has seen any delivery down.
    pub(super) down: Arc<Mutex<Option<u64>>>,
    _keep: (Vec<TestDatabase>, tempfile::TempDir),
}

impl World {
    /// Two brokers that are partners of each other; the seller's offer has been exchanged.
    pub(super) async fn new(databases: Vec<TestDatabase>, options: fn(&mut FederationOptions)) -> Arc<Self> {
        Self::with_clocks(databases, options, TimeDelta::zero()).await
    }

    /// The same, with a buyer whose clock is ahead, or behind.
    pub(super) async fn with_clocks(
        databases: Vec<TestDatabase>,
        options: fn(&mut FederationOptions),
        ahead: TimeDelta,
    ) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let names = [BUYER, SELLER];
        let now = SystemClock.now();
        let brokers: BTreeMap<&'static str, Broker> = names
            .into_iter()
            .zip(&databases)
            .map(|(name, database)| {
                let place = folder.path().join(name.replace(':', "-"));
                let keys = FileKeyStore::open(place, Did::new(name).unwrap(), now).unwrap();
                let broker = Broker {
                    database: database.database(),
                    keys: Arc::new(keys),
                    running: Mutex::default(),
                    starts: Mutex::default(),
                };
                (name, broker)
            })
            .collect();
        let read = reading::read(OFFERS.as_bytes(), RdfFormat::Turtle).unwrap();
        assert!(read.refused.is_empty(), "{:?}", read.refused);
        let offer = read.accepted.offers[0].clone();
        let world = Arc::new_cyclic(|own| Self {
            brokers,
            plan: Arc::default(),
            units: Arc::new(Units::new(2)),
            offer,
            own: own.clone(),
            options,
            ahead,
            passed: Arc::default(),
            down: Arc::default(),
            _keep: (databases, folder),
        });
        world.introduce().await;
        world.exchange(&read).await;
        for name in names {
            world.start(name);
        }
        world
    }

    async fn introduce(&self) {
        for (own, other) in [(BUYER, SELLER), (SELLER, BUYER)] {
            let did = Did::new(other).unwrap();
            let address = format!("https://{}.example", if other == BUYER { "buyer" } else { "seller" });
            let mut partner = Partner::new(&did, &address, PartnerState::Active, SystemClock.now());
            partner.keys = self.brokers[other].keys.keys().unwrap();
            partner.last_heard = Some(SystemClock.now() + if own == BUYER { self.ahead } else { TimeDelta::zero() });
            if other == SELLER {
                partner.provider = Some(self.offer.provider.clone());
            }
            let put = move |connection: &mut hansa_repository::Connection| store::partners::put(connection, &partner);
            self.brokers[own].database.write(put).await.unwrap();
        }
    }

    /// What the exchange of offers does, in one go.
    async fn exchange(&self, read: &reading::Reading) {
        let seller = &self.brokers[SELLER];
        let catalogue = CatalogueService::new(seller.database.clone()).unwrap();
        let import = ImportRequest::new(OFFERS.as_bytes(), RdfFormat::Turtle, Actor::Local, SystemClock.now());
        catalogue.import(import).await.unwrap();
        let resources = [
            (
                AnyResource::Provider(read.accepted.providers[0].clone()),
                rdf::write_provider_turtle(&read.accepted.providers[0]),
            ),
            (AnyResource::Site(read.accepted.sites[0].clone()), rdf::write_site_turtle(&read.accepted.sites[0])),
            (AnyResource::Offer(Box::new(self.offer.clone())), rdf::write_offer_turtle(&self.offer)),
        ];
        let mut received = Vec::new();
        for (resource, text) in resources {
            let signed = document::sign(seller.keys.as_ref(), document::TURTLE, text, SystemClock.now()).await.unwrap();
            self.publish(resource.class(), resource.iri(), &signed).await;
            received.push(PartnerResource {
                statements: read.sources[resource.iri()].clone(),
                source: Source { media_type: signed.content_type.clone(), text: signed.content.clone() },
                signature: signed.signature.clone(),
                resource,
            });
        }
        let source = PartnerSource {
            partner: SELLER.to_owned(),
            provider: self.offer.provider.clone(),
            received_at: SystemClock.now(),
            holds_until: SystemClock.now() + TimeDelta::hours(9),
        };
        let taken = self.brokers[BUYER]
            .database
            .write(move |connection| catalogue::put(connection, &source, received))
            .await
            .unwrap();
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    }

    /// Publishes a document of the seller's.
    pub(super) async fn publish(&self, class: Class, subject: &str, signed: &SignedDocument) {
        let item = NewItem {
            subject: subject.to_owned(),
            class,
            digest: Some(signed.digest()),
            document: signed.clone(),
            site: None,
            offer_kind: None,
        };
        let put = move |connection: &mut hansa_repository::Connection| {
            store::feed::append(connection, &item, SystemClock.now())
        };
        self.brokers[SELLER].database.write(put).await.unwrap();
    }

    /// The buyer's owner leaves the seller.
    pub(super) async fn leave(&self) {
        let leave = |connection: &mut hansa_repository::Connection| {
            let mut partner = store::partners::get(connection, SELLER)?;
            partner.state = PartnerState::Draining;
            store::partners::put(connection, &partner)
        };
        self.brokers[BUYER].database.write(leave).await.unwrap();
    }

    /// The buyer has many orders to end at a partner that never answers.
    pub(super) async fn burden(&self, orders: u128) {
        let mut partner =
            Partner::new(&Did::new(SLOW).unwrap(), "https://slow.example", PartnerState::Active, SystemClock.now());
        partner.last_heard = Some(SystemClock.now());
        let wish = self.wish(1_000);
        let (mut purchase, now) =
            (crate::orders::Purchase::new(&wish, SLOW, String::new(), SystemClock.now()), SystemClock.now());
        (purchase.wish, purchase.sent) = (crate::orders::Want::End, true);
        let write = move |connection: &mut hansa_repository::Connection| {
            store::partners::put(connection, &partner)?;
            for number in 0..orders {
                purchase.id = MachineId(uuid::Uuid::from_u128(1_000 + number));
                store::orders::purchase_save(connection, &purchase, now)?;
                crate::outbox::purchase_enqueue(connection, &purchase, now)?;
            }
            Ok::<_, crate::FederationError>(())
        };
        self.brokers[BUYER].database.write(write).await.unwrap();
    }

    /// The seller changes its offer, and publishes that.
    pub(super) async fn offer_change(&self) {
        let mut offer = self.offer.clone();
        offer.price_plan.price_per_hour.micros += 1_000;
        let text = rdf::write_offer_turtle(&offer);
        let keys = self.brokers[SELLER].keys.as_ref();
        let signed = document::sign(keys, document::TURTLE, text, SystemClock.now()).await.unwrap();
        self.publish(Class::Offer, offer.id.as_str(), &signed).await;
    }

    fn start(&self, name: &str) {
        let broker = &self.brokers[name];
        let endpoint = if name == BUYER { "https://buyer.example" } else { "https://seller.example" };
        let mut options = FederationOptions::new(name, endpoint.parse().unwrap(), self.offer.provider.clone());
        options.hold_time = Duration::from_secs(20);
        options.call_timeout = Duration::from_secs(5);
        (self.options)(&mut options);
        let manager = FederationManager::new(Rooms {
            database: broker.database.clone(),
            clock: Arc::new(Ahead(
                if name == BUYER { self.ahead } else { TimeDelta::zero() },
                Arc::clone(&self.passed),
            )),
            ids: Arc::new(RandomIds),
            catalogue: CatalogueService::new(broker.database.clone()).unwrap(),
            keys: Arc::clone(&broker.keys) as Arc<dyn KeyStore>,
            transport: Arc::new(Wire { own: name.to_owned(), world: self.own.clone(), plan: Arc::clone(&self.plan) }),
            options,
        });
        if name == SELLER {
            manager.fulfilment_set(Arc::clone(&self.units) as Arc<dyn crate::orders::Fulfilment>);
            manager.measured_set(Arc::new(OwnMeasure(Arc::clone(&self.down))));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let outbox = manager.clone();
        runtime.spawn(async move {
            crate::outbox::run(outbox, CancellationToken::new()).await.unwrap();
        });
        *broker.starts.lock().unwrap() += 1;
        *broker.running.lock().unwrap() = Some((manager, runtime));
    }

    /// Days pass for both brokers.
    pub(super) fn pass(&self, days: i64) {
        self.passed.fetch_add(days, Ordering::SeqCst);
    }

    pub(super) fn kill(&self, name: &str) {
        if let Some((_, runtime)) = self.brokers[name].running.lock().unwrap().take() {
            runtime.shutdown_background();
        }
    }

    /// Kills a broker and starts it again over its database.
    pub(super) fn restart(&self, name: &str) {
        self.kill(name);
        self.start(name);
    }

    pub(super) fn starts(&self, name: &str) -> u32 {
        *self.brokers[name].starts.lock().unwrap()
    }

    pub(super) fn manager(&self, name: &str) -> Option<FederationManager> {
        let broker = self.brokers.get(name)?;
        broker.running.lock().unwrap().as_ref().map(|(manager, _)| manager.clone())
    }

    pub(super) fn database(&self, name: &str) -> &Database {
        &self.brokers[name].database
    }

    /// Does something in a second, whoever was killed meanwhile.
    pub(super) fn later(&self, f: impl AsyncFnOnce(Arc<World>) + Send + 'static) {
        let world = self.own.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            let Some(world) = world.upgrade() else { return };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(f(world));
        });
    }

    /// Who `other` is at `own`, as its token would prove.
    pub(super) async fn peer(&self, own: &str, other: &str) -> Peer {
        let did = other.to_owned();
        let partner =
            self.brokers[own].database.read(move |connection| store::partners::get(connection, &did)).await.unwrap();
        Peer { did: partner.did, name: partner.name, state: partner.state }
    }

    /// A machine of the seller's offer that the buyer wants.
    pub(super) fn wish(&self, number: u128) -> MachineWish {
        MachineWish {
            machine: MachineId(uuid::Uuid::from_u128(number)),
            application: ApplicationId(uuid::Uuid::from_u128(1)),
            offer: Box::new(self.offer.clone()),
        }
    }

    pub(super) fn order(&self, wish: &MachineWish, generation: i64) -> OrderRequest {
        let mut model: hansa_ontology::ResourceModel = serde_json::from_value(serde_json::json!({
            "hansa": 1, "name": "hello",
            "components": { "web": { "package": { "process": { "command": ["web"] } } } },
        }))
        .unwrap();
        model.delivery = Some(Delivery {
            application: "hello".to_owned(),
            offer: self.offer.id.clone(),
            instances: (0..generation)
                .map(|ordinal| Instance { component: "web".to_owned(), ordinal: u32::try_from(ordinal).unwrap() })
                .collect(),
            peers: BTreeMap::new(),
        });
        OrderRequest { id: wish.machine, generation, model }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for name in [BUYER, SELLER] {
            self.kill(name);
        }
    }
}

/// Which database a test runs on.
#[derive(Debug, Clone, Copy)]
pub(super) enum On {
    Sqlite,
    Postgres,
}

impl On {
    pub(super) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// A database for each broker; None where there is no PostgreSQL.
    pub(super) fn pair(self) -> Option<Vec<TestDatabase>> {
        use hansa_repository::testing::{postgres, sqlite};
        (0..2)
            .map(|_| match self {
                Self::Sqlite => Some(sqlite(&[MIGRATIONS])),
                Self::Postgres => postgres(&[MIGRATIONS]),
            })
            .collect()
    }
}
