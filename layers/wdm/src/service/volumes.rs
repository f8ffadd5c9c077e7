//! Taking volumes away, once nobody needs them any more.

use super::Wdm;
use crate::{
    WdmError,
    connectors::process::{discard, remove_empty_parents, volumes_directory},
    store::{self, VolumeRow},
};
use chrono::{DateTime, Utc};
use hansa_ontology::{Actor, ApplicationId, WorkloadId};
use hansa_repository::{
    Connection, RepositoryError, event,
    life::{Life, LifeChange, Thing},
    system::MadeCluster,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use uuid::Uuid;

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
        for copy in self.volume_copies(application).await? {
            self.volume_copy_drop(application, &copy).await?;
        }
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
            let now = self.clock.now();
            self.database
                .write(move |connection| {
                    if store::volume_delete(connection, &gone)? {
                        tell_volumes(connection, application, &gone, LifeChange::Ended, now)?;
                    }
                    Ok::<_, WdmError>(())
                })
                .await?;
        }
        Ok(())
    }

    pub(super) async fn given_back(&self, application: ApplicationId, row: &VolumeRow) -> Result<(), WdmError> {
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

/// Tells of the volumes of one instance on one node: that they are there, or no more.
pub(super) fn tell_volumes(
    connection: &mut Connection,
    application: ApplicationId,
    row: &VolumeRow,
    change: LifeChange,
    now: DateTime<Utc>,
) -> Result<(), RepositoryError> {
    let (kind, what) = match change {
        LifeChange::Ended => ("volume.removed", "were removed"),
        _ => ("volume.created", "are kept from now on"),
    };
    // Where they lie is no business of tenants; the name only has to be another for another place.
    let place = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}\n{}", row.system, row.directory).as_bytes());
    let name = format!("{application}/{}/{}/{}", row.component, row.ordinal, place.simple());
    let life = Life { thing: Thing::Volume(name.clone()), change };
    let event = event::NewEvent {
        at: now,
        actor: Actor::Broker,
        application: Some(application),
        subject: format!("volume/{name}"),
        kind: kind.to_owned(),
        message: format!("the volumes of {}#{} {what}", row.component, row.ordinal),
        data: life.tell(json!({ "component": row.component, "ordinal": row.ordinal }))?,
    };
    event::append(connection, &event).map(drop)
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

pub(super) fn remove(application: ApplicationId, row: &VolumeRow) -> Result<(), WdmError> {
    let directory = PathBuf::from(&row.directory);
    let volumes = volumes_directory(&directory, application, &row.component, ordinal(row));
    discard(&volumes)?;
    remove_empty_parents(&volumes, &directory);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hansa_ontology::MachineId;
    use hansa_repository::{event::EventFilter, life::Placement, testing::for_each_database};

    #[test]
    fn those_who_meter_are_told_of_volumes_and_not_where_they_lie() {
        for_each_database(&[], async |db| {
            let application = ApplicationId(Uuid::from_u128(1));
            let row = VolumeRow {
                application: application.to_string(),
                component: "database".to_owned(),
                ordinal: 2,
                directory: "/secret/place".to_owned(),
                system: String::new(),
                void: false,
            };
            let placed = LifeChange::Placed(Placement { machine: MachineId(Uuid::from_u128(2)), mebibytes: Some(512) });
            let (now, first) = (DateTime::UNIX_EPOCH, placed.clone());
            db.write(move |connection| {
                tell_volumes(connection, application, &row, first, now)?;
                tell_volumes(connection, application, &row, LifeChange::Ended, now)
            })
            .await
            .unwrap();
            let events = db
                .read(|connection| event::list(connection, &EventFilter::default(), 10, event::Order::OldestFirst))
                .await
                .unwrap();
            let lives: Vec<Life> = events.iter().map(|event| Life::read(event).unwrap().unwrap()).collect();
            assert_eq!(lives.iter().map(|life| life.change.clone()).collect::<Vec<_>>(), [placed, LifeChange::Ended]);
            assert_eq!(lives[0].thing, lives[1].thing);
            assert!(!format!("{events:?}").contains("secret"), "{events:?}");
        });
    }
}
