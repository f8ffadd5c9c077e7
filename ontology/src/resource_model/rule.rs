//! How instances stand to each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How instances stand to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Rule")]
pub enum Rule {
    /// Co-location: a machine that holds an instance of one of these components holds one of each.
    Together(#[schemars(length(min = 2))] Vec<String>),
    /// Anti-affinity: no machine holds instances of two of these components.
    Apart(#[schemars(length(min = 2))] Vec<String>),
    /// Anti-affinity of one component against several others.
    Conflict(ConflictRule),
    /// Exclusive use: a machine that holds an instance of one of these components holds nothing else.
    Alone(#[schemars(length(min = 1))] Vec<String>),
    /// Anti-affinity within a component: at most so many instances in one place.
    Spread(SpreadRule),
    /// Alternatives: at most one of these components is deployed at all.
    OneOf(#[schemars(length(min = 2))] Vec<String>),
    /// Full deployment: every machine of the application holds an instance.
    Everywhere(EverywhereRule),
    /// A bound on how many instances several components have together.
    Count(CountRule),
    /// So many of one component for each so many of another.
    Ratio(RatioRule),
}

/// `component` shares no machine with any of `with`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Conflict rule")]
pub struct ConflictRule {
    /// The component.
    pub component: String,
    /// Those with which it shares no machine.
    #[schemars(length(min = 1))]
    pub with: Vec<String>,
}

/// At most `max` instances of `component` in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Spread rule")]
pub struct SpreadRule {
    /// The component.
    pub component: String,
    /// What counts as one place.
    #[serde(default)]
    pub over: Scope,
    /// How many in one place, at least 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub max: u32,
}

fn one() -> u32 {
    1
}

/// What counts as one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "Scope")]
pub enum Scope {
    /// A machine.
    #[default]
    Machine,
    /// A site.
    Site,
    /// A provider.
    Provider,
}

/// Every machine holds an instance of `component`, but for those that hold one of `except`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Everywhere rule")]
pub struct EverywhereRule {
    /// The component. Its `replicas` must be a range.
    pub component: String,
    /// Machines that hold an instance of one of these need none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// Bounds on the instances of several components together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Count rule")]
pub struct CountRule {
    /// The components.
    #[schemars(length(min = 1))]
    pub of: Vec<String>,
    /// At least so many in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// At most so many in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Each instance of `consumer` needs `needs` instances of `provider`, each of
/// which serves `serves`: `needs × consumers ≤ serves × providers`. One proxy
/// for each three application servers is consumer: application, provider:
/// proxy, serves: 3. A provider that `oneOf` leaves undeployed is not bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Ratio rule")]
pub struct RatioRule {
    /// The component that needs.
    pub consumer: String,
    /// The component that is needed.
    pub provider: String,
    /// How many one consumer needs.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub needs: u32,
    /// How many needs one provider serves.
    #[schemars(range(min = 1))]
    pub serves: u32,
    /// No more providers than needed.
    #[serde(default)]
    pub exact: bool,
}
