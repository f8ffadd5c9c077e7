//! What was wanted of an application before, and going back to it.

use super::{ServiceOrchestrator, change::Verb};
use crate::{
    error::OrchestratorError,
    model::{Accepted, Application, Change},
    revision::Revision,
    store,
};
use hansa_ontology::{ApplicationId, ResourceModel};
use hansa_repository::Connection;

impl ServiceOrchestrator {
    /// Revisions of an application with what each changed, the newest first:
    /// the latest, or those before a number; none where there is no such application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revisions(
        &self,
        id: ApplicationId,
        limit: usize,
        before: Option<i64>,
    ) -> Result<Vec<Revision>, OrchestratorError> {
        self.database.read(move |connection| Ok(store::revisions(connection, id, limit, before)?)).await
    }

    /// Goes back to an earlier revision: the next revision takes over its
    /// model. Without a number to the last one that ran and asked for something else.
    ///
    /// # Errors
    /// As [`Self::update`]; when there is no such revision, or none to go back to.
    pub async fn rollback(
        &self,
        id: ApplicationId,
        to: Option<i64>,
        change: Change,
    ) -> Result<Accepted, OrchestratorError> {
        self.revise(id, change, move |connection, application| {
            let (number, model) = earlier(connection, application, to)?;
            application.model = model;
            Ok(Verb::rollback(number))
        })
        .await
    }

    /// The revision that [`Self::rollback`] would go back to now, and its model.
    ///
    /// # Errors
    /// When there is no such application or revision, or none to go back to.
    pub async fn rollback_target(
        &self,
        id: ApplicationId,
        to: Option<i64>,
    ) -> Result<(i64, ResourceModel), OrchestratorError> {
        let application = self.application(id).await?;
        self.database.read(move |connection| earlier(connection, &application, to)).await
    }
}

fn earlier(
    connection: &mut Connection,
    application: &Application,
    to: Option<i64>,
) -> Result<(i64, ResourceModel), OrchestratorError> {
    let (name, current) = (&application.name, application.revision);
    let invalid = |message: String| OrchestratorError::Invalid { field: "/to".to_owned(), message };
    let number = match to {
        Some(number) if number == current => {
            return Err(invalid(format!("`{name}` has revision {number} already; name an earlier one")));
        }
        Some(number) => number,
        None => store::ran_before(connection, application.id, current)?.ok_or_else(|| {
            invalid(format!("no earlier revision of `{name}` ran and asked for something else; name one"))
        })?,
    };
    let model = store::revision_model(connection, application.id, number)?
        .ok_or_else(|| invalid(format!("`{name}` has no revision {number}; it has 1 to {current}")))?;
    Ok((number, model))
}
