//! The kinds of policies.

use super::{MetricSource, Prediction};
use crate::quantity::TimeSpan;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One policy: exactly one of `target`, `step`, `schedule`, `deadline` and `rule`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scaling policy", example = serde_json::json!({ "target": { "metric": { "cpu": "utilization" }, "value": 70 } }))]
pub struct ScalingPolicy {
    /// What decisions call it. Where it is absent: its kind and its place in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether its number bounds the others' from above instead of standing beside them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub limit: bool,
    /// Keeps a metric at a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetPolicy>,
    /// Adds and takes away by steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPolicy>,
    /// So many at these times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<SchedulePolicy>,
    /// As many as are needed to finish in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlinePolicy>,
    /// A program of the tenant's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RulePolicy>,
}

/// The one kind that a policy is of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PolicyKind<'p> {
    /// Keeps a metric at a value.
    Target(&'p TargetPolicy),
    /// Adds and takes away by steps.
    Step(&'p StepPolicy),
    /// So many at these times.
    Schedule(&'p SchedulePolicy),
    /// As many as are needed to finish in time.
    Deadline(&'p DeadlinePolicy),
    /// A program of the tenant's own.
    Rule(&'p RulePolicy),
}

/// A policy that is of no kind, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have exactly one of `target`, `step`, `schedule`, `deadline` and `rule`, and has {0}")]
pub struct ScalingFault(pub usize);

impl ScalingPolicy {
    /// Of which kind it is.
    ///
    /// # Errors
    /// It is of no kind, or of several.
    pub fn kind(&self) -> Result<PolicyKind<'_>, ScalingFault> {
        let kinds = [
            self.target.as_ref().map(PolicyKind::Target),
            self.step.as_ref().map(PolicyKind::Step),
            self.schedule.as_ref().map(PolicyKind::Schedule),
            self.deadline.as_ref().map(PolicyKind::Deadline),
            self.rule.as_ref().map(PolicyKind::Rule),
        ];
        let kinds: Vec<_> = kinds.into_iter().flatten().collect();
        match *kinds.as_slice() {
            [kind] => Ok(kind),
            _ => Err(ScalingFault(kinds.len())),
        }
    }
}

impl PolicyKind<'_> {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Target(_) => "target",
            Self::Step(_) => "step",
            Self::Schedule(_) => "schedule",
            Self::Deadline(_) => "deadline",
            Self::Rule(_) => "rule",
        }
    }
}

/// Keeps a metric at a value, by the algorithm of Kubernetes'
/// HorizontalPodAutoscaler (autoscaling/v2, MetricSpec).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Target policy")]
pub struct TargetPolicy {
    /// What is measured.
    pub metric: MetricSource,
    /// The value that it is to have.
    pub value: f64,
    /// How measurement and value are compared. Where it is absent:
    /// `utilization` for a utilization, `averageValue` for other values of
    /// instances, `value` for a query.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<TargetKind>,
    /// The relative difference for which nothing is changed.
    #[serde(default = "a_tenth")]
    #[schemars(range(min = 0))]
    pub tolerance: f64,
    /// Looks ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict: Option<Prediction>,
}

const fn a_tenth() -> f64 {
    0.1
}

impl TargetPolicy {
    /// How measurement and value are compared.
    #[must_use]
    pub fn compared(&self) -> TargetKind {
        use super::ResourceUnit::Utilization;
        self.kind.unwrap_or(match &self.metric {
            MetricSource::Cpu(Utilization) | MetricSource::Memory(Utilization) => TargetKind::Utilization,
            MetricSource::Promql(_) => TargetKind::Value,
            _ => TargetKind::AverageValue,
        })
    }
}

/// How a measurement is compared (MetricTargetType).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Target kind")]
pub enum TargetKind {
    /// The instances' average, in percent of what they ask for.
    Utilization,
    /// The instances' average; or a whole, divided by the number of instances.
    AverageValue,
    /// The whole; the number of instances follows its ratio to the value.
    Value,
}

/// Adds and takes away instances by how far a metric is off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Step policy", example = serde_json::json!({ "metric": { "cpu": "utilization" }, "steps": [{ "above": 80, "change": 2 }, { "below": 20, "change": -1 }] }))]
pub struct StepPolicy {
    /// What is measured; of the values of instances, the average.
    pub metric: MetricSource,
    /// The steps. Of those that hold, the one whose bound is passed farthest counts.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
    /// The least time between two changes by this policy.
    #[serde(default = "a_minute")]
    pub cool_down: TimeSpan,
}

const fn a_minute() -> TimeSpan {
    TimeSpan::from_millis(60_000)
}

/// One step: exactly one of `above` and `below`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Step")]
pub struct Step {
    /// It holds while the metric is greater than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// It holds while the metric is less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// How many instances come, or go.
    pub change: i32,
}

/// So many instances at these times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Schedule policy")]
pub struct SchedulePolicy {
    /// When it begins: a cron expression of five fields (minute, hour, day of
    /// the month, month, day of the week) in `timeZone`. On the day that the
    /// clock goes forward, what would begin in the missing hour begins at its
    /// end; on the day that it goes back, what begins in the hour that is there
    /// twice begins once.
    #[schemars(example = &"0 8 * * 1-5")]
    pub start: String,
    /// When it ends, likewise. Either this or `duration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// How long it lasts. Either this or `end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<TimeSpan>,
    /// A time zone of the IANA database.
    #[serde(default = "utc")]
    #[schemars(example = &"Europe/Berlin")]
    pub time_zone: String,
    /// How many instances there are to be meanwhile.
    #[schemars(range(max = 10_000))]
    pub instances: u32,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// As many instances as are needed to finish all jobs in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Deadline policy")]
pub struct DeadlinePolicy {
    /// How many jobs are left.
    pub jobs: MetricSource,
    /// When all are to be done (RFC 3339).
    pub by: DateTime<Utc>,
    /// How long one job takes.
    pub service_time: ServiceTime,
    /// How many jobs an instance does at the same time.
    #[serde(default = "one_job")]
    #[schemars(range(min = 1))]
    pub parallel: u32,
    /// How much earlier all should be done.
    #[serde(default)]
    pub margin: TimeSpan,
}

const fn one_job() -> u32 {
    1
}

/// How long one job takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(title = "Service time")]
pub enum ServiceTime {
    /// As stated.
    Stated(TimeSpan),
    /// As measured, in seconds.
    Measured(MetricSource),
}

/// A program of the tenant's own, in the language of MiCADO's scaling rules
/// (docs/scaling.md). It reads its queries and constants by name, and assigns
/// `m_container_count`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Rule policy")]
pub struct RulePolicy {
    /// The program.
    pub text: String,
    /// Measurements, by the names that the program has for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, MetricSource>,
    /// Constants, by name: any JSON.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, serde_json::Value>,
}
