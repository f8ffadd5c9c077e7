//! A broker's corner of the world over one real engine.

use crate::shared::{self, Looks, Tokens};
use hansa_ontology::{
    Actor, ApplicationId, SiteId,
    resource_model::{ContainerPackage, Package},
};
use hansa_repository::{
    Database, OwnerChange,
    ambient::{Clock as _, IdSource as _, RandomIds, SharedClock, SystemClock},
    event::Event,
    system::{System, Systems},
    testing::{PlainSecrets, TestDatabase, sqlite, systems},
};
use hansa_test_systems::{BUSYBOX, ContainerEngine, docker, podman, wanted};
use hansa_wdm::{
    LogQuery, MIGRATIONS, Peers, ProcessOptions, Wdm, WdmError, WdmOptions, WorkloadSpec, WorkloadState, WorkloadStatus,
};
use std::{net::Ipv4Addr, path::Path, sync::Arc};

pub(crate) use shared::port;

/// How this room looks.
const LOOKS: Looks = Looks::new(30, 90);

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
    on(docker, &test);
    on(podman, &test);
}

/// Runs the test over an engine, if it is installed. `HANSA_TEST_ENGINES=skip` leaves this suite.
pub(crate) fn on(engine: impl FnOnce() -> Option<ContainerEngine>, test: &impl AsyncFn(&mut Room)) {
    let Some(engine) = wanted("engines", true, "").then(engine).flatten() else { return };
    eprintln!("on {}", engine.name);
    shared::run(async {
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
        process.discovery_tokens = Some(Arc::new(Tokens("secret")));
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
        self.put("edge", address, settings, secret, trust).await;
    }

    /// Connects another engine under this name.
    pub(crate) async fn connect_as(&self, name: &str, address: &str) {
        self.put(name, address, &[], None, None).await;
    }

    async fn put(
        &self,
        name: &str,
        address: &str,
        settings: &[(&str, &str)],
        secret: Option<&str>,
        trust: Option<&str>,
    ) {
        let now = SystemClock.now();
        let system = System {
            name: name.to_owned(),
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
        if self.systems.system(name).await.is_ok() {
            self.systems.system_change(system, change).await.unwrap();
        } else {
            self.systems.system_add(system, change).await.unwrap();
        }
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// As a broker that has just been started.
    pub(crate) fn another(&self) -> Wdm {
        manager(&self.database, &self.options, &self.systems)
    }

    /// A workload of busybox that runs this command.
    pub(crate) fn spec(&self, component: &str, command: &[&str]) -> WorkloadSpec {
        let package = Package::Container(ContainerPackage {
            image: BUSYBOX.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            ..ContainerPackage::default()
        });
        let spec = shared::workload(self.application, Path::new("/edge/m1"), package);
        let spec = shared::on_edge(spec, "edge", Ipv4Addr::LOCALHOST.into(), 500, 64);
        WorkloadSpec { component: component.to_owned(), ..spec }
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
        spec.health = Some(shared::health("/index.html", 50, 2_000));
        spec
    }

    /// Reconciles until the workload is as wanted.
    pub(crate) async fn until(&self, spec: &WorkloadSpec, wanted: impl Fn(&WorkloadStatus) -> bool) -> WorkloadStatus {
        LOOKS
            .explained(async || {
                let applied = self.wdm.workload_apply(spec, &Peers::new()).await;
                // What passes is tried again in the next round, as the orchestrator does.
                let passes = matches!(&applied, Err(WdmError::System(error)) if error.kind.is_passing());
                assert!(applied.is_ok() || passes, "{applied:?}");
                let all = self.wdm.workload_observe(spec.application).await.unwrap();
                let found = all.into_iter().find(|status| status.id == spec.id);
                found.clone().filter(|status| wanted(status)).ok_or_else(|| format!("{found:?} {applied:?}"))
            })
            .await
    }

    pub(crate) async fn until_running(&self, spec: &WorkloadSpec) -> WorkloadStatus {
        self.until(spec, |status| status.state.is_healthy()).await
    }

    /// Waits until it runs once more than it did. What an engine refused in
    /// passing was a run too: how many more isn't asked.
    pub(crate) async fn restarted(&self, spec: &WorkloadSpec, before: &WorkloadStatus) -> WorkloadStatus {
        self.until(spec, |status| status.restarts > before.restarts && status.state.is_healthy()).await
    }

    pub(crate) async fn state(&self, spec: &WorkloadSpec) -> WorkloadState {
        self.wdm.workload(spec.id).await.unwrap().state
    }

    pub(crate) async fn remove(&self, spec: &WorkloadSpec) {
        LOOKS.removed(&self.wdm, spec.id).await;
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Event> {
        shared::events(&self.database, kind).await
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

/// Waits until there is an answer.
pub(crate) async fn eventually<T>(look: impl AsyncFnMut() -> Option<T>) -> T {
    LOOKS.eventually("it didn't happen", look).await
}
