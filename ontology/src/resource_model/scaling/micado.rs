//! MiCADO's own scaling policies (`tosca.policies.Scaling.MiCADO`), with their
//! properties by MiCADO's names. What they mean is `hansa-scaling`'s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What a policy scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "MiCADO level")]
pub enum MicadoLevel {
    /// Virtual machines: its rule assigns `m_node_count` or `m_nodes_todrop`.
    Machine,
    /// Containers: its rule assigns `m_container_count`.
    Container,
}

/// One policy of `tosca.policies.Scaling.MiCADO`, its properties by MiCADO's names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "MiCADO policy")]
pub struct MicadoPolicy {
    /// What it scales, by name.
    pub target: String,
    /// Of which kind that is.
    pub level: MicadoLevel,
    /// For containers: the machines that they run on, by name. Where it is
    /// absent: those of the first policy of machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What Prometheus asks for metrics besides what it asks anyway: exporters, as `host:port`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Constants.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Json>,
    /// Queries of Prometheus, by the names that rules have for their answers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, String>,
    /// Queries that give a list and no number: the label whose values it holds, by the query's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<MicadoAlert>,
    /// The least number: a number, or a text with `{{CONSTANT}}`.
    pub min_instances: Json,
    /// The greatest number, likewise.
    pub max_instances: Json,
    /// The rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scaling_rule: String,
}

/// An alert: it fires, and is True for rules of its policy, while its expression has held for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "MiCADO alert")]
pub struct MicadoAlert {
    /// Its name.
    pub alert: String,
    /// What must hold, in PromQL.
    pub expr: String,
    /// For how long, as Prometheus writes it.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
}
