//! Taking a workload away.

use super::{Wdm, tell};
use crate::{
    Removal, WdmError,
    connectors::place,
    lifecycle::{Change, force_is_due},
    store,
};
use hansa_ontology::WorkloadId;

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
        if self.connector.remove(&place(&workload.spec), force).await? == Removal::Stopping {
            return Ok(Removal::Stopping);
        }
        self.agenda.forget(id);
        let now = self.clock.now();
        self.database
            .write(move |connection| -> Result<(), WdmError> {
                if let Some(workload) = store::workload_find(connection, id)? {
                    store::workload_delete(connection, id)?;
                    let change = Change { kind: "workload.removed", message: "is gone".to_owned() };
                    tell(connection, &workload, &[change], now)?;
                }
                Ok(())
            })
            .await?;
        Ok(Removal::Gone)
    }
}
