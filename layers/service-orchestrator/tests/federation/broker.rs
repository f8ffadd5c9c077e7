//! A broker of a test: everything below the HTTP interface, over a database and
//! a folder of its own.

use crate::{
    catalogue::{self, site},
    leftovers,
};
use hansa_mcm::Mcm;
use hansa_mco::{Infrastructure, Mco, NoPartners, OfferIndexCache, Partner, Rooms, model::Workload};
use hansa_ontology::{
    Actor, ApplicationId, Catalogue, Currency, ProjectId, ProjectScope, ResourceModel, rdf, rdf::RdfFormat,
};
use hansa_pim::{Amounts, Host, LOST_AFTER, Node, Pim, PimSettings};
use hansa_repository::{
    Database, Migrations,
    ambient::{Clock as _, RandomIds, SharedClock, SharedIds, SystemClock},
    catalogue::{CatalogueService, ImportRequest},
    event::{self, Event, EventFilter, Order},
    testing::{TestDatabase, sqlite},
};
use hansa_service_orchestrator::{ApplicationDetail, Change, Phase, ServiceOrchestrator, WorkerOptions, run_workers};
use hansa_vip::Vip;
use hansa_wdm::{ProcessOptions, Wdm, WdmOptions};
use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The tables of every room.
pub(crate) const MIGRATIONS: [Migrations; 6] = [
    hansa_pim::MIGRATIONS,
    hansa_vip::MIGRATIONS,
    hansa_mcm::MIGRATIONS,
    hansa_wdm::MIGRATIONS,
    hansa_mco::MIGRATIONS,
    hansa_service_orchestrator::MIGRATIONS,
];

/// One broker.
pub(crate) struct Broker {
    pub(crate) orchestrator: ServiceOrchestrator,
    pub(crate) database: Database,
    pub(crate) pim: Pim,
    pub(crate) folder: PathBuf,
    cgroup_parent: String,
    shutdown: CancellationToken,
    workers: Option<JoinHandle<()>>,
    /// Kept as long as the broker lives.
    _own: Option<(TestDatabase, tempfile::TempDir)>,
}

/// What a broker is made from.
pub(crate) struct Setup<'a> {
    pub(crate) side: &'a str,
    pub(crate) database: Database,
    pub(crate) folder: PathBuf,
    pub(crate) clock: SharedClock,
    pub(crate) partner: Arc<dyn Partner>,
    pub(crate) catalogue: Catalogue,
    pub(crate) node: Amounts,
}

impl Broker {
    /// A broker of this side with a database of its own, that works.
    pub(crate) async fn start(side: &str, partner: Arc<dyn Partner>) -> Self {
        let database = sqlite(&MIGRATIONS);
        let folder = tempfile::Builder::new().prefix("hansa-federation-").tempdir().unwrap();
        let setup = Setup {
            side,
            database: database.database(),
            folder: folder.path().to_owned(),
            clock: Arc::new(SystemClock),
            partner,
            catalogue: catalogue::offers(10),
            node: Amounts { cpu_milli: 16_000, memory_mib: 16_384, disk_mib: 65_536, gpus: 0 },
        };
        let mut broker = Self::assemble(setup).await;
        broker._own = Some((database, folder));
        broker.work();
        broker
    }

    /// One that delivers for others and orders from nobody.
    pub(crate) async fn seller() -> Self {
        Self::seller_at("south").await
    }

    pub(crate) async fn seller_at(side: &str) -> Self {
        Self::start(side, Arc::new(NoPartners)).await
    }

    /// The same broker as a new process that finds all as the old one left it.
    pub(crate) async fn restart(&mut self, side: &str, partner: Arc<dyn Partner>) {
        self.stop().await;
        let setup = Setup {
            side,
            database: self.database.clone(),
            folder: self.folder.clone(),
            clock: Arc::new(SystemClock),
            partner,
            catalogue: catalogue::offers(10),
            node: Amounts { cpu_milli: 16_000, memory_mib: 16_384, disk_mib: 65_536, gpus: 0 },
        };
        let again = Self::assemble(setup).await;
        self.orchestrator = again.orchestrator.clone();
        self.shutdown = CancellationToken::new();
        // The folder belongs to this one: what runs in it goes on.
        std::mem::forget(again);
        self.work();
    }

    pub(crate) async fn assemble(setup: Setup<'_>) -> Self {
        let Setup { side, database, folder, clock, partner, catalogue: offers, node } = setup;
        let ids: SharedIds = Arc::new(RandomIds);
        let settings = PimSettings { data_dir: folder.clone(), host: Host { capacity: node }, lost_after: LOST_AFTER };
        let systems = hansa_repository::testing::systems(&database, &clock, &Arc::default()).await;
        let pim = Pim::new(database.clone(), Arc::clone(&clock), systems, settings).unwrap();
        pim.node_register(vec![self::node(side, node)]).await.unwrap();
        // A broker that starts again finds what it ran before.
        let cgroup_parent = format!("hansa-test-{}", folder.file_name().unwrap().to_string_lossy());
        let rooms = Rooms {
            database: database.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            catalogue: offered(&database, &offers).await,
            infrastructure: Infrastructure { vip: Vip::new(&pim), mcm: Mcm::new(&pim), pim: pim.clone(), partner },
            wdm: workloads(&database, &clock, &folder, &cgroup_parent),
            default_currency: Currency::EUR,
            index: OfferIndexCache::default(),
        };
        let orchestrator = ServiceOrchestrator::new(database.clone(), clock, ids, Mco::new(rooms));
        let shutdown = CancellationToken::new();
        Self { orchestrator, database, pim, folder, cgroup_parent, shutdown, workers: None, _own: None }
    }

