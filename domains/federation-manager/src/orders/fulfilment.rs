//! What delivers orders here: the broker's own service orchestrator, seen from
//! the Federation Manager. A domain can't call a layer, so the program that
//! owns both hands in an implementation.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
pub use hansa_ontology::order::Hold;
use hansa_ontology::{
    MachineId, OfferId,
    order::{OrderReport, OrderRequest},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which output of an order's workload is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRequest {
    /// The component.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// At most so many of the last lines.
    pub tail: u32,
}

/// One line of a delivered workload's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveredLogLine {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// `stdout`, `stderr` or `note`.
    pub source: String,
    /// The text without its line end.
    pub text: String,
}

/// Why an order can't be delivered, or not now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FulfilmentError {
    /// No, and asking again won't help: no room, or not deliverable.
    #[error("{reason}")]
    Refused {
        /// For people, at the partner's too.
        reason: String,
    },
    /// There is no such order or hold.
    #[error("there is no such order")]
    NotFound,
    /// Not now: try again.
    #[error("can't be done now: {0}")]
    Unavailable(String),
}

/// Delivers orders of partners. Every call may be repeated: "already there"
/// and "already gone" are success.
#[async_trait]
pub trait Fulfilment: Send + Sync {
    /// Units of each own offer that are left when what `except_partner` holds
    /// and rents itself is not counted.
    async fn available_units(&self, except_partner: &str) -> Result<BTreeMap<OfferId, u32>, FulfilmentError>;

    /// Keeps a unit, with its room, or says no. Never two partners the same
    /// one. Again with a later `until`: keeps it longer.
    async fn hold_place(&self, hold: &Hold) -> Result<(), FulfilmentError>;

    /// Gives a unit back that no order came for.
    async fn hold_release(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError>;

    /// Delivers the order in the unit that is held, or changes what it
    /// delivers. An older generation than the one in force changes nothing.
    async fn order_put(&self, partner: &str, request: &OrderRequest) -> Result<(), FulfilmentError>;

    /// How the order stands. None: nothing is known of it.
    async fn order_report(&self, partner: &str, order: MachineId) -> Result<Option<OrderReport>, FulfilmentError>;

    /// Takes the order away. It has ended when its report says so or is gone.
    async fn order_end(&self, partner: &str, order: MachineId) -> Result<(), FulfilmentError>;

    /// What a workload of the order has written.
    async fn order_logs(
        &self,
        partner: &str,
        order: MachineId,
        request: &LogRequest,
    ) -> Result<Vec<DeliveredLogLine>, FulfilmentError>;
}
