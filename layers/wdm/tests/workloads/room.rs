//! A broker's corner of the world for one test: a directory, a database, a
//! manager, and the certainty that nothing of it is left running.

use hansa_ontology::{
    ApplicationId, MachineId, ProviderId, SiteId, WorkloadId,
    quantity::{CpuMilli, Mebibytes, TimeSpan},
    resource_model::{ExposedPort, HealthCheck, HealthProbe, HttpProbe, Package, ProcessPackage, Resources},
};
use hansa_repository::{
    Database,
    ambient::{IdSource as _, RandomIds, SharedClock, SystemClock},
    event::{self, Event, EventFilter, Order},
    testing::{for_each_database, sqlite},
};
use hansa_wdm::{
    DiscoveryToken, DiscoveryTokens, MIGRATIONS, Peers, ProcessOptions, Removal, Target, Wdm, WdmOptions, WorkloadSpec,
    WorkloadState, WorkloadStatus,
};
use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

pub(crate) const FIXTURE: &str = env!("CARGO_BIN_EXE_hansa-wdm-fixture");

/// Tokens that name their workload, after this word.
#[derive(Debug)]
pub(crate) struct Tokens(pub(crate) &'static str);

impl DiscoveryTokens for Tokens {
    fn token(&self, workload: WorkloadId) -> DiscoveryToken {
        DiscoveryToken::new(format!("{}-{workload}", self.0))
    }
}

/// One broker's corner of the world.
pub(crate) struct Room {
    pub(crate) database: Database,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) options: WdmOptions,
    pub(crate) wdm: Wdm,
}

/// Runs the test on both databases.
pub(crate) fn on_each_database(test: impl AsyncFn(Room)) {
    for_each_database(&[MIGRATIONS], async |database| test(Room::new(database)).await);
}

/// Runs the test on SQLite: where the database makes no difference.
pub(crate) fn on_sqlite(test: impl AsyncFn(Room)) {
    let database = sqlite(&[MIGRATIONS]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(test(Room::new(database.database())));
}

impl Room {
    pub(crate) fn new(database: Database) -> Self {
        let folder = tempfile::Builder::new().prefix("hansa-wdm-").tempdir().unwrap();
        let mut process = ProcessOptions::new(FIXTURE, folder.path().join("nodes"));
        process.grace_ms = 5_000;
        process.cgroup_parent = format!("hansa-test-{}", random());
        process.discovery_url = Some("http://127.0.0.1:1/{application}".to_owned());
        process.discovery_tokens = Some(Arc::new(Tokens("secret")));
        let options = WdmOptions::new(process);
        let wdm = Self::manager(&database, &options, Arc::new(SystemClock));
        Self { database, folder, options, wdm }
    }

    /// As a broker that has just been started.
    pub(crate) fn manager(database: &Database, options: &WdmOptions, clock: SharedClock) -> Wdm {
        Wdm::new(database.clone(), clock, options.clone()).unwrap()
    }

    /// With other options.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut WdmOptions)) -> Self {
        change(&mut self.options);
        self.wdm = Self::manager(&self.database, &self.options, Arc::new(SystemClock));
        self
    }

    pub(crate) fn with_clock(mut self, clock: SharedClock) -> Self {
        self.wdm = Self::manager(&self.database, &self.options, clock);
        self
    }

    pub(crate) fn another(&self) -> Wdm {
        Self::manager(&self.database, &self.options, Arc::new(SystemClock))
    }

    /// A workload that runs this command.
    pub(crate) fn spec(&self, command: &[&str]) -> WorkloadSpec {
        WorkloadSpec {
            id: WorkloadId(random()),
            application: ApplicationId(Uuid::from_u128(7)),
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
                directory: self.folder.path().join("nodes/n1/machines/m1"),
                system: None,
            },
            package: Package::Process(ProcessPackage {
                command: command.iter().map(|word| (*word).to_owned()).collect(),
            }),
            resources: Resources { cpu: CpuMilli(1_000), memory: Mebibytes(256), ..Resources::default() },
            ports: BTreeMap::new(),
            environment: BTreeMap::new(),
            volumes: BTreeMap::new(),
            health: None,
        }
    }

    pub(crate) fn shell(&self, script: &str) -> WorkloadSpec {
        self.spec(&["/bin/sh", "-c", script])
    }

    /// A workload with one port and an HTTP health check every 20 ms.
    pub(crate) fn server(&self) -> WorkloadSpec {
        let mut spec = self.spec(&[FIXTURE, "serve", "${HANSA_ADDRESS}:${PORT_HTTP}", "sick"]);
        spec.ports.insert("http".to_owned(), port(None));
        spec.health = Some(HealthCheck {
            probe: HealthProbe::Http(HttpProbe { port: "http".to_owned(), path: "/".to_owned() }),
            interval: TimeSpan::from_millis(20),
            timeout: TimeSpan::from_millis(5_000),
            failures: 3,
            startup: TimeSpan::from_millis(60_000),
        });
        spec
    }

    pub(crate) fn directory(&self, spec: &WorkloadSpec) -> PathBuf {
        spec.target.directory.join("workloads").join(spec.id.to_string())
    }

    pub(crate) async fn state(&self, spec: &WorkloadSpec) -> WorkloadState {
        self.wdm.workload(spec.id).await.unwrap().state
    }

    /// Reconciles until the workload is as wanted.
    pub(crate) async fn until(&self, spec: &WorkloadSpec, wanted: impl Fn(&WorkloadStatus) -> bool) -> WorkloadStatus {
        eventually(async || {
            self.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
            let all = self.wdm.workload_observe(spec.application).await.unwrap();
            all.into_iter().find(|status| status.id == spec.id).filter(|status| wanted(status))
        })
        .await
    }

    pub(crate) async fn until_running(&self, spec: &WorkloadSpec) -> WorkloadStatus {
        self.until(spec, |status| status.state.is_healthy() && status.pid.is_some()).await
    }

    /// Reconciles until the program itself has written something into its working directory.
    pub(crate) async fn until_written(&self, spec: &WorkloadSpec, name: &str) -> String {
        let path = self.directory(spec).join("work").join(name);
        eventually(async || {
            self.wdm.workload_apply(spec, &Peers::new()).await.unwrap();
            fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'))
        })
        .await
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
        self.database
            .read(move |connection| event::list(connection, &filter, 10_000, Order::OldestFirst))
            .await
            .unwrap()
    }

    /// After a removal: no process, no file, no control group.
    pub(crate) fn assert_no_trace(&self, spec: &WorkloadSpec) {
        assert_eq!(processes_of(spec.id), Vec::<u32>::new());
        assert!(!self.directory(spec).exists());
        assert_eq!(control_groups(&spec.id.to_string()), Vec::<PathBuf>::new());
    }
}

