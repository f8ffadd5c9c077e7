//! What the rooms of these tests have in common, whatever runs the packages.
#![allow(dead_code, reason = "each test takes what it needs")]

use hansa_ontology::{
    ApplicationId, MachineId, ProviderId, SiteId, WorkloadId,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
    resource_model::{ExposedPort, FileSet, HealthCheck, HealthProbe, HttpProbe, Package, Resources, RunPolicy},
};
use hansa_repository::{
    Connection, Database,
    ambient::{IdSource as _, RandomIds},
    event::{self, Event, EventFilter, Order},
};
use hansa_wdm::{DiscoveryToken, DiscoveryTokens, Removal, Target, Wdm, WorkloadSpec};
use std::{
    collections::BTreeMap,
    future::Future,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Tokens that name their workload, after this word.
#[derive(Debug)]
pub(crate) struct Tokens(pub(crate) &'static str);

impl DiscoveryTokens for Tokens {
    fn token(&self, workload: WorkloadId) -> DiscoveryToken {
        DiscoveryToken::new(format!("{}-{workload}", self.0))
    }
}

/// Runs a test that waits.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(test);
}

/// How long and how often a room looks. No test asks how fast something is:
/// the bound only ends a test that would wait for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    within: Duration,
    pause: Duration,
}

impl Looks {
    /// Every so many milliseconds, for so many seconds.
    pub(crate) const fn new(pause_ms: u64, within_s: u64) -> Self {
        Self { within: Duration::from_secs(within_s), pause: Duration::from_millis(pause_ms) }
    }

    /// Waits until there is an answer.
    pub(crate) async fn eventually<T>(self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        self.explained(async || look().await.ok_or_else(|| what.to_owned())).await
    }

    /// Waits until there is an answer. Fails with what was said instead.
    pub(crate) async fn explained<T>(self, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
        let deadline = Instant::now() + self.within;
        loop {
            match look().await {
                Ok(answer) => return answer,
                Err(said) => assert!(Instant::now() < deadline, "not within {:?}: {said}", self.within),
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Takes a workload away.
    pub(crate) async fn removed(self, wdm: &Wdm, id: WorkloadId) {
        self.eventually("it is gone", async || (wdm.workload_remove(id).await.unwrap() == Removal::Gone).then_some(()))
            .await;
    }
}

/// A new workload on this machine, as whatever runs packages here has it.
pub(crate) fn workload(application: ApplicationId, directory: &Path, package: Package) -> WorkloadSpec {
    WorkloadSpec {
        id: WorkloadId(RandomIds.next()),
        application,
        application_name: "shop".to_owned(),
        component: "web".to_owned(),
        ordinal: 0,
        revision: "1".to_owned(),
        provider: ProviderId::new("urn:test:provider").unwrap(),
        target: Target {
            machine: MachineId(Uuid::from_u128(8)),
            site: SiteId::new("urn:test:site").unwrap(),
            node: "n1".to_owned(),
            address: Ipv4Addr::LOCALHOST.into(),
            directory: directory.to_owned(),
            system: None,
        },
        package,
        resources: Resources { cpu: CpuMilli(1_000), memory: Mebibytes(256), ..Resources::default() },
        ports: BTreeMap::new(),
        environment: BTreeMap::new(),
        volumes: BTreeMap::new(),
        files: BTreeMap::new(),
        health: None,
        run: RunPolicy::Service,
    }
}

/// The same on the system `edge`, of this size.
pub(crate) fn on_edge(spec: WorkloadSpec, node: &str, address: IpAddr, cpu: u32, memory: u64) -> WorkloadSpec {
    let target = Target { node: node.to_owned(), address, system: Some("edge".to_owned()), ..spec.target };
    let resources = Resources { cpu: CpuMilli(cpu), memory: Mebibytes(memory), ..Resources::default() };
    WorkloadSpec { target, resources, ..spec }
}

/// A health check of the port `http`, which may need a minute to begin.
pub(crate) fn health(path: &str, interval_ms: u64, timeout_ms: u64) -> HealthCheck {
    HealthCheck {
        probe: HealthProbe::Http(HttpProbe { port: "http".to_owned(), path: path.to_owned() }),
        interval: TimeSpan::from_millis(interval_ms),
        timeout: TimeSpan::from_millis(timeout_ms),
        failures: 3,
        startup: TimeSpan::from_millis(60_000),
    }
}

/// The set `settings` of files: a text with what no shell may touch, and bytes.
pub(crate) fn files(mount: Option<&str>, text: &str) -> BTreeMap<String, FileSet> {
    let set = FileSet {
        mount: mount.map(str::to_owned),
        text: BTreeMap::from([("shop.conf".to_owned(), text.to_owned())]),
        base64: BTreeMap::from([("bytes".to_owned(), "AP8K".to_owned())]),
    };
    BTreeMap::from([("settings".to_owned(), set)])
}

pub(crate) fn port(number: Option<u16>) -> ExposedPort {
    ExposedPort { number, ..ExposedPort::default() }
}

/// The events whose kind begins so, oldest first.
pub(crate) async fn events(database: &Database, kind: &str) -> Vec<Event> {
    let filter = EventFilter { kind_prefix: Some(kind.to_owned()), ..EventFilter::default() };
    let read = move |connection: &mut Connection| event::list(connection, &filter, 10_000, Order::OldestFirst);
    database.read(read).await.unwrap()
}
