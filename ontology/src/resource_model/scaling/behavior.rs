//! How fast a number of instances may change: the `behavior` of the
//! HorizontalPodAutoscaler (autoscaling/v2, HorizontalPodAutoscalerBehavior).

use crate::quantity::TimeSpan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast the number may grow and shrink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scaling behavior")]
pub struct ScalingBehavior {
    /// How it may grow. By default at once, by 4 instances or 100 % in 15 s, whichever is more.
    #[serde(default = "ScalingRules::up")]
    pub scale_up: ScalingRules,
    /// How it may shrink. By default to the greatest number that was recommended in the last 5 minutes.
    #[serde(default = "ScalingRules::down")]
    pub scale_down: ScalingRules,
}

impl Default for ScalingBehavior {
    fn default() -> Self {
        Self { scale_up: ScalingRules::up(), scale_down: ScalingRules::down() }
    }
}

/// The rules of one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scaling rules")]
pub struct ScalingRules {
    /// How long recommendations are remembered: the safest of them counts. At most an hour.
    #[serde(default)]
    pub stabilization_window: TimeSpan,
    /// Which of the policies counts.
    #[serde(default)]
    pub select_policy: SelectPolicy,
    /// How many instances may come or go in a period. Where none is named, any number.
    #[serde(default)]
    pub policies: Vec<ChangePolicy>,
    /// The relative difference between measurement and target for which nothing
    /// is changed in this direction; where it is absent, the target's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub tolerance: Option<f64>,
}

impl ScalingRules {
    fn up() -> Self {
        let policies = vec![
            ChangePolicy { kind: ChangeKind::Instances, value: 4, period: TimeSpan::from_millis(15_000) },
            ChangePolicy { kind: ChangeKind::Percent, value: 100, period: TimeSpan::from_millis(15_000) },
        ];
        Self { stabilization_window: TimeSpan(0), select_policy: SelectPolicy::Max, policies, tolerance: None }
    }

    fn down() -> Self {
        let stabilization_window = TimeSpan::from_millis(300_000);
        let policies =
            vec![ChangePolicy { kind: ChangeKind::Percent, value: 100, period: TimeSpan::from_millis(15_000) }];
        Self { stabilization_window, select_policy: SelectPolicy::Max, policies, tolerance: None }
    }
}

/// Which of several policies counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Select policy")]
pub enum SelectPolicy {
    /// The one that allows the greatest change.
    #[default]
    Max,
    /// The one that allows the least change.
    Min,
    /// None: the number doesn't change in this direction.
    Disabled,
}

/// So many instances may come or go in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Change policy")]
pub struct ChangePolicy {
    /// What is counted.
    #[serde(rename = "type")]
    pub kind: ChangeKind,
    /// How many, or how many percent of what was there when the period began.
    #[schemars(range(min = 1))]
    pub value: u32,
    /// The period. At most half an hour.
    pub period: TimeSpan,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Change kind")]
pub enum ChangeKind {
    /// Instances; `pods` is understood too.
    #[serde(alias = "pods", alias = "Pods")]
    Instances,
    /// Percent.
    #[serde(alias = "Percent")]
    Percent,
}
