//! The real systems that run packages, behind one trait: one file (or folder)
//! and one line of [`KINDS`] for each. This very machine's processes need no
//! line: they are what runs where no system is named.

pub(crate) mod agent;
pub(crate) mod copying;
pub(crate) mod docker;
pub(crate) mod environment;
pub(crate) mod kubernetes;
mod made;
pub(crate) mod process;

use crate::{
    WdmError,
    agent::Agents,
    lifecycle::ProbeResult,
    model::{
        DiscoveryToken, Endpoints, Exit, LimitSupport, LogLine, LogQuery, PageRef, Peers, Removal, Target, Usage,
        WorkloadSpec,
    },
};
use agent::InMachine;
use async_trait::async_trait;
use copying::{Archive, CopyLock};
use futures_util::stream::BoxStream;
use hansa_ontology::{ApplicationId, MachineId, WorkloadId, resource_model::HealthCheck};
use hansa_repository::system::{ClusterDoors, Kind, LiveConnectors, MadeCluster, SystemError, Systems};
use made::Made;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Lines of a workload's output as they come.
pub type LogStream = BoxStream<'static, Result<LogLine, WdmError>>;

/// The kinds of system that run packages.
pub(crate) static KINDS: &[Kind<dyn Connector>] =
    &[Kind { name: "docker", connect: docker::connect }, Kind { name: "kubernetes", connect: kubernetes::connect }];

/// A real system that runs packages. It keeps no opinion: whether and when
/// something is started is decided above. Every call may be repeated.
#[async_trait]
pub(crate) trait Connector: fmt::Debug + Send + Sync {
    /// Which limits this system enforces.
    fn limits(&self) -> LimitSupport;

    /// What cannot run here, before anything is made of it.
    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError>;

    /// Who decides on which ports a workload is reached.
    fn ports(&self) -> PortChoice;

    /// The ports of a workload, where the system itself gives them
    /// ([`PortChoice::System`]): made known before anything starts.
    async fn expose(&self, _spec: &WorkloadSpec) -> Result<Endpoints, WdmError> {
        Ok(Endpoints::new())
    }

    /// Starts a run. A run that was started once is never started again, and
    /// nothing is started beside something that runs: both are success.
    async fn start(&self, launch: &Launch) -> Result<(), WdmError>;

    /// Ends what a run has left that nobody supervises any more.
    async fn clear(&self, place: &Place) -> Result<(), WdmError>;

    /// Tells a workload its peers' current addresses, and what to show when it looks them up.
    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError>;

    /// What is there.
    async fn observe(&self, place: &Place) -> Result<Observation, WdmError>;

    /// Makes a health check where the workload is, for systems whose workloads
    /// can't be reached from here as well as from there. None: from here.
    async fn probe(&self, _check: &HealthCheck, _endpoints: &Endpoints) -> Option<ProbeResult> {
        None
    }

    /// What the run uses. None: nothing runs, or the system doesn't tell.
    async fn usage(&self, _place: &Place) -> Result<Option<Usage>, WdmError> {
        Ok(None)
    }

    /// Reads a page that a workload serves, for systems whose workloads can't
    /// be reached from here. None: from here.
    async fn page(&self, _page: &PageRef, _endpoints: &Endpoints) -> Option<Result<String, String>> {
        None
    }

    /// Asks the run to end; by force where it didn't hear.
    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError>;

    /// Ends the workload and removes all of it but its volumes.
    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError>;

    /// Captured output.
    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError>;

    /// Every workload of this broker that is there, whether anybody knows it or not.
    async fn found(&self) -> Result<Vec<Place>, WdmError>;

    /// Removes what the system keeps in volumes of one instance of a
    /// component. Gone already is success.
    async fn volumes_remove(&self, application: ApplicationId, component: &str, ordinal: u32) -> Result<(), WdmError>;

    /// Whether it reads and writes the content of volumes: all below is for those that do.
    fn copies(&self) -> bool {
        false
    }

