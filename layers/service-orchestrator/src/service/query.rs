//! Reading: applications, their logs, how many there are.

use super::ServiceOrchestrator;
use crate::{
    error::OrchestratorError,
    model::{Application, ApplicationFilter, Page},
    store,
};
use hansa_ontology::{ApplicationId, ProjectScope, order::Instance};
use hansa_wdm::{LogQuery, LogStream};
use std::collections::BTreeMap;

impl ServiceOrchestrator {
    /// An application by its id.
    ///
    /// # Errors
    /// When there is none.
    pub async fn application(&self, id: ApplicationId) -> Result<Application, OrchestratorError> {
        self.database
            .read(move |connection| {
                store::get(connection, id)?.ok_or_else(|| OrchestratorError::NotFound(id.to_string()))
            })
            .await
    }

    /// An application of these projects by its id, or a living one by its name,
    /// or by `organisation/project/name`.
    ///
    /// # Errors
    /// `NotFound` when they have none; `Ambiguous` when several have the name.
    pub async fn find(&self, scope: &ProjectScope, reference: &str) -> Result<Application, OrchestratorError> {
        let (scope, reference) = (scope.clone(), reference.to_owned());
        self.database.read(move |connection| store::find(connection, &scope, &reference)).await
    }

    /// Applications in the order of their creation, a page at a time.
    ///
    /// # Errors
    /// When the token is not one that an earlier page gave.
    pub async fn application_list(
        &self,
        filter: ApplicationFilter,
        limit: usize,
        token: Option<String>,
    ) -> Result<Page<Application>, OrchestratorError> {
        let after = token.map(|token| token.parse::<ApplicationId>()).transpose().map_err(|error| {
            OrchestratorError::Invalid {
                field: "pageToken".to_owned(),
                message: format!("{error}; give back the token that the page before gave, unchanged"),
            }
        })?;
        self.database.read(move |connection| Ok(store::list(connection, &filter, limit, after)?)).await
    }

    /// How many living applications of these projects there are in each phase.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn phase_counts(&self, scope: &ProjectScope) -> Result<BTreeMap<&'static str, u64>, OrchestratorError> {
        let scope = scope.clone();
        self.database.read(move |connection| Ok(store::phase_counts(connection, &scope)?)).await
    }

    /// The output of the workloads of an application: of one component, of one
    /// instance, or of all.
    ///
    /// # Errors
    /// When there is no such application, component or instance.
    pub async fn logs(
        &self,
        id: ApplicationId,
        component: Option<&str>,
        ordinal: Option<u32>,
        query: LogQuery,
    ) -> Result<Vec<(Instance, LogStream)>, OrchestratorError> {
        let application = self.application(id).await?;
        if let Some(name) = component
            && !application.model.components.contains_key(name)
        {
            let known: Vec<&str> = application.model.components.keys().map(String::as_str).collect();
            return Err(OrchestratorError::Invalid {
                field: "component".to_owned(),
                message: format!("there is no component `{name}`; there are {}", known.join(", ")),
            });
        }
        let mut streams = Vec::new();
        for workload in self.mco.workload_list(application.id).await? {
            let asked = component.is_none_or(|name| name == workload.component)
                && ordinal.is_none_or(|number| number == workload.ordinal);
            if asked {
                let stream = self.mco.logs(&workload, query).await?;
                streams.push((Instance { component: workload.component, ordinal: workload.ordinal }, stream));
            }
        }
        Ok(streams)
    }
}
