//! Where a measurement comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Where a measurement comes from. `promql` needs a Prometheus; all others are
/// measured by the broker with nothing installed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Metric source", example = serde_json::json!({ "promql": "sum(rate(http_requests_total[1m]))" }))]
pub enum MetricSource {
    /// A query of Prometheus that gives one value.
    Promql(String),
    /// The processor time of each instance.
    Cpu(ResourceUnit),
    /// The memory of each instance.
    Memory(ResourceUnit),
    /// A value that each instance tells at an HTTP endpoint, in Prometheus' text format.
    Endpoint(EndpointMetric),
}

/// How a resource is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Resource unit")]
pub enum ResourceUnit {
    /// In percent of what the component's `resources` ask for.
    #[default]
    Utilization,
    /// Processors, or MiB.
    Usage,
}

/// A value at an HTTP endpoint of the component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Endpoint metric")]
pub struct EndpointMetric {
    /// The component's port, by name.
    pub port: String,
    /// The path.
    #[serde(default = "metrics_path")]
    #[schemars(regex(pattern = r"^/"))]
    pub path: String,
    /// The metric's name. Several series that match are summed up.
    pub metric: String,
    /// Labels that a series must have, with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Whether it only counts upwards: then its increase in a second is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counter: bool,
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

impl fmt::Display for ResourceUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utilization => "utilization",
            Self::Usage => "usage",
        })
    }
}

/// The name under which a measurement is kept, recorded and shown: different
/// for different sources. A recorded series uses the same names.
impl fmt::Display for MetricSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Promql(query) => write!(f, "promql:{query}"),
            Self::Cpu(unit) => write!(f, "cpu:{unit}"),
            Self::Memory(unit) => write!(f, "memory:{unit}"),
            Self::Endpoint(it) => {
                write!(f, "endpoint:{}{}:{}", it.port, it.path, it.metric)?;
                if !it.labels.is_empty() {
                    let labels: Vec<_> = it.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                    write!(f, "{{{}}}", labels.join(","))?;
                }
                f.write_str(if it.counter { "/s" } else { "" })
            }
        }
    }
}
