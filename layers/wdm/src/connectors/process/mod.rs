//! Operating-system processes on this machine, each under a supervisor of its
//! own (`shim`), so that they outlive the broker and a new one finds them.

mod cgroup;
mod cgroup_mounts;
mod copy;
mod follow;
mod launch;
mod layout;
mod lock;
pub(crate) mod process_table;
mod record;
mod removal;
mod shim;
mod usage;

pub(crate) use launch::check;
pub use record::LogBounds;
pub use shim::shim_main;

pub(crate) use copy::discard;
pub(crate) use layout::{remove_empty_parents, volumes_directory};
pub(crate) use lock::Lock;

use super::{
    Activity, Connector, Launch, LogStream, Observation, Place, PortChoice,
    copying::{Archive, CopyLock, Pieces, WAITING},
    environment::sorted,
};
use crate::{
    WdmError,
    model::{DiscoveryToken, DiscoveryTokens, Exit, LimitSupport, LogQuery, Peers, Removal, Usage, WorkloadSpec},
};
use async_trait::async_trait;
use cgroup_mounts::Mounts;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use hansa_ontology::{ApplicationId, resource_model::Package};
use hansa_repository::ambient::SharedClock;
use layout::{Layout, WORKLOADS};
use process_table::ProcessRef;
use record::{Phase, RunState};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// How processes are run here.
#[derive(Debug, Clone)]
pub struct ProcessOptions {
    /// The program that is the supervisor when it is called with `shim`:
    /// Hansa's own. Its directory comes first in a workload's `PATH`.
    pub supervisor: PathBuf,
    /// The directory below which all targets' directories lie: what is found
    /// there and in no database is removed by [`crate::Wdm::sweep`].
    pub nodes_directory: PathBuf,
    /// Where a workload looks up its peers. `{application}` stands for the application's id.
    pub discovery_url: Option<String>,
    /// What it shows there.
    pub discovery_tokens: Option<Arc<dyn DiscoveryTokens>>,
    /// Between the request to end (SIGTERM) and the end by force (SIGKILL), in milliseconds.
    pub grace_ms: u64,
    /// Bounds of the captured output of one workload.
    pub logs: LogBounds,
    /// The control group below which each workload gets one, relative to the hierarchy's root.
    pub cgroup_parent: String,
    /// How many processes and threads one workload may have.
    pub pids: u32,
}

impl ProcessOptions {
    /// The usual, with this program as the supervisor.
    #[must_use]
    pub fn new(supervisor: impl Into<PathBuf>, nodes_directory: impl Into<PathBuf>) -> Self {
        Self {
            supervisor: supervisor.into(),
            nodes_directory: nodes_directory.into(),
            discovery_url: None,
            discovery_tokens: None,
            grace_ms: 10_000,
            logs: LogBounds::default(),
            cgroup_parent: "hansa".to_owned(),
            pids: 4_096,
        }
    }
}

/// The connector.
#[derive(Debug, Clone)]
pub(crate) struct Processes {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: ProcessOptions,
    mounts: Mounts,
    clock: SharedClock,
}

impl Processes {
    /// Looks once at what this system can enforce.
    pub(crate) fn new(mut options: ProcessOptions, clock: SharedClock) -> Self {
        // Compared with the paths that supervisors were started with, which are absolute.
        if let Ok(absolute) = std::path::absolute(&options.nodes_directory) {
            options.nodes_directory = absolute;
        }
        let mounts = Mounts::probe(&options.cgroup_parent);
        Self { inner: Arc::new(Inner { options, mounts, clock }) }
    }

    /// Runs what touches files and processes where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        place: &Place,
        work: impl FnOnce(&Inner, &Place, &Layout) -> Result<T, WdmError> + Send + 'static,
    ) -> Result<T, WdmError> {
        let (inner, place) = (Arc::clone(&self.inner), place.clone());
        tokio::task::spawn_blocking(move || {
            let layout = layout_of(&place);
            work(&inner, &place, &layout)
        })
        .await?
    }
}

/// Runs what touches volumes where it may block.
async fn on_files<T: Send + 'static>(
    spec: &WorkloadSpec,
    work: impl FnOnce(&WorkloadSpec) -> Result<T, WdmError> + Send + 'static,
) -> Result<T, WdmError> {
    let spec = spec.clone();
    tokio::task::spawn_blocking(move || work(&spec)).await?
}

fn layout_of(place: &Place) -> Layout {
    Layout::new(place.directory.join(WORKLOADS).join(place.workload.to_string()))
}

