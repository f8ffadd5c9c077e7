//! What partners ordered here is measured by assurance, and told to them by the
//! Federation Manager. Neither knows the other, so the two meet here.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_assurance::service::{Assurance, Part};
use hansa_federation::wire::ReportedStretch;
use hansa_federation_manager::{
    FederationError,
    settlement::{Measured, ServiceMeasure},
};
use hansa_ontology::MachineId;
use hansa_service_orchestrator::order_application;

/// Partners' orders as assurance measures them.
#[derive(Debug, Clone)]
pub(super) struct OwnMeasure(pub Assurance);

#[async_trait]
impl Measured for OwnMeasure {
    async fn service(
        &self,
        partner: &str,
        order: MachineId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<ServiceMeasure>, FederationError> {
        let found = self.0.delivered(order_application(partner, order), from, until).await?;
        let parts = |all: Vec<Part>| all.into_iter().map(|(from, until)| ReportedStretch { from, until }).collect();
        Ok(found.map(|found| ServiceMeasure { down: parts(found.down), maintenance: parts(found.maintenance) }))
    }
}
