//! From a specification to a supervisor that runs it.

use super::{
    Inner, Launch, WorkloadSpec, cgroup, command,
    layout::{self, Layout, volume_directory},
    lock::Lock,
    record::{RunSpec, RunState},
};
use crate::{
    WdmError,
    connectors::environment,
    model::{DiscoveryToken, Peers},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, process::Command};

/// How long a supervisor may take until its first record.
const COMING_UP: Duration = Duration::from_secs(10);

/// Names become directories and variables: nothing may lead out of its place.
pub(crate) fn check(spec: &WorkloadSpec) -> Result<(), WdmError> {
    let invalid = |field: String, problem: &str| Err(WdmError::Invalid { field, problem: problem.to_owned() });
    if !spec.target.directory.is_absolute() {
        return invalid("target.directory".into(), "is no absolute path");
    }
    let names = [("component".to_owned(), &spec.component)];
    let ports = spec.ports.keys().map(|name| (format!("ports.{name}"), name));
    let volumes = spec.volumes.keys().map(|name| (format!("volumes.{name}"), name));
    let files = spec.files.keys().map(|name| (format!("files.{name}"), name));
    for (field, name) in names.into_iter().chain(ports).chain(volumes).chain(files) {
        let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > 63 || name.starts_with('.') || !name.bytes().all(fits) {
            return invalid(field, "is no name: use letters, digits and hyphens, at most 63");
        }
    }
    if let Some(name) = spec.ports.iter().find_map(|(name, port)| port.host.as_ref().map(|_| name)) {
        return invalid(format!("ports.{name}.host"), "needs a system with an ingress: leave it out");
    }
    let Some(command) = command(&spec.package) else {
        return Err(WdmError::NoConnector {
            component: spec.component.clone(),
            system: "this machine".to_owned(),
            package: spec.package.kind(),
        });
    };
    if command.first().is_none_or(String::is_empty) {
        return invalid("package.process.command".into(), "is empty; name a program");
    }
    let texts = command.iter().chain(spec.environment.values()).chain(spec.environment.keys());
    if texts.into_iter().any(|text| text.contains('\0')) {
        return invalid("package.process.command".into(), "or `environment` holds a zero byte; remove it");
    }
    if spec.environment.keys().any(|key| key.is_empty() || key.contains('=')) {
        return invalid("environment".into(), "has a name that is empty or holds `=`");
    }
    Ok(())
}

/// Writes the peers file where it isn't current. Before the first run there is
/// no directory to write it to, and after it nobody who reads it.
pub(super) fn write_peers(layout: &Layout, peers: &Peers) -> Result<(), WdmError> {
    let path = layout.peers();
    let bytes = serde_json::to_vec(peers).map_err(|source| WdmError::Damaged { path: path.clone(), source })?;
    keep_current(layout, &path, &bytes)
}

fn keep_current(layout: &Layout, path: &Path, bytes: &[u8]) -> Result<(), WdmError> {
    if !layout.root().exists() || layout::read_if_there(path)?.as_deref() == Some(bytes) {
        return Ok(());
    }
    layout::write_atomically(path, bytes)
}

/// Writes the workload's token where the file isn't current: a broker under
/// another key makes others. In a file rather than in the environment:
/// programs print their environment into logs, hand it to their children
/// and put it into arguments (`${…}`), and it can't be replaced.
pub(super) fn write_token(token: Option<&DiscoveryToken>, layout: &Layout) -> Result<(), WdmError> {
    let Some(token) = token else { return Ok(()) };
    keep_current(layout, &layout.token(), token.reveal().as_bytes())
}

/// Writes the component's files anew, as the run is to find them.
fn write_files(spec: &WorkloadSpec, layout: &Layout) -> Result<(), WdmError> {
    layout::remove_tree(&layout.files())?;
    for (name, set) in &spec.files {
        let directory = layout.files().join(name);
        layout::create_private(&directory)?;
        for (file, content) in set.contents() {
            layout::write_atomically(&directory.join(file), &content)?;
        }
    }
    Ok(())
}

