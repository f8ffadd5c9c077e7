//! How a cluster goes: first what its own controllers have to give back in a
//! cloud (volumes, balancers), as long as it can be asked; then the cluster.

use super::{ClusterApi, ClusterDoor, ClusterKeeper as _, Found, is_ours, objects::BROKER, standing};
use hansa_kubernetes_client::Cluster;
use hansa_pim::Removal;
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::api::core::v1::{Namespace, PersistentVolume};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams, Preconditions},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So long a cluster may give back what it holds. Then it goes all the same:
/// what a cluster can't give back is not waited for for ever.
const LONGEST: Duration = Duration::from_secs(180);

/// Since when each cluster gives back what it holds. A process that has just
/// started begins to count anew.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<BTreeMap<String, Instant>>);

impl Patience {
    fn is_over(&self, name: &str) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(name.to_owned()).or_insert_with(Instant::now).elapsed() >= LONGEST
    }

    fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

impl ClusterApi {
    pub(super) async fn release(&self, name: &str) -> Result<Removal, SystemError> {
        let found = self.find(name).await?;
        // What has our name and is somebody else's is nothing of ours.
        let Some(found) = found.filter(|it| is_ours(&it.object.metadata, &self.connection.broker)) else {
            self.patience.forget(name);
            return Ok(Removal::Gone);
        };
        if found.is_leaving() {
            let machines = self.parts(name, "Machine", "machines").await.unwrap_or_default();
            let left = machines.map(|all| format!("{} machines are left; ", all.len())).unwrap_or_default();
            let held = standing::held_by(&found.value);
            return Ok(Removal::Pending(format!("Cluster {name} is being deleted; {left}{held}")));
        }
        if !self.patience.is_over(name)
            && let Some(holds) = self.holds(name).await
        {
            return Ok(Removal::Pending(format!("Cluster {name} gives back {holds} before it goes")));
        }
        self.delete(name, &found).await?;
        Ok(Removal::Pending(format!("Cluster {name} is being deleted")))
    }

    /// Only this very cluster, not another that came under its name.
    pub(super) async fn delete(&self, name: &str, found: &Found) -> Result<(), SystemError> {
        if found.is_leaving() {
            return Ok(());
        }
        let uid = found.object.metadata.uid.clone();
        let this = DeleteParams {
            preconditions: Some(Preconditions { uid, resource_version: None }),
            ..DeleteParams::default()
        };
        match self.cluster.maybe(&format!("delete Cluster {name}"), self.clusters().await?.delete(name, &this)).await {
            // Another has come under its name, or it is changing: it is looked at again.
            Err(error) if error.kind == SystemErrorKind::Conflict => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// What of ours is still in the cluster and has to be given back. None:
    /// nothing, or nobody there can tell.
    async fn holds(&self, name: &str) -> Option<String> {
        let Ok(ClusterDoor::Open(connection)) = self.door(name).await else { return None };
        let cluster = Cluster::connect(&connection).await.ok()?;
        let ours = ListParams::default().labels(&format!("{BROKER}={}", connection.broker));
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
}

/// A volume of which the cluster itself gives back what stands behind it, and that is on its way.
fn is_given_back(volume: &PersistentVolume) -> bool {
    let policy = volume.spec.as_ref().and_then(|spec| spec.persistent_volume_reclaim_policy.as_deref());
    let phase = volume.status.as_ref().and_then(|status| status.phase.as_deref());
    let going = volume.metadata.deletion_timestamp.is_some() || phase == Some("Released");
    policy == Some("Delete") && going
}
