//! A broker's corner of the world over one real engine.

use hansa_ontology::{
    Actor, ApplicationId, MachineId, ProviderId, SiteId, WorkloadId,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
    resource_model::{ContainerPackage, ExposedPort, HealthCheck, HealthProbe, HttpProbe, Package, Resources},
};
use hansa_repository::{
    Database, OwnerChange,
    ambient::{Clock as _, IdSource as _, RandomIds, SharedClock, SystemClock},
    event::{self, Event, EventFilter, Order},
    system::{System, Systems},
    testing::{PlainSecrets, TestDatabase, sqlite, systems},
};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker, podman};
use hansa_wdm::{
    DiscoveryToken, DiscoveryTokens, LogQuery, MIGRATIONS, Peers, ProcessOptions, Removal, Target, Wdm, WdmError,
    WdmOptions, WorkloadSpec, WorkloadState, WorkloadStatus,
};
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[derive(Debug)]
struct Tokens;

impl DiscoveryTokens for Tokens {
    fn token(&self, workload: WorkloadId) -> DiscoveryToken {
        DiscoveryToken::new(format!("secret-{workload}"))
    }
}

pub(crate) struct Room {
    pub(crate) engine: ContainerEngine,
    pub(crate) systems: Systems,
    pub(crate) wdm: Wdm,
    pub(crate) application: ApplicationId,
    secrets: Arc<PlainSecrets>,
    database: Database,
    options: WdmOptions,
    _database: TestDatabase,
    _folder: tempfile::TempDir,
}

/// Runs the test over a Docker Engine and over Podman's socket, as far as they are installed.
pub(crate) fn on_each_engine(test: impl AsyncFn(&mut Room)) {
    on(docker(), &test);
    on(podman(), &test);
}

