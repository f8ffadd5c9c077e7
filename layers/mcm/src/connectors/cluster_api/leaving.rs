//! How a cluster goes: first what it holds elsewhere, then the cluster, then
//! the wait for its providers.

use super::{ClusterApi, ClusterKeeper as _, Found, is_ours, standing};
use hansa_pim::Removal;
use hansa_repository::system::{SystemError, SystemErrorKind};
use kube::api::{DeleteParams, Preconditions};

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
        if let Some(holds) = self.patience.waits_for(name, self.door(name)).await {
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
}
