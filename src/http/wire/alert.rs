//! What people want to be warned of, on the wire.

use chrono::{DateTime, Utc};
use hansa_assurance::alert::{Answer, Holding, Rule, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What somebody wants to be warned of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AlertRequest {
    /// What is asked, in PromQL: it holds for every set of labels that it gives.
    #[schema(min_length = 1, max_length = 8192)]
    pub expr: String,
    /// For how long it must hold: `5m`. Absent: it fires at once.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// How bad that is: `minor`, `major` or `critical`. Absent: `major`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What is told, one line, with `{{label}}` and `{{value}}`. Absent: the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub summary: Option<String>,
    /// Whether it is asked. Absent: it is.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// What somebody wants to be warned of, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    /// Its name.
    pub name: String,
    /// Over whose measurements: `organisation/project`; absent: those of the broker itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What is asked, in PromQL.
    pub expr: String,
    /// For how long it must hold.
    #[serde(rename = "for")]
    pub hold: String,
    /// How bad that is: `minor`, `major` or `critical`.
    pub severity: String,
    /// What is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whether it is asked.
    pub enabled: bool,
    /// It grows with each change.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: String,
    /// `new`, `ok`, `pending`, `firing` or `unknown`.
    pub state: String,
    /// When it was last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<DateTime<Utc>>,
    /// Since when it can't be answered, where it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_since: Option<DateTime<Utc>>,
    /// Why it can't be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it holds for.
    pub sets: Vec<AlertSet>,
}

/// A set of labels for which an expression holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertSet {
    /// Names and values.
    pub labels: BTreeMap<String, String>,
    /// The value when it was last seen; absent: infinite, or no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Since when it has held.
    pub since: DateTime<Utc>,
    /// Since when it fires; absent: it has not held for long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing_since: Option<DateTime<Utc>>,
}

/// What a rule gives now, whatever for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertTrial {
    /// What it holds for.
    pub holds: Vec<AlertHolding>,
    /// Why that may not be all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
}

/// A set of labels for which an expression holds now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertHolding {
    /// Names and values.
    pub labels: BTreeMap<String, String>,
    /// The value; absent: infinite, or no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

impl From<Rule> for Alert {
    fn from(of: Rule) -> Self {
        let state = of.watch.state().to_owned();
        let unknown = of.watch.unknown;
        Self {
            name: of.name,
            project: of.project.map(|project| project.to_string()),
            expr: of.expr,
            hold: of.hold.to_string(),
            severity: of.severity.name().to_owned(),
            summary: of.summary,
            enabled: of.enabled,
            version: of.version,
            changed_at: of.changed_at,
            changed_by: of.changed_by.to_string(),
            state,
            asked_at: of.watch.asked,
            unknown_since: unknown.as_ref().map(|unknown| unknown.since),
            reason: unknown.map(|unknown| unknown.reason),
            sets: of.watch.sets.into_iter().map(AlertSet::from).collect(),
        }
    }
}

impl From<Standing> for AlertSet {
    fn from(of: Standing) -> Self {
        Self { labels: of.labels, value: of.value, since: of.since, firing_since: of.firing }
    }
}

impl From<Answer> for AlertTrial {
    fn from(of: Answer) -> Self {
        let one = |Holding { labels, value }| AlertHolding { labels, value };
        Self { holds: of.holds.into_iter().map(one).collect(), lacking: of.lacking }
    }
}
