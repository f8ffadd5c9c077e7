//! How a partner's order stands, in the words that partners share.

use super::{ServiceOrchestrator, order::order_application};
use crate::{
    error::OrchestratorError,
    model::{Application, DesiredState, Phase},
    store,
};
use hansa_mco::{
    desired,
    model::{Place, Workload},
};
use hansa_ontology::{
    MachineId,
    order::{DeliveredEndpoint, DeliveredWorkload, Instance, OrderReport, OrderState},
};

impl ServiceOrchestrator {
    /// How an order stands; None where none ever came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_report(
        &self,
        partner: &str,
        order: MachineId,
    ) -> Result<Option<OrderReport>, OrchestratorError> {
        let id = order_application(partner, order);
        let known = self
            .database
            .read(move |connection| {
                let generation = store::generation(connection, id)?;
                Ok::<_, OrchestratorError>(store::get(connection, id)?.zip(generation))
            })
            .await?;
        let Some((application, generation)) = known else {
            return Ok(None);
        };
        let workloads = match application.phase {
            Phase::Removed => Vec::new(),
            _ => self.mco.workload_list(id).await?,
        };
        let workloads = workloads.iter().map(|workload| delivered(&application, workload)).collect();
        Ok(Some(OrderReport {
            id: order,
            generation,
            state: order_state(&application.phase),
            reason: application.phase.reason().map(str::to_owned),
            workloads,
            as_of: self.clock.now(),
        }))
    }
}

const fn order_state(phase: &Phase) -> OrderState {
    match phase {
        Phase::Planning => OrderState::Acknowledged,
        Phase::Deploying | Phase::Degraded(_) => OrderState::InProgress,
        Phase::Running => OrderState::Completed,
        Phase::Blocked(_) => OrderState::Failed,
        Phase::Removing => OrderState::Ending,
        Phase::Removed => OrderState::Ended,
    }
}

/// A workload as the partner is told of it.
fn delivered(application: &Application, workload: &Workload) -> DeliveredWorkload {
    let instance = Instance { component: workload.component.clone(), ordinal: workload.ordinal };
    let wanted = application.model.delivery.as_ref().is_some_and(|delivery| delivery.instances.contains(&instance));
    let named = desired::workload(application.id, &application.model, &instance, workload.machine);
    let endpoint = |endpoint: &hansa_wdm::Endpoint| DeliveredEndpoint {
        address: endpoint.socket(),
        protocol: endpoint.protocol,
        public: endpoint.public,
    };
    let removing = application.desired == DesiredState::Removed;
    DeliveredWorkload {
        instance,
        current: wanted && !removing && named.is_some_and(|named| named.id == workload.id),
        state: workload.state.name().to_owned(),
        healthy: workload.state.is_fulfilled() && matches!(workload.place, Place::Node(_)),
        reason: workload.state.reason().map(str::to_owned),
        restarts: workload.restarts,
        since: workload.changed_at,
        endpoints: workload.endpoints.iter().map(|(port, at)| (port.clone(), endpoint(at))).collect(),
    }
}