#[async_trait]
impl Connector for Processes {
    fn limits(&self) -> LimitSupport {
        self.inner.mounts.support()
    }

    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        launch::check(spec)
    }

    fn ports(&self) -> PortChoice {
        PortChoice::Here
    }

    async fn start(&self, launch: &Launch) -> Result<(), WdmError> {
        let prepared = launch.clone();
        let ready = self.blocking(&launch.place(), move |inner, _, layout| inner.prepare(&prepared, layout)).await?;
        if ready { self.inner.spawn(&layout_of(&launch.place()), launch.run).await } else { Ok(()) }
    }

    async fn clear(&self, place: &Place) -> Result<(), WdmError> {
        self.blocking(place, |_, place, layout| removal::clear(place, layout)).await
    }

    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        let (peers, token) = (sorted(peers), token.cloned());
        self.blocking(place, move |_, _, layout| {
            launch::write_peers(layout, &peers)?;
            launch::write_token(token.as_ref(), layout)
        })
        .await
    }

    async fn observe(&self, place: &Place) -> Result<Observation, WdmError> {
        self.blocking(place, |inner, _, layout| observe(layout, inner.clock.now())).await
    }

    async fn usage(&self, place: &Place) -> Result<Option<Usage>, WdmError> {
        self.blocking(place, |inner, _, layout| usage::usage(layout, inner.clock.now())).await
    }

    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError> {
        self.blocking(place, move |_, _, layout| removal::stop(layout, force)).await
    }

    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError> {
        self.blocking(place, move |_, place, layout| removal::remove(place, layout, force)).await
    }

    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError> {
        Ok(follow::stream(layout_of(place).logs(), query))
    }

    async fn found(&self) -> Result<Vec<Place>, WdmError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || removal::found(&inner.options.nodes_directory)).await?
    }

    async fn volumes_remove(&self, _: ApplicationId, _: &str, _: u32) -> Result<(), WdmError> {
        // They are directories of the target, which the room itself knows and removes.
        Ok(())
    }

    fn copies(&self) -> bool {
        true
    }

    async fn volumes_size(&self, spec: &WorkloadSpec) -> Result<Option<u64>, WdmError> {
        on_files(spec, |spec| copy::size(&copy::place(spec), spec.volumes.keys())).await
    }

    async fn volume_read(&self, spec: &WorkloadSpec, volume: &str, attempt: Option<i64>) -> Result<Archive, WdmError> {
        let (pieces, archive) = mpsc::channel(WAITING);
        let (volumes, volume) = (copy::from(spec, attempt), volume.to_owned());
        tokio::task::spawn_blocking(move || copy::pack(&volumes, &volume, &pieces));
        Ok(stream::unfold(archive, async |mut pieces| pieces.recv().await.map(|piece| (piece, pieces))).boxed())
    }

    async fn copy_lock(&self, spec: &WorkloadSpec) -> Result<Option<CopyLock>, WdmError> {
        on_files(spec, copy::lock).await
    }

    async fn copy_discard(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        on_files(spec, |spec| copy::discard(&copy::place(spec))).await
    }

    async fn copy_begin(&self, spec: &WorkloadSpec, attempt: i64) -> Result<(), WdmError> {
        on_files(spec, move |spec| copy::begin(spec, attempt)).await
    }

    async fn volume_write(
        &self,
        spec: &WorkloadSpec,
        volume: &str,
        attempt: i64,
        mut archive: Archive,
    ) -> Result<(), WdmError> {
        let (sender, pieces) = mpsc::channel(WAITING);
        let (volumes, volume) = (copy::from(spec, Some(attempt)), volume.to_owned());
        let written = tokio::task::spawn_blocking(move || copy::unpack(&volumes, &volume, Pieces::new(pieces)));
        while let Some(piece) = archive.next().await {
            // Who writes has given up, and says why below.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        written.await?
    }

    async fn copy_finish(&self, spec: &WorkloadSpec, attempt: i64) -> Result<(), WdmError> {
        on_files(spec, move |spec| copy::finish(spec, attempt)).await
    }

    async fn retire(&self, _: ApplicationId) -> Result<(), WdmError> {
        Ok(())
    }
}

impl Inner {
    fn programs(&self) -> Option<PathBuf> {
        self.options.supervisor.parent().map(PathBuf::from)
    }
}

/// A package that this connector runs.
fn command(package: &Package) -> Option<&[String]> {
    match package {
        Package::Process(process) => Some(&process.command),
        Package::Container(_) | Package::Kubernetes(_) | Package::Helm(_) => None,
    }
}

/// What record and lock say together. The record alone isn't enough: a
/// supervisor that was killed leaves it behind as if all were well.
fn observe(layout: &Layout, now: DateTime<Utc>) -> Result<Observation, WdmError> {
    loop {
        let before: Option<RunState> = layout::read_json(&layout.state())?;
        let held = Lock::is_held(&layout.lock()).map_err(WdmError::io("look at", layout.lock()))?;
        if !held {
            // It may have written its last word between the two looks. Only
            // what is the same before and after was true while nobody held it.
            let after: Option<RunState> = layout::read_json(&layout.state())?;
            if after != before {
                continue;
            }
        }
        return Ok(interpret(before, held, now));
    }
}

fn interpret(state: Option<RunState>, held: bool, now: DateTime<Utc>) -> Observation {
    let Some(state) = state else {
        let activity = if held { Activity::Starting } else { Activity::Nothing };
        return Observation { run: 0, activity, limits: None, verdict: None };
    };
    let activity = match (held, state.phase) {
        (true, Phase::Starting) => Activity::Starting,
        (true, Phase::Running { process: ProcessRef { pid, .. }, .. }) => Activity::Running { pid },
        (true, Phase::Failed { .. } | Phase::Exited { .. }) => Activity::Ending,
        (false, Phase::Failed { reason, .. }) => Activity::Failed(reason),
        (false, Phase::Exited { exit }) => Activity::Exited(exit),
        (false, Phase::Starting | Phase::Running { .. }) => Activity::Exited(Exit {
            at: now,
            code: None,
            signal: None,
            out_of_memory_mib: None,
            detail: Some("its supervisor was killed, and it was killed with it".to_owned()),
        }),
    };
    Observation { run: state.run, activity, limits: Some(state.limits), verdict: None }
}
