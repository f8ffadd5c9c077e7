//! What a cluster gives back before it goes: volumes and balancers in a cloud
//! that its own controllers made. Afterwards nobody would know of them.

use hansa_kubernetes_client::Cluster;
use hansa_repository::system::{ClusterDoor, SystemError};
use k8s_openapi::api::core::v1::{Namespace, PersistentVolume};
use kube::{Api, ResourceExt as _, api::ListParams};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So long a cluster may give back what it holds. Then it goes all the same:
/// what a cluster can't give back is not waited for for ever.
const LONGEST: Duration = Duration::from_secs(180);

/// What the Workload Deployment Manager makes in a cluster has this label, with the broker's id.
const BROKER: &str = "hansa.internal/broker";

/// Since when each cluster gives back what it holds. A process that has just
/// started begins to count anew.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<BTreeMap<String, Instant>>);

impl Patience {
    fn is_over(&self, name: &str) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(name.to_owned()).or_insert_with(Instant::now).elapsed() >= LONGEST
    }

    /// What of ours a cluster still gives back. None: nothing, or nobody there
    /// can tell, or it took too long.
    pub(super) async fn waits_for(
        &self,
        name: &str,
        door: impl Future<Output = Result<ClusterDoor, SystemError>>,
    ) -> Option<String> {
        if self.is_over(name) {
            return None;
        }
        let Ok(ClusterDoor::Open(connection)) = door.await else { return None };
        let cluster = Cluster::connect(&connection).await.ok()?;
        held(&cluster, &connection.broker).await
    }

    pub(super) fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

async fn held(cluster: &Cluster, broker: &str) -> Option<String> {
    let ours = ListParams::default().labels(&format!("{BROKER}={broker}"));
    let namespaces: Api<Namespace> = Api::all(cluster.client());
    let left = cluster.call("list what is left", namespaces.list_metadata(&ours)).await.ok()?;
    // One that nobody has asked to go holds what nobody gives back.
    let going = left.items.iter().filter(|it| it.metadata.deletion_timestamp.is_some());
    let going: Vec<String> = going.map(|it| format!("namespace {}", it.name_any())).collect();
    let volumes: Api<PersistentVolume> = Api::all(cluster.client());
    let volumes = cluster.call("list what is left", volumes.list(&ListParams::default())).await.ok()?;
    let kept: Vec<String> = volumes.items.iter().filter(|it| is_given_back(it)).map(|it| it.name_any()).collect();
    let all: Vec<String> = going.into_iter().chain(kept.into_iter().map(|it| format!("volume {it}"))).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// A volume of which the cluster itself gives back what stands behind it, and that is on its way.
fn is_given_back(volume: &PersistentVolume) -> bool {
    let policy = volume.spec.as_ref().and_then(|spec| spec.persistent_volume_reclaim_policy.as_deref());
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    let going = volume.metadata.deletion_timestamp.is_some() || phase == Some("Released");
    policy == Some("Delete") && going
}
