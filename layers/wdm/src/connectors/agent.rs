//! Packages inside a machine that this broker rents, by the agent that runs
//! there: each call is carried out by the connector of that machine.

use super::{Activity, Connector, Launch, LogStream, Observation, Place, PortChoice, process};
use crate::{
    WdmError,
    agent::{AgentStanding, Agents, Ask, CLUSTER_GIVEN_UP, ClusterStanding, GIVEN_UP, Link, Reply, cluster_check},
    lifecycle::ProbeResult,
    model::{DiscoveryToken, Endpoints, LimitSupport, LogLine, LogQuery, PageRef, Peers, Removal, Usage, WorkloadSpec},
};
use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use hansa_ontology::{ApplicationId, MachineId, resource_model::HealthCheck};
use hansa_repository::system::{AgentRuns, SystemError, SystemErrorKind};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// So long an agent may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// One machine.
#[derive(Debug)]
pub(crate) struct InMachine {
    system: String,
    machine: MachineId,
    link: Arc<Link>,
}

impl InMachine {
    pub(crate) fn new(agents: &Agents, system: &str, machine: MachineId) -> Self {
        Self { system: system.to_owned(), machine, link: agents.link(machine) }
    }

    fn error(&self, kind: SystemErrorKind, action: &str, said: String, remedy: &str) -> WdmError {
        let action = format!("{action} on machine {}", self.machine);
        SystemError { system: self.system.clone(), kind, action, said, remedy: remedy.to_owned() }.into()
    }

    fn away(&self, action: &str) -> WdmError {
        let said = match self.link.standing() {
            AgentStanding::Heard => "its agent has more to do than it can".to_owned(),
            AgentStanding::Silent(time) => format!("its agent was last heard {} s ago", time.as_secs()),
            AgentStanding::Awaited(_) => "its agent was not heard yet".to_owned(),
        };
        let remedy = "look whether the machine runs and reaches this broker, and at `journalctl -u hansa-agent` there";
        self.error(SystemErrorKind::Unreachable, action, said, remedy)
    }

    /// Asks once, and waits for the one answer.
    async fn ask(&self, action: &str, ask: Ask) -> Result<Reply, WdmError> {
        let mut replies = self.link.ask(ask).ok_or_else(|| self.away(action))?;
        match tokio::time::timeout(ANSWER, replies.next()).await {
            Ok(Some(Reply::Failed(said))) => Err(self.error(SystemErrorKind::Failed, action, said, "")),
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(self.away(action)),
            Err(_) => {
                let said = format!("its agent did not answer within {} s", ANSWER.as_secs());
                Err(self.error(SystemErrorKind::TimedOut, action, said, "it is asked again"))
            }
        }
    }

    async fn done(&self, action: &str, ask: Ask) -> Result<(), WdmError> {
        match self.ask(action, ask).await? {
            Reply::Done => Ok(()),
            other => Err(self.strange(action, &other)),
        }
    }

    fn strange(&self, action: &str, reply: &Reply) -> WdmError {
        let said = format!("its agent answers with something else: {reply:?}");
        self.error(SystemErrorKind::Failed, action, said, "run the same version of Hansa there as here")
    }

    /// All that ran there is no more, or goes with the machine: nobody has heard
    /// of the machine for long, or its cluster doesn't work.
    fn is_given_up(&self) -> bool {
        match self.link.standing() {
            AgentStanding::Heard => {
                let cluster = self.link.facts().and_then(|facts| facts.cluster);
                cluster.is_some_and(|cluster| match cluster.standing {
                    ClusterStanding::Ready => false,
                    ClusterStanding::Waiting { seconds, .. } => seconds >= CLUSTER_GIVEN_UP.as_secs(),
                    ClusterStanding::Failed { .. } => true,
                })
            }
            AgentStanding::Silent(time) | AgentStanding::Awaited(time) => time >= GIVEN_UP,
        }
    }
}

