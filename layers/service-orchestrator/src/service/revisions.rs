//! Reading: what was wanted of an application before.

use super::ServiceOrchestrator;
use crate::{error::OrchestratorError, model::Revision, store};
use hansa_ontology::ApplicationId;

impl ServiceOrchestrator {
    /// The latest revisions of an application, the newest first; none where
    /// there is no such application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revisions(&self, id: ApplicationId, limit: usize) -> Result<Vec<Revision>, OrchestratorError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database.read(move |connection| Ok(store::revisions(connection, id, limit)?)).await
    }
}
