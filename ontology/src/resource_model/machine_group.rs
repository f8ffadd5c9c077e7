//! Machines that a tenant wishes as such.

use super::{Constraints, Replicas, scaling::Scaling};
use crate::quantity::{CpuMilli, Mebibytes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Machines that are rented as such: as many as are wished, also while nothing
/// runs in some of them. Components name the groups in whose machines they run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Machine group", example = serde_json::json!({ "count": 2, "resources": { "cpu": 2, "memory": "4Gi" } }))]
pub struct MachineGroup {
    /// How many: a number, or a range from which the plan chooses.
    #[serde(default)]
    pub count: Replicas,
    /// How the number of machines follows what is measured. `count` is then the number at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// What each of them has at least, whatever runs in it.
    #[serde(default, skip_serializing_if = "MachineSize::is_empty")]
    pub resources: MachineSize,
    /// What each of them must fulfil. `maxPricePerHour` here bounds each machine.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
}

/// What a machine has at least. What is absent is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Machine size")]
pub struct MachineSize {
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuMilli>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Mebibytes>,
    /// Local disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Mebibytes>,
    /// Graphics processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
}

impl MachineSize {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
