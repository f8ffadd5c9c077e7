//! What scaling policies last decided, on the wire: a decision as the event log has it.

use chrono::{DateTime, Utc};
use hansa_scaling::{Decision, Reason};
use hansa_service_orchestrator::ScalingView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the policies of an application last decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scaling {
    /// For each component and machine group that policies scale. Empty: there
    /// is none, or its policies were not asked yet.
    pub decisions: Vec<ScalingDecision>,
    /// When they were last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
}

/// How many there are to be, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScalingDecision {
    /// The component or the machine group.
    pub target: String,
    /// How many were wanted.
    pub from: u32,
    /// How many are wanted now.
    pub to: u32,
    /// What each policy saw and proposed.
    pub because: Vec<ScalingReason>,
    /// What kept the number from being what was proposed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<ScalingSuppressed>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// What one policy saw and proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScalingReason {
    /// The policy's name.
    pub policy: String,
    /// How many it proposes; none where it has nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposes: Option<u32>,
    /// Whether it is the one that counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub won: bool,
    /// What it saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<ScalingInput>,
    /// How it came to its number, in words.
    pub formula: String,
}

/// A value that went into a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScalingInput {
    /// Its name, or that of its source.
    pub name: String,
    /// The value; null where there was none.
    pub value: serde_json::Value,
    /// How old it was, such as `1s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
}

/// What kept a number from being another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScalingSuppressed {
    /// What kept it: `largerPolicy`, `limit`, `bounds`, `missingMetric`, `ruleFault`,
    /// `stabilization`, `rate`, `minimumInterval`, `noRoom` or `zero`.
    pub by: String,
    /// The number that was proposed.
    pub proposed: u32,
    /// What became of it.
    pub allowed: u32,
    /// Why, in words.
    pub why: String,
}

impl ScalingDecision {
    /// Why, in words.
    pub(crate) fn why(&self) -> String {
        let because = self.because.iter().map(|it| (it.policy.as_str(), it.formula.as_str(), it.won));
        hansa_scaling::in_words(because, self.suppressed.iter().map(|kept| kept.why.as_str()))
    }
}

impl From<Option<ScalingView>> for Scaling {
    fn from(view: Option<ScalingView>) -> Self {
        let decided_at = view.as_ref().map(|view| view.decided_at);
        let decisions = view.into_iter().flat_map(|view| view.decisions).map(ScalingDecision::from).collect();
        Self { decisions, decided_at }
    }
}

impl From<Decision> for ScalingDecision {
    fn from(of: Decision) -> Self {
        let suppressed = of.suppressed.into_iter().map(|kept| ScalingSuppressed {
            by: kept.by.name().to_owned(),
            proposed: kept.proposed,
            allowed: kept.allowed,
            why: kept.why,
        });
        Self {
            target: of.target,
            from: of.from,
            to: of.to,
            because: of.because.into_iter().map(ScalingReason::from).collect(),
            suppressed: suppressed.collect(),
            at: of.at,
        }
    }
}

impl From<Reason> for ScalingReason {
    fn from(of: Reason) -> Self {
        let inputs = of.inputs.into_iter().map(|input| ScalingInput {
            name: input.name,
            value: input.value.to_json(),
            age: input.age.map(|age| age.to_string()),
        });
        Self { policy: of.policy, proposes: of.proposes, won: of.won, inputs: inputs.collect(), formula: of.formula }
    }
}
