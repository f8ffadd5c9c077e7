//! What callers use.

mod agenda;
mod apply;
mod copying;
mod following;
pub(crate) mod measure;
mod observe;
mod ports;
mod prepare;
pub(crate) mod probe;
mod remove;
mod socket_table;
mod sweep;
mod volumes;

pub use following::{volumes_follow, volumes_left, volumes_sources};

use crate::{
    DiscoveryToken, LogQuery, LogStream, ProcessOptions, WdmError, WorkloadSpec, WorkloadStatus,
    agent::Agents,
    connectors::{Connector, Connectors, place, process::Processes},
    lifecycle::{Change, Workload},
    model::LimitSupport,
    store,
};
use agenda::Agenda;
use chrono::{DateTime, Utc};
use copying::Copying;
use hansa_ontology::{Actor, ApplicationId, WorkloadId};
use hansa_repository::{
    Connection, Database, RepositoryError,
    ambient::SharedClock,
    event,
    system::{ClusterDoors, Systems},
};
use std::{ops::RangeInclusive, sync::Arc};

/// How workloads are run here.
#[derive(Debug, Clone)]
pub struct WdmOptions {
    /// The port numbers that workloads get. The default, 20000 to 29999, stays
    /// clear of those that Linux gives to outgoing connections (32768 and up).
    pub ports: RangeInclusive<u16>,
    /// How processes are run.
    pub process: ProcessOptions,
}

impl WdmOptions {
    /// The usual, for these processes.
    #[must_use]
    pub const fn new(process: ProcessOptions) -> Self {
        Self { ports: 20_000..=29_999, process }
    }
}

/// The Workload Deployment Manager. Cheap to clone. Every call is idempotent
/// and may be cut off at any point: the next one goes on from what it finds.
#[derive(Debug, Clone)]
pub struct Wdm {
    database: Database,
    clock: SharedClock,
    connectors: Connectors,
    options: Arc<WdmOptions>,
    client: reqwest::Client,
    agenda: Arc<Agenda>,
    copying: Arc<Copying>,
}

impl Wdm {
    /// The manager over this database, which has this crate's
    /// [`crate::MIGRATIONS`]. Several of them, in several broker processes of
    /// one machine, may work on the same database and directories.
    ///
    /// # Errors
    /// When the client for health checks can't be made.
    pub fn new(database: Database, clock: SharedClock, options: WdmOptions) -> Result<Self, WdmError> {
        let connector = Processes::new(options.process.clone(), Arc::clone(&clock));
        Ok(Self {
            database,
            clock,
            connectors: Connectors::new(Arc::new(connector)),
            options: Arc::new(options),
            client: probe::client()?,
            agenda: Arc::default(),
            copying: Arc::default(),
        })
    }

    /// The same manager, which also brings packages onto these systems.
    #[must_use]
    pub fn with_systems(self, systems: Systems) -> Self {
        Self { connectors: self.connectors.with(systems), ..self }
    }

    /// The same manager, which also brings packages into clusters that a system
    /// has made for one machine each: these are entered by these doors.
    #[must_use]
    pub fn with_clusters(self, doors: Arc<dyn ClusterDoors>) -> Self {
        Self { connectors: self.connectors.with_clusters(doors), ..self }
    }

    /// The same manager, which also brings packages into machines with these agents.
    #[must_use]
    pub fn with_agents(self, agents: Agents) -> Self {
        Self { connectors: self.connectors.with_agents(agents), ..self }
    }

    /// Whether packages can be brought onto systems of that kind.
    #[must_use]
    pub fn speaks(kind: &str) -> bool {
        Connectors::speaks(kind)
    }

    /// What runs a workload, or would.
    async fn connector(&self, spec: &WorkloadSpec) -> Result<Arc<dyn Connector>, WdmError> {
        self.connectors.of(&spec.target).await
    }

    /// The agents of the machines on which packages run.
    #[must_use]
    pub const fn agents(&self) -> &Agents {
        self.connectors.agents()
    }