impl Drop for Room {
    /// Whatever a test has done or failed at, nothing of it goes on running.
    fn drop(&mut self) {
        let root = self.folder.path().to_string_lossy().into_owned();
        for _ in 0..200 {
            let left = processes(|line, environment| line.contains(&root) || environment.contains(&root));
            if left.is_empty() {
                break;
            }
            for pid in left.into_iter().filter(|pid| *pid != std::process::id()) {
                kill(pid, "KILL");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for group in control_groups(&self.options.process.cgroup_parent) {
            for entry in fs::read_dir(&group).into_iter().flatten().flatten() {
                fs::remove_dir(entry.path()).ok();
            }
            fs::remove_dir(&group).ok();
        }
    }
}

/// Tests may run side by side in one broker's place: random is right here.
fn random() -> Uuid {
    RandomIds.next()
}

pub(crate) fn port(number: Option<u16>) -> ExposedPort {
    ExposedPort { number, ..ExposedPort::default() }
}

/// Waits until there is an answer; for so long that only a fault can be the cause.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = look().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "it didn't happen within a minute");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Living processes whose command line and environment fit.
fn processes(fits: impl Fn(&str, &str) -> bool) -> Vec<u32> {
    let read = |pid: u32, what: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', "\n")
    };
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| is_alive(*pid) && fits(&read(*pid, "cmdline"), &read(*pid, "environ")))
        .collect()
}

/// Every living process of a workload, its supervisor aside.
pub(crate) fn processes_of(id: WorkloadId) -> Vec<u32> {
    let mark = format!("HANSA_WORKLOAD_ID={id}");
    processes(|_, environment| environment.lines().any(|line| line == mark))
}

/// The supervisors of a directory.
pub(crate) fn supervisors_of(directory: &Path) -> Vec<u32> {
    let line = format!("shim\nrun\n--dir\n{}\n", directory.display());
    processes(|words, _| words.ends_with(&line))
}

pub(crate) fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|text| text.rsplit_once(')').map(|(_, rest)| rest.trim_start().to_owned()))
        .is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

pub(crate) fn kill(pid: u32, signal: &str) {
    std::process::Command::new("/bin/kill").args([&format!("-{signal}"), &pid.to_string()]).status().ok();
}

/// Directories of this name below the mounted hierarchies.
pub(crate) fn control_groups(name: &str) -> Vec<PathBuf> {
    let Ok(roots) = fs::read_dir("/sys/fs/cgroup") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for root in roots.flatten().map(|entry| entry.path()) {
        found.push(root.join(name));
        for parent in fs::read_dir(&root).into_iter().flatten().flatten() {
            found.push(parent.path().join(name));
        }
    }
    found.retain(|path| path.is_dir());
    found
}