impl Inner {
    /// Writes down what is to run. False where something runs already, or where
    /// this run or a later one was begun before.
    pub(super) fn prepare(&self, launch: &Launch, layout: &Layout) -> Result<bool, WdmError> {
        layout.create()?;
        let held = Lock::is_held(&layout.lock()).map_err(WdmError::io("look at", layout.lock()))?;
        let begun: Option<RunState> = layout::read_json(&layout.state())?;
        if held || begun.is_some_and(|state| state.run >= launch.run) {
            return Ok(false);
        }
        write_peers(layout, &environment::sorted(&launch.peers))?;
        write_token(launch.token.as_ref(), layout)?;
        write_files(&launch.spec, layout)?;
        layout::write_json(&layout.spec(), &self.run_spec(launch, layout)?)?;
        Ok(true)
    }

    fn run_spec(&self, launch: &Launch, layout: &Layout) -> Result<RunSpec, WdmError> {
        let spec = &launch.spec;
        let volumes: BTreeMap<String, PathBuf> =
            spec.volumes.keys().map(|name| (name.clone(), volume_directory(spec, name))).collect();
        let programs = self.programs();
        let (work, temporary, peers_file, token) = (layout.work(), layout.temporary(), layout.peers(), layout.token());
        let files = layout.files();
        let around = environment::Surroundings {
            machine: Some(environment::Machine { programs: programs.as_deref(), work: &work, temporary: &temporary }),
            peers_file: &peers_file,
            volumes: &volumes,
            files: &files,
            address: spec.target.address,
            discovery_url: launch.discovery_url.as_deref(),
            token_file: launch.token.as_ref().map(|_| token.as_path()),
        };
        let environment = environment::environment(spec, &launch.endpoints, &launch.peers, &around);
        let command =
            environment::expand(command(&spec.package).unwrap_or_default(), &environment).map_err(|problem| {
                WdmError::Invalid { field: format!("components.{}.package.process.command", spec.component), problem }
            })?;
        Ok(RunSpec {
            workload: spec.id,
            run: launch.run,
            command,
            environment,
            directories: volumes.into_values().collect(),
            cgroups: cgroup::plan(
                &self.mounts,
                &self.options.cgroup_parent,
                spec.id,
                &spec.resources,
                self.options.pids,
            ),
            grace_ms: self.options.grace_ms,
            logs: self.options.logs,
        })
    }

    /// Starts the supervisor, and waits until it has made its record or has given up.
    pub(super) async fn spawn(&self, layout: &Layout, run: u64) -> Result<(), WdmError> {
        let program = running_program(&self.options.supervisor);
        let mut child = Command::new(&program)
            .arg0("hansa")
            .args(["shim", "run", "--dir"])
            .arg(layout.root())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(false)
            .spawn()
            .map_err(WdmError::io("start the supervisor", &program))?;
        let complaint = child.stderr.take();
        // Its parent has to take notice of its end, or it stays as a zombie.
        // After a restart of the broker its parent is the system's first process.
        let mut ended = tokio::spawn(async move { child.wait().await });
        let deadline = tokio::time::Instant::now() + COMING_UP;
        loop {
            tokio::select! {
                status = &mut ended => {
                    let status = status?.map_err(WdmError::io("wait for the supervisor", &program))?;
                    return self.judge(layout, run, status, complaint).await;
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            if begun(layout, run)? || tokio::time::Instant::now() >= deadline {
                return Ok(());
            }
        }
    }

    /// A supervisor that ended at once: because all was done, because there is
    /// another, or because it couldn't do its work.
    async fn judge(
        &self,
        layout: &Layout,
        run: u64,
        status: ExitStatus,
        complaint: Option<tokio::process::ChildStderr>,
    ) -> Result<(), WdmError> {
        let held = Lock::is_held(&layout.lock()).map_err(WdmError::io("look at", layout.lock()))?;
        if held || begun(layout, run)? {
            return Ok(());
        }
        let mut text = String::new();
        if let Some(pipe) = complaint {
            drop(pipe.take(4_096).read_to_string(&mut text).await);
        }
        Err(WdmError::Supervisor { status: status.to_string(), complaint: text.trim().to_owned() })
    }
}

fn begun(layout: &Layout, run: u64) -> Result<bool, WdmError> {
    let state: Option<RunState> = layout::read_json(&layout.state())?;
    Ok(state.is_some_and(|state| state.run >= run))
}

/// The supervisor's file; the one that this process runs where an upgrade has
/// replaced or removed that. (A child resolves the link before it becomes
/// something else, so it finds this very program.)
fn running_program(configured: &Path) -> PathBuf {
    if configured.exists() { configured.to_owned() } else { PathBuf::from("/proc/self/exe") }
}
