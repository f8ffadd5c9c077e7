//! What callers use: submit, show, update, scale, remove, plan.

mod change;
mod maintenance;
mod moving;
mod order;
mod order_check;
mod order_report;
mod promote;
mod query;
pub(crate) mod quota;
mod revisions;

pub use maintenance::Move;
pub use order::{Hold, order_application};

use crate::{
    deferral::{Hours, NoHours},
    error::OrchestratorError,
    model::ApplicationDetail,
    moving::MovingPolicy,
    rearranging::Looked,
    scaling::{Clocks, Metrics, Rooms, Sampler},
    store,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_mco::{Mco, model::Plan};
use hansa_ontology::{
    ApplicationId, ProjectId, ResourceModel,
    quota::{Quota, QuotaHolder},
};
use hansa_repository::{
    Database,
    ambient::{SharedClock, SharedIds},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
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
    /// What the broker moves of its own accord.
    pub(crate) moving: MovingPolicy,
    /// When each application was last looked at for that.
    pub(crate) looked: Arc<Mutex<Looked>>,
    /// What policies are told, and how often they are asked.
    pub(crate) metrics: Metrics,
    pub(crate) quotas: Arc<dyn Quotas>,
    /// Who knows which hours are good ones for jobs that may wait.
    pub(crate) hours: Arc<dyn Hours>,
    pub(crate) scaling_interval: Duration,
    pub(crate) sampler: Arc<Sampler>,
    pub(crate) machine_clocks: Arc<Clocks>,
    /// Numbers that could not be had lately.
    pub(crate) rooms: Arc<Rooms>,
}

/// The quotas that an application's growth has to fit into.
#[async_trait]
pub trait Quotas: fmt::Debug + Send + Sync {
    /// Those that an application of a project has to fit into: the project's and its organisation's.
    ///
    /// # Errors
    /// Why the application can't grow at all, in words.
    async fn of(&self, project: &ProjectId, application: ApplicationId) -> Result<Vec<(QuotaHolder, Quota)>, String>;
}

/// Nobody's growth is limited.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoQuotas;

#[async_trait]
impl Quotas for NoQuotas {
    async fn of(&self, _: &ProjectId, _: ApplicationId) -> Result<Vec<(QuotaHolder, Quota)>, String> {
        Ok(Vec::new())
    }
}

/// How applications are scaled by their policies.
#[derive(Debug, Clone)]
pub struct ScalingOptions {
    /// Between two rounds.
    pub interval: Duration,
    /// Who answers PromQL.
    pub metrics: Metrics,
    /// What growth has to fit into.
    pub quotas: Arc<dyn Quotas>,
}

impl Default for ScalingOptions {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1), metrics: Metrics::default(), quotas: Arc::new(NoQuotas) }
    }
}

/// Revisions that could not be planned, and when that was last tried.
pub(crate) type Unplannable = BTreeMap<ApplicationId, (i64, DateTime<Utc>)>;

impl ServiceOrchestrator {
    /// An orchestrator over this database and the Multi-Cloud Orchestrator.
    #[must_use]
    pub fn new(database: Database, clock: SharedClock, ids: SharedIds, mco: Mco) -> Self {
        let ScalingOptions { interval, metrics, quotas } = ScalingOptions::default();
        Self {
            database,
            clock,
            ids,
            mco,
            unplannable: Arc::default(),
            unmovable: Arc::default(),
            moving: MovingPolicy::default(),
            looked: Arc::default(),
            metrics,
            quotas,
            hours: Arc::new(NoHours),
            scaling_interval: interval,
            sampler: Arc::default(),
            machine_clocks: Arc::default(),
            rooms: Arc::default(),
        }
    }

    /// With another policy of what is moved without being asked.
    #[must_use]
    pub fn with_moving(self, moving: MovingPolicy) -> Self {
        Self { moving, ..self }
    }

    /// With another way of scaling.
    #[must_use]
    pub fn with_scaling(self, options: ScalingOptions) -> Self {
        let ScalingOptions { interval, metrics, quotas } = options;
        Self { metrics, quotas, scaling_interval: interval, ..self }
    }

    /// With somebody who knows which hours are good ones.
    #[must_use]
    pub fn with_hours(self, hours: Arc<dyn Hours>) -> Self {
        Self { hours, ..self }
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
        if let Some(application) = existing.as_ref().filter(|_| !what_if)
            && let Some(plan) = self.update_plan(application, model).await?
        {
            return Ok(plan);
        }
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
            deferred: self.deferred_jobs(id).await?,
            update: self.blue_green(id).await?,
        })
    }
}
