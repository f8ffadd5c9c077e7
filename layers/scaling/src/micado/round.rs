//! One round of MiCADO's policies: machines first, then containers.

use super::compile::{Compiled, PolicySet};
use crate::{
    decision::{Decision, Input, Keeper, Reason, Suppressed},
    measure::age,
    own_rule::{CONTAINERS, USERDATA, seconds},
    rule::{Datum, Inputs, Limits, Outcome},
};
use chrono::{DateTime, Utc};
use hansa_ontology::resource_model::scaling::MicadoLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const NODES: &str = "m_node_count";
const TO_DROP: &str = "m_nodes_todrop";

/// What a query gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A number, or a list of labels.
    Value {
        /// The value.
        value: Datum,
        /// When it was measured.
        at: DateTime<Utc>,
    },
    /// Nothing: rules see None.
    Missing {
        /// Why, in words.
        reason: String,
    },
}

/// Machines of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machines {
    /// How many are wanted now.
    pub wanted: u32,
    /// Those that are ready and take containers, by name or address.
    pub nodes: Vec<String>,
}

/// What a round is given.
#[derive(Debug, Clone, Copy)]
pub struct MicadoRound<'r> {
    /// The time.
    pub now: DateTime<Utc>,
    /// What the queries gave, by name; of an alert that can't be watched, why.
    pub answers: &'r BTreeMap<String, Answer>,
    /// The alerts that hold.
    pub firing: &'r BTreeSet<String>,
    /// The machines, by name.
    pub machines: &'r BTreeMap<String, Machines>,
    /// How many containers are wanted now, by name.
    pub containers: &'r BTreeMap<String, u32>,
}

/// What is remembered between rounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MicadoState {
    /// What rules keep: one value for all of them.
    pub userdata: Datum,
    /// What was seen of machines, by name.
    pub machines: BTreeMap<String, Watched>,
}

/// What was seen of machines in the last round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// Whether as many were ready as were wanted.
    pub settled: bool,
    /// How many were wanted.
    #[serde(default)]
    pub wanted: u32,
    /// Since when that is so; none while it isn't.
    pub since: Option<DateTime<Utc>>,
}

/// How a rule's machines stand.
#[derive(Debug, Clone, Default)]
struct Ground {
    wanted: u32,
    nodes: Vec<String>,
    settled_for: i64,
}

impl PolicySet {
    /// Decides for every target.
    #[must_use]
    pub fn round(&self, round: &MicadoRound<'_>, state: &mut MicadoState) -> Vec<Decision> {
        let mut decided = BTreeMap::new();
        let mut decisions = Vec::new();
        for policy in self.policies.iter().filter(|policy| policy.level == MicadoLevel::Machine) {
            let ground = Self::ground(policy, round, state);
            let wanted = ground.wanted;
            let decision = self.decide(policy, wanted, &ground, round, state);
            decided.insert(policy.target.clone(), (decision.to, ground));
            decisions.push(decision);
        }
        let first =
            self.policies.iter().find(|policy| policy.level == MicadoLevel::Machine).map(|policy| &policy.target);
        for policy in self.policies.iter().filter(|policy| policy.level == MicadoLevel::Container) {
            let host = policy.host.as_ref().or(first);
            let ground = match host.and_then(|host| decided.get(host)) {
                // Containers see what has just been decided for their machines.
                Some((wanted, ground)) => Ground { wanted: *wanted, ..ground.clone() },
                None => {
                    let machines =
                        host.and_then(|host| round.machines.get(host)).or_else(|| round.machines.values().next());
                    let machines = machines.cloned().unwrap_or_default();
                    Ground { wanted: machines.wanted, nodes: machines.nodes, settled_for: 0 }
                }
            };
            let wanted = round.containers.get(&policy.target).copied().filter(|wanted| *wanted > 0);
            let wanted = wanted.map_or(policy.min, |wanted| wanted.clamp(policy.min, policy.max));
            decisions.push(self.decide(policy, wanted, &ground, round, state));
        }
        decisions
    }