    /// How much the volumes of a workload hold, in bytes. None: the system doesn't tell.
    async fn volumes_size(&self, _spec: &WorkloadSpec) -> Result<Option<u64>, WdmError> {
        Ok(None)
    }

    /// Reads a volume, with all below a folder of its name. With an attempt:
    /// what that has written, and nothing uses yet.
    async fn volume_read(
        &self,
        spec: &WorkloadSpec,
        _volume: &str,
        _attempt: Option<i64>,
    ) -> Result<Archive, WdmError> {
        Err(copying::unable(spec))
    }

    /// Keeps others from writing the volumes of a workload; None while another does.
    async fn copy_lock(&self, _spec: &WorkloadSpec) -> Result<Option<CopyLock>, WdmError> {
        Ok(Some(CopyLock::default()))
    }

    /// Removes the volumes of a workload, and what was written of them in part.
    async fn copy_discard(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        Err(copying::unable(spec))
    }

    /// Makes an empty place for an attempt at writing them.
    async fn copy_begin(&self, spec: &WorkloadSpec, _attempt: i64) -> Result<(), WdmError> {
        Err(copying::unable(spec))
    }

    /// Writes a volume into that place.
    async fn volume_write(
        &self,
        spec: &WorkloadSpec,
        _volume: &str,
        _attempt: i64,
        _archive: Archive,
    ) -> Result<(), WdmError> {
        Err(copying::unable(spec))
    }

    /// All volumes are there: they are put where the workload finds them.
    async fn copy_finish(&self, spec: &WorkloadSpec, _attempt: i64) -> Result<(), WdmError> {
        Err(copying::unable(spec))
    }

    /// What was needed to read them is not needed any more. Gone already is success.
    async fn copy_end(&self, _spec: &WorkloadSpec) -> Result<(), WdmError> {
        Ok(())
    }

    /// Removes what is there for an application as a whole (a network, a
    /// namespace), as its last workload there has gone. What still holds
    /// volumes stays until these go. Gone already is success.
    async fn retire(&self, application: ApplicationId) -> Result<(), WdmError>;
}

/// Who decides on which ports a workload is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// This room: numbers that are free in its table and, tried by binding, on this machine.
    Here,
    /// This room: numbers that are free in its table, on a machine where binding can't be tried.
    Elsewhere,
    /// The system: [`Connector::expose`].
    System,
}

/// All connectors: that of processes, and those of the systems that are connected.
#[derive(Debug, Clone)]
pub(crate) struct Connectors {
    process: Arc<dyn Connector>,
    live: Option<LiveConnectors<dyn Connector>>,
    made: Option<Arc<Made>>,
    agents: Agents,
}

impl Connectors {
    pub(crate) fn new(process: Arc<dyn Connector>) -> Self {
        Self { process, live: None, agents: Agents::default(), made: None }
    }

    pub(crate) fn with(self, systems: Systems) -> Self {
        Self { live: Some(LiveConnectors::new(systems, KINDS)), ..self }
    }

    pub(crate) fn with_clusters(self, doors: Arc<dyn ClusterDoors>) -> Self {
        Self { made: Some(Arc::new(Made::new(doors))), ..self }
    }

    /// That of this machine's processes.
    pub(crate) fn process(&self) -> &Arc<dyn Connector> {
        &self.process
    }

