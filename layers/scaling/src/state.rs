//! What is remembered between rounds: plain data, so that it can be stored,
//! and so that a replay begins where it wants.

use crate::{measure::Measured, rule::Datum};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is remembered of one target between rounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalingState {
    /// Recent recommendations, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recommendations: Vec<Recommended>,
    /// Recent changes, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// When the number last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<DateTime<Utc>>,
    /// When there was last something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_active: Option<DateTime<Utc>>,
    /// When each step policy last changed the number, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stepped: BTreeMap<String, DateTime<Utc>>,
    /// What each rule keeps, by its policy's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userdata: BTreeMap<String, Datum>,
    /// The recent past of metrics that are looked ahead, by policy.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<String, Vec<Measured>>,
}

/// A number that was recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recommended {
    /// The number.
    pub instances: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// How many came, or went.
    pub by: i64,
    /// When.
    pub at: DateTime<Utc>,
}

impl ScalingState {
    /// So many of the latest change don't come about after all: they count
    /// against no rate. What was to come is positive, what was to go negative.
    pub fn take_back(&mut self, instances: i64) {
        let Some(latest) = self.changes.last_mut() else { return };
        latest.by -= instances;
        if latest.by == 0 {
            self.changes.pop();
            self.last_change = self.changes.last().map(|change| change.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_about_counts_no_more() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let changes = vec![Change { by: 1, at: at(1) }, Change { by: 4, at: at(2) }];
        let mut state = ScalingState { changes, last_change: Some(at(2)), ..ScalingState::default() };
        state.take_back(3);
        assert_eq!((state.changes[1].by, state.last_change), (1, Some(at(2))));
        state.take_back(1);
        assert_eq!((state.changes.len(), state.last_change), (1, Some(at(1))));
    }
}
