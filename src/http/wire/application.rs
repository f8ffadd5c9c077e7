//! Applications on the wire.

use super::{DeferredJob, Plan, Price, UpdateStanding, Workload};
use chrono::{DateTime, Utc};
use hansa_service_orchestrator as orchestrator;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A resource model that the broker keeps at its desired state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose it is: `organisation/project`.
    pub project: String,
    /// Who submitted it.
    pub owner: String,
    /// What is wanted: `running` or `removed`.
    pub desired: String,
    /// Where it stands.
    pub phase: Phase,
    /// Number of the wanted revision, from 1.
    pub revision: i64,
    /// Its version: the ETag, and what If-Match is compared with.
    pub version: i64,
    /// The operation that last changed what is wanted.
    pub operation: String,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Where an application stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phase {
    /// `planning`, `deploying`, `running`, `degraded`, `blocked`, `removing` or `removed`.
    pub state: String,
    /// Why, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An application with everything that belongs to it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationDetail {
    /// The application.
    #[serde(flatten)]
    pub application: Application,
    /// The wanted resource model.
    #[schema(value_type = crate::http::openapi::ResourceModelSchema)]
    pub model: serde_json::Value,
    /// The revision that the plan in force was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_revision: Option<i64>,
    /// The plan in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Its machines.
    pub machines: Vec<Machine>,
    /// Its workloads.
    pub workloads: Vec<Workload>,
    /// Its jobs that may wait, or did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<DeferredJob>,
    /// How its blue-green update stands, where one is under way or was abandoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateStanding>,
}

/// A rented machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// Its id.
    pub id: String,
    /// The offer's IRI.
    pub offer: String,
    /// `virtual-machine`, `container` or `bare-metal`.
    pub kind: String,
    /// The provider's IRI.
    pub provider: String,
    /// The site's IRI.
    pub site: String,
    /// Its price for an hour, fixed when it was rented.
    pub price_per_hour: Price,
    /// `held`, `ordered`, `ready`, `lost` or `releasing`.
    pub state: String,
    /// The node that carries it, where it is ready and this broker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The partner that delivers it, by its name; absent where this broker does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// When it was rented.
    pub created_at: DateTime<Utc>,
}

/// The answer to a change: it is written down, and an operation tells how it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    /// The application's id.
    pub application: String,
    /// The operation to follow.
    pub operation: String,
    /// The application's version after the change.
    pub version: i64,
    /// What its author should know: of a template of TOSCA, all that isn't
    /// carried out as it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How many instances of which components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScaleRequest {
    /// The number of instances, by component.
    pub replicas: BTreeMap<String, u32>,
}

impl From<orchestrator::Accepted> for Accepted {
    fn from(accepted: orchestrator::Accepted) -> Self {
        Self {
            application: accepted.application.to_string(),
            operation: accepted.operation.to_string(),
            version: accepted.version,
            warnings: Vec::new(),
        }
    }
}

impl From<&orchestrator::Application> for Application {
    fn from(application: &orchestrator::Application) -> Self {
        Self {
            id: application.id.to_string(),
            name: application.name.clone(),
            project: application.project.to_string(),
            owner: application.owner.to_string(),
            desired: match application.desired {
                orchestrator::DesiredState::Running => "running".to_owned(),
                orchestrator::DesiredState::Removed => "removed".to_owned(),
            },
            phase: Phase {
                state: application.phase.name().to_owned(),
                reason: application.phase.reason().map(str::to_owned),
            },
            revision: application.revision,
            version: application.version,
            operation: application.operation.to_string(),
            created_at: application.created_at,
            updated_at: application.updated_at,
        }
    }
}

impl From<orchestrator::ApplicationDetail> for ApplicationDetail {
    fn from(detail: orchestrator::ApplicationDetail) -> Self {
        let policy = &detail.application.model.update;
        let update = detail.update.as_ref().map(|update| UpdateStanding::new(update, policy));
        let (plan_revision, plan) = detail.plan.map_or((None, None), |(revision, plan)| (Some(revision), Some(plan)));
        Self {
            application: Application::from(&detail.application),
            model: serde_json::to_value(&detail.application.model).unwrap_or_default(),
            plan_revision,
            plan: plan.map(Plan::from),
            machines: detail.machines.into_iter().map(Machine::from).collect(),
            workloads: detail.workloads.into_iter().map(Workload::from).collect(),
            deferred: detail.deferred.into_iter().map(|(name, job)| DeferredJob::new(name, &job)).collect(),
            update,
        }
    }
}

impl From<hansa_mco::model::Machine> for Machine {
    fn from(machine: hansa_mco::model::Machine) -> Self {
        use hansa_mco::model::MachineState;
        let (state, node) = match machine.state {
            MachineState::Held { .. } => ("held", None),
            MachineState::Ordered => ("ordered", None),
            MachineState::Ready { node } => ("ready", node),
            MachineState::Lost => ("lost", None),
            MachineState::Releasing => ("releasing", None),
        };
        Self {
            id: machine.id.to_string(),
            offer: machine.terms.id.to_string(),
            kind: machine.terms.kind.to_string(),
            provider: machine.terms.provider.to_string(),
            site: machine.terms.site.to_string(),
            price_per_hour: Price::new(machine.price_per_hour.micros, machine.price_per_hour.currency),
            state: state.to_owned(),
            node,
            partner: machine.partner,
            created_at: machine.created_at,
        }
    }
}