    /// The systems that run packages, by name.
    pub(crate) async fn systems(&self) -> Result<Vec<String>, WdmError> {
        match &self.live {
            Some(live) => Ok(live.names().await?),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn with_agents(self, agents: Agents) -> Self {
        Self { agents, ..self }
    }

    /// The agents of machines.
    pub(crate) const fn agents(&self) -> &Agents {
        &self.agents
    }

    /// What runs packages there.
    pub(crate) async fn of(&self, target: &Target) -> Result<Arc<dyn Connector>, WdmError> {
        let Some(system) = &target.system else { return Ok(Arc::clone(&self.process)) };
        let of_system = if self.agents.knows(target.machine) { None } else { self.system(system).await? };
        Ok(of_system.unwrap_or_else(|| self.in_machine(system, target.machine)))
    }

    /// What keeps the volumes of a target. None: they went with their machine.
    pub(crate) async fn keeper(&self, system: &str, directory: &Path) -> Result<Option<Arc<dyn Connector>>, WdmError> {
        if let Some(of_system) = self.system(system).await? {
            return Ok(Some(of_system));
        }
        let machine = directory.file_name().and_then(|name| name.to_str()?.parse().ok());
        let known = machine.filter(|&machine| self.agents.knows(machine));
        Ok(known.map(|machine| self.in_machine(system, machine)))
    }

    fn in_machine(&self, system: &str, machine: MachineId) -> Arc<dyn Connector> {
        Arc::new(InMachine::new(&self.agents, system, machine))
    }

    /// That of a system that runs packages itself. None: it gives machines,
    /// and an agent in each runs packages.
    pub(crate) async fn system(&self, system: &str) -> Result<Option<Arc<dyn Connector>>, WdmError> {
        if let (Some(cluster), Some(made)) = (MadeCluster::read(system), &self.made) {
            return Ok(Some(made.of(&cluster).await?));
        }
        match &self.live {
            Some(live) => Ok(live.find(system).await?),
            None => Err(WdmError::NoSystems(system.to_owned())),
        }
    }

    /// Whether what is to go there is left to its cluster, which goes as a
    /// whole: it couldn't be taken away for so long, by such errors.
    pub(crate) fn is_given_up(&self, system: &str, error: &SystemError) -> bool {
        self.made.as_ref().is_some_and(|made| made.is_given_up(system, error))
    }

    /// Whether packages can be brought onto systems of that kind.
    pub(crate) fn speaks(kind: &str) -> bool {
        KINDS.iter().any(|known| known.name == kind)
    }
}

/// Where one workload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The workload.
    pub(crate) workload: WorkloadId,
    /// Its application. None where files of this machine alone tell of it.
    pub(crate) application: Option<ApplicationId>,
    /// The target's directory.
    pub(crate) directory: PathBuf,
}

/// A run to start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// What.
    pub(crate) spec: WorkloadSpec,
    /// Its number, greater than those of all earlier runs.
    pub(crate) run: u64,
    /// Its ports.
    pub(crate) endpoints: Endpoints,
    /// Its peers.
    pub(crate) peers: Peers,
    /// Where it looks up its peers.
    pub(crate) discovery_url: Option<String>,
    /// What it shows there.
    pub(crate) token: Option<DiscoveryToken>,
}

impl Launch {
    pub(crate) fn place(&self) -> Place {
        place(&self.spec)
    }
}

/// Where this workload is.
pub(crate) fn place(spec: &WorkloadSpec) -> Place {
    Place { workload: spec.id, application: Some(spec.application), directory: spec.target.directory.clone() }
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Observation {
    /// The latest run that was begun; 0 where none was.
    pub(crate) run: u64,
    /// What it does.
    pub(crate) activity: Activity,
    /// Which limits hold for it.
    pub(crate) limits: Option<LimitSupport>,
    /// Whether it works, where the system itself makes the health check; else why not.
    pub(crate) verdict: Option<Result<(), String>>,
}

impl Observation {
    /// Something of a run is there.
    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.activity, Activity::Starting | Activity::Running { .. } | Activity::Ending)
    }
}

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Activity {
    /// There is no run.
    Nothing,
    /// It is being started.
    Starting,
    /// The program runs.
    Running {
        /// Its main process; 0 where it is on another machine.
        pid: u32,
    },
    /// The program has ended; what it left is being cleared away.
    Ending,
    /// All is over.
    Exited(Exit),
    /// The program couldn't be started.
    Failed(String),
    /// The system has no room for it, or doesn't admit it: it couldn't be started here.
    Refused(String),
}