#[async_trait]
impl Connector for InMachine {
    fn limits(&self) -> LimitSupport {
        self.link.facts().map(|facts| facts.limits).unwrap_or_default()
    }

    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        // A broker that was started again hears of it within a moment.
        let Some(facts) = self.link.facts() else { return Err(self.away("run a package")) };
        match (facts.runs, spec.package.runs_on()) {
            (AgentRuns::Processes, None) => process::check(spec),
            (AgentRuns::Kubernetes, Some(_)) => {
                cluster_check(self.machine, &facts.cluster.map(|it| it.settings).unwrap_or_default(), spec)
            }
            (AgentRuns::Containers, Some(needs)) if needs == hansa_ontology::resource_model::RUNS_CONTAINERS => Ok(()),
            _ => Err(WdmError::NoConnector {
                component: spec.component.clone(),
                system: format!("a machine of system {}", self.system),
                package: spec.package.kind(),
            }),
        }
    }

    fn ports(&self) -> PortChoice {
        match self.link.facts().map(|facts| facts.runs) {
            Some(AgentRuns::Kubernetes) => PortChoice::System,
            _ => PortChoice::Elsewhere,
        }
    }

    async fn expose(&self, spec: &WorkloadSpec) -> Result<Endpoints, WdmError> {
        match self.ask("expose a workload's ports", Ask::Expose(Box::new(spec.clone()))).await? {
            Reply::Exposed(endpoints) => Ok(endpoints),
            other => Err(self.strange("expose a workload's ports", &other)),
        }
    }

    async fn start(&self, launch: &Launch) -> Result<(), WdmError> {
        self.done("start a workload", Ask::Start(Box::new(launch.clone()))).await
    }

    async fn clear(&self, place: &Place) -> Result<(), WdmError> {
        self.done("clear a workload away", Ask::Clear(place.clone())).await
    }

    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        let ask = Ask::Tell { place: place.clone(), peers: peers.clone(), token: token.cloned() };
        self.done("tell a workload its peers", ask).await
    }

    async fn observe(&self, place: &Place) -> Result<Observation, WdmError> {
        match self.ask("look at a workload", Ask::Observe(place.clone())).await? {
            Reply::Seen(seen) => Ok(elsewhere(seen)),
            other => Err(self.strange("look at a workload", &other)),
        }
    }

    async fn probe(&self, check: &HealthCheck, endpoints: &Endpoints) -> Option<ProbeResult> {
        let ask = Ask::Probe { check: check.clone(), endpoints: endpoints.clone() };
        match self.ask("make a health check", ask).await {
            Ok(Reply::Probed(result)) => Some(result),
            Ok(other) => Some(Err(self.strange("make a health check", &other).to_string())),
            Err(error) => Some(Err(error.to_string())),
        }
    }

    async fn usage(&self, place: &Place) -> Result<Option<Usage>, WdmError> {
        match self.ask("measure a workload", Ask::Usage(place.clone())).await? {
            Reply::Used(usage) => Ok(usage),
            other => Err(self.strange("measure a workload", &other)),
        }
    }

    async fn page(&self, page: &PageRef, endpoints: &Endpoints) -> Option<Result<String, String>> {
        let ask = Ask::Page { page: page.clone(), endpoints: endpoints.clone() };
        match self.ask("read a page of a workload", ask).await {
            Ok(Reply::Page(page)) => Some(page),
            Ok(other) => Some(Err(self.strange("read a page of a workload", &other).to_string())),
            Err(error) => Some(Err(error.to_string())),
        }
    }

    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError> {
        self.done("end a workload", Ask::Stop { place: place.clone(), force }).await
    }

    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError> {
        match self.ask("remove a workload", Ask::Remove { place: place.clone(), force }).await {
            Ok(Reply::Removed(removal)) => Ok(removal),
            Ok(other) => Err(self.strange("remove a workload", &other)),
            Err(_) if self.is_given_up() => Ok(Removal::Gone),
            Err(error) => Err(error),
        }
    }

    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError> {
        let action = "read a workload's output";
        let replies = self.link.ask(Ask::Logs { place: place.clone(), query }).ok_or_else(|| self.away(action))?;
        let broken = self.away(action);
        let lines = VecDeque::<LogLine>::new();
        Ok(stream::unfold(Some((replies, lines, broken)), |state| async move {
            let (mut replies, mut lines, broken) = state?;
            loop {
                if let Some(line) = lines.pop_front() {
                    return Some((Ok(line), Some((replies, lines, broken))));
                }
                match replies.next().await {
                    Some(Reply::Lines(more)) => lines.extend(more),
                    Some(Reply::End) => return None,
                    _ => return Some((Err(broken), None)),
                }
            }
        })
        .boxed())
    }

    async fn found(&self) -> Result<Vec<Place>, WdmError> {
        // A machine is of one application alone: what nobody knows there goes with it.
        Ok(Vec::new())
    }

    async fn volumes_remove(&self, application: ApplicationId, component: &str, ordinal: u32) -> Result<(), WdmError> {
        let ask = Ask::Volumes { application, component: component.to_owned(), ordinal };
        match self.done("remove volumes", ask).await {
            Err(_) if self.is_given_up() => Ok(()),
            answer => answer,
        }
    }

    async fn retire(&self, application: ApplicationId) -> Result<(), WdmError> {
        match self.done("take away what an application had", Ask::Retire(application)).await {
            Err(_) if self.is_given_up() => Ok(()),
            answer => answer,
        }
    }
}

/// A number of a process means nothing on another machine.
fn elsewhere(seen: Observation) -> Observation {
    let activity = match seen.activity {
        Activity::Running { .. } => Activity::Running { pid: 0 },
        other => other,
    };
    Observation { activity, ..seen }
}
