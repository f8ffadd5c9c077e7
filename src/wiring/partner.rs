//! Machines of partners, as the Multi-Cloud Orchestrator asks for them, had
//! from the Federation Manager. A domain can't implement a layer's trait, so
//! the two meet here.

use async_trait::async_trait;
use hansa_federation_manager::{ErrorKind, FederationError, FederationManager, orders::LogRequest};
use hansa_mco::{Partner, PartnerError};
use hansa_ontology::{
    ApplicationId, MachineId,
    order::{MachineStanding, MachineWish, OrderReport, OrderRequest, PartnerProvider},
};
use hansa_wdm::{LogLine, model::LogSource};

/// Orders machines through the Federation Manager.
#[derive(Debug, Clone)]
pub(super) struct Partners(pub FederationManager);

fn told(machine: Option<MachineId>, error: FederationError) -> PartnerError {
    match (error.kind(), machine) {
        (ErrorKind::NotFound, Some(machine)) => PartnerError::NotFound(machine),
        (
            ErrorKind::Invalid
            | ErrorKind::Conflict
            | ErrorKind::Forbidden
            | ErrorKind::TooLarge
            | ErrorKind::SoldOut
            | ErrorKind::Agreement
            | ErrorKind::Gone,
            _,
        ) => PartnerError::Refused(error.to_string()),
        _ => PartnerError::Unavailable(Box::new(error)),
    }
}

#[async_trait]
impl Partner for Partners {
    async fn provider_list(&self) -> Result<Vec<PartnerProvider>, PartnerError> {
        self.0.provider_list().await.map_err(|error| told(None, error))
    }

    async fn machine_ensure(&self, wish: &MachineWish) -> Result<MachineStanding, PartnerError> {
        self.0.machine_ensure(wish).await.map_err(|error| told(Some(wish.machine), error))
    }

    async fn order_put(&self, request: OrderRequest) -> Result<(), PartnerError> {
        let machine = request.id;
        self.0.order_put(request).await.map_err(|error| told(Some(machine), error))
    }

    async fn order_reports(&self, application: ApplicationId) -> Result<Vec<OrderReport>, PartnerError> {
        self.0.order_reports(application).await.map_err(|error| told(None, error))
    }

    async fn machine_release(&self, machine: MachineId) -> Result<bool, PartnerError> {
        self.0.machine_release(machine).await.map_err(|error| told(Some(machine), error))
    }

    async fn order_logs(
        &self,
        machine: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, PartnerError> {
        let tail = u32::try_from(tail).unwrap_or(u32::MAX);
        let request = LogRequest { component: component.to_owned(), ordinal, tail };
        let lines = self.0.order_logs(machine, &request).await.map_err(|error| told(Some(machine), error))?;
        let line = |line: hansa_federation::wire::LogLine| LogLine {
            at: line.time.unwrap_or_default(),
            source: match line.stream.as_str() {
                "stderr" => LogSource::Stderr,
                "note" => LogSource::Note,
                _ => LogSource::Stdout,
            },
            text: line.text,
        };
        Ok(lines.into_iter().map(line).collect())
    }
}
