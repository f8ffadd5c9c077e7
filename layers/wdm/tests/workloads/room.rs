//! A broker's corner of the world for one test: a directory, a database, a
//! manager, and the certainty that nothing of it is left running.

use crate::shared::{self, Looks, run};
use hansa_ontology::{
    ApplicationId, WorkloadId,
    resource_model::{Package, ProcessPackage},
};
use hansa_repository::{
    Database,
    ambient::{IdSource as _, RandomIds, SharedClock, SystemClock},
    event::Event,
    testing::{for_each_database, sqlite},
};
use hansa_wdm::{MIGRATIONS, Peers, ProcessOptions, Wdm, WdmOptions, WorkloadSpec, WorkloadState, WorkloadStatus};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

pub(crate) use shared::{Tokens, port};

/// How this room looks.
const LOOKS: Looks = Looks::new(10, 60);

pub(crate) const FIXTURE: &str = env!("CARGO_BIN_EXE_hansa-wdm-fixture");

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
    run(test(Room::new(database.database())));
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
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let directory = self.folder.path().join("nodes/n1/machines/m1");
        let application = ApplicationId(Uuid::from_u128(7));
        shared::workload(application, &directory, Package::Process(ProcessPackage { command }))
    }

    pub(crate) fn shell(&self, script: &str) -> WorkloadSpec {
        self.spec(&["/bin/sh", "-c", script])
    }

    /// A workload with one port and an HTTP health check every 20 ms.
    pub(crate) fn server(&self) -> WorkloadSpec {
        let mut spec = self.spec(&[FIXTURE, "serve", "${HANSA_ADDRESS}:${PORT_HTTP}", "sick"]);
        spec.ports.insert("http".to_owned(), port(None));
        spec.health = Some(shared::health("/", 20, 5_000));
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
        LOOKS.removed(&self.wdm, spec.id).await;
    }

    pub(crate) async fn events(&self, kind: &str) -> Vec<Event> {
        shared::events(&self.database, kind).await
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

/// Waits until there is an answer.
pub(crate) async fn eventually<T>(look: impl AsyncFnMut() -> Option<T>) -> T {
    LOOKS.eventually("it didn't happen", look).await
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
