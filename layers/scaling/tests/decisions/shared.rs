//! Building rounds.

use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{quantity::TimeSpan, resource_model::scaling::Scaling};
use hansa_scaling::{
    Decision, Fleet, Measured, Reading, Readings, Round, ScalingState, decide,
    replay::{Model, Objective, ReplayOptions},
};

pub(crate) fn scaling(json: serde_json::Value) -> Scaling {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn start() -> DateTime<Utc> {
    "2026-07-01T08:00:00Z".parse().unwrap()
}

/// A round each minute over the load of all; an instance takes three minutes to be ready,
/// and beyond 80 % of its processors it has too much.
pub(crate) fn minutely() -> ReplayOptions {
    ReplayOptions {
        interval: TimeSpan::from_millis(60_000),
        ready_after: TimeSpan::from_millis(180_000),
        model: Model::Shared,
        objective: Some(Objective { metric: "cpu:utilization".to_owned(), most: 80.0 }),
        ..ReplayOptions::default()
    }
}

/// A component and its state, round after round.
pub(crate) struct Watch {
    pub(crate) scaling: Scaling,
    pub(crate) state: ScalingState,
    pub(crate) count: u32,
    pub(crate) now: DateTime<Utc>,
}

impl Watch {
    pub(crate) fn new(json: serde_json::Value, count: u32) -> Self {
        Self { scaling: scaling(json), state: ScalingState::default(), count, now: start() }
    }

    /// One round with these values, each of the whole, or of every instance; then 15 s.
    pub(crate) fn round(&mut self, values: &[(&str, f64)]) -> Decision {
        let fleet = Fleet::ready(self.count, self.now);
        let reading = |name: &str, value: f64| {
            let at = self.now - TimeDelta::seconds(5);
            if name.starts_with("promql:") {
                return Reading::Whole(Measured { value, at });
            }
            let values = fleet.instances.iter().map(|it| (it.id.clone(), Measured { value, at })).collect();
            Reading::Instances { values, window: TimeSpan(0) }
        };
        let readings =
            Readings(values.iter().map(|(name, value)| ((*name).to_owned(), reading(name, *value))).collect());
        // What is remembered is written down and read again.
        self.state = serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap();
        let round = Round { target: "web", fleet: &fleet, readings: &readings, now: self.now };
        let decision = decide(&self.scaling, &round, &mut self.state);
        self.count = decision.to;
        self.now += TimeDelta::seconds(15);
        decision
    }
}
