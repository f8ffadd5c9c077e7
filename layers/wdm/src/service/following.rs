//! Volumes that follow their instance to another place: what was asked for,
//! whether a workload may start on what is there, and what is given up.

use super::{
    Wdm,
    copying::Task,
    volumes::{remove, tell_volumes},
};
use crate::{
    WdmError, WorkloadSpec,
    connectors::copying::unable,
    model::{CopyOutlook, CopyStage, Target, VolumeCopy},
    store::{self, CopyRow, VolumeRow},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{ApplicationId, MachineId};
use hansa_repository::{Connection, RepositoryError, life::LifeChange};
use std::{collections::BTreeSet, path::Path};

/// What an instance that is asked to stop may take until copying begins.
const STOPPING: TimeDelta = TimeDelta::minutes(10);

/// The volumes of an instance of a component are to follow it from this
/// machine to wherever it is to run next. Within the transaction that says so.
///
/// # Errors
/// When nobody knows where they are: nothing may start without them. When the database fails.
pub fn volumes_follow(
    connection: &mut Connection,
    application: ApplicationId,
    (component, ordinal): (&str, u32),
    from: MachineId,
    now: DateTime<Utc>,
) -> Result<(), WdmError> {
    let known = store::copy_find(connection, application, component, ordinal)?;
    let source = match known {
        // What is on its way still is where it was.
        Some(copy) if !copy.copied => copy.source,
        _ => {
            let there = workload_at(connection, application, (component, ordinal), from)?;
            there.map(|spec| spec.target).ok_or_else(|| nowhere(component, ordinal))?
        }
    };
    let copy = CopyRow {
        component: component.to_owned(),
        ordinal,
        source,
        asked_at: now,
        // Greater than those of all that was asked for before.
        attempt: now.timestamp_millis(),
        failed: None,
        copied: false,
    };
    Ok(store::copy_put(connection, application, &copy)?)
}

/// The volumes of an instance stay where they are when it moves: it begins
/// with what is at its new place, or with nothing. Within the transaction that says so.
///
/// # Errors
/// When the database fails.
pub fn volumes_left(
    connection: &mut Connection,
    application: ApplicationId,
    (component, ordinal): (&str, u32),
) -> Result<(), WdmError> {
    Ok(store::copy_delete(connection, application, component, ordinal)?)
}

/// The machines that are needed still, since volumes are on their way from them.
///
/// # Errors
/// When the database fails.
pub fn volumes_sources(
    connection: &mut Connection,
    application: ApplicationId,
) -> Result<BTreeSet<MachineId>, RepositoryError> {
    Ok(store::copy_list(connection, application)?.into_iter().map(|copy| copy.source.machine).collect())
}

fn workload_at(
    connection: &mut Connection,
    application: ApplicationId,
    (component, ordinal): (&str, u32),
    machine: MachineId,
) -> Result<Option<WorkloadSpec>, WdmError> {
    let all = store::workload_list(connection, Some(application))?;
    let spec = all.into_iter().map(|workload| workload.spec);
    Ok(spec
        .into_iter()
        .find(|spec| spec.component == component && spec.ordinal == ordinal && spec.target.machine == machine))
}

fn nowhere(component: &str, ordinal: u32) -> WdmError {
    WdmError::Invalid {
        field: "leaveVolumes".to_owned(),
        problem: format!(
            "it isn't known where the volumes of {component}#{ordinal} are, as it doesn't run here now; wait until it \
             runs, or set it to true where it may begin with empty volumes"
        ),
    }
}

/// Whether both have the same volumes: those of a system are of the whole of it.
pub(super) fn same_place(one: &Target, other: &Target) -> bool {
    match (&one.system, &other.system) {
        (None, None) => one.directory == other.directory,
        (one, other) => one == other,
    }
}

fn is_at(row: &VolumeRow, target: &Target) -> bool {
    match &target.system {
        None => row.system.is_empty() && Path::new(&row.directory) == target.directory,
        Some(system) => row.system == *system,
    }
}

/// Marks what an instance has at a place as of use or not.
pub(super) fn void_set(
    connection: &mut Connection,
    spec: &WorkloadSpec,
    place: &Target,
    void: bool,
) -> Result<(), WdmError> {
    let rows = store::volume_list(connection, spec.application, Some((&spec.component, spec.ordinal)))?;
    for row in rows.iter().filter(|row| is_at(row, place)) {
        store::volume_void_set(connection, row, void)?;
    }
    Ok(())
}

/// What a workload finds at its place.
enum Standing {
    /// What it may start on.
    Whole,
    /// Nothing of use.
    Void,
    /// What it needs is elsewhere, and on its way.
    Elsewhere(Box<CopyRow>),
    /// The same, and it couldn't be copied: nothing starts here.
    Failed,
    /// It came back to where its content is.
    Back,
}

impl Wdm {
    /// What copying the volumes of an instance that is in this machine would come to.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn volumes_outlook(
        &self,
        application: ApplicationId,
        (component, ordinal): (&str, u32),
        from: MachineId,
    ) -> Result<CopyOutlook, WdmError> {
        let name = component.to_owned();
        let (found, copy) = self
            .database
            .read(move |connection| -> Result<_, WdmError> {
                let copy = store::copy_find(connection, application, &name, ordinal)?;
                Ok((workload_at(connection, application, (&name, ordinal), from)?, copy))
            })
            .await?;
        let copy = copy.filter(|copy| !copy.copied);
        let mut spec = match (found, &copy) {
            (Some(spec), _) => spec,
            // It is on its way, and stopped just now.
            (None, Some(copy)) => {
                let source = self.connectors.of(&copy.source).await?;
                let stays = format!("the volumes of {component}#{ordinal} can't be read where they are");
                let possible = source.copies().then_some(CopyOutlook::Possible { bytes: None });
                return Ok(possible.unwrap_or(CopyOutlook::Impossible(stays)));
            }
            (None, None) => return Ok(CopyOutlook::Impossible(nowhere(component, ordinal).to_string())),
        };
        if let Some(copy) = copy {
            spec.target = copy.source;
        }
        let connector = match self.connector(&spec).await {
            Ok(connector) => connector,
            Err(error) => return Ok(CopyOutlook::Impossible(error.to_string())),
        };
        if !connector.copies() {
            return Ok(CopyOutlook::Impossible(unable(&spec).to_string()));
        }
        Ok(match connector.volumes_size(&spec).await {
            Ok(bytes) => CopyOutlook::Possible { bytes },
            Err(error) => CopyOutlook::Impossible(error.to_string()),
        })
    }

    /// Whether volumes can be written on this system; None is this machine.
    ///
    /// # Errors
    /// When the database can't be read, or the system not be asked.
    pub async fn takes_volumes(&self, system: Option<&str>) -> Result<bool, WdmError> {
        match system {
            None => Ok(self.connectors.process().copies()),
            Some(system) => Ok(self.connectors.system(system).await?.is_some_and(|connector| connector.copies())),
        }
    }

    /// The volumes of an application that are on their way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn volume_copies(&self, application: ApplicationId) -> Result<Vec<VolumeCopy>, WdmError> {
        let rows = self.database.read(move |connection| store::copy_list(connection, application)).await?;
        let now = self.clock.now();
        let mut copies = Vec::new();
        for row in rows {
            let stage = match (row.failed, row.copied, self.copying.progress(application, &row.component, row.ordinal))
            {
                (Some(reason), _, _) => CopyStage::Failed(reason),
                (None, true, _) => CopyStage::Copied,
                (None, false, Some((done, of))) => CopyStage::Copying { done, of },
                (None, false, None)
                    if row.attempt == row.asked_at.timestamp_millis() && now - row.asked_at > STOPPING =>
                {
                    let minutes = STOPPING.num_minutes();
                    CopyStage::Failed(format!("copying could not be begun within {minutes} minutes"))
                }
                (None, false, None) => CopyStage::Waiting,
            };
            let source = row.source.machine;
            copies.push(VolumeCopy { component: row.component, ordinal: row.ordinal, source, stage });
        }
        Ok(copies)
    }

    /// Nobody wants the volumes of an instance here any more: they stay where they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn volume_copy_drop(&self, application: ApplicationId, copy: &VolumeCopy) -> Result<(), WdmError> {
        self.copying.end(application, &copy.component, copy.ordinal);
        let (component, ordinal) = (copy.component.clone(), copy.ordinal);
        self.database.write(move |connection| volumes_left(connection, application, (&component, ordinal))).await
    }

    /// Gives up what copies have left behind: all instances work where they are.
    /// What can't be removed now is removed with the application at the latest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn volumes_tidy(&self, application: ApplicationId) -> Result<(), WdmError> {
        let (rows, copies, used) = self
            .database
            .read(move |connection| -> Result<_, WdmError> {
                let workloads = store::workload_list(connection, Some(application))?;
                let used: Vec<WorkloadSpec> = workloads.into_iter().map(|workload| workload.spec).collect();
                let rows = store::volume_list(connection, application, None)?;
                Ok((rows, store::copy_list(connection, application)?, used))
            })
            .await?;
        let of = |row: &VolumeRow, component: &str, ordinal: u32| {
            row.component == component && row.ordinal == i64::from(ordinal)
        };
        let needed = |row: &VolumeRow| {
            used.iter().any(|spec| of(row, &spec.component, spec.ordinal) && is_at(row, &spec.target))
                || copies.iter().any(|copy| of(row, &copy.component, copy.ordinal) && !copy.copied)
        };
        for row in rows.iter().filter(|row| row.void && !needed(row)) {
            self.give_up(application, row).await?;
        }
        for copy in copies.into_iter().filter(|copy| copy.copied) {
            let write = move |connection: &mut Connection| {
                store::copy_delete(connection, application, &copy.component, copy.ordinal)
            };
            self.database.write(write).await?;
        }
        Ok(())
    }

    async fn give_up(&self, application: ApplicationId, row: &VolumeRow) -> Result<(), WdmError> {
        let (gone, now) = (row.clone(), self.clock.now());
        let removed = if row.system.is_empty() {
            tokio::task::spawn_blocking(move || remove(application, &gone)).await?
        } else {
            self.given_back(application, &gone).await
        };
        if let Err(error) = removed {
            tracing::warn!(%application, component = row.component, %error, "volumes that were copied stay behind");
            return Ok(());
        }
        let gone = row.clone();
        self.database
            .write(move |connection| {
                if store::volume_delete(connection, &gone)? {
                    tell_volumes(connection, application, &gone, LifeChange::Ended, now)?;
                }
                Ok::<_, WdmError>(())
            })
            .await
    }

    /// Whether a workload may start on what is in its volumes. What has to be
    /// copied first is copied beside all else; until then: no.
    pub(super) async fn volumes_whole(&self, spec: &WorkloadSpec) -> Result<bool, WdmError> {
        if spec.volumes.is_empty() {
            return Ok(true);
        }
        let asked = spec.clone();
        match self.database.read(move |connection| standing(connection, &asked)).await? {
            Standing::Whole => Ok(true),
            Standing::Failed => Ok(false),
            Standing::Back => {
                self.copying.end(spec.application, &spec.component, spec.ordinal);
                let spec = spec.clone();
                let write = move |connection: &mut Connection| {
                    store::copy_delete(connection, spec.application, &spec.component, spec.ordinal)
                };
                self.database.write(write).await?;
                Ok(true)
            }
            // What is there is old, or half of something: it begins with nothing.
            Standing::Void => {
                self.connector(spec).await?.copy_discard(spec).await?;
                let spec = spec.clone();
                self.database.write(move |connection| void_set(connection, &spec, &spec.target, false)).await?;
                Ok(true)
            }
            Standing::Elsewhere(copy) => {
                self.copying.begin(Task { wdm: self.clone(), spec: spec.clone(), copy: *copy });
                Ok(false)
            }
        }
    }
}

fn standing(connection: &mut Connection, spec: &WorkloadSpec) -> Result<Standing, WdmError> {
    let copy = store::copy_find(connection, spec.application, &spec.component, spec.ordinal)?;
    if let Some(copy) = copy.filter(|copy| !copy.copied) {
        return Ok(match copy {
            copy if same_place(&copy.source, &spec.target) => Standing::Back,
            CopyRow { failed: Some(_), .. } => Standing::Failed,
            copy => Standing::Elsewhere(Box::new(copy)),
        });
    }
    let rows = store::volume_list(connection, spec.application, Some((&spec.component, spec.ordinal)))?;
    let void = rows.iter().any(|row| row.void && is_at(row, &spec.target));
    Ok(if void { Standing::Void } else { Standing::Whole })
}
