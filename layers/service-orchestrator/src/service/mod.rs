//! What callers use: submit, show, update, scale, remove, plan.

mod change;
mod maintenance;
mod order;
mod order_check;
mod order_report;
mod query;
mod quota;
mod revisions;

pub use maintenance::Move;
pub use order::{Hold, order_application};

use crate::{error::OrchestratorError, model::ApplicationDetail, store};
use chrono::{DateTime, Utc};
use hansa_mco::{Mco, model::Plan};
use hansa_ontology::{ApplicationId, ProjectId, ResourceModel};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// The queue in which applications wait to be looked at.
pub(crate) const QUEUE: &str = "application";

/// Owns applications. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ServiceOrchestrator {
    pub(crate) database: Database,
    pub(crate) clock: SharedClock,
    pub(crate) ids: SharedIds,
    pub(crate) mco: Mco,
    /// When a revision could last not be planned. Only spares work: losing it
    /// costs one more try.
    pub(crate) unplannable: Arc<Mutex<Unplannable>>,
    /// When it was last tried in vain to move an application away from nodes
    /// that are to be empty. Only spares work, too.
    pub(crate) unmovable: Arc<Mutex<BTreeMap<ApplicationId, DateTime<Utc>>>>,
}

/// Revisions that could not be planned, and when that was last tried.
pub(crate) type Unplannable = BTreeMap<ApplicationId, (i64, DateTime<Utc>)>;

impl ServiceOrchestrator {
    /// An orchestrator over this database and the Multi-Cloud Orchestrator.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, ids: SharedIds, mco: Mco) -> Self {
        Self { database, clock, ids, mco, unplannable: Arc::default(), unmovable: Arc::default() }
    }

    /// The layer below, for those who look after its systems.
    #[must_use]
    pub const fn mco(&self) -> &Mco {
        &self.mco
    }

    /// Plans a model without writing anything: as a new application of a
    /// project, or as an update of the one there that has its name. With `what_if` also over offers
    /// that nobody here can deliver.
    ///
    /// # Errors
    /// `Infeasible` with a minimal set of constraints that can't hold together.
    pub async fn plan(
        &self,
        project: &ProjectId,
        model: &ResourceModel,
        what_if: bool,
    ) -> Result<Plan, OrchestratorError> {
        let (project, name) = (project.clone(), model.name.clone());
        let existing = self
            .database
            .read(move |connection| Ok::<_, OrchestratorError>(store::find_living(connection, &project, &name)?))
            .await?;
        Ok(self.mco.plan(existing.map(|application| application.id), model, what_if).await?)
    }

    /// An application with its plan, machines and workloads.
    ///
    /// # Errors
    /// When there is no such application.
    pub async fn detail(&self, id: ApplicationId) -> Result<ApplicationDetail, OrchestratorError> {
        let application = self.application(id).await?;
        Ok(ApplicationDetail {
            application,
            plan: self.mco.plan_in_force(id).await?,
            machines: self.mco.machine_list(Some(id)).await?,
            workloads: self.mco.workload_list(id).await?,
        })
    }
}
