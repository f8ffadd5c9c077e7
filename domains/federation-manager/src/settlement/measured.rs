//! What this broker has measured itself of what it delivers to partners.

use crate::{FederationError, FederationManager};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_federation::wire::ReportedStretch;
use hansa_ontology::MachineId;
use std::{fmt::Debug, sync::Arc};

/// Our own measure of the orders that partners have here.
#[async_trait]
pub trait Measured: Debug + Send + Sync {
    /// For how many seconds of a stretch an order could not be used. None: not
    /// known, as where nobody asks for it: who wasn't reached knows nothing of that.
    ///
    /// # Errors
    /// When the measure can't be read now; the claim is answered later.
    async fn down_seconds(
        &self,
        _order: MachineId,
        _from: DateTime<Utc>,
        _until: DateTime<Utc>,
    ) -> Result<Option<u64>, FederationError> {
        Ok(None)
    }

    /// When a partner's order could not be used within a stretch, as far as the
    /// log tells. None: nothing was promised of it, so that nothing was measured.
    ///
    /// # Errors
    /// When the measure can't be read now; usage is recorded later.
    async fn service(
        &self,
        partner: &str,
        order: MachineId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<ServiceMeasure>, FederationError>;
}

/// What was measured of an order within a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceMeasure {
    /// When it could not be used, in order.
    pub down: Vec<ReportedStretch>,
    /// Maintenance that was announced before it began, in order.
    pub maintenance: Vec<ReportedStretch>,
}

impl FederationManager {
    /// Says who measures what is delivered here. Only the first call counts.
    pub fn measured_set(&self, measured: Arc<dyn Measured>) {
        if self.inner.orders.measured.set(measured).is_err() {
            tracing::warn!("who measures what is delivered here was set already");
        }
    }

    /// For how many seconds an order could not be used by our own measure. None: not known.
    pub(super) async fn own_down_seconds(
        &self,
        order: MachineId,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<u64>, FederationError> {
        match self.inner.orders.measured.get() {
            Some(measured) => measured.down_seconds(order, from, until).await,
            None => Ok(None),
        }
    }
}