    /// `collect_inputs_for_nodes`: the time counts from when as many nodes were
    /// ready as were wanted, and is 0 while that is not so.
    fn ground(policy: &Compiled, round: &MicadoRound<'_>, state: &mut MicadoState) -> Ground {
        let machines = round.machines.get(&policy.target).cloned().unwrap_or_default();
        let wanted = if machines.wanted == 0 { policy.min } else { machines.wanted.clamp(policy.min, policy.max) };
        let settled = u32::try_from(machines.nodes.len()) == Ok(wanted);
        let since = match state.machines.get(&policy.target) {
            None => Some(round.now),
            Some(_) if !settled => None,
            // One that is ready at once was never seen to be awaited.
            Some(before) if before.settled && before.wanted == wanted => before.since,
            Some(_) => Some(round.now),
        };
        state.machines.insert(policy.target.clone(), Watched { settled, wanted, since });
        let settled_for = since.map_or(0, |since| (round.now - since).num_seconds());
        Ground { wanted, nodes: machines.nodes, settled_for }
    }

    fn decide(
        &self,
        policy: &Compiled,
        current: u32,
        ground: &Ground,
        round: &MicadoRound<'_>,
        state: &mut MicadoState,
    ) -> Decision {
        let (inputs, shown, missing) = self.inputs(policy, current, ground, round, state);
        let from = match policy.level {
            MicadoLevel::Machine => round.machines.get(&policy.target).map_or(current, |machines| machines.wanted),
            MicadoLevel::Container => round.containers.get(&policy.target).copied().unwrap_or(current),
        };
        let mut decision = Decision {
            target: policy.target.clone(),
            from,
            to: current,
            because: Vec::new(),
            suppressed: Vec::new(),
            drop: Vec::new(),
            at: round.now,
        };
        let ran = match (&policy.rule, &policy.wrong) {
            (Some(rule), _) => rule.run(&inputs, &Limits::default()).map_err(|fault| fault.to_string()),
            (None, wrong) => Err(wrong.clone().unwrap_or_default()),
        };
        let proposed = ran.and_then(|outcome| {
            let number = proposed(policy.level, &outcome, current)?;
            Ok((outcome, number))
        });
        match proposed {
            Ok((outcome, wanted)) => {
                settle(policy, &mut decision, &outcome, wanted, &ground.nodes, shown);
                if let (Some(missing), Some(reason)) = (missing, decision.because.last_mut()) {
                    reason.formula = format!("{}; {missing}", reason.formula);
                }
                state.userdata = outcome.userdata;
            }
            Err(fault) => {
                let why = match missing {
                    Some(missing) => format!("{missing}, and the rule ended: {fault}"),
                    None => format!("the rule ended: {fault}"),
                };
                let by = if why.starts_with("the rule") { Keeper::RuleFault } else { Keeper::MissingMetric };
                let why = format!("{why}; {current} stay");
                decision.because.push(Reason::new("scaling_rule", None, shown, why.clone()));
                decision.suppressed.push(Suppressed { by, proposed: current, allowed: current, why });
            }
        }
        decision
    }

    /// The variables of a rule; those that it uses, to be shown; and the first that is missing.
    fn inputs(
        &self,
        policy: &Compiled,
        current: u32,
        ground: &Ground,
        round: &MicadoRound<'_>,
        state: &MicadoState,
    ) -> (Inputs, Vec<Input>, Option<String>) {
        let mut shown = Vec::new();
        let mut missing = None;
        let mut variables = BTreeMap::from([
            (USERDATA.to_owned(), state.userdata.clone()),
            (NODES.to_owned(), Datum::from(ground.wanted)),
            ("m_nodes".to_owned(), Datum::List(ground.nodes.iter().map(|node| Datum::from(node.as_str())).collect())),
            ("m_time_since_node_count_changed".to_owned(), Datum::from(ground.settled_for)),
        ]);
        match policy.level {
            MicadoLevel::Machine => drop(variables.insert(TO_DROP.to_owned(), Datum::List(Vec::new()))),
            MicadoLevel::Container => drop(variables.insert(CONTAINERS.to_owned(), Datum::from(current))),
        }
        let names: BTreeSet<&str> = policy.rule.iter().flat_map(|rule| rule.names().reads()).collect();
        for name in &names {
            if let Some(value) = variables.get(*name).filter(|_| *name != USERDATA) {
                shown.push(Input::known(name, value.clone()));
            }
            if self.is_query(name) {
                let (value, age_of) = match round.answers.get(*name) {
                    Some(Answer::Value { value, at }) => (value.clone(), Some(age(round.now, *at))),
                    Some(Answer::Missing { reason }) => {
                        missing.get_or_insert(format!("{name} has no value: {reason}"));
                        (Datum::None, None)
                    }
                    None => {
                        missing.get_or_insert(format!("{name} has no value: it was not asked for"));
                        (Datum::None, None)
                    }
                };
                shown.push(Input { name: (*name).to_owned(), value: value.clone(), age: age_of });
                variables.insert((*name).to_owned(), value);
            }
            if self.is_alert(name) {
                if let Some(Answer::Missing { reason }) = round.answers.get(*name) {
                    missing.get_or_insert(format!("{name} is not watched: {reason}"));
                }
                let value = Datum::Bool(round.firing.contains(*name));
                shown.push(Input::known(name, value.clone()));
                variables.insert((*name).to_owned(), value);
            }
        }
        // As in MiCADO, a constant wins over what has its name.
        for (name, value) in &self.constants {
            variables.insert(name.clone(), Datum::from_json(value).unwrap_or_default());
        }
        let told = if policy.level == MicadoLevel::Machine { vec![TO_DROP.to_owned()] } else { Vec::new() };
        (Inputs { variables, now: seconds(round.now), told }, shown, missing)
    }
}

