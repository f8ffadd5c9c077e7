//! Carrying out what is asked of a machine, by the connector of that machine.

use super::{
    cluster::OwnCluster,
    host::{AgentError, AgentOptions},
    own::own_system,
    wire::{AgentAnswer, Ask, ClusterFacts, Reply},
};
use crate::{
    WdmError,
    connectors::{
        Connector, Launch, Place, docker,
        process::{ProcessOptions, Processes, discard, remove_empty_parents, volumes_directory},
    },
    model::{Endpoints, LimitSupport, LogLine, LogQuery},
    service::{measure::page, probe},
};
use futures_util::StreamExt as _;
use hansa_ontology::MachineId;
use hansa_repository::{
    ambient::SharedClock,
    system::{AgentRuns, SystemConnection},
};
use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, task::AbortHandle};

/// Where a container engine of the machine's own is reached.
const ENGINE: &str = "unix:///run/docker.sock";
/// Lines that come within this time go together.
const TOGETHER: Duration = Duration::from_millis(150);
/// So many lines go together at most.
const LINES: usize = 500;

/// What carries out calls. Clones share everything.
#[derive(Debug, Clone)]
pub(super) struct Work {
    by: By,
    machine: MachineId,
    /// Below which all targets' directories lie.
    directory: PathBuf,
    server: String,
    client: reqwest::Client,
    /// Answers that go on for as long as somebody reads them.
    readers: Arc<Mutex<HashMap<u64, AbortHandle>>>,
}

/// What runs packages here.
#[derive(Debug, Clone)]
enum By {
    /// What is there whenever the agent is.
    Here(Arc<dyn Connector>),
    /// A cluster, which comes up in its own time.
    Cluster(Arc<OwnCluster>),
}

impl Work {
    pub(super) async fn new(options: &AgentOptions, clock: SharedClock) -> Result<Self, AgentError> {
        let directory = options.state.join("nodes").join(options.machine.to_string());
        std::fs::create_dir_all(&directory).map_err(WdmError::io("make", &directory))?;
        let directory = directory.canonicalize().map_err(WdmError::io("find", &directory))?;
        let by = match options.runs {
            AgentRuns::Processes => {
                By::Here(Arc::new(Processes::new(ProcessOptions::new(&options.program, &directory), clock)))
            }
            AgentRuns::Containers => By::Here(docker::connect(engine(options.machine)?).await.map_err(WdmError::from)?),
            AgentRuns::Kubernetes => {
                By::Cluster(Arc::new(OwnCluster::new(options.machine_cluster()?, options.machine)?))
            }
        };
        Ok(Self {
            by,
            machine: options.machine,
            directory,
            server: options.server.trim_end_matches('/').to_owned(),
            client: probe::client()?,
            readers: Arc::default(),
        })
    }

    pub(super) fn limits(&self) -> LimitSupport {
        match &self.by {
            By::Here(connector) => connector.limits(),
            By::Cluster(_) => OwnCluster::limits(),
        }
    }

    /// What there is to tell of the machine's cluster.
    pub(super) fn cluster(&self) -> Option<ClusterFacts> {
        match &self.by {
            By::Here(_) => None,
            By::Cluster(cluster) => Some(cluster.facts()),
        }
    }

    fn connector(&self) -> Result<Arc<dyn Connector>, WdmError> {
        match &self.by {
            By::Here(connector) => Ok(Arc::clone(connector)),
            By::Cluster(cluster) => cluster.connector(),
        }
    }

