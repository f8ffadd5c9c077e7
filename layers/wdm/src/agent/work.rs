//! Carrying out what is asked of a machine, by the connector of that machine.

use super::{
    host::AgentOptions,
    wire::{AgentAnswer, Ask, Reply},
};
use crate::{
    WdmError,
    connectors::{
        Connector, Launch, Place, docker,
        process::{ProcessOptions, Processes, remove_empty_parents, remove_tree, volumes_directory},
    },
    model::{Endpoints, LimitSupport, LogLine, LogQuery},
    service::probe,
};
use chrono::DateTime;
use futures_util::StreamExt as _;
use hansa_ontology::{Actor, MachineId, SiteId, resource_model::HealthCheck};
use hansa_repository::{
    ambient::SharedClock,
    system::{AgentRuns, System, SystemConnection},
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
    connector: Arc<dyn Connector>,
    machine: MachineId,
    /// Below which all targets' directories lie.
    directory: PathBuf,
    server: String,
    client: reqwest::Client,
    /// Answers that go on for as long as somebody reads them.
    readers: Arc<Mutex<HashMap<u64, AbortHandle>>>,
}

impl Work {
    pub(super) async fn new(options: &AgentOptions, clock: SharedClock) -> Result<Self, WdmError> {
        let directory = options.state.join("nodes").join(options.machine.to_string());
        std::fs::create_dir_all(&directory).map_err(WdmError::io("make", &directory))?;
        let directory = directory.canonicalize().map_err(WdmError::io("find", &directory))?;
        let connector: Arc<dyn Connector> = match options.runs {
            AgentRuns::Processes => Arc::new(Processes::new(ProcessOptions::new(&options.program, &directory), clock)),
            AgentRuns::Containers => docker::connect(engine(options.machine)?).await?,
        };
        Ok(Self {
            connector,
            machine: options.machine,
            directory,
            server: options.server.trim_end_matches('/').to_owned(),
            client: probe::client()?,
            readers: Arc::default(),
        })
    }

    pub(super) fn limits(&self) -> LimitSupport {
        self.connector.limits()
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
        let connector = &self.connector;
        Ok(match ask {
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
            Ask::Probe { check, endpoints } => Reply::Probed(self.probe(&check, endpoints).await),
            Ask::Retire(application) => {
                connector.retire(application).await?;
                Reply::Done
            }
            Ask::Volumes { application, component, ordinal } => {
                connector.volumes_remove(application, &component, ordinal).await?;
                let volumes = volumes_directory(&self.directory, application, &component, ordinal);
                let directory = self.directory.clone();
                tokio::task::spawn_blocking(move || -> Result<(), WdmError> {
                    remove_tree(&volumes)?;
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
        let reply = match self.connector.logs(&self.place(place.clone()), query).await {
            Err(error) => Reply::Failed(error.to_string()),
            Ok(lines) => {
                let mut parts = Box::pin(lines.ready_chunks(LINES));
                loop {
                    match parts.next().await {
                        None => break Reply::End,
                        Some(part) => {
                            let part: Result<Vec<LogLine>, WdmError> = part.into_iter().collect();
                            match part {
                                Err(error) => break Reply::Failed(error.to_string()),
                                Ok(lines) => {
                                    let answer = AgentAnswer { id, reply: Reply::Lines(lines) };
                                    if answers.send(answer).await.is_err() {
                                        return;
                                    }
                                }
                            }
                            tokio::time::sleep(TOGETHER).await;
                        }
                    }
                }
            }
        };
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
        target.address = listening(target.address);
        for endpoint in launch.endpoints.values_mut() {
            endpoint.address = listening(endpoint.address);
        }
        launch.discovery_url = launch.discovery_url.and_then(|url| {
            let (_, path) = url.split_once("/api/")?;
            Some(format!("{}/api/{path}", self.server))
        });
        launch
    }

    async fn probe(&self, check: &HealthCheck, mut endpoints: Endpoints) -> Result<(), String> {
        for endpoint in endpoints.values_mut() {
            endpoint.address = match listening(endpoint.address) {
                IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                address => address,
            };
        }
        probe::probe(&self.client, check, &endpoints).await
    }
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
    let site = SiteId::new("urn:hansa:this-machine")
        .map_err(|error| WdmError::Invalid { field: "site".to_owned(), problem: error.to_string() })?;
    let system = System {
        name: "this-machine".to_owned(),
        kind: "docker".to_owned(),
        site,
        address: ENGINE.to_owned(),
        credential: None,
        trust: None,
        settings: BTreeMap::from([("publishOn".to_owned(), Ipv4Addr::UNSPECIFIED.to_string())]),
        created_at: DateTime::UNIX_EPOCH,
        created_by: Actor::Broker,
        version: 1,
    };
    Ok(SystemConnection { system, secret: None, broker: machine.to_string().into() })
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
