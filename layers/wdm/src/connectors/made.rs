//! Clusters that a system has made for one machine each. Their maker opens
//! them; from there on they are clusters like any other. What their maker says
//! is gone is gone, with all that ran there.

use super::{Activity, Connector, Launch, LogStream, Observation, Place, PortChoice, kubernetes};
use crate::{
    WdmError,
    model::{DiscoveryToken, LimitSupport, LogQuery, Peers, Removal, WorkloadSpec},
};
use async_trait::async_trait;
use hansa_ontology::ApplicationId;
use hansa_repository::system::{
    ClusterDoor, ClusterDoors, MadeCluster, SystemConnection, SystemError, SystemErrorKind,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::Mutex as Gate;

/// So long what the maker said is good: a new kubeconfig is used from then on.
const GOOD: Duration = Duration::from_secs(10);
/// The same where there is no way in.
const SHUT: Duration = Duration::from_secs(2);
/// A cluster for which nobody has asked for so long is left.
const IDLE: Duration = Duration::from_secs(60);
/// So long removals may fail in a cluster that nobody can enter. Then they are left to its end.
const PATIENCE: Duration = Duration::from_secs(300);
/// Failures that lie further apart have nothing to do with one another.
const APART: Duration = Duration::from_secs(60);

/// The clusters that are in use.
#[derive(Debug)]
pub(crate) struct Made {
    doors: Arc<dyn ClusterDoors>,
    entered: Mutex<BTreeMap<String, Entered>>,
    /// One at a time asks the maker for a cluster; hundreds may want to enter it.
    gates: Mutex<BTreeMap<String, Arc<Gate<()>>>>,
    /// When removals in a cluster began to fail, and last failed.
    failing: Mutex<BTreeMap<String, (Instant, Instant)>>,
    patience: Duration,
}

/// What a maker said of a cluster, and when.
#[derive(Debug, Clone)]
struct Entered {
    at: Instant,
    door: Door,
}

#[derive(Debug, Clone)]
enum Door {
    Open(Box<SystemConnection>, Arc<dyn Connector>),
    Nothing(Arc<Nowhere>),
    Shut(SystemError),
}

impl Entered {
    fn is_good(&self) -> bool {
        self.at.elapsed() < if matches!(self.door, Door::Open(..)) { GOOD } else { SHUT }
    }

    fn connector(&self) -> Result<Arc<dyn Connector>, SystemError> {
        match &self.door {
            Door::Open(_, connector) => Ok(Arc::clone(connector)),
            Door::Nothing(nowhere) => Ok(Arc::clone(nowhere) as Arc<dyn Connector>),
            Door::Shut(error) => Err(error.clone()),
        }
    }
}

impl Made {
    pub(super) fn new(doors: Arc<dyn ClusterDoors>) -> Self {
        Self {
            doors,
            entered: Mutex::default(),
            gates: Mutex::default(),
            failing: Mutex::default(),
            patience: PATIENCE,
        }
    }

    /// The connector of a cluster. Who can use what is known waits for nobody.
    pub(super) async fn of(self: &Arc<Self>, cluster: &MadeCluster) -> Result<Arc<dyn Connector>, SystemError> {
        let name = cluster.to_string();
        let known = lock(&self.entered).get(&name).cloned();
        if let Some(good) = known.as_ref().filter(|known| known.is_good()) {
            return good.connector();
        }
        let gate = Arc::clone(lock(&self.gates).entry(name.clone()).or_default());
        if let Some(Entered { door: Door::Open(_, connector), .. }) = &known {
            if let Ok(one) = gate.try_lock_owned() {
                let (this, cluster) = (Arc::clone(self), cluster.clone());
                drop(tokio::spawn(async move {
                    drop(this.asked(&cluster).await);
                    drop(one);
                }));
            }
            return Ok(Arc::clone(connector));
        }
        let _one = gate.lock().await;
        // Somebody else may have asked meanwhile.
        if let Some(good) = lock(&self.entered).get(&name).filter(|known| known.is_good()) {
            return good.connector();
        }
        self.asked(cluster).await
    }

    /// Asks the maker. One at a time for each cluster.
    async fn asked(self: &Arc<Self>, cluster: &MadeCluster) -> Result<Arc<dyn Connector>, SystemError> {
        let name = cluster.to_string();
        let known = lock(&self.entered).get(&name).map(|known| known.door.clone());
        let was_open = matches!(known, Some(Door::Open(..)));
        let door = self.opened(cluster, known).await;
        if matches!(door, Door::Open(..)) && !was_open {
            drop(tokio::spawn(left_when_idle(Arc::downgrade(self), name.clone())));
        }
        let entered = Entered { at: Instant::now(), door };
        lock(&self.entered).insert(name, entered.clone());
        entered.connector()
    }

    async fn opened(&self, cluster: &MadeCluster, known: Option<Door>) -> Door {
        let connection = match (self.doors.cluster_open(cluster).await, known) {
            (Ok(ClusterDoor::Open(connection)), Some(Door::Open(same, connector))) if is_same(&connection, &same) => {
                return Door::Open(same, connector);
            }
            (Ok(ClusterDoor::Open(connection)), _) => connection,
            (Ok(ClusterDoor::Nothing(why)), _) => {
                return Door::Nothing(Arc::new(Nowhere { cluster: cluster.clone(), why }));
            }
            // Who was let in stays: a maker that is away takes nothing away.
            (Err(error), Some(open @ Door::Open(..))) => {
                tracing::debug!(%cluster, %error, "whether its kubeconfig is still the same can't be asked now");
                return open;
            }
            (Err(error), _) => return Door::Shut(error),
        };
        match kubernetes::connect((*connection).clone()).await {
            Ok(connector) => Door::Open(connection, connector),
            Err(error) => Door::Shut(error),
        }
    }

    /// Whether removals there have failed for so long that they are left to the
    /// cluster's own end. What its maker fails at doesn't count.
    pub(super) fn is_given_up(&self, system: &str, error: &SystemError) -> bool {
        if MadeCluster::read(system).is_none() || error.system != system {
            return false;
        }
        let (now, mut failing) = (Instant::now(), lock(&self.failing));
        failing.retain(|_, (_, last)| last.elapsed() < APART);
        let (first, last) = failing.entry(system.to_owned()).or_insert((now, now));
        *last = now;
        first.elapsed() >= self.patience
    }
}

/// Leaves a cluster that nobody has asked for any more: its watches end.
async fn left_when_idle(made: Weak<Made>, name: String) {
    loop {
        tokio::time::sleep(IDLE).await;
        let Some(made) = made.upgrade() else { return };
        let mut entered = lock(&made.entered);
        if entered.get(&name).is_none_or(|known| known.at.elapsed() >= IDLE) {
            entered.remove(&name);
            lock(&made.gates).remove(&name);
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_same(one: &SystemConnection, other: &SystemConnection) -> bool {
    one.system == other.system && one.secret == other.secret && one.broker == other.broker
}

/// A cluster that isn't there: nothing runs in it, and nothing of it is left.
#[derive(Debug)]
struct Nowhere {
    cluster: MadeCluster,
    why: String,
}

impl Nowhere {
    fn error(&self) -> WdmError {
        WdmError::System(SystemError {
            system: self.cluster.to_string(),
            kind: SystemErrorKind::NotFound,
            action: "enter it".to_owned(),
            said: self.why.clone(),
            remedy: "it is made again by itself, as long as something is to run there".to_owned(),
        })
    }
}

#[async_trait]
impl Connector for Nowhere {
    fn limits(&self) -> LimitSupport {
        LimitSupport { cpu: false, memory: false, pids: false, explanation: self.why.clone() }
    }

    fn check(&self, _: &WorkloadSpec) -> Result<(), WdmError> {
        Err(self.error())
    }

    fn ports(&self) -> PortChoice {
        PortChoice::System
    }

    async fn start(&self, _: &Launch) -> Result<(), WdmError> {
        Err(self.error())
    }

    async fn clear(&self, _: &Place) -> Result<(), WdmError> {
        Ok(())
    }

    async fn tell(&self, _: &Place, _: &Peers, _: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        Ok(())
    }

    async fn observe(&self, _: &Place) -> Result<Observation, WdmError> {
        Ok(Observation { run: 0, activity: Activity::Nothing, limits: None, verdict: None })
    }

    async fn stop(&self, _: &Place, _: bool) -> Result<(), WdmError> {
        Ok(())
    }

    async fn remove(&self, _: &Place, _: bool) -> Result<Removal, WdmError> {
        Ok(Removal::Gone)
    }

    async fn logs(&self, _: &Place, _: LogQuery) -> Result<LogStream, WdmError> {
        Err(self.error())
    }

    async fn found(&self) -> Result<Vec<Place>, WdmError> {
        Ok(Vec::new())
    }

    async fn volumes_remove(&self, _: ApplicationId, _: &str, _: u32) -> Result<(), WdmError> {
        Ok(())
    }

    async fn retire(&self, _: ApplicationId) -> Result<(), WdmError> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "made_tests.rs"]
mod tests;
