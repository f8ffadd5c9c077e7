//! Taking volumes away, once nobody needs them any more.

use super::Wdm;
use crate::{
    WdmError,
    connectors::process::{remove_empty_parents, remove_tree, volumes_directory},
    store::{self, VolumeRow},
};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::{Connection, system::MadeCluster};
use std::path::{Path, PathBuf};

impl Wdm {
    /// Takes away the volumes of one instance of a component, on every node
    /// on which it ever ran. Gone already is success.
    ///
    /// # Errors
    /// While a workload of that instance is still there; when files can't be removed.
    pub async fn volume_remove(
        &self,
        application: ApplicationId,
        component: &str,
        ordinal: u32,
    ) -> Result<(), WdmError> {
        self.remove_volumes(application, Some((component.to_owned(), ordinal)), None).await
    }

    /// Takes away all volumes of an application.
    ///
    /// # Errors
    /// As [`Self::volume_remove`].
    pub async fn volume_remove_all(&self, application: ApplicationId) -> Result<(), WdmError> {
        self.remove_volumes(application, None, None).await
    }

    /// Takes away the volumes that an application has in a cluster of its own,
    /// before that goes as a whole: what stands behind them is not in it.
    ///
    /// # Errors
    /// While a workload of the application is still there; what the cluster says.
    pub async fn volume_remove_in(&self, application: ApplicationId, cluster: &MadeCluster) -> Result<(), WdmError> {
        self.remove_volumes(application, None, Some(cluster.to_string())).await
    }

    async fn remove_volumes(
        &self,
        application: ApplicationId,
        instance: Option<(String, u32)>,
        only: Option<String>,
    ) -> Result<(), WdmError> {
        let (wanted, of) = (instance.clone(), only.clone());
        let rows = self
            .database
            .read(move |connection| -> Result<_, WdmError> {
                let instance = wanted.as_ref().map(|(component, ordinal)| (component.as_str(), *ordinal));
                if let Some(user) = user(connection, application, instance, of.as_deref())? {
                    return Err(WdmError::VolumeInUse(user));
                }
                let mut rows = store::volume_list(connection, application, instance)?;
                rows.retain(|row| of.as_ref().is_none_or(|system| row.system == *system));
                Ok(rows)
            })
            .await?;
        for row in rows {
            let gone = row.clone();
            if row.system.is_empty() {
                tokio::task::spawn_blocking(move || remove(application, &row)).await??;
            } else {
                self.given_back(application, &row).await?;
            }
            self.database.write(move |connection| store::volume_delete(connection, &gone)).await?;
        }
        Ok(())
    }

    async fn given_back(&self, application: ApplicationId, row: &VolumeRow) -> Result<(), WdmError> {
        let removed = match self.connectors.keeper(&row.system, Path::new(&row.directory)).await {
            Ok(Some(keeper)) => keeper.volumes_remove(application, &row.component, ordinal(row)).await,
            // They went with their machine.
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match removed {
            Err(WdmError::System(error)) => {
                tracing::warn!(system = row.system, %application, %error, "volumes can't be given back now");
                if self.connectors.is_given_up(&row.system, &error) { Ok(()) } else { Err(error.into()) }
            }
            removed => removed,
        }
    }
}

/// A workload that still has these volumes.
fn user(
    connection: &mut Connection,
    application: ApplicationId,
    instance: Option<(&str, u32)>,
    system: Option<&str>,
) -> Result<Option<WorkloadId>, WdmError> {
    let workloads = store::workload_list(connection, Some(application))?;
    Ok(workloads
        .into_iter()
        .map(|workload| workload.spec)
        .filter(|spec| system.is_none_or(|one| spec.target.system.as_deref() == Some(one)))
        .find(|spec| instance.is_none_or(|one| one == (spec.component.as_str(), spec.ordinal)))
        .map(|spec| spec.id))
}

fn ordinal(row: &VolumeRow) -> u32 {
    u32::try_from(row.ordinal).unwrap_or(u32::MAX)
}

fn remove(application: ApplicationId, row: &VolumeRow) -> Result<(), WdmError> {
    let directory = PathBuf::from(&row.directory);
    let volumes = volumes_directory(&directory, application, &row.component, ordinal(row));
    remove_tree(&volumes)?;
    remove_empty_parents(&volumes, &directory);
    Ok(())
}
