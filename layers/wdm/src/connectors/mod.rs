//! One file for each real system that runs packages, behind one trait.

pub(crate) mod process;

use crate::{
    WdmError,
    model::{Endpoints, Exit, LimitSupport, LogLine, LogQuery, Peers, Removal, WorkloadSpec},
};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use hansa_ontology::WorkloadId;
use std::{fmt, path::PathBuf};

/// Lines of a workload's output as they come.
pub type LogStream = BoxStream<'static, Result<LogLine, WdmError>>;

/// A real system that runs packages. It keeps no opinion: whether and when
/// something is started is decided above. Every call may be repeated.
#[async_trait]
pub(crate) trait Connector: fmt::Debug + Send + Sync {
    /// Which limits this system enforces.
    fn limits(&self) -> LimitSupport;

    /// What cannot run here, before anything is made of it.
    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError>;

    /// Starts a run. A run that was started once is never started again, and
    /// nothing is started beside something that runs: both are success.
    async fn start(&self, launch: &Launch) -> Result<(), WdmError>;

    /// Ends what a run has left that nobody supervises any more.
    async fn clear(&self, place: &Place) -> Result<(), WdmError>;

    /// Tells a workload its peers' current addresses.
    async fn tell(&self, place: &Place, peers: &Peers) -> Result<(), WdmError>;

    /// What is there.
    async fn observe(&self, place: &Place) -> Result<Observation, WdmError>;

    /// Asks the run to end; by force where it didn't hear.
    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError>;

    /// Ends the workload and removes all of it but its volumes.
    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError>;

    /// Captured output.
    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError>;

    /// Every workload that is there, whether anybody knows it or not.
    async fn found(&self) -> Result<Vec<Place>, WdmError>;
}

/// Where one workload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The workload.
    pub(crate) workload: WorkloadId,
    /// The target's directory.
    pub(crate) directory: PathBuf,
}

/// A run to start.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// What.
    pub(crate) spec: WorkloadSpec,
    /// Its number, greater than those of all earlier runs.
    pub(crate) run: u64,
    /// Its ports.
    pub(crate) endpoints: Endpoints,
    /// Its peers.
    pub(crate) peers: Peers,
}

impl Launch {
    pub(crate) fn place(&self) -> Place {
        place(&self.spec)
    }
}

/// Where this workload is.
pub(crate) fn place(spec: &WorkloadSpec) -> Place {
    Place { workload: spec.id, directory: spec.target.directory.clone() }
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observation {
    /// The latest run that was begun; 0 where none was.
    pub(crate) run: u64,
    /// What it does.
    pub(crate) activity: Activity,
    /// Which limits hold for it.
    pub(crate) limits: Option<LimitSupport>,
}

impl Observation {
    /// Something of a run is there.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.activity, Activity::Starting | Activity::Running { .. } | Activity::Ending)
    }
}

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Activity {
    /// There is no run.
    Nothing,
    /// It is being started.
    Starting,
    /// The program runs.
    Running {
        /// Its main process.
        pid: u32,
    },
    /// The program has ended; what it left is being cleared away.
    Ending,
    /// All is over.
    Exited(Exit),
    /// The program couldn't be started.
    Failed(String),
}
