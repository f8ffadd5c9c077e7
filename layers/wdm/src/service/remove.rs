//! Taking a workload away.

use super::{Wdm, tell};
use crate::{
    Removal, WdmError,
    connectors::place,
    lifecycle::{Change, Workload, force_is_due},
    store,
};
use hansa_ontology::WorkloadId;
use hansa_repository::{Connection, system::SystemError};

impl Wdm {
    /// Takes a workload away: process, files, ports. Volumes stay. Call it
    /// until it is [`Removal::Gone`]; a workload that nobody knows is gone.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn workload_remove(&self, id: WorkloadId) -> Result<Removal, WdmError> {
        // From here on nobody starts it any more; only then it is ended.
        let Some(((), workload)) = self.change(id, |workload, now| ((), workload.begin_removal(now))).await? else {
            return Ok(Removal::Gone);
        };
        let asked = workload.progress.stop_asked_at;
        let force = force_is_due(asked, self.options.process.grace_ms, self.clock.now());
        match self.taken_away(&workload, force).await {
            Ok(Removal::Gone) => {}
            Ok(Removal::Stopping) => return Ok(Removal::Stopping),
            // It is still there as far as anybody knows; the next call tries again.
            Err(WdmError::System(error)) => {
                if !self.goes_with_its_cluster(&workload, &error).await? {
                    self.not_seen(id, &error.to_string()).await?;
                    return Ok(Removal::Stopping);
                }
                tracing::warn!(workload = %id, %error, "is left to its cluster, which goes as a whole");
            }
            Err(error) => return Err(error),
        }
        self.agenda.forget(id);
        let now = self.clock.now();
        let last = self
            .database
            .write(move |connection| -> Result<bool, WdmError> {
                let Some(workload) = store::workload_find(connection, id)? else { return Ok(false) };
                store::workload_delete(connection, id)?;
                let change = Change { kind: "workload.removed", message: "is gone".to_owned() };
                tell(connection, &workload, &[change], now)?;
                is_last(connection, &workload)
            })
            .await?;
        if last {
            self.retire(&workload).await;
        }
        Ok(Removal::Gone)
    }

    /// Takes it away where it runs, and with the last one there what is there
    /// for its application as a whole.
    async fn taken_away(&self, workload: &Workload, force: bool) -> Result<Removal, WdmError> {
        let (spec, connector) = (&workload.spec, self.connector(&workload.spec).await?);
        if connector.remove(&place(spec), force).await? == Removal::Stopping {
            return Ok(Removal::Stopping);
        }
        if spec.target.system.is_some() {
            let (asked, application) = (workload.clone(), spec.application);
            if self.database.read(move |connection| is_last(connection, &asked)).await? {
                connector.retire(application).await?;
            }
        }
        Ok(Removal::Gone)
    }

    /// Nobody gets into the cluster that was made for it any more, and nothing
    /// is to stay there: then it is gone with the cluster, which is given back next.
    async fn goes_with_its_cluster(&self, workload: &Workload, error: &SystemError) -> Result<bool, WdmError> {
        let Some(system) = workload.spec.target.system.clone() else { return Ok(false) };
        if !self.connectors.is_given_up(&system, error) {
            return Ok(false);
        }
        let application = workload.spec.application;
        self.database
            .read(move |connection| {
                let all = store::workload_list(connection, Some(application))?;
                let mut there = all.iter().filter(|other| other.spec.target.system.as_ref() == Some(&system));
                Ok(there.all(|other| other.progress.removing))
            })
            .await
    }

    /// Two that went side by side each took the other for the last.
    async fn retire(&self, workload: &Workload) {
        let retired = match self.connector(&workload.spec).await {
            Ok(connector) => connector.retire(workload.spec.application).await,
            Err(error) => Err(error),
        };
        if let Err(error) = retired {
            tracing::warn!(application = %workload.spec.application, %error, "what an application had stays");
        }
    }
}

/// No other workload of its application is on its system.
fn is_last(connection: &mut Connection, workload: &Workload) -> Result<bool, WdmError> {
    let spec = &workload.spec;
    if spec.target.system.is_none() {
        return Ok(false);
    }
    let others = store::workload_list(connection, Some(spec.application))?;
    Ok(!others.iter().any(|other| other.spec.id != spec.id && other.spec.target.system == spec.target.system))
}
