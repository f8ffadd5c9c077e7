//! What to minimise.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to minimise: one thing, or a weighted sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "Objective")]
pub enum Objective {
    /// One thing; ties are broken by price.
    One(ObjectiveKind),
    /// A weighted sum.
    Weighted(Weights),
}

/// One thing to minimise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "One objective")]
pub enum ObjectiveKind {
    /// Price for an hour.
    Price,
    /// Sum over the links of the worst round-trip time between their instances.
    Latency,
    /// Grams of CO2 equivalent for an hour of operation.
    Carbon,
}

/// Weights of a sum: `price × units of currency an hour + latency × milliseconds
/// + carbon × grams of CO2 equivalent an hour`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Weights")]
pub struct Weights {
    /// For each unit of currency an hour.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub price: Decimal,
    /// For each millisecond of the links' worst round-trip times, summed.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub latency: Decimal,
    /// For each gram of CO2 equivalent an hour.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub carbon: Decimal,
}

impl Default for Objective {
    fn default() -> Self {
        Self::One(ObjectiveKind::Price)
    }
}
