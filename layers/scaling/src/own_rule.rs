//! A tenant's own rule as one of a component's policies.

use crate::{
    decide::{Proposal, Round},
    decision::{Input, Keeper, count},
    rule::{Datum, Inputs, Limits, Rule},
    state::ScalingState,
};
use hansa_ontology::resource_model::scaling::RulePolicy;

/// What a rule assigns.
pub(crate) const CONTAINERS: &str = "m_container_count";
/// What is kept from round to round.
pub(crate) const USERDATA: &str = "m_userdata";

/// Names that every rule of a component is given.
pub(crate) const GIVEN: &[&str] = &[CONTAINERS, USERDATA, "m_ready_count"];

pub(crate) fn propose(policy: &RulePolicy, name: &str, round: &Round<'_>, state: &mut ScalingState) -> Proposal {
    let mut shown = Vec::new();
    let mut inputs = Inputs { now: seconds(round.now), ..Inputs::default() };
    for (constant, value) in &policy.constants {
        inputs.variables.insert(constant.clone(), Datum::from_json(value).unwrap_or_default());
    }
    let mut missing = None;
    for (query, metric) in &policy.queries {
        let value = match round.readings.of(metric).sum() {
            Ok(measured) => {
                shown.push(Input::measured(query, measured, round.now));
                Datum::Float(measured.value)
            }
            Err(why) => {
                shown.push(Input::known(query, Datum::None));
                missing.get_or_insert(format!("{query} has no value: {why}"));
                Datum::None
            }
        };
        inputs.variables.insert(query.clone(), value);
    }
    inputs.variables.insert(CONTAINERS.to_owned(), Datum::from(round.fleet.wanted));
    inputs.variables.insert("m_ready_count".to_owned(), Datum::from(round.fleet.ready_count()));
    inputs.variables.insert(USERDATA.to_owned(), state.userdata.get(name).cloned().unwrap_or_default());
    let ran = Rule::parse(&policy.text)
        .map_err(|faults| faults.first().map(ToString::to_string).unwrap_or_default())
        .and_then(|rule| rule.run(&inputs, &Limits::default()).map_err(|fault| fault.to_string()));
    let outcome = match ran {
        Ok(outcome) => outcome,
        Err(fault) => {
            let why = match &missing {
                Some(missing) => format!("{missing}; the rule ended: {fault}"),
                None => format!("the rule ended: {fault}"),
            };
            let by = if missing.is_some() { Keeper::MissingMetric } else { Keeper::RuleFault };
            return Proposal::broken(name, by, shown, why);
        }
    };
    state.userdata.insert(name.to_owned(), outcome.userdata);
    let said = outcome.printed.join("; ");
    let said: String = said.chars().take(500).collect();
    let said = if said.is_empty() { String::new() } else { format!(" (it says: {said})") };
    let said = match missing {
        Some(missing) => format!("{said}; {missing}"),
        None => said,
    };
    match outcome.assigned.get(CONTAINERS) {
        None => Proposal::of(name, round.fleet.wanted, shown, format!("the rule left the number as it is{said}")),
        Some(value) => match value.number().and_then(|number| count(number.trunc())) {
            Some(wanted) => Proposal::of(name, wanted, shown, format!("the rule assigned {wanted}{said}")),
            None => {
                let why = format!("the rule assigned {} to {CONTAINERS}, which is no number", value.type_name());
                Proposal::broken(name, Keeper::RuleFault, shown, why)
            }
        },
    }
}

/// Seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "microseconds of now are exact enough for a rule")]
pub(crate) fn seconds(now: chrono::DateTime<chrono::Utc>) -> f64 {
    now.timestamp_micros() as f64 / 1e6
}