/// The number that a rule left, before its bounds.
fn proposed(level: MicadoLevel, outcome: &Outcome, current: u32) -> Result<i64, String> {
    let name = if level == MicadoLevel::Machine { NODES } else { CONTAINERS };
    let whole = match outcome.assigned.get(name) {
        None => Some(i128::from(current)),
        Some(Datum::Int(value)) => Some(*value),
        Some(Datum::Bool(value)) => Some(i128::from(*value)),
        #[expect(clippy::cast_possible_truncation, reason = "Python's int() cuts, and what is beyond is bounded")]
        Some(Datum::Float(value)) if value.is_finite() => Some(*value as i128),
        Some(_) => None,
    };
    let told = || outcome.assigned.get(name).map_or("None", Datum::type_name);
    let whole = whole.ok_or_else(|| format!("it assigned {} to {name}, which is no number", told()))?;
    Ok(i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX }))
}

/// From what a rule left to what is decided.
fn settle(
    policy: &Compiled,
    decision: &mut Decision,
    outcome: &Outcome,
    wanted: i64,
    ready: &[String],
    shown: Vec<Input>,
) {
    let current = decision.to;
    let (mut wanted, mut to_drop) = (wanted, Vec::new());
    if let Some(Datum::List(nodes)) = outcome.assigned.get(TO_DROP) {
        let text = |node: &Datum| match node {
            Datum::Text(node) if ready.contains(node) => Some(node.clone()),
            _ => None,
        };
        to_drop = nodes.iter().filter_map(text).collect();
        to_drop.dedup();
        // "m_node_count should not be modified in case of node dropping": it follows.
        if !to_drop.is_empty() {
            wanted = wanted.min(i64::from(current) - i64::try_from(to_drop.len()).unwrap_or(i64::MAX));
        }
    }
    let to = wanted.clamp(policy.min.into(), policy.max.into());
    decision.to = u32::try_from(to).unwrap_or(current);
    to_drop.truncate(usize::try_from(current.saturating_sub(decision.to)).unwrap_or(0));
    decision.drop = to_drop;
    let proposed = u32::try_from(wanted.max(0)).unwrap_or(u32::MAX);
    if wanted != to {
        let why = format!("{wanted} is not between {} and {}", policy.min, policy.max);
        decision.suppressed.push(Suppressed { by: Keeper::Bounds, proposed, allowed: decision.to, why });
    }
    let said: String = outcome.printed.join("; ").chars().take(500).collect();
    let formula = match (said.is_empty(), wanted == i64::from(current)) {
        (true, true) => "the rule left the number as it is".to_owned(),
        (true, false) => format!("the rule assigned {wanted}"),
        (false, true) => format!("the rule left the number as it is (it says: {said})"),
        (false, false) => format!("the rule assigned {wanted} (it says: {said})"),
    };
    let mut reason = Reason::new("scaling_rule", Some(proposed), shown, formula);
    reason.won = true;
    decision.because.push(reason);
}
