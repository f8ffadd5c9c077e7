//! Puts the rooms together into a running broker, and takes it down again.
//! The one place that makes a clock, identifiers and a database.

mod accounting;
mod agents;
mod alerting;
mod assurance;
mod books;
mod claims;
mod delivered;
mod dev_login;
mod discovery;
mod error;
mod federation;
mod following;
mod fulfilment;
mod hours;
mod iam;
mod lock;
mod measuring;
mod meter;
mod notification;
mod owner;
mod partner;
mod scaling;
mod sites;
mod sustainability;
mod systems;
mod tasks;

pub(crate) use error::WiringError;

use crate::{
    config::Settings,
    http::{self, Broker, Defence, WorkerHealth},
    metrics::Metrics,
    notifier::Notifier,
    portal::offers::OfferShelf,
};
use agents::FirstBoots;
use delivered::OwnMeasure;
use fulfilment::Delivery;
use hansa_accounting::service::Accounting;
use hansa_assurance::service::Assurance;
use hansa_federation_manager::FederationManager;
use hansa_iam::{Credentials, Iam, MachineTokens, SealingKey, WorkloadTokens, dev::DevProvider};
use hansa_mcm::Mcm;
use hansa_mco::{Infrastructure, Mco, NoPartners, OfferIndexCache, Partner, Rooms};
use hansa_pim::{Host, Pim, PimSettings};
use hansa_repository::{
    Database, DatabaseUrl,
    ambient::{RandomIds, SharedClock, SharedIds, SystemClock},
    catalogue::CatalogueService,
    system::Systems,
};
use hansa_service_orchestrator::ServiceOrchestrator;
use hansa_sustainability::service::Sustainability;
use hansa_vip::Vip;
use hansa_wdm::{ProcessOptions, Wdm, WdmOptions, agent::Agents};
use lock::DirectoryLock;
use partner::Partners;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tasks::Tasks;
use tokio_util::sync::CancellationToken;

/// The key under which credentials of infrastructure are sealed, in the data directory.
const CREDENTIALS_KEY: &str = "credentials.key";

/// A broker that runs in this process.
pub(crate) struct RunningBroker {
    /// Where its API is, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// Its parts.
    pub broker: Broker,
    server: http::Server,
    tasks: Tasks,
    /// There as long as the broker runs with its development login.
    _tokens: dev_login::TokensFile,
    /// Held as long as the broker runs.
    _lock: DirectoryLock,
}

/// Starts a broker: binds its port first, so that nothing is touched when that is taken.
///
/// # Errors
/// When the port is taken, the data directory is in use, the database can't be
/// used, or a local site is described wrongly.
pub(crate) async fn start(settings: Settings, metrics: Arc<Metrics>) -> Result<RunningBroker, WiringError> {
    let listeners = http::bind(&settings)?;
    let address = listeners.api_address().map_err(WiringError::Address)?;
    let reached = listeners.partners_address().map_err(WiringError::Address)?;
    let data_dir = data_directory(&settings.data_dir)?;
    let lock = DirectoryLock::take(&data_dir)?;
    let settings = Settings { data_dir, ..settings };
    let clock: SharedClock = Arc::new(SystemClock);
    let (dev_login, tokens) = dev_login::begin(&settings, &iam::public_url(&settings, address)?, &clock)?;
    let broker = assemble(settings, (address, reached), clock, dev_login, metrics).await?;
    sites::announce(&broker).await?;
    if broker.dev_login.is_some() {
        // What the people of the development login work in.
        broker.iam.project_ensure(hansa_iam::dev::people::projects()).await?;
    }
    let tasks = Tasks::start(&broker).await;
    let server = http::start(&broker, listeners)?;
    Ok(RunningBroker { url: format!("http://{address}"), broker, server, tasks, _tokens: tokens, _lock: lock })
}

