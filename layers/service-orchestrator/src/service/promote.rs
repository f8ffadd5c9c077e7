//! That callers are led to the revision that stands beside the one that runs.

use super::{
    ServiceOrchestrator,
    change::{PROMOTE, accept, expect_own, expect_version, known, once, supersede},
};
use crate::{
    blue_green::{BlueGreen, UpdateStage},
    error::OrchestratorError,
    model::{Accepted, Application, Change, DesiredState},
    store,
};
use hansa_ontology::{ApplicationId, OperationId};

impl ServiceOrchestrator {
    /// Leads callers to the revision that waits for it. Until it works again, where it
    /// doesn't now, they are led to the one before.
    ///
    /// # Errors
    /// When there is no such application, nothing of it waits, or its version isn't the expected one.
    pub async fn promote(&self, id: ApplicationId, change: Change) -> Result<Accepted, OrchestratorError> {
        let (now, operation) = (self.clock.now(), OperationId(self.ids.next()));
        self.database
            .write(move |connection| {
                once(connection, &change, now, |connection| {
                    let mut application = known(connection, id)?;
                    expect_own(&application, &change)?;
                    if application.desired == DesiredState::Removed {
                        return Err(OrchestratorError::BeingRemoved(application.name));
                    }
                    expect_version(&application, &change)?;
                    let update = store::blue_green(connection, id)?;
                    let promoted = promoted(&application, update, now)?;
                    supersede(connection, &application, operation, now)?;
                    application.operation = operation;
                    application.version += 1;
                    application.updated_at = now;
                    store::update(connection, &application)?;
                    store::blue_green_put(connection, id, &promoted)?;
                    accept(connection, &application, &change.actor, &PROMOTE, now)
                })
            })
            .await
    }
}

/// The update with what somebody says of it.
fn promoted(
    application: &Application,
    update: Option<BlueGreen>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<BlueGreen, OrchestratorError> {
    let why = match update.filter(|update| update.revision == application.revision) {
        Some(BlueGreen { revision, from, begun_at, stage: UpdateStage::Ready { since, promoted: None } }) => {
            let stage = UpdateStage::Ready { since, promoted: Some(now) };
            return Ok(BlueGreen { revision, from, begun_at, stage });
        }
        Some(BlueGreen { stage: UpdateStage::Ready { .. }, .. }) => "was promoted already".to_owned(),
        Some(BlueGreen { stage: UpdateStage::Starting, .. }) => {
            "isn't healthy yet; `hansa app show` says how far it is".to_owned()
        }
        Some(BlueGreen { stage: UpdateStage::Switched { .. } | UpdateStage::Returned { .. }, .. }) => {
            "is what callers are led to already".to_owned()
        }
        Some(BlueGreen { stage: UpdateStage::Abandoned { reason, .. }, .. }) => format!("isn't there: {reason}"),
        None => "doesn't stand beside another".to_owned(),
    };
    Err(OrchestratorError::NotWaiting { name: application.name.clone(), revision: application.revision, why })
}
