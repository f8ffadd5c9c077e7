//! Removing what nobody knows.

use super::Wdm;
use crate::{Removal, WdmError, connectors::Connector, store};
use hansa_ontology::{Actor, WorkloadId};
use hansa_repository::event::{self, NewEvent};
use std::sync::Arc;

impl Wdm {
    /// Ends and removes every workload that is below the nodes' directory but
    /// not in the database, and tells of each in an event. Returns what it
    /// removed; one that needs time to end is removed by a later sweep.
    /// Nothing outside of the nodes' directory is touched.
    ///
    /// # Errors
    /// When the database or the machine can't be read.
    pub async fn sweep(&self) -> Result<Vec<WorkloadId>, WdmError> {
        self.swept(self.connectors.process(), None).await
    }

    /// The same on every system that runs packages for this broker. One that
    /// can't be asked now is left out.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn sweep_systems(&self) -> Result<Vec<WorkloadId>, WdmError> {
        let mut removed = Vec::new();
        for system in self.connectors.systems().await? {
            let swept = match self.connectors.system(&system).await {
                Ok(Some(connector)) => self.swept(&connector, Some(&system)).await,
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match swept {
                Ok(more) => removed.extend(more),
                Err(WdmError::System(error)) => tracing::info!(system, %error, "a system can't be swept now"),
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }

    async fn swept(&self, connector: &Arc<dyn Connector>, system: Option<&str>) -> Result<Vec<WorkloadId>, WdmError> {
        // In this order: a workload is written down before anything of it is there.
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
                    "workload {} was found {} and in no database; it was ended and removed",
                    place.workload,
                    system.map_or_else(
                        || format!("in {}", place.directory.display()),
                        |name| format!("on system {name}")
                    ),
                ),
                data: serde_json::json!({
                    "workload": place.workload,
                    "directory": place.directory,
                    "system": system,
                }),
            };
            self.database.write(move |connection| event::append(connection, &event)).await?;
            removed.push(place.workload);
        }
        Ok(removed)
    }
}