impl RunningBroker {
    /// Stops it: no new request, workers come to the end of their round, and
    /// workloads go on.
    pub(crate) async fn stop(self) {
        self.broker.workers.set(false);
        self.broker.shutdown.cancel();
        self.server.stop().await;
        self.tasks.stop().await;
    }
}

/// The data directory, made where it isn't there, as an absolute path.
fn data_directory(path: &Path) -> Result<PathBuf, WiringError> {
    let refused = |source| WiringError::DataDirectory { path: path.to_path_buf(), source };
    std::fs::create_dir_all(path).map_err(refused)?;
    path.canonicalize().map_err(refused)
}

async fn assemble(
    settings: Settings,
    (address, reached): (SocketAddr, SocketAddr),
    clock: SharedClock,
    dev_login: Option<DevProvider>,
    metrics: Arc<Metrics>,
) -> Result<Broker, WiringError> {
    let (ids, database): (SharedIds, _) = (Arc::new(RandomIds), open_database(&settings).await?);
    let catalogue = CatalogueService::new(database.clone())?;
    let public_url = iam::public_url(&settings, address)?;
    let iam = iam::iam(&settings, public_url.clone(), dev_login.as_ref(), &database, &clock, &ids)?;
    dev_login::make_projects(dev_login.as_ref(), &iam).await?;
    let federation = federation::manager(&settings, reached, &database, &catalogue, &clock, &ids)?;
    let key = SealingKey::in_file(&settings.data_dir.join(CREDENTIALS_KEY))?;
    let workload_tokens = WorkloadTokens::new(&key);
    let (machine_tokens, agents) = (MachineTokens::new(database.clone(), &key), Agents::default());
    let boots = FirstBoots::new(&settings, &public_url, machine_tokens.clone(), agents.clone())?;
    let credentials = Credentials::new(database.clone(), Arc::clone(&clock), key);
    let systems = systems((&database, &clock, &ids), &credentials, boots).await?;
    let pim = nodes(&settings, &database, &clock, &systems)?;
    let (vip, mcm) = (Vip::new(&pim), Mcm::new(&pim));
    let processes = workload_options(&settings, address, &workload_tokens)?;
    let wdm = Wdm::new(database.clone(), Arc::clone(&clock), processes)?;
    let wdm = wdm.with_systems(systems).with_agents(agents).with_clusters(Arc::new(mcm.clone()));
    let sustainability = sustainability::service(&settings, &database, &catalogue, &clock)?;
    let accounting = accounting::service(&settings, &database, &clock);
    let rooms = Rooms {
        database: database.clone(),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&ids),
        catalogue: catalogue.clone(),
        infrastructure: Infrastructure { pim: pim.clone(), vip, mcm, partner: partners(federation.as_ref()) },
        wdm: wdm.clone(),
        default_currency: settings.currency,
        index: OfferIndexCache::default(),
    };
    let orchestrator = orchestrator(rooms, &settings, (&iam, &accounting, &sustainability))?;
    let assurance = Assurance::new(database.clone(), Arc::clone(&clock), Arc::clone(&ids));
    federation.iter().for_each(|manager| delivers(manager, &orchestrator, &assurance));
    Ok(Broker {
        notifier: Notifier::new(&settings.notifications, credentials.clone())?,
        accounting,
        assurance,
        sustainability,
        defence: Arc::new(Defence::new(&settings.server.limits, iam.login_required(), public_url.scheme() == "https")),
        settings: Arc::new(settings),
        clock,
        ids,
        database,
        catalogue,
        credentials,
        workload_tokens,
        machine_tokens,
        pim,
        wdm,
        orchestrator,
        federation,
        iam,
        offers: OfferShelf::default(),
        dev_login,
        metrics,
        workers: WorkerHealth::default(),
        shutdown: CancellationToken::new(),
    })
}

