//! The Kubernetes of a machine, as its agent sees it: whether it is ready, what
//! it waits for, and the connector that brings packages onto it. What opens it
//! stays on the machine.

use super::{
    own::own_system,
    tail::LastWords,
    wire::{ClusterFacts, ClusterStanding},
};
use crate::{
    WdmError,
    connectors::{Connector, kubernetes},
    model::{LimitSupport, WorkloadSpec},
};
use hansa_kubernetes_client::{Cluster, address, bounded};
use hansa_ontology::MachineId;
use hansa_repository::system::{SettingFault, SystemConnection, SystemError, SystemErrorKind, SystemSecret};
use k8s_openapi::api::core::v1::Node;
use kube::{Api, api::ListParams};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::AbortHandle;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where the first boot has left what an agent has to know of the cluster on
/// its machine; itself a file (JSON) there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineCluster {
    /// The kubeconfig that opens it, once it is there.
    pub kubeconfig: PathBuf,
    /// Why there will be no cluster; no file where nothing is wrong.
    pub fault: PathBuf,
    /// What it prints, where no unit runs it.
    pub log: PathBuf,
    /// The unit of systemd that runs it.
    pub unit: String,
    /// How it is used: settings as of a system of the kind `kubernetes`.
    pub settings: BTreeMap<String, String>,
}

/// The cluster of this machine, looked at again and again. Dropping it ends that.
#[derive(Debug)]
pub(super) struct OwnCluster {
    settings: BTreeMap<String, String>,
    state: Arc<Mutex<State>>,
    looking: AbortHandle,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    connector: Option<Arc<dyn Connector>>,
}

#[derive(Debug, Clone)]
enum Standing {
    Ready,
    Waiting { since: Instant, said: String },
    Failed(String),
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl OwnCluster {
    /// Begins to look. Nothing is waited for; settings that can't be used are
    /// told as what the cluster waits for.
    ///
    /// # Errors
    /// When the machine can't be named as a system.
    pub(super) fn new(of: MachineCluster, machine: MachineId) -> Result<Self, WdmError> {
        let (settings, own) = (of.settings.clone(), own(machine, of.settings.clone())?);
        let said = "it wasn't looked at yet".to_owned();
        let state = State { standing: Standing::Waiting { since: Instant::now(), said }, connector: None };
        let state = Arc::new(Mutex::new(state));
        let looker = Looker { of, own, state: Arc::clone(&state), open: None };
        let looking = tokio::spawn(looker.look_on()).abort_handle();
        Ok(Self { settings, state, looking })
    }

    /// What the broker is told of it.
    pub(super) fn facts(&self) -> ClusterFacts {
        let standing = match locked(&self.state).standing.clone() {
            Standing::Ready => ClusterStanding::Ready,
            Standing::Waiting { since, said } => ClusterStanding::Waiting { seconds: since.elapsed().as_secs(), said },
            Standing::Failed(said) => ClusterStanding::Failed { said },
        };
        ClusterFacts { standing, settings: self.settings.clone() }
    }

    /// What brings packages onto it.
    pub(super) fn connector(&self) -> Result<Arc<dyn Connector>, WdmError> {
        let state = locked(&self.state);
        state.connector.clone().ok_or_else(|| {
            let said = match &state.standing {
                Standing::Ready => String::new(),
                Standing::Waiting { said, .. } | Standing::Failed(said) => said.clone(),
            };
            unready(said).into()
        })
    }

    pub(super) fn limits() -> LimitSupport {
        kubernetes::limits()
    }
}

/// What looks, with what it has opened.
struct Looker {
    of: MachineCluster,
    /// The cluster as a system, but for what opens it.
    own: SystemConnection,
    state: Arc<Mutex<State>>,
    /// The kubeconfig by which the cluster was opened, and the client.
    open: Option<(Vec<u8>, Cluster)>,
}

impl Looker {
    async fn look_on(mut self) {
        loop {
            let looked = self.look().await;
            self.seen(looked).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn seen(&self, looked: Result<(), SystemError>) {
        let Err(error) = looked else {
            locked(&self.state).standing = Standing::Ready;
            return;
        };
        if let Ok(fault) = tokio::fs::read_to_string(&self.of.fault).await {
            locked(&self.state).standing = Standing::Failed(bounded(&fault));
            return;
        }
        let words = LastWords { log: &self.of.log, unit: &self.of.unit }.read().await;
        let said = match words {
            Some(words) => format!("{}; it said last: {words}", error.said),
            None => error.said,
        };
        let mut state = locked(&self.state);
        let since = match &state.standing {
            Standing::Waiting { since, .. } => *since,
            Standing::Ready | Standing::Failed(_) => Instant::now(),
        };
        state.standing = Standing::Waiting { since, said };
    }

    /// It answers, and its node takes work.
    async fn look(&mut self) -> Result<(), SystemError> {
        let Ok(kubeconfig) = tokio::fs::read(&self.of.kubeconfig).await else {
            return Err(unready("it has not come up yet".to_owned()));
        };
        // What it shows is renewed when it is started anew.
        let is_new = self.open.as_ref().is_none_or(|(known, _)| *known != kubeconfig);
        if is_new {
            let cluster = Cluster::connect(&self.opened(&kubeconfig)).await?;
            self.open = Some((kubeconfig.clone(), cluster));
            locked(&self.state).connector = None;
        }
        let Some((_, cluster)) = &self.open else { return Ok(()) };
        let nodes = Api::<Node>::all(cluster.client());
        let params = ListParams::default();
        let nodes = cluster.call("look at its node", nodes.list(&params)).await?;
        if let Some(why) = not_ready(&nodes.items) {
            return Err(unready(why));
        }
        let is_open = locked(&self.state).connector.is_some();
        if !is_open {
            let connector = kubernetes::connect(self.opened(&kubeconfig)).await?;
            locked(&self.state).connector = Some(connector);
        }
        Ok(())
    }

    fn opened(&self, kubeconfig: &[u8]) -> SystemConnection {
        let mut opened = self.own.clone();
        opened.system.address = std::str::from_utf8(kubeconfig).ok().and_then(address).unwrap_or_default();
        opened.secret = Some(SystemSecret::new(kubeconfig.to_vec()));
        opened
    }
}

/// Why no node takes work. None: one does.
fn not_ready(nodes: &[Node]) -> Option<String> {
    let conditions = || nodes.iter().filter_map(|node| node.status.as_ref()?.conditions.as_ref()).flatten();
    let mut ready = conditions().filter(|one| one.type_ == "Ready");
    if ready.clone().any(|one| one.status == "True") {
        return None;
    }
    let why = ready.next().and_then(|one| one.message.clone());
    Some(why.map_or_else(
        || "its API answers, and it has no node yet".to_owned(),
        |why| format!("its node is not ready: {}", bounded(&why)),
    ))
}

fn unready(said: String) -> SystemError {
    SystemError {
        system: "this-machine".to_owned(),
        kind: SystemErrorKind::Unreachable,
        action: "use its cluster".to_owned(),
        said,
        remedy: "it is looked at again and again".to_owned(),
    }
}

/// What can't run in such a cluster, before anything is made of it.
pub(crate) fn check(
    machine: MachineId,
    settings: &BTreeMap<String, String>,
    spec: &WorkloadSpec,
) -> Result<(), WdmError> {
    kubernetes::check(&own(machine, settings.clone())?, spec)
}

/// Whether an owner's settings of how such clusters are used can be read.
///
/// # Errors
/// The setting that can't.
pub fn cluster_settings_check(settings: &BTreeMap<String, String>) -> Result<(), SettingFault> {
    kubernetes::settings_check(settings)
}

/// The cluster as a system, but for what opens it.
fn own(machine: MachineId, settings: BTreeMap<String, String>) -> Result<SystemConnection, WdmError> {
    own_system(machine, "kubernetes", "", settings)
}

fn locked(mutex: &Mutex<State>) -> MutexGuard<'_, State> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: serde_json::Value) -> Vec<Node> {
        vec![serde_json::from_value(serde_json::json!({ "status": { "conditions": [json] } })).unwrap()]
    }

