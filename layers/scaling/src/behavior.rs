//! From what is recommended to what is done: Kubernetes' normalisation
//! (pkg/controller/podautoscaler, horizontal.go of 1.33:
//! normalizeDesiredReplicasWithBehaviors), then the least time between changes.

use crate::{
    decision::{Keeper, Suppressed, count},
    measure::delta,
    state::{Recommended, ScalingState},
};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_ontology::{
    quantity::TimeSpan,
    resource_model::scaling::{ChangeKind, Scaling, ScalingRules, SelectPolicy},
};

/// The longest period of a change policy.
const LONGEST_PERIOD: TimeDelta = TimeDelta::minutes(30);

pub(crate) fn normalise(
    scaling: &Scaling,
    wanted: u32,
    current: u32,
    now: DateTime<Utc>,
    state: &mut ScalingState,
    suppressed: &mut Vec<Suppressed>,
) -> u32 {
    state.changes.retain(|change| change.at + LONGEST_PERIOD > now);
    // What is out of bounds comes into them at once.
    if current > scaling.max || current < scaling.min {
        let to = current.clamp(scaling.min, scaling.max);
        let why = format!("{current} is not between {} and {}", scaling.min, scaling.max);
        suppressed.push(Suppressed { by: Keeper::Bounds, proposed: current, allowed: to, why });
        return to;
    }
    let stable = stabilise(scaling, wanted, current, now, state);
    note(suppressed, Keeper::Stabilization, wanted, stable, || {
        let (rules, which) = side(scaling, wanted, current);
        format!("recommendations of the last {} are remembered: the {which} counts", rules.stabilization_window)
    });
    let rated = rate(scaling, stable, current, now, state);
    note(suppressed, Keeper::Rate, stable, rated, || {
        format!("{} only so many may {} at a time", current, if stable > current { "come to" } else { "go from" })
    });
    let bounded = rated.clamp(scaling.min, scaling.max);
    note(suppressed, Keeper::Bounds, rated, bounded, || {
        format!("{rated} is not between {} and {}", scaling.min, scaling.max)
    });
    let last = scaling.minimum_interval.zip(state.last_change);
    if let Some((interval, last)) = last.filter(|(interval, last)| bounded != current && *last + delta(*interval) > now)
    {
        let why = format!("it last changed at {}, less than {interval} ago", last.format("%FT%TZ"));
        suppressed.push(Suppressed { by: Keeper::MinimumInterval, proposed: bounded, allowed: current, why });
        return current;
    }
    bounded
}

fn note(suppressed: &mut Vec<Suppressed>, by: Keeper, proposed: u32, allowed: u32, why: impl FnOnce() -> String) {
    if proposed != allowed {
        suppressed.push(Suppressed { by, proposed, allowed, why: why() });
    }
}

const fn side(scaling: &Scaling, wanted: u32, current: u32) -> (&ScalingRules, &'static str) {
    if wanted > current { (&scaling.behavior.scale_up, "least") } else { (&scaling.behavior.scale_down, "greatest") }
}

/// `stabilizeRecommendationWithBehaviors`: up only to the least, and down only
/// to the greatest number that was recommended within the window.
fn stabilise(scaling: &Scaling, wanted: u32, current: u32, now: DateTime<Utc>, state: &mut ScalingState) -> u32 {
    let window = |span: TimeSpan| now - delta(span);
    let up = window(scaling.behavior.scale_up.stabilization_window);
    let down = window(scaling.behavior.scale_down.stabilization_window);
    if state.recommendations.is_empty() {
        // As recordInitialRecommendation: what is there was somebody's wish.
        state.recommendations.push(Recommended { instances: current, at: now });
    }
    let within =
        |cutoff: DateTime<Utc>| state.recommendations.iter().filter(move |it| it.at > cutoff).map(|it| it.instances);
    let least = within(up).fold(wanted, u32::min);
    let greatest = within(down).fold(wanted, u32::max);
    state.recommendations.retain(|it| it.at > up.min(down));
    state.recommendations.push(Recommended { instances: wanted, at: now });
    current.max(least).min(greatest)
}

/// `convertDesiredReplicasWithBehaviorRate`, without the bounds.
fn rate(scaling: &Scaling, wanted: u32, current: u32, now: DateTime<Utc>, state: &ScalingState) -> u32 {
    if wanted > current {
        let limit = limit(&scaling.behavior.scale_up, true, current, now, state);
        // No percentage of none is one: the first may always come.
        wanted.min(limit.max(current).max(u32::from(scaling.behavior.scale_up.select_policy != SelectPolicy::Disabled)))
    } else if wanted < current {
        let limit = limit(&scaling.behavior.scale_down, false, current, now, state);
        wanted.max(limit.min(current))
    } else {
        wanted
    }
}