    /// Begins to work.
    pub(crate) fn work(&mut self) {
        let options = WorkerOptions { owner: "test".to_owned(), concurrency: 2 };
        let (orchestrator, shutdown) = (self.orchestrator.clone(), self.shutdown.clone());
        self.workers = Some(tokio::spawn(async move {
            run_workers(orchestrator, options, shutdown).await.unwrap();
        }));
    }

    pub(crate) async fn submit(&self, model: ResourceModel) {
        self.orchestrator.submit(model, tenant()).await.unwrap();
    }

    pub(crate) async fn update(&self, model: ResourceModel) {
        let name = model.name.clone();
        self.orchestrator.update(self.id(&name).await, model, tenant()).await.unwrap();
    }

    /// The application of a name or an id.
    pub(crate) async fn id(&self, name: &str) -> ApplicationId {
        self.orchestrator.find(&ProjectScope::All, name).await.unwrap().id
    }

    pub(crate) async fn detail(&self, name: &str) -> ApplicationDetail {
        self.orchestrator.detail(self.id(name).await).await.unwrap()
    }

    /// Waits until all that is wanted runs.
    pub(crate) async fn until_running(&self, name: &str) -> ApplicationDetail {
        self.until(name, |detail| detail.application.phase == Phase::Running).await
    }

    pub(crate) async fn until(&self, name: &str, fits: impl Fn(&ApplicationDetail) -> bool) -> ApplicationDetail {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let detail = self.detail(name).await;
            if fits(&detail) {
                return detail;
            }
            if Instant::now() > deadline {
                let events: Vec<String> =
                    self.events("").await.iter().map(|event| format!("{} {}", event.kind, event.message)).collect();
                panic!("it didn't happen: {:#?}\n{}", short(&detail), events.join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn remove(&self, name: &str) {
        let accepted = self.orchestrator.remove(self.id(name).await, tenant()).await.unwrap();
        let id = accepted.application.to_string();
        self.until(&id, |detail| detail.application.phase == Phase::Removed).await;
        let detail = self.detail(&id).await;
        assert_eq!((detail.machines.len(), detail.workloads.len()), (0, 0));
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Event> {
        let filter = EventFilter { kind_prefix: Some(kind.to_owned()), ..EventFilter::default() };
        self.database
            .read(move |connection| event::list(connection, &filter, 10_000, Order::OldestFirst))
            .await
            .unwrap()
    }

    /// How many machines have a share of the node.
    pub(crate) async fn shares(&self) -> usize {
        self.pim.node_list(None).await.unwrap().iter().map(|node| node.machines.len()).sum()
    }

    /// Processes that live in this broker's folder.
    pub(crate) fn processes(&self) -> usize {
        leftovers::processes(&self.folder.to_string_lossy()).len()
    }

    /// Stops to work, as a broker that ends; what it runs goes on.
    pub(crate) async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(workers) = self.workers.take() {
            workers.await.unwrap();
        }
    }
}

impl Drop for Broker {
    /// Whatever a test has done or failed at, nothing of it goes on running.
    fn drop(&mut self) {
        self.shutdown.cancel();
        leftovers::clear(&self.folder.to_string_lossy(), &self.cgroup_parent);
    }
}

async fn offered(database: &Database, offers: &Catalogue) -> CatalogueService {
    let service = CatalogueService::new(database.clone()).unwrap();
    let turtle = rdf::write_turtle(offers);
    let report =
        service.import(ImportRequest::new(turtle, RdfFormat::Turtle, Actor::Broker, SystemClock.now())).await.unwrap();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    service
}

fn workloads(database: &Database, clock: &SharedClock, folder: &Path, cgroup_parent: &str) -> Wdm {
    let fixture = env!("CARGO_BIN_EXE_hansa-service-orchestrator-fixture");
    let mut process = ProcessOptions::new(fixture, folder.join("nodes"));
    process.grace_ms = 2_000;
    process.cgroup_parent = cgroup_parent.to_owned();
    Wdm::new(database.clone(), Arc::clone(clock), WdmOptions::new(process)).unwrap()
}

fn node(side: &str, amounts: Amounts) -> Node {
    Node {
        name: format!("{side}-1"),
        site: site(side),
        address: Ipv4Addr::LOCALHOST.into(),
        cpu_milli: amounts.cpu_milli,
        memory_mib: amounts.memory_mib,
        disk_mib: amounts.disk_mib,
        gpus: 0,
        capabilities: Default::default(),
        host: None,
    }
}

pub(crate) fn tenant() -> Change {
    Change {
        actor: Actor::Local,
        project: ProjectId::local(),
        quotas: Vec::new(),
        frozen: None,
        expected_version: None,
        idempotency: None,
    }
}

/// The lines that tell what went wrong.
fn short(detail: &ApplicationDetail) -> (Phase, Vec<String>, Vec<String>) {
    let machines = detail.machines.iter().map(|machine| format!("{} {:?}", machine.terms.id, machine.state)).collect();
    let workload = |workload: &Workload| format!("{} {:?} {:?}", workload.name(), workload.state, workload.revision);
    (detail.application.phase.clone(), machines, detail.workloads.iter().map(workload).collect())
}

/// The workloads of a component.
pub(crate) fn of<'a>(detail: &'a ApplicationDetail, component: &str) -> Vec<&'a Workload> {
    detail.workloads.iter().filter(|workload| workload.component == component).collect()
}

/// What a component's first instance answers to `/chain`.
pub(crate) fn chain(detail: &ApplicationDetail, component: &str) -> Option<String> {
    let endpoint = of(detail, component).first()?.endpoints.get("http")?.socket();
    ask(endpoint)
}

pub(crate) fn ask(address: SocketAddr) -> Option<String> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.write_all(b"GET /chain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.contains(" 200 ").then(|| body.to_owned())
}