    /// What a workload shows when it looks up its peers.
    fn token(&self, id: WorkloadId) -> Option<DiscoveryToken> {
        self.options.process.discovery_tokens.as_ref().map(|tokens| tokens.token(id))
    }

    /// Which limits are enforced here, and why the others aren't.
    #[must_use]
    pub fn limits(&self) -> LimitSupport {
        self.connectors.process().limits()
    }

    /// The workloads of an application as they were last seen; of all
    /// applications where none is named. Touches no process.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn workload_list(&self, application: Option<ApplicationId>) -> Result<Vec<WorkloadStatus>, WdmError> {
        let all = self.database.read(move |connection| store::workload_list(connection, application)).await?;
        Ok(all.into_iter().map(Workload::status).collect())
    }

    /// One workload as it was last seen.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn workload(&self, id: WorkloadId) -> Result<WorkloadStatus, WdmError> {
        Ok(self.find(id).await?.status())
    }

    /// The application of a workload. None where there is no such workload, or
    /// not for long any more: it is being removed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn workload_application(&self, id: WorkloadId) -> Result<Option<ApplicationId>, WdmError> {
        let found = self.database.read(move |connection| store::workload_find(connection, id)).await?;
        Ok(found.filter(|workload| !workload.progress.removing).map(|workload| workload.spec.application))
    }

    /// A workload's output, oldest line first, over all its restarts.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn logs(&self, id: WorkloadId, query: LogQuery) -> Result<LogStream, WdmError> {
        let workload = self.find(id).await?;
        self.connector(&workload.spec).await?.logs(&place(&workload.spec), query).await
    }

    async fn find(&self, id: WorkloadId) -> Result<Workload, WdmError> {
        self.database.read(move |connection| store::workload_find(connection, id)).await?.ok_or(WdmError::NotFound(id))
    }

    /// Changes a workload in one transaction, on what the database holds then,
    /// and tells of it. Where the rule changes nothing, nothing is written, and
    /// no writer has to wait. `None` where there is no such workload.
    async fn change<T: Send + 'static>(
        &self,
        id: WorkloadId,
        rule: impl Fn(&mut Workload, DateTime<Utc>) -> (T, Vec<Change>) + Send + 'static,
    ) -> Result<Option<(T, Workload)>, WdmError> {
        let now = self.clock.now();
        let found = self.database.read(move |connection| store::workload_find(connection, id)).await?;
        let Some(before) = found else { return Ok(None) };
        let mut preview = before.clone();
        let (answer, changes) = rule(&mut preview, now);
        if preview.progress == before.progress && changes.is_empty() {
            return Ok(Some((answer, preview)));
        }
        self.database
            .write(move |connection| -> Result<_, WdmError> {
                let Some(mut workload) = store::workload_find(connection, id)? else {
                    return Ok(None);
                };
                let (answer, changes) = rule(&mut workload, now);
                store::workload_update(connection, &workload)?;
                tell(connection, &workload, &changes, now)?;
                Ok(Some((answer, workload)))
            })
            .await
    }
}

/// Writes changes into the event log.
fn tell(
    connection: &mut Connection,
    workload: &Workload,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let events = changes.iter().map(|change| told(workload, change, now)).collect::<Result<Vec<_>, _>>()?;
    event::append_all(connection, &events).map(drop)
}

fn told(workload: &Workload, change: &Change, now: DateTime<Utc>) -> Result<event::NewEvent, RepositoryError> {
    let spec = &workload.spec;
    let data = serde_json::json!({
        "workload": spec.id,
        "component": spec.component,
        "ordinal": spec.ordinal,
        "cpuMilli": spec.resources.cpu.0,
        "revision": spec.revision,
        "machine": spec.target.machine,
        "site": spec.target.site,
        "node": spec.target.node,
        "run": workload.progress.run,
        "state": workload.progress.state,
    });
    Ok(event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(spec.application),
        subject: format!("workload/{}", spec.id),
        kind: change.kind.to_owned(),
        message: format!("{} {}", workload.name(), change.message),
        data: match workload.life(change.kind) {
            Some(life) => life.tell(data)?,
            None => data,
        },
    })
}