/// `calculateScaleUpLimitWithScalingRules`, `calculateScaleDownLimitWithBehaviors`.
fn limit(rules: &ScalingRules, up: bool, current: u32, now: DateTime<Utc>, state: &ScalingState) -> u32 {
    if rules.select_policy == SelectPolicy::Disabled {
        return current;
    }
    let proposals = rules.policies.iter().map(|policy| {
        // What was there when the period began.
        let changed: i64 =
            state.changes.iter().filter(|change| change.at > now - delta(policy.period)).map(|change| change.by).sum();
        let began = i64::from(current) - changed;
        let value = i64::from(policy.value);
        #[expect(clippy::cast_precision_loss, reason = "as Kubernetes does")]
        let began_float = began as f64;
        let part = f64::from(policy.value) / 100.0;
        match (policy.kind, up) {
            (ChangeKind::Instances, true) => u32::try_from((began + value).max(0)).unwrap_or(u32::MAX),
            (ChangeKind::Instances, false) => u32::try_from((began - value).max(0)).unwrap_or(u32::MAX),
            // Upwards rounded up, so that one can become two; downwards cut. In floating point
            // numbers, as Kubernetes does, so that both come to the same numbers.
            (ChangeKind::Percent, true) => count((began_float * (1.0 + part)).ceil()).unwrap_or(u32::MAX),
            (ChangeKind::Percent, false) => count((began_float * (1.0 - part)).trunc()).unwrap_or(0),
        }
    });
    let farthest = (rules.select_policy == SelectPolicy::Max) == up;
    let chosen = if farthest { proposals.max() } else { proposals.min() };
    chosen.unwrap_or(if up { u32::MAX } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scaling(behavior: serde_json::Value) -> Scaling {
        let policy = json!({ "schedule": { "start": "0 0 * * *", "duration": "1h", "instances": 1 } });
        serde_json::from_value(json!({ "min": 1, "max": 100, "policies": [policy], "behavior": behavior })).unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000 + second, 0).unwrap()
    }

    /// Recommends these numbers, one every 15 s, and gives what is done.
    fn follow(scaling: &Scaling, start: u32, wanted: &[u32]) -> Vec<u32> {
        let (mut state, mut current, mut done) = (ScalingState::default(), start, Vec::new());
        for (round, wanted) in wanted.iter().enumerate() {
            let now = at(i64::try_from(round).unwrap() * 15);
            let to = normalise(scaling, *wanted, current, now, &mut state, &mut Vec::new());
            if to != current {
                state.changes.push(crate::state::Change { by: i64::from(to) - i64::from(current), at: now });
                state.last_change = Some(now);
            }
            current = to;
            done.push(to);
        }
        done
    }

    #[test]
    fn by_default_it_doubles_or_adds_four_in_15_seconds_and_waits_5_minutes_to_shrink() {
        let usual = scaling(json!({}));
        assert_eq!(follow(&usual, 1, &[50, 50, 50, 50, 50]), [5, 10, 20, 40, 50]);
        let mut wanted = vec![10];
        wanted.extend([2; 21]);
        let done = follow(&usual, 10, &wanted);
        assert_eq!(done[19], 10, "300 s ago 10 were recommended");
        assert_eq!(done[20], 2);
    }

    #[test]
    fn flapping_is_held_by_the_windows() {
        let both = scaling(
            json!({ "scaleUp": { "stabilizationWindow": "1m" }, "scaleDown": { "stabilizationWindow": "1m" } }),
        );
        let done = follow(&both, 5, &[5, 9, 1, 9, 1, 9, 1, 9, 1, 9]);
        assert!(done.iter().all(|count| *count == 5), "{done:?}");
    }

    #[test]
    fn the_least_change_and_none_at_all_can_be_chosen() {
        let two = json!([{ "type": "pods", "value": 2, "period": "1m" }, { "type": "percent", "value": 100, "period": "1m" }]);
        let least = scaling(json!({ "scaleUp": { "selectPolicy": "min", "policies": two } }));
        // Within the first minute 2 may come, all in all.
        assert_eq!(follow(&least, 10, &[50, 50, 50, 50, 50, 50]), [12, 12, 12, 12, 14, 14]);
        let never = scaling(json!({ "scaleDown": { "selectPolicy": "disabled" } }));
        assert_eq!(follow(&never, 10, &[1, 1, 20, 1]), [10, 10, 20, 20]);
        let percent = json!([{ "type": "percent", "value": 10, "period": "1m" }]);
        let slow = scaling(json!({ "scaleDown": { "stabilizationWindow": "0s", "policies": percent } }));
        assert_eq!(follow(&slow, 80, &[10; 5]), [72, 72, 72, 72, 64]);
    }

    #[test]
    fn the_first_may_always_come() {
        let percent = json!([{ "type": "percent", "value": 50, "period": "15s" }]);
        let mut slow = scaling(json!({ "scaleUp": { "policies": percent } }));
        slow.min = 0;
        assert_eq!(follow(&slow, 0, &[5, 5]), [1, 2]);
    }

    #[test]
    fn the_least_time_between_changes_holds() {
        let mut slow = scaling(json!({ "scaleDown": { "stabilizationWindow": "0s" } }));
        slow.minimum_interval = Some(TimeSpan::from_millis(40_000));
        assert_eq!(follow(&slow, 2, &[4, 2, 2, 2, 4]), [4, 4, 4, 2, 2]);
    }

    #[test]
    fn what_is_out_of_bounds_comes_back_at_once() {
        let mut narrow = scaling(json!({}));
        narrow.max = 5;
        assert_eq!(follow(&narrow, 60, &[60]), [5]);
        narrow.min = 3;
        assert_eq!(follow(&narrow, 1, &[1]), [3]);
    }
}
