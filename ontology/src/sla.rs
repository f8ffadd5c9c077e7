//! What is promised, and what follows when the promise is not kept (ISO/IEC 19086-1).

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A service level agreement: objectives and the cap on all their credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sla {
    /// What is promised. At least one.
    pub objectives: Vec<ServiceLevelObjective>,
    /// The most that all credits of one billing period may reach, in percent of its charge.
    pub credit_cap_percent: Option<Decimal>,
}

impl Sla {
    /// The promised availability in percent, if there is one.
    #[must_use]
    pub fn availability(&self) -> Option<Decimal> {
        self.objectives.iter().filter(|o| o.metric == Metric::Availability).map(|o| o.target).max()
    }
}

/// One objective: a metric, a target and the window in which it is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceLevelObjective {
    /// What is measured.
    pub metric: Metric,
    /// The target, in the metric's unit.
    pub target: Decimal,
    /// The window over which it holds.
    pub window: Window,
    /// For a metric with a distribution: the percentile that the target binds, 0 to 100.
    pub percentile: Option<Decimal>,
    /// What is owed when the target is missed, by depth of the miss.
    pub remedies: Vec<Remedy>,
}

/// What an objective measures. The unit and the better direction belong to the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of the window in which the service answered, in percent. More is better.
    Availability,
    /// Round-trip time in milliseconds. Less is better.
    Latency,
    /// Data rate in megabits a second. More is better.
    Throughput,
    /// Share of requests that failed, in percent. Less is better.
    ErrorRate,
    /// Time from an order to a usable machine, in seconds. Less is better.
    ProvisioningTime,
    /// Time from a report of a fault to its repair, in minutes. Less is better.
    RepairTime,
}

/// The calendar window of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
    /// Seven UTC days from Monday.
    Week,
    /// One UTC month.
    Month,
    /// One UTC year.
    Year,
}

/// A service credit: what is owed when the measured value is worse than a threshold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Remedy {
    /// It applies when the measured value is worse than this, in the metric's unit.
    pub threshold: Decimal,
    /// Credit in percent of the window's charge, 0 to 100.
    pub credit_percent: Decimal,
}
