//! How many instances of a component there should be: the policies that decide
//! it. What they mean is `hansa-scaling`'s; what they look like is here.

mod behavior;
mod metric;
mod micado;
mod policy;
mod prediction;

pub use behavior::{ChangeKind, ChangePolicy, ScalingBehavior, ScalingRules, SelectPolicy};
pub use metric::{EndpointMetric, MetricSource, ResourceUnit};
pub use micado::{MicadoAlert, MicadoLevel, MicadoPolicy};
pub use policy::{
    DeadlinePolicy, PolicyKind, RulePolicy, ScalingFault, ScalingPolicy, SchedulePolicy, ServiceTime, Step, StepPolicy,
    TargetKind, TargetPolicy,
};
pub use prediction::Prediction;

use crate::quantity::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many instances there should be, and who decides.
///
/// Of several policies the largest number wins; a policy with `limit: true`
/// proposes nothing, but bounds what the others propose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scaling", example = example())]
pub struct Scaling {
    /// The least number of instances.
    #[serde(default = "one")]
    #[schemars(range(max = 10_000))]
    pub min: u32,
    /// The greatest number of instances.
    #[schemars(range(min = 1, max = 10_000))]
    pub max: u32,
    /// What decides between them. At least one.
    #[schemars(length(min = 1))]
    pub policies: Vec<ScalingPolicy>,
    /// How fast the number may change, and for how long a recommendation is
    /// remembered; as the `behavior` of Kubernetes' HorizontalPodAutoscaler.
    #[serde(default)]
    pub behavior: ScalingBehavior,
    /// The least time between two changes; none where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_interval: Option<TimeSpan>,
    /// When there is to be no instance at all. Only with `min: 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero: Option<ScaleToZero>,
}

const fn one() -> u32 {
    1
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "min": 1,
        "max": 10,
        "policies": [
            { "target": { "metric": { "cpu": "utilization" }, "value": 70 } },
            { "schedule": { "start": "0 8 * * 1-5", "duration": "10h", "timeZone": "Europe/Berlin", "instances": 4 } }
        ]
    })
}

/// No instances while nothing is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scale to zero")]
pub struct ScaleToZero {
    /// What tells whether there is something to do: a queue's length, a rate of requests.
    pub metric: MetricSource,
    /// There is something to do while the metric is greater than this.
    #[serde(default)]
    pub activation: f64,
    /// How long there must have been nothing to do before the last instance ends.
    #[serde(default = "five_minutes")]
    pub cool_down: TimeSpan,
}

const fn five_minutes() -> TimeSpan {
    TimeSpan::from_millis(300_000)
}

#[cfg(test)]
mod tests;
