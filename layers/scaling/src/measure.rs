//! What is known when a decision is made: the instances and the measurements.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::MetricSource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A component's instances, as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fleet {
    /// How many are wanted now.
    pub wanted: u32,
    /// Those that are there.
    pub instances: Vec<Instance>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its name; measurements of instances use the same.
    pub id: String,
    /// How far it is.
    pub phase: Phase,
    /// When it began to run.
    pub started: Option<DateTime<Utc>>,
    /// Whether it works.
    pub ready: bool,
    /// Since when that is so.
    pub since: DateTime<Utc>,
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It waits for a place, or is being fetched.
    Pending,
    /// It runs.
    Running,
    /// It failed.
    Failed,
    /// It is being ended.
    Ending,
}

impl Fleet {
    /// So many instances, all ready since long ago: for replays and for systems that tell no more.
    #[must_use]
    pub fn ready(count: u32, now: DateTime<Utc>) -> Self {
        let since = now - TimeDelta::days(1);
        let one = |number: u32| Instance {
            id: number.to_string(),
            phase: Phase::Running,
            started: Some(since),
            ready: true,
            since,
        };
        Self { wanted: count, instances: (0..count).map(one).collect() }
    }

    /// How many run and are ready.
    #[must_use]
    pub fn ready_count(&self) -> u32 {
        let ready = self.instances.iter().filter(|it| it.ready && it.phase == Phase::Running).count();
        u32::try_from(ready).unwrap_or(u32::MAX)
    }
}

/// A value and when it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// When it was measured.
    pub at: DateTime<Utc>,
}

/// What a source gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// One value.
    Whole(Measured),
    /// A value of each instance that told one, by its name.
    Instances {
        /// The values.
        values: BTreeMap<String, Measured>,
        /// Over how long each was measured.
        window: TimeSpan,
    },
    /// No value.
    Missing {
        /// Why, in words.
        reason: String,
    },
}

/// All measurements of a round, by the names of their sources.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readings(pub BTreeMap<String, Reading>);

impl Readings {
    /// What a source gave; what was not asked for is missing. A value that is
    /// not a number is as good as none.
    #[must_use]
    pub fn of(&self, source: &MetricSource) -> Reading {
        let missing = |reason: &str| Reading::Missing { reason: reason.to_owned() };
        match self.0.get(&source.to_string()) {
            None => missing("it was not measured"),
            Some(Reading::Whole(it)) if !it.value.is_finite() => missing("its value is no number"),
            Some(Reading::Instances { values, window }) => {
                let finite = values.iter().filter(|(_, it)| it.value.is_finite());
                Reading::Instances { values: finite.map(|(id, it)| (id.clone(), *it)).collect(), window: *window }
            }
            Some(reading) => reading.clone(),
        }
    }
}

impl Reading {
    /// One value: the whole, or the sum over the instances.
    ///
    /// # Errors
    /// Why there is none.
    pub fn sum(&self) -> Result<Measured, String> {
        match self {
            Self::Whole(measured) => Ok(*measured),
            Self::Missing { reason } => Err(reason.clone()),
            Self::Instances { values, .. } => {
                let oldest = values.values().map(|it| it.at).min().ok_or("no instance told a value")?;
                let sum: f64 = values.values().map(|it| it.value).sum();
                if sum.is_finite() {
                    Ok(Measured { value: sum, at: oldest })
                } else {
                    Err("its sum is no number".to_owned())
                }
            }
        }
    }

    /// One value: the whole, or the average of the instances.
    ///
    /// # Errors
    /// Why there is none.
    pub fn average(&self) -> Result<Measured, String> {
        let sum = self.sum()?;
        let count = match self {
            Self::Instances { values, .. } => u32::try_from(values.len()).unwrap_or(u32::MAX).max(1),
            _ => 1,
        };
        Ok(Measured { value: sum.value / f64::from(count), at: sum.at })
    }
}

/// How long ago something was; nothing for what is to come.
#[must_use]
pub fn age(now: DateTime<Utc>, at: DateTime<Utc>) -> TimeSpan {
    TimeSpan((now - at).num_microseconds().and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0))
}

/// A span as the calendar has it.
pub(crate) fn delta(span: TimeSpan) -> TimeDelta {
    TimeDelta::microseconds(i64::try_from(span.0).unwrap_or(i64::MAX / 2))
}