pub(crate) fn on(engine: Option<ContainerEngine>, test: &impl AsyncFn(&mut Room)) {
    let Some(engine) = engine else { return };
    eprintln!("on {}", engine.name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(async {
        let mut room = Room::new(engine).await;
        test(&mut room).await;
        assert_eq!(room.engine.listing(), Vec::<String>::new(), "something is left behind");
    });
}

impl Room {
    async fn new(engine: ContainerEngine) -> Self {
        let database = sqlite(&[MIGRATIONS]);
        let folder = tempfile::tempdir().unwrap();
        let mut process = ProcessOptions::new("/nonexistent/hansa", folder.path().join("nodes"));
        process.discovery_tokens = Some(Arc::new(Tokens));
        process.discovery_url = Some("http://192.0.2.1/{application}".to_owned());
        process.grace_ms = 10_000;
        let mut options = WdmOptions::new(process);
        // Tests run side by side: each from another place on.
        let first = 20_000 + u16::try_from(RandomIds.next().as_u128() % 90).unwrap() * 100;
        options.ports = first..=first + 999;
        let clock: SharedClock = Arc::new(SystemClock);
        let secrets = Arc::new(PlainSecrets::default());
        let systems = systems(&database.database(), &clock, &secrets).await;
        let wdm = manager(&database.database(), &options, &systems);
        let room = Self {
            wdm,
            systems,
            secrets,
            application: ApplicationId(RandomIds.next()),
            database: database.database(),
            options,
            engine,
            _database: database,
            _folder: folder,
        };
        room.connect(&room.engine.address(), &[]).await;
        room
    }

    /// Connects the engine as `edge`, or changes how it is connected.
    pub(crate) async fn connect(&self, address: &str, settings: &[(&str, &str)]) {
        self.connect_with(address, settings, None, None).await;
    }

    /// The same with a secret and with trust anchors.
    pub(crate) async fn connect_with(
        &self,
        address: &str,
        settings: &[(&str, &str)],
        secret: Option<&str>,
        trust: Option<&str>,
    ) {
        if let Some(secret) = secret {
            self.secrets.set("engine", secret);
        }
        let now = SystemClock.now();
        let system = System {
            name: "edge".to_owned(),
            kind: "docker".to_owned(),
            site: SiteId::new("urn:test:site").unwrap(),
            address: address.to_owned(),
            credential: secret.map(|_| "engine".to_owned()),
            trust: trust.map(str::to_owned),
            // `sleep` and `httpd` as a container's first process don't hear SIGTERM.
            settings: [("stopGraceSeconds", "1")]
                .iter()
                .chain(settings)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            created_at: now,
            created_by: Actor::Broker,
            version: 0,
        };
        let change = OwnerChange::of_broker(now);
        if self.systems.system("edge").await.is_ok() {
            self.systems.system_change(system, change).await.unwrap();
        } else {
            self.systems.system_add(system, change).await.unwrap();
        }
    }

    /// As a broker that has just been started.
    pub(crate) fn another(&self) -> Wdm {
        manager(&self.database, &self.options, &self.systems)
    }

    /// A workload of busybox that runs this command.
    pub(crate) fn spec(&self, component: &str, command: &[&str]) -> WorkloadSpec {
        WorkloadSpec {
            id: WorkloadId(RandomIds.next()),
            application: self.application,
            application_name: "shop".to_owned(),
            component: component.to_owned(),
            ordinal: 0,
            revision: "1".to_owned(),
            provider: ProviderId::new("urn:test:provider").unwrap(),
            target: Target {
                machine: MachineId(Uuid::from_u128(8)),
                site: SiteId::new("urn:test:site").unwrap(),
                node: "edge".to_owned(),
                address: Ipv4Addr::LOCALHOST.into(),
                directory: "/edge/m1".into(),
                system: Some("edge".to_owned()),
            },
            package: Package::Container(ContainerPackage {
                image: BUSYBOX.to_owned(),
                command: command.iter().map(|word| (*word).to_owned()).collect(),
                ..ContainerPackage::default()
            }),
            resources: Resources { cpu: CpuMilli(500), memory: Mebibytes(64), ..Resources::default() },
            ports: BTreeMap::new(),
            environment: BTreeMap::new(),
            volumes: BTreeMap::new(),
            health: None,
        }
    }

    pub(crate) fn shell(&self, component: &str, script: &str) -> WorkloadSpec {
        self.spec(component, &["/bin/sh", "-c", script])
    }

    /// A web server on port 8080 of its container, with a health check.
    pub(crate) fn server(&self, component: &str) -> WorkloadSpec {
        let script = "mkdir -p /www && echo hello from $HANSA_COMPONENT > /www/index.html \
                      && exec httpd -f -p $HANSA_ADDRESS:$PORT_HTTP -h /www";
        let mut spec = self.shell(component, script);
        spec.ports.insert("http".to_owned(), port(Some(8080)));
        spec.health = Some(HealthCheck {
            probe: HealthProbe::Http(HttpProbe { port: "http".to_owned(), path: "/index.html".to_owned() }),
            interval: TimeSpan::from_millis(50),
            timeout: TimeSpan::from_millis(2_000),
            failures: 3,
            startup: TimeSpan::from_millis(60_000),
        });
        spec
    }

    /// Reconciles until the workload is as wanted.
    pub(crate) async fn until(&self, spec: &WorkloadSpec, wanted: impl Fn(&WorkloadStatus) -> bool) -> WorkloadStatus {
        let (mut last, mut last_error) = (None, None);
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            match self.wdm.workload_apply(spec, &Peers::new()).await {
                // As a round of the orchestrator takes it: the next one tries again.
                Err(WdmError::System(error)) if error.kind.is_passing() => last_error = Some(error),
                applied => drop(applied.unwrap()),
            }
            let all = self.wdm.workload_observe(spec.application).await.unwrap();
            if let Some(status) = all.into_iter().find(|status| status.id == spec.id) {
                if wanted(&status) {
                    return status;
                }
                last = Some(status);
            }
            assert!(Instant::now() < deadline, "it didn't happen: {last:?} {last_error:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn until_running(&self, spec: &WorkloadSpec) -> WorkloadStatus {
        self.until(spec, |status| status.state.is_healthy()).await
    }

    pub(crate) async fn state(&self, spec: &WorkloadSpec) -> WorkloadState {
        self.wdm.workload(spec.id).await.unwrap().state
    }

    pub(crate) async fn remove(&self, spec: &WorkloadSpec) {
        eventually(async || {
            let removal = self.wdm.workload_remove(spec.id).await.unwrap();
            (removal == Removal::Gone).then_some(())
        })
        .await;
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Event> {
        let filter = EventFilter { kind_prefix: Some(kind.to_owned()), ..EventFilter::default() };
        let read = move |connection: &mut hansa_repository::Connection| {
            event::list(connection, &filter, 10_000, Order::OldestFirst)
        };
        self.database.read(read).await.unwrap()
    }

    pub(crate) async fn output(&self, spec: &WorkloadSpec, query: LogQuery) -> Vec<String> {
        use futures_util::TryStreamExt as _;
        let lines: Vec<hansa_wdm::LogLine> = self.wdm.logs(spec.id, query).await.unwrap().try_collect().await.unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    /// Runs a command in the workload's container.
    pub(crate) fn exec(&self, spec: &WorkloadSpec, words: &[&str]) -> String {
        let name = container(spec);
        let all: Vec<&str> = ["exec", &name].into_iter().chain(words.iter().copied()).collect();
        self.engine.run(&all)
    }

    pub(crate) fn inspect(&self, spec: &WorkloadSpec, format: &str) -> String {
        self.engine.run(&["inspect", "--type", "container", "--format", format, &container(spec)])
    }
}

fn manager(database: &Database, options: &WdmOptions, systems: &Systems) -> Wdm {
    Wdm::new(database.clone(), Arc::new(SystemClock), options.clone()).unwrap().with_systems(systems.clone())
}

/// It can't be started, and not because another engine of these tests has
/// just come up, which takes the packet filter's chains away for a moment.
pub(crate) fn failed(status: &WorkloadStatus) -> bool {
    matches!(&status.state, WorkloadState::Failed { reason, .. } if !reason.contains("iptables"))
}

pub(crate) fn container(spec: &WorkloadSpec) -> String {
    format!("hansa-{}", spec.id)
}

pub(crate) fn port(number: Option<u16>) -> ExposedPort {
    ExposedPort { number, ..ExposedPort::default() }
}

/// Waits until there is an answer; for so long that only a fault can be the cause.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        if let Some(answer) = look().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "it didn't happen within a minute and a half");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
