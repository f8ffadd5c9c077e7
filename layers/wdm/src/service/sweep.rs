//! Removing what nobody knows.

use super::Wdm;
use crate::{Removal, WdmError, store};
use hansa_ontology::{Actor, WorkloadId};
use hansa_repository::event::{self, NewEvent};

impl Wdm {
    /// Ends and removes every workload that is below the nodes' directory but
    /// not in the database, and tells of each in an event. Returns what it
    /// removed; one that needs time to end is removed by a later sweep.
    /// Nothing outside of the nodes' directory is touched.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn sweep(&self) -> Result<Vec<WorkloadId>, WdmError> {
        // In this order: a workload is written down before it has any file.
        let connector = self.connectors.process();
        let found = connector.found().await?;
        let known = self.database.read(store::workload_ids).await?;
        let mut removed = Vec::new();
        for place in found {
            if known.contains(&place.workload) || connector.remove(&place, false).await? == Removal::Stopping {
                continue;
            }
            let event = NewEvent {
                at: self.clock.now(),
                actor: Actor::Broker,
                application: None,
                subject: format!("workload/{}", place.workload),
                kind: "workload.swept".to_owned(),
                message: format!(
                    "workload {} was found in {} and in no database; it was ended and removed",
                    place.workload,
                    place.directory.display()
                ),
                data: serde_json::json!({ "workload": place.workload, "directory": place.directory }),
            };
            self.database.write(move |connection| event::append(connection, &event)).await?;
            removed.push(place.workload);
        }
        Ok(removed)
    }
}