/// Who delivers what partners order, and who measures it.
fn delivers(manager: &FederationManager, orchestrator: &ServiceOrchestrator, assurance: &Assurance) {
    manager.fulfilment_set(Arc::new(Delivery(orchestrator.clone())));
    manager.measured_set(Arc::new(OwnMeasure(assurance.clone())));
}

/// The connected systems, with what their machines do when they first boot.
async fn systems(
    (database, clock, ids): (&Database, &SharedClock, &SharedIds),
    credentials: &Credentials,
    boots: FirstBoots,
) -> Result<Systems, WiringError> {
    let kept = Arc::new(credentials.clone());
    Ok(Systems::open(database.clone(), Arc::clone(clock), ids, kept).await?.with_first_boot(Arc::new(boots)))
}

/// How applications are placed, moved, scaled, and made to wait.
fn orchestrator(
    rooms: Rooms,
    settings: &Settings,
    (iam, accounting, sustainability): (&Iam, &Accounting, &Sustainability),
) -> Result<ServiceOrchestrator, WiringError> {
    let (database, clock, ids) = (rooms.database.clone(), Arc::clone(&rooms.clock), Arc::clone(&rooms.ids));
    let mco = Mco::new(rooms).with_grids(Arc::new(hours::StatedGrids::new(sustainability.clone())));
    Ok(ServiceOrchestrator::new(database, clock, ids, mco)
        .with_moving(settings.moving.policy())
        .with_scaling(scaling::options(settings, iam, accounting)?)
        .with_hours(Arc::new(hours::StatedHours(sustainability.clone()))))
}

/// Who delivers what is ordered elsewhere.
fn partners(federation: Option<&FederationManager>) -> Arc<dyn Partner> {
    match federation {
        Some(manager) => Arc::new(Partners(manager.clone())),
        None => Arc::new(NoPartners),
    }
}

/// The nodes of this very machine, and the hosts of its systems.
fn nodes(settings: &Settings, database: &Database, clock: &SharedClock, systems: &Systems) -> Result<Pim, WiringError> {
    let host = Host::observe(&settings.data_dir)?;
    let settings = PimSettings { data_dir: settings.data_dir.clone(), host, lost_after: settings.moving.lost_after() };
    Ok(Pim::new(database.clone(), Arc::clone(clock), systems.clone(), settings)?)
}

async fn open_database(settings: &Settings) -> Result<Database, WiringError> {
    let url: DatabaseUrl = settings.database_url().parse()?;
    let opened = tokio::task::spawn_blocking(move || {
        Database::open(
            &url,
            &[
                hansa_pim::MIGRATIONS,
                hansa_iam::CREDENTIAL_MIGRATIONS,
                hansa_vip::MIGRATIONS,
                hansa_mcm::MIGRATIONS,
                hansa_wdm::MIGRATIONS,
                hansa_mco::MIGRATIONS,
                hansa_service_orchestrator::MIGRATIONS,
                hansa_accounting::MIGRATIONS,
                hansa_sustainability::MIGRATIONS,
                hansa_assurance::MIGRATIONS,
                hansa_federation_manager::MIGRATIONS,
                hansa_iam::MIGRATIONS,
            ],
        )
    });
    Ok(opened.await.map_err(WiringError::Task)??)
}

/// How workloads run: under a supervisor that is this very program.
fn workload_options(
    settings: &Settings,
    address: SocketAddr,
    tokens: &WorkloadTokens,
) -> Result<WdmOptions, WiringError> {
    let program = std::env::current_exe().map_err(WiringError::Program)?;
    let lookup = discovery::url(settings, &iam::public_url(settings, address)?, address);
    let process = ProcessOptions {
        discovery_url: Some(lookup),
        discovery_tokens: Some(Arc::new(discovery::Tokens(tokens.clone()))),
        ..ProcessOptions::new(program, settings.data_dir.join("nodes"))
    };
    let ports = settings.workload_ports.first..=settings.workload_ports.last;
    Ok(WdmOptions { ports, process })
}