    #[test]
    fn a_node_says_whether_it_takes_work() {
        assert!(not_ready(&[]).unwrap().contains("no node yet"));
        let why =
            node(serde_json::json!({ "type": "Ready", "status": "False", "message": "cni plugin not initialized" }));
        assert_eq!(not_ready(&why).as_deref(), Some("its node is not ready: cni plugin not initialized"));
        assert_eq!(not_ready(&node(serde_json::json!({ "type": "Ready", "status": "True" }))), None);
    }

    #[tokio::test]
    async fn what_there_will_never_be_is_told_and_what_is_awaited_in_its_words() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let of = MachineCluster {
            kubeconfig: at("kubeconfig"),
            fault: at("fault"),
            log: at("log"),
            unit: "none".to_owned(),
            settings: BTreeMap::new(),
        };
        std::fs::write(&of.log, "level=fatal no route to host\n").unwrap();
        let own = own(MachineId(uuid::Uuid::nil()), BTreeMap::new()).unwrap();
        let standing = Standing::Waiting { since: Instant::now(), said: String::new() };
        let state = Arc::new(Mutex::new(State { standing, connector: None }));
        let mut looker = Looker { of, own, state, open: None };
        let looked = looker.look().await;
        looker.seen(looked).await;
        let told = |looker: &Looker| match &locked(&looker.state).standing {
            Standing::Ready => "ready".to_owned(),
            Standing::Waiting { said, .. } => format!("waits: {said}"),
            Standing::Failed(said) => format!("failed: {said}"),
        };
        assert_eq!(told(&looker), "waits: it has not come up yet; it said last: level=fatal no route to host");
        std::fs::write(at("fault"), "the checksum is another\n").unwrap();
        let looked = looker.look().await;
        looker.seen(looked).await;
        assert_eq!(told(&looker), "failed: the checksum is another");
    }

    #[test]
    fn settings_that_can_not_be_read_are_named() {
        let of =
            |name: &str, value: &str| cluster_settings_check(&BTreeMap::from([(name.to_owned(), value.to_owned())]));
        assert!(of("podSecurity", "restricted").is_ok());
        assert!(of("podSecurity", "none").unwrap_err().setting == "podSecurity");
    }
}
