//! Replay: a recorded series runs through policies, offline, to the same
//! decisions each time; and how good they were: for how long instances had too
//! much to do, and how many instance-hours that took.

mod compare;
mod micado;
mod series;
mod world;

pub use compare::{Compared, compare, table};
pub use micado::{micado_names_asked, replay_micado};
pub use series::{Sample, Series, SeriesFault};

use crate::{
    decide::{Round, decide, sources},
    decision::Decision,
    measure::{Readings, delta},
    state::ScalingState,
};
use chrono::{DateTime, Utc};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::Scaling};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use world::World;

/// How a replay runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(title = "Replay options")]
pub struct ReplayOptions {
    /// The time between two rounds.
    pub interval: TimeSpan,
    /// How many instances there are at the beginning. Where it is absent: `min`.
    pub start: Option<u32>,
    /// How long an instance takes until it is ready.
    pub ready_after: TimeSpan,
    /// How measurements react to the number of instances.
    pub model: Model,
    /// A sample older than this is no longer a measurement.
    pub stale_after: TimeSpan,
    /// What each instance can do: beyond it, it has too much.
    pub objective: Option<Objective>,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self {
            interval: TimeSpan::from_millis(15_000),
            start: None,
            ready_after: TimeSpan(0),
            model: Model::Recorded,
            stale_after: TimeSpan::from_millis(300_000),
            objective: None,
        }
    }
}

/// How measurements react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Replay model")]
pub enum Model {
    /// Not at all: what was recorded is what is measured.
    #[default]
    Recorded,
    /// What was recorded is the load of all: each ready instance measures its share.
    Shared,
}

/// What each instance can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Replay objective")]
pub struct Objective {
    /// The series that is the load of all, by its name.
    pub metric: String,
    /// The most that an instance can do of it.
    pub most: f64,
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Replayed")]
pub struct Replayed {
    /// All decisions, those that change nothing included.
    pub decisions: Vec<Decision>,
    /// For how long instances had too much to do. Absent: no objective says what that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<TimeSpan>,
    /// What was rented: instances × hours.
    pub instance_hours: f64,
    /// How often the number changed.
    pub changes: usize,
    /// The greatest number.
    pub most: u32,
    /// Whether the series had more rounds than are replayed at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// The most rounds of one replay: a month of one every 15 s.
pub const MOST_ROUNDS: usize = 175_000;

impl Replayed {
    /// The decisions, one in a line of JSON: the same bytes for the same replay.
    ///
    /// # Errors
    /// A value that JSON hasn't; no decision has one.
    pub fn to_json_lines(&self) -> Result<String, serde_json::Error> {
        let mut lines = String::new();
        for decision in &self.decisions {
            lines.push_str(&serde_json::to_string(decision)?);
            lines.push('\n');
        }
        Ok(lines)
    }

    /// One round more: what the world is until the next one, and how it changes.
    fn add(&mut self, decision: Decision, world: &mut World, series: &Series, options: &ReplayOptions) {
        let now = decision.at;
        world.account(self, series, now, options);
        world.scale(decision.to, now);
        self.most = self.most.max(decision.to);
        self.changes += usize::from(decision.changes());
        self.decisions.push(decision);
        self.cut = self.decisions.len() == MOST_ROUNDS;
    }
}

/// The names that a series has to have for a component's policies.
#[must_use]
pub fn names_asked(scaling: &Scaling) -> BTreeSet<String> {
    sources(scaling).iter().map(ToString::to_string).collect()
}

/// The moments of a replay: from the first sample to the last.
pub(crate) fn moments(series: &Series, interval: TimeSpan) -> impl Iterator<Item = DateTime<Utc>> {
    let step = delta(TimeSpan(interval.0.max(1_000_000)));
    let (first, last) = series.span().unzip();
    let all = std::iter::successors(first, move |now| now.checked_add_signed(step));
    all.take_while(move |now| Some(*now) <= last).take(MOST_ROUNDS)
}

/// Runs a series through the policies of a component or a machine group, by its name.
#[must_use]
pub fn replay(target: &str, scaling: &Scaling, series: &Series, options: &ReplayOptions) -> Replayed {
    let mut state = ScalingState::default();
    let mut world = World::new(options.start.unwrap_or(scaling.min));
    let mut replayed = Replayed::default();
    for now in moments(series, options.interval) {
        let fleet = world.fleet(now, options.ready_after);
        let readings = Readings(world.readings(series, now, options));
        let round = Round { target, fleet: &fleet, readings: &readings, now };
        replayed.add(decide(scaling, &round, &mut state), &mut world, series, options);
    }
    replayed
}
