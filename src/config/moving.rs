//! What the broker moves without being asked.

use super::ConfigFault;
use chrono::TimeDelta;
use hansa_ontology::quantity::TimeSpan;
use hansa_service_orchestrator::MovingPolicy;
use serde::{Deserialize, Serialize};

/// What is moved of the broker's own accord, and when that is worth it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MovingSettings {
    /// Empties the least used machine of an application where the others have room.
    pub consolidate: bool,
    /// Gives up machines for places that are cheaper, or emit less, among today's offers.
    pub improve: bool,
    /// How often each application is looked at.
    pub interval: TimeSpan,
    /// The least time between two such moves of one application.
    pub pause: TimeSpan,
    /// For how long a saving is counted against what the move costs.
    pub horizon: TimeSpan,
    /// For how long old and new machines are taken to be paid both.
    pub overlap: TimeSpan,
    /// The least saving, in percent of what the application costs.
    pub least_percent: u32,
    /// So long what ran on a host that can't be reached, or does not work,
    /// waits for it before it begins elsewhere.
    pub lost_after: TimeSpan,
}

impl Default for MovingSettings {
    fn default() -> Self {
        let policy = MovingPolicy::default();
        let span = |time: TimeDelta| TimeSpan::from_millis(u64::try_from(time.num_milliseconds()).unwrap_or(0));
        Self {
            consolidate: policy.consolidate,
            improve: policy.improve,
            interval: span(policy.interval),
            pause: span(policy.pause),
            horizon: span(policy.horizon),
            overlap: span(policy.overlap),
            least_percent: policy.least_percent,
            lost_after: span(hansa_pim::LOST_AFTER),
        }
    }
}

impl MovingSettings {
    /// As PIM takes it.
    pub(crate) fn lost_after(&self) -> TimeDelta {
        time(&self.lost_after)
    }

    /// As the orchestrator takes it.
    pub(crate) fn policy(&self) -> MovingPolicy {
        MovingPolicy {
            consolidate: self.consolidate,
            improve: self.improve,
            interval: time(&self.interval),
            pause: time(&self.pause),
            horizon: time(&self.horizon),
            overlap: time(&self.overlap),
            least_percent: self.least_percent,
        }
    }
}

fn time(span: &TimeSpan) -> TimeDelta {
    TimeDelta::from_std(span.duration()).unwrap_or(TimeDelta::MAX)
}

/// Every rule that they break.
pub(super) fn check(moving: &MovingSettings, faults: &mut Vec<ConfigFault>) {
    if moving.least_percent > 100 {
        let text = format!("is {}, and no move saves more than all", moving.least_percent);
        faults.push(ConfigFault::new("moving.least_percent", text, "give 0 to 100"));
    }
    if moving.interval.duration().is_zero() {
        let remedy = "give a time such as 5m, or set moving.consolidate and moving.improve to false";
        faults.push(ConfigFault::new("moving.interval", "is no time", remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_orchestrators() {
        assert_eq!(MovingSettings::default().policy(), MovingPolicy::default());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let faults = |change: fn(&mut MovingSettings)| {
            let mut moving = MovingSettings::default();
            change(&mut moving);
            let mut faults = Vec::new();
            check(&moving, &mut faults);
            faults.len()
        };
        assert_eq!(faults(|_| ()), 0);
        assert_eq!(faults(|moving| moving.least_percent = 101), 1);
        assert_eq!(faults(|moving| moving.interval = TimeSpan::from_millis(0)), 1);
    }
}
