//! The Federation Manager's orders, delivered by the service orchestrator: a
//! partner's order is an application like any other. A domain can't call a
//! layer, so the two meet here.

use async_trait::async_trait;
use hansa_federation_manager::orders::{DeliveredLogLine, Fulfilment, FulfilmentError, Hold, LogRequest};
use hansa_ontology::{
    MachineId, OfferId,
    order::{OrderReport, OrderRequest},
};
use hansa_service_orchestrator::{ErrorKind, OrchestratorError, ServiceOrchestrator};
use hansa_wdm::model::LogSource;
use std::collections::BTreeMap;

/// Delivers partners' orders by the service orchestrator.
#[derive(Debug, Clone)]
pub(super) struct Delivery(pub ServiceOrchestrator);

/// What the caller can go by: a no is for good, anything else may be tried again.
fn told(error: OrchestratorError) -> FulfilmentError {
    match error.kind() {
        ErrorKind::NotFound => FulfilmentError::NotFound,
        ErrorKind::Conflict
        | ErrorKind::QuotaExceeded
        | ErrorKind::PreconditionFailed
        | ErrorKind::Invalid
        | ErrorKind::Infeasible => FulfilmentError::Refused { reason: error.to_string() },
        ErrorKind::Unavailable | ErrorKind::Internal => FulfilmentError::Unavailable(error.to_string()),
    }
}

#[async_trait]
impl Fulfilment for Delivery {
    async fn available_units(&self, except_partner: &str) -> Result<BTreeMap<OfferId, u32>, FulfilmentError> {
        self.0.available_units(except_partner).await.map_err(told)
    }

    async fn hold_place(&self, hold: &Hold) -> Result<(), FulfilmentError> {
        self.0.hold_place(hold).await.map_err(told)
    }

    async fn hold_release(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError> {
        self.0.hold_release(partner, order).await.map_err(told)
    }

    async fn order_put(&self, partner: &str, request: &OrderRequest) -> Result<(), FulfilmentError> {
        self.0.order_put(partner, request).await.map_err(told)
    }

    async fn order_report(&self, partner: &str, order: MachineId) -> Result<Option<OrderReport>, FulfilmentError> {
        self.0.order_report(partner, order).await.map_err(told)
    }

    async fn order_end(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError> {
        self.0.order_end(partner, order).await.map_err(told)
    }

    async fn order_logs(
        &self,
        partner: &str,
        order: MachineId,
        request: &LogRequest,
    ) -> Result<Vec<DeliveredLogLine>, FulfilmentError> {
        let tail = usize::try_from(request.tail).unwrap_or(usize::MAX);
        let lines = self.0.order_logs(partner, order, &request.component, request.ordinal, tail).await.map_err(told)?;
        let line = |line: hansa_wdm::LogLine| DeliveredLogLine {
            at: line.at,
            source: match line.source {
                LogSource::Stdout => "stdout",
                LogSource::Stderr => "stderr",
                LogSource::Note => "note",
            }
            .to_owned(),
            text: line.text,
        };
        Ok(lines.into_iter().map(line).collect())
    }
}
