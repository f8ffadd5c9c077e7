//! What partners ask of this broker: holds, orders, and how they stand. An
//! order is an application like any other, which belongs to the partner.

use super::ServiceOrchestrator;
use crate::error::OrchestratorError;
use chrono::{DateTime, Utc};
use hansa_ontology::{
    MachineId, OfferId,
    order::{OrderReport, OrderRequest},
};
use hansa_wdm::LogLine;
use std::collections::BTreeMap;

/// Capacity that is kept for a partner for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The order that it is kept for: the partner's machine.
    pub order: MachineId,
    /// The partner's DID.
    pub partner: String,
    /// One unit of this offer of ours.
    pub offer: OfferId,
    /// Until then, unless the order comes first.
    pub until: DateTime<Utc>,
}

impl ServiceOrchestrator {
    /// How many units of each offer of this broker's own can be had now by a
    /// partner: what it holds and rents itself doesn't count as taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn available_units(&self, except_partner: &str) -> Result<BTreeMap<OfferId, u32>, OrchestratorError> {
        Err(OrchestratorError::NotFound(except_partner.to_owned()))
    }

    /// Keeps one unit for an order. Repeating it for the same order extends the
    /// hold; where the order has come already, nothing is changed.
    ///
    /// # Errors
    /// `OrderRefused` with the reason; when the database fails.
    pub async fn hold_place(&self, hold: &Hold) -> Result<(), OrchestratorError> {
        Err(OrchestratorError::OrderRefused(hold.order.to_string()))
    }

    /// Gives back what is kept for an order. None is success.
    ///
    /// # Errors
    /// `OrderRefused` when the order has come already: it can only be ended.
    pub async fn hold_release(&self, partner: &str, order: MachineId) -> Result<(), OrchestratorError> {
        Err(OrchestratorError::OrderRefused(format!("{partner} {order}")))
    }

    /// Takes an order on, or changes it. An older generation than the one in
    /// force, and the same again, change nothing.
    ///
    /// # Errors
    /// `OrderRefused` with the reason: nothing is held for it, it was ended,
    /// its model isn't a delivery.
    pub async fn order_put(&self, partner: &str, request: &OrderRequest) -> Result<(), OrchestratorError> {
        Err(OrchestratorError::OrderRefused(format!("{partner} {}", request.id)))
    }

    /// How an order stands; None where none ever came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_report(
        &self,
        partner: &str,
        order: MachineId,
    ) -> Result<Option<OrderReport>, OrchestratorError> {
        Err(OrchestratorError::OrderRefused(format!("{partner} {order}")))
    }

    /// Ends an order, and what is held for it. Repeating it is harmless.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_end(&self, partner: &str, order: MachineId) -> Result<(), OrchestratorError> {
        Err(OrchestratorError::OrderRefused(format!("{partner} {order}")))
    }

    /// The last `tail` lines of the output of one instance, oldest first.
    ///
    /// # Errors
    /// `NotFound` where there is no such order or instance.
    pub async fn order_logs(
        &self,
        partner: &str,
        order: MachineId,
        component: &str,
        ordinal: u32,
        tail: usize,
    ) -> Result<Vec<LogLine>, OrchestratorError> {
        Err(OrchestratorError::OrderRefused(format!("{partner} {order} {component} {ordinal} {tail}")))
    }
}
