//! Looking at what runs, and making the health checks that are due.

use super::{Wdm, probe::probe};
use crate::{WdmError, WorkloadStatus, connectors::place, lifecycle::Workload, store};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hansa_ontology::{ApplicationId, WorkloadId};

/// So many workloads are looked at side by side.
const SIDE_BY_SIDE: usize = 32;

impl Wdm {
    /// Looks at every workload of an application, makes the health checks that
    /// are due, and writes down what changed. A workload whose checks failed
    /// too often is asked to end; the next apply starts it again.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn workload_observe(&self, application: ApplicationId) -> Result<Vec<WorkloadStatus>, WdmError> {
        let all = self.database.read(move |connection| store::workload_list(connection, Some(application))).await?;
        let observed: Vec<Option<Workload>> =
            stream::iter(all).map(|workload| self.look(workload)).buffered(SIDE_BY_SIDE).try_collect().await?;
        Ok(observed.into_iter().flatten().map(Workload::status).collect())
    }

    /// One workload; `None` where it was removed meanwhile.
    async fn look(&self, workload: Workload) -> Result<Option<Workload>, WdmError> {
        let id = workload.spec.id;
        let observed = match self.connector(&workload.spec).await {
            Ok(connector) => connector.observe(&place(&workload.spec)).await.map(|seen| (connector, seen)),
            Err(error) => Err(error),
        };
        let (connector, seen) = match observed {
            Ok(found) => found,
            // What is known of it stays: that nobody can look does not end it.
            Err(WdmError::System(error)) => return self.not_seen(id, &error.to_string()).await,
            Err(error) => return Err(error),
        };
        let judged = seen.verdict.is_some();
        let settled = self.change(id, move |workload, now| ((), workload.observed(&seen, now))).await?;
        let Some(((), workload)) = settled else {
            return Ok(None);
        };
        // Where the system makes the health checks itself, nobody else does.
        let check = if judged { None } else { self.agenda.take(&workload, self.clock.now()) };
        let Some(check) = check else {
            self.press(&workload).await?;
            return Ok(Some(workload));
        };
        let result = match connector.probe(&check, &workload.endpoints).await {
            Some(result) => result,
            None => probe(&self.client, &check, &workload.endpoints).await,
        };
        let run = workload.progress.run;
        let checked = self.change(id, move |workload, now| ((), workload.checked(run, &result, now))).await?;
        let Some(((), workload)) = checked else {
            return Ok(None);
        };
        self.press(&workload).await?;
        Ok(Some(workload))
    }

    /// Its system can't be asked about it now.
    pub(super) async fn not_seen(&self, id: WorkloadId, reason: &str) -> Result<Option<Workload>, WdmError> {
        let reason = reason.to_owned();
        let settled = self.change(id, move |workload, _| ((), workload.not_seen(&reason))).await?;
        Ok(settled.map(|((), workload)| workload))
    }

    /// What was asked to end is asked again: the broker may have died before it was heard.
    async fn press(&self, workload: &Workload) -> Result<(), WdmError> {
        if workload.progress.stop_asked_at.is_some() { self.stop(workload).await } else { Ok(()) }
    }
}
