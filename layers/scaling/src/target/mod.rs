//! Target tracking: a metric is kept at a value.

mod calculator;
mod predict;

use crate::{
    decide::{Proposal, Round},
    decision::Input,
    measure::{Measured, Reading},
    state::ScalingState,
};
use calculator::{Calculated, PerInstance, Tolerances, by_instances, by_share, by_value};
use hansa_ontology::resource_model::scaling::{MetricSource, ScalingBehavior, TargetKind, TargetPolicy};

/// What the policy proposes.
pub(crate) fn propose(
    policy: &TargetPolicy,
    name: &str,
    behavior: &ScalingBehavior,
    round: &Round<'_>,
    state: &mut ScalingState,
) -> Proposal {
    let reading = round.readings.of(&policy.metric);
    let tolerances = Tolerances {
        up: behavior.scale_up.tolerance.unwrap_or(policy.tolerance),
        down: behavior.scale_down.tolerance.unwrap_or(policy.tolerance),
    };
    let summed = match reading.sum() {
        Ok(summed) => summed,
        Err(reason) => return Proposal::missing(name, &policy.metric, &reason),
    };
    let calculated = match calculate(policy, &reading, summed, round, tolerances) {
        Ok(calculated) => calculated,
        Err(reason) => return Proposal::missing(name, &policy.metric, &reason),
    };
    let shown = if policy.compared() == TargetKind::Value { Ok(summed) } else { reading.average() };
    let mut inputs = vec![Input::measured(&policy.metric, shown.unwrap_or(summed), round.now)];
    inputs.push(Input::known("target", policy.value));
    inputs.push(Input::known("ready instances", round.fleet.ready_count()));
    let Calculated { mut instances, mut formula } = calculated;
    if let Some(prediction) = &policy.predict {
        let history = state.history.entry(name.to_owned()).or_default();
        let outlook = predict::look_ahead(prediction, history, summed, round.now);
        formula = format!("{formula}; {}", outlook.words);
        if let Some(expected) = outlook.expected {
            inputs.push(Input::known(format!("{} expected in {}", policy.metric, prediction.ahead), expected));
            let ahead = if policy.compared() == TargetKind::Value {
                by_value(round.fleet, expected, policy.value, tolerances)
            } else {
                by_share(round.fleet, expected, policy.value, tolerances)
            };
            if ahead.instances > instances {
                instances = ahead.instances;
                formula = format!("{formula}: {}", ahead.formula);
            }
        }
    }
    Proposal::of(name, instances, inputs, formula)
}

fn calculate(
    policy: &TargetPolicy,
    reading: &Reading,
    summed: Measured,
    round: &Round<'_>,
    tolerances: Tolerances,
) -> Result<Calculated, String> {
    let kind = policy.compared();
    let cpu = matches!(policy.metric, MetricSource::Cpu(_));
    match (kind, reading) {
        (TargetKind::Value, _) => Ok(by_value(round.fleet, summed.value, policy.value, tolerances)),
        (_, Reading::Instances { values, window }) => {
            let metric = PerInstance { values, window: *window, cpu, utilization: kind == TargetKind::Utilization };
            let mut calculated = by_instances(round.fleet, &metric, policy.value, tolerances, round.now)?;
            if calculated.instances == 0 {
                // Without an instance there would be nothing to measure, and it would stay so.
                calculated =
                    Calculated { instances: 1, formula: format!("{}; the last one stays", calculated.formula) };
            }
            Ok(calculated)
        }
        (_, _) => Ok(by_share(round.fleet, summed.value, policy.value, tolerances)),
    }
}
