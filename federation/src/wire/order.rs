//! Orders: deliveries under an agreement. The words inside are the ontology's.

use chrono::{DateTime, Utc};
use hansa_ontology::{
    MachineId,
    order::{OrderReport, OrderRequest},
};
use serde::{Deserialize, Serialize};

/// `PUT /federation/v1/orders/{id}`. The same or an older generation changes
/// nothing and is answered with the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderPut {
    /// The `@id` of the agreement under which it is ordered.
    pub agreement: String,
    /// What is ordered.
    pub order: OrderRequest,
}

/// `GET /federation/v1/orders?after=ID`: the caller's orders that aren't ended, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPage {
    /// How each stands.
    pub orders: Vec<OrderReport>,
    /// Ask after this next; absent: there is no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<MachineId>,
}

/// `GET /federation/v1/orders/{id}/logs?component&ordinal&tail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLogs {
    /// The order.
    pub id: MachineId,
    /// The newest lines, oldest first.
    pub lines: Vec<LogLine>,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// The component.
    pub component: String,
    /// Which of its instances.
    pub ordinal: u32,
    /// When, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<DateTime<Utc>>,
    /// `stdout` or `stderr`.
    pub stream: String,
    /// The line, without its end.
    pub text: String,
}
