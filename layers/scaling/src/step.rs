//! Steps: so many come, or go, by how far a metric is off.

use crate::{
    decide::{Proposal, Round},
    decision::Input,
    measure::delta,
    state::ScalingState,
};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::scaling::{Step, StepPolicy};

pub(crate) fn propose(policy: &StepPolicy, name: &str, round: &Round<'_>, state: &mut ScalingState) -> Proposal {
    let measured = match round.readings.of(&policy.metric).average() {
        Ok(measured) => measured,
        Err(reason) => return Proposal::missing(name, &policy.metric, &reason),
    };
    let current = round.fleet.wanted;
    let inputs = vec![Input::measured(&policy.metric, measured, round.now)];
    // Known from now on, so that its changes are remembered.
    let last = *state.stepped.entry(name.to_owned()).or_insert(DateTime::<Utc>::MIN_UTC);
    let Some((step, bound)) = farthest(&policy.steps, measured.value) else {
        return Proposal::of(name, current, inputs, format!("no step holds, so {current} stay"));
    };
    if last > DateTime::<Utc>::MIN_UTC && last + delta(policy.cool_down) > round.now {
        let formula = format!("the step {bound} holds, but the last was less than {} ago", policy.cool_down);
        return Proposal::of(name, current, inputs, formula);
    }
    let wanted = current.saturating_add_signed(step.change);
    Proposal::of(name, wanted, inputs, format!("the step {bound} holds: {current} {:+} = {wanted}", step.change))
}

/// The step whose bound is passed farthest, and the bound in words.
fn farthest(steps: &[Step], value: f64) -> Option<(&Step, String)> {
    let passed = |step: &&Step| match (step.above, step.below) {
        (Some(above), None) => value - above,
        (None, Some(below)) => below - value,
        _ => -1.0,
    };
    let holding = steps.iter().filter(|step| passed(step) > 0.0);
    // Of two steps of one side the nearer bound is the farther step.
    let step = holding.min_by(|a, b| passed(a).total_cmp(&passed(b)))?;
    let bound =
        step.above.map_or_else(|| format!("below {}", step.below.unwrap_or(0.0)), |above| format!("above {above}"));
    Some((step, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_that_is_passed_last_counts() {
        let step = |above, below, change| Step { above, below, change };
        let steps = [step(Some(60.0), None, 1), step(Some(90.0), None, 4), step(None, Some(20.0), -1)];
        let change = |value| farthest(&steps, value).map(|(step, _)| step.change);
        assert_eq!(
            [change(70.0), change(95.0), change(10.0), change(40.0), change(60.0)],
            [Some(1), Some(4), Some(-1), None, None]
        );
    }
}