    /// Begins what is asked; what comes of it goes to `answers`.
    pub(super) fn begin(&self, id: u64, ask: Ask, answers: mpsc::Sender<AgentAnswer>) {
        let work = self.clone();
        match ask {
            Ask::Cease(ended) => {
                if let Some(reader) = self.readers().remove(&ended) {
                    reader.abort();
                }
            }
            Ask::Logs { place, query } => {
                let reading = tokio::spawn(async move {
                    work.read(id, &place, query, &answers).await;
                    work.readers().remove(&id);
                });
                // One that has ended by now is harmless there: its number is never used again.
                self.readers().insert(id, reading.abort_handle());
            }
            ask => drop(tokio::spawn(async move {
                let reply = work.reply(ask).await.unwrap_or_else(|error| Reply::Failed(error.to_string()));
                answers.send(AgentAnswer { id, reply }).await.ok();
            })),
        }
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, HashMap<u64, AbortHandle>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reply(&self, ask: Ask) -> Result<Reply, WdmError> {
        let connector = self.connector()?;
        Ok(match ask {
            Ask::Expose(spec) => {
                connector.check(&spec)?;
                Reply::Exposed(connector.expose(&spec).await?)
            }
            Ask::Start(launch) => {
                connector.start(&self.launch(*launch)).await?;
                Reply::Done
            }
            Ask::Clear(place) => {
                connector.clear(&self.place(place)).await?;
                Reply::Done
            }
            Ask::Tell { place, peers, token } => {
                connector.tell(&self.place(place), &peers, token.as_ref()).await?;
                Reply::Done
            }
            Ask::Observe(place) => Reply::Seen(connector.observe(&self.place(place)).await?),
            Ask::Stop { place, force } => {
                connector.stop(&self.place(place), force).await?;
                Reply::Done
            }
            Ask::Remove { place, force } => Reply::Removed(connector.remove(&self.place(place), force).await?),
            Ask::Probe { check, endpoints } => {
                Reply::Probed(probe::probe(&self.client, &check, &from_here(endpoints)).await)
            }
            Ask::Usage(place) => Reply::Used(connector.usage(&self.place(place)).await?),
            Ask::Page { page: wanted, endpoints } => {
                Reply::Page(page(&self.client, &wanted, &from_here(endpoints)).await)
            }
            Ask::Retire(application) => {
                connector.retire(application).await?;
                Reply::Done
            }
            Ask::Volumes { application, component, ordinal } => {
                connector.volumes_remove(application, &component, ordinal).await?;
                let volumes = volumes_directory(&self.directory, application, &component, ordinal);
                let directory = self.directory.clone();
                tokio::task::spawn_blocking(move || -> Result<(), WdmError> {
                    discard(&volumes)?;
                    remove_empty_parents(&volumes, &directory);
                    Ok(())
                })
                .await??;
                Reply::Done
            }
            Ask::Logs { .. } | Ask::Cease(_) => Reply::End,
        })
    }

    async fn read(&self, id: u64, place: &Place, query: LogQuery, answers: &mpsc::Sender<AgentAnswer>) {
        let read = async {
            let mut parts = self.connector()?.logs(&self.place(place.clone()), query).await?.ready_chunks(LINES);
            while let Some(part) = parts.next().await {
                let lines = part.into_iter().collect::<Result<Vec<LogLine>, WdmError>>()?;
                if answers.send(AgentAnswer { id, reply: Reply::Lines(lines) }).await.is_err() {
                    break;
                }
                tokio::time::sleep(TOGETHER).await;
            }
            Ok::<_, WdmError>(Reply::End)
        };
        let reply = read.await.unwrap_or_else(|error| Reply::Failed(error.to_string()));
        answers.send(AgentAnswer { id, reply }).await.ok();
    }

    /// The broker's directory is none of this machine.
    fn place(&self, place: Place) -> Place {
        Place { directory: self.directory.clone(), ..place }
    }

    /// As it is on this machine: with its directories, its addresses, and with
    /// the broker where this agent finds it.
    fn launch(&self, mut launch: Launch) -> Launch {
        let target = &mut launch.spec.target;
        target.directory = self.directory.clone();
        target.machine = self.machine;
        // A cluster has its own way from the machine's ports to what runs in it.
        if let By::Here(_) = self.by {
            target.address = listening(target.address);
            for endpoint in launch.endpoints.values_mut() {
                endpoint.address = listening(endpoint.address);
            }
        }
        launch.discovery_url = launch.discovery_url.and_then(|url| {
            let (_, path) = url.split_once("/api/")?;
            Some(format!("{}/api/{path}", self.server))
        });
        launch
    }
}

/// Where they are reached on this machine itself.
fn from_here(mut endpoints: Endpoints) -> Endpoints {
    for endpoint in endpoints.values_mut() {
        endpoint.address = match listening(endpoint.address) {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
    }
    endpoints
}

/// On which address to listen to be reached under that one: on itself, or on
/// all where the machine does not have it, since somebody before it translates.
fn listening(reached: IpAddr) -> IpAddr {
    if TcpListener::bind((reached, 0)).is_ok() {
        return reached;
    }
    if reached.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

/// The engine of this machine, as a system.
fn engine(machine: MachineId) -> Result<SystemConnection, WdmError> {
    let settings = BTreeMap::from([("publishOn".to_owned(), Ipv4Addr::UNSPECIFIED.to_string())]);
    own_system(machine, "docker", ENGINE, settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_translated_is_listened_for_everywhere() {
        let here: IpAddr = Ipv4Addr::LOCALHOST.into();
        assert_eq!(listening(here), here);
        // TEST-NET-1: no machine has it.
        assert_eq!(listening("192.0.2.7".parse().unwrap()), IpAddr::from(Ipv4Addr::UNSPECIFIED));
    }
}
