//! What is wrong with a component's scaling before anything runs: all of it at once.

use crate::{
    decide::name_of,
    own_rule::GIVEN,
    rule::{Rule, RuleFault},
    schedule::Schedule,
};
use hansa_ontology::resource_model::scaling::{
    PolicyKind, RulePolicy, Scaling, ScalingRules, StepPolicy, TargetKind, TargetPolicy,
};
use std::collections::BTreeSet;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingFault {
    /// The field, from the scaling down: `policies[0].target.value`.
    pub field: String,
    /// What is wrong: "must be …".
    pub problem: String,
    /// Where in a rule's text, if it is a rule's.
    pub rule: Option<RuleFault>,
}

/// The longest stabilisation window, and the longest period, in seconds (as Kubernetes).
const LONGEST_WINDOW: u64 = 3_600;
const LONGEST_PERIOD: u64 = 1_800;

/// All that is wrong with a scaling.
#[must_use]
pub fn check(scaling: &Scaling) -> Vec<ScalingFault> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    if scaling.max == 0 || scaling.max < scaling.min {
        tell(&mut faults, "max", format!("must be at least 1 and at least `min`, which is {}", scaling.min));
    }
    if scaling.zero.is_some() && scaling.min > 0 {
        tell(&mut faults, "zero", "needs `min: 0`");
    }
    if scaling.policies.is_empty() {
        tell(&mut faults, "policies", "must name at least one policy");
    }
    if !scaling.policies.is_empty() && scaling.policies.iter().all(|policy| policy.limit) {
        tell(&mut faults, "policies", "must have one that is not a limit");
    }
    rules(&mut faults, "behavior.scaleUp", &scaling.behavior.scale_up);
    rules(&mut faults, "behavior.scaleDown", &scaling.behavior.scale_down);
    for (place, policy) in scaling.policies.iter().enumerate() {
        let at = format!("policies[{place}]");
        let kind = match policy.kind() {
            Ok(kind) => kind,
            Err(fault) => {
                tell(&mut faults, at, fault.to_string());
                continue;
            }
        };
        if !names.insert(name_of(policy.name.as_deref(), Some(kind), place)) {
            tell(&mut faults, format!("{at}.name"), "must be another: two policies have this name");
        }
        match kind {
            PolicyKind::Target(it) => target(&mut faults, &format!("{at}.target"), it, scaling),
            PolicyKind::Step(it) => steps(&mut faults, &format!("{at}.step"), it),
            PolicyKind::Schedule(it) => {
                if let Err((field, why)) = Schedule::read(it) {
                    tell(&mut faults, format!("{at}.schedule.{field}"), why);
                }
            }
            PolicyKind::Deadline(it) if it.parallel == 0 => {
                tell(&mut faults, format!("{at}.deadline.parallel"), "must be at least 1");
            }
            PolicyKind::Deadline(_) => {}
            PolicyKind::Rule(it) => rule(&mut faults, &format!("{at}.rule"), it),
        }
    }
    faults
}

fn tell(faults: &mut Vec<ScalingFault>, field: impl Into<String>, problem: impl Into<String>) {
    faults.push(ScalingFault { field: field.into(), problem: problem.into(), rule: None });
}

fn rules(faults: &mut Vec<ScalingFault>, at: &str, rules: &ScalingRules) {
    if rules.stabilization_window.0 > LONGEST_WINDOW * 1_000_000 {
        tell(faults, format!("{at}.stabilizationWindow"), "must be at most 1h");
    }
    if rules.tolerance.is_some_and(|tolerance| !tolerance.is_finite() || tolerance < 0.0) {
        tell(faults, format!("{at}.tolerance"), "must not be negative");
    }
    for (place, policy) in rules.policies.iter().enumerate() {
        if policy.value == 0 {
            tell(faults, format!("{at}.policies[{place}].value"), "must be at least 1");
        }
        if policy.period.0 == 0 || policy.period.0 > LONGEST_PERIOD * 1_000_000 {
            tell(faults, format!("{at}.policies[{place}].period"), "must be longer than 0s and at most 30m");
        }
    }
}

fn target(faults: &mut Vec<ScalingFault>, at: &str, policy: &TargetPolicy, scaling: &Scaling) {
    if !policy.value.is_finite() || policy.value <= 0.0 {
        tell(faults, format!("{at}.value"), "must be greater than 0");
    }
    if !policy.tolerance.is_finite() || policy.tolerance < 0.0 {
        tell(faults, format!("{at}.tolerance"), "must not be negative");
    }
    let utilization = format!("{}", policy.metric).ends_with(":utilization");
    if policy.compared() == TargetKind::Utilization && !utilization {
        tell(
            faults,
            format!("{at}.type"),
            "can be utilization only for { cpu: utilization } and { memory: utilization }",
        );
    }
    if scaling.min == 0 && scaling.zero.is_none() && policy.compared() == TargetKind::Utilization {
        let why = "measures nothing while there is no instance: add `zero`, which says when the first is needed, or set `min: 1`";
        tell(faults, format!("{at}.metric"), why);
    }
    if policy.predict.is_some_and(|predict| predict.ahead.0 == 0) {
        tell(faults, format!("{at}.predict.ahead"), "must be longer than 0s");
    }
}

fn steps(faults: &mut Vec<ScalingFault>, at: &str, policy: &StepPolicy) {
    if policy.steps.is_empty() {
        tell(faults, format!("{at}.steps"), "must name at least one step");
    }
    for (place, step) in policy.steps.iter().enumerate() {
        if step.above.is_some() == step.below.is_some() {
            tell(faults, format!("{at}.steps[{place}]"), "must have exactly one of `above` and `below`");
        }
        if step.change == 0 {
            tell(faults, format!("{at}.steps[{place}].change"), "must not be 0");
        }
    }
}

fn rule(faults: &mut Vec<ScalingFault>, at: &str, policy: &RulePolicy) {
    let field = format!("{at}.text");
    let told = |fault: RuleFault| ScalingFault { field: field.clone(), problem: fault.to_string(), rule: Some(fault) };
    match Rule::parse(&policy.text) {
        Err(all) => faults.extend(all.into_iter().map(told)),
        Ok(rule) => {
            let given = policy.queries.keys().chain(policy.constants.keys()).map(String::as_str);
            faults.extend(rule.undefined(given.chain(GIVEN.iter().copied())).into_iter().map(told));
            if !rule.names().writes().any(|name| name == crate::own_rule::CONTAINERS) {
                tell(faults, at, "must assign m_container_count in its text");
            }
        }
    }
    for (name, value) in &policy.constants {
        if let Err(why) = crate::rule::Datum::from_json(value) {
            tell(faults, format!("{at}.constants.{name}"), why);
        }
    }
}
