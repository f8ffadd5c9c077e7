//! From policies as written to policies that can run: merged, filled in,
//! bounded, their rules read; with all that is wrong at once.

use super::{template, watch};
use crate::rule::{Rule, RuleFault};
use hansa_ontology::resource_model::scaling::{MicadoAlert, MicadoLevel, MicadoPolicy};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Names that rules of both levels are given.
const GIVEN: &[&str] = &["m_nodes", "m_node_count", "m_time_since_node_count_changed", "m_userdata"];

/// Policies that can run.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySet {
    pub(super) policies: Vec<Compiled>,
    pub(super) constants: BTreeMap<String, Json>,
    queries: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    alerts: BTreeMap<String, MicadoAlert>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compiled {
    pub(super) target: String,
    pub(super) level: MicadoLevel,
    pub(super) host: Option<String>,
    pub(super) min: u32,
    pub(super) max: u32,
    /// None where it can't run: then the number stays.
    pub(super) rule: Option<Rule>,
    pub(super) wrong: Option<String>,
    /// Its own queries and the expressions of its alerts.
    asks: Vec<String>,
    /// Whether it says itself where they are answered.
    has_sources: bool,
}

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MicadoFault {
    /// The policy's place in the list.
    pub policy: usize,
    /// Its property.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// Where in the rule's text, if it is the rule's.
    pub rule: Option<RuleFault>,
}

impl PolicySet {
    /// Merges and reads policies. A policy whose rule can't run is kept: as
    /// under MiCADO it keeps its number within its bounds, but here that is told.
    #[must_use]
    pub fn compile(policies: &[MicadoPolicy]) -> (Self, Vec<MicadoFault>) {
        let mut faults = Vec::new();
        let (mut constants, mut queries, mut alerts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut labels = BTreeMap::new();
        for policy in policies {
            constants.extend(policy.constants.clone());
        }
        for (place, policy) in policies.iter().enumerate() {
            for (name, query) in &policy.queries {
                match template::fill(query, &constants) {
                    // Of two of one name the last, and with it whether it has a label.
                    Ok(query) => {
                        queries.insert(name.clone(), query);
                        match policy.labels.get(name) {
                            Some(label) => drop(labels.insert(name.clone(), label.clone())),
                            None => drop(labels.remove(name)),
                        }
                    }
                    Err(problem) => tell(&mut faults, place, format!("queries.{name}"), problem),
                }
            }
            for name in policy.labels.keys().filter(|name| !policy.queries.contains_key(*name)) {
                tell(&mut faults, place, format!("labels.{name}"), format!("there is no query {name} of this policy"));
            }
            for alert in &policy.alerts {
                if let Err(problem) = watch::hold(alert) {
                    tell(&mut faults, place, format!("alerts.{}", alert.alert), problem);
                }
                match template::fill(&alert.expr, &constants) {
                    Ok(expr) => drop(alerts.insert(alert.alert.clone(), MicadoAlert { expr, ..alert.clone() })),
                    Err(problem) => tell(&mut faults, place, format!("alerts.{}", alert.alert), problem),
                }
            }
        }
        let mut set = Self { policies: Vec::new(), constants, queries, labels, alerts };
        let compiled = policies.iter().enumerate().map(|(place, policy)| set.one(place, policy, &mut faults)).collect();
        set.policies = compiled;
        (set, faults)
    }

    /// The queries of Prometheus to ask each round, by the names of their answers.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.queries.iter().map(|(name, query)| (name.as_str(), query.as_str()))
    }

    /// The label whose values a query gives, as a list. None: it gives a number.
    #[must_use]
    pub fn label(&self, query: &str) -> Option<&str> {
        self.labels.get(query).map(String::as_str)
    }

    /// What is scaled: its level, its name, its least and its greatest number.
    pub fn targets(&self) -> impl Iterator<Item = (MicadoLevel, &str, u32, u32)> {
        self.policies.iter().map(|policy| (policy.level, policy.target.as_str(), policy.min, policy.max))
    }

    /// The alerts to watch.
    pub fn alerts(&self) -> impl Iterator<Item = &MicadoAlert> {
        self.alerts.values()
    }

    /// What the policies of containers ask, by the container that they scale:
    /// of those that don't say by `sources` where it is told.
    pub fn asked_of_containers(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = |policy: &&Compiled| policy.level == MicadoLevel::Container && !policy.has_sources;
        let policies = self.policies.iter().filter(own);
        policies.flat_map(|policy| policy.asks.iter().map(|asked| (policy.target.as_str(), asked.as_str())))
    }

    pub(super) fn is_alert(&self, name: &str) -> bool {
        self.alerts.contains_key(name)
    }

    pub(super) fn is_query(&self, name: &str) -> bool {
        self.queries.contains_key(name)
    }

    fn one(&self, place: usize, policy: &MicadoPolicy, faults: &mut Vec<MicadoFault>) -> Compiled {
        let mut bound = |field: &str, value: &Json, instead: u32| {
            let read = template::fill(&template::shown(value), &self.constants).and_then(|text| whole(&text));
            read.unwrap_or_else(|problem| {
                tell(faults, place, field.to_owned(), problem);
                instead
            })
        };
        let min = bound("min_instances", &policy.min_instances, 1);
        let max = bound("max_instances", &policy.max_instances, min);
        if max < min {
            tell(faults, place, "max_instances".to_owned(), format!("is {max}, and `min_instances` is {min}"));
        }
        let (rule, wrong) = match Rule::parse(&policy.scaling_rule) {
            Ok(rule) => {
                // It runs all the same: the name may stand on a way that is seldom gone.
                self.names(place, policy.level, &rule, faults);
                (Some(rule), None)
            }
            Err(all) => {
                let wrong = all.first().map(ToString::to_string);
                faults.extend(all.into_iter().map(|fault| of_rule(place, fault)));
                (None, wrong)
            }
        };
        let (target, level, host) = (policy.target.clone(), policy.level, policy.host.clone());
        let asked = policy.queries.values().chain(policy.alerts.iter().map(|alert| &alert.expr));
        let asks = asked.filter_map(|text| template::fill(text, &self.constants).ok()).collect();
        let has_sources = !policy.sources.is_empty();
        Compiled { target, level, host, min, max: max.max(min), rule, wrong, asks, has_sources }
    }

    fn names(&self, place: usize, level: MicadoLevel, rule: &Rule, faults: &mut Vec<MicadoFault>) {
        let own: &[&str] = match level {
            MicadoLevel::Machine => &["m_nodes_todrop"],
            MicadoLevel::Container => &["m_container_count"],
        };
        let given = self.constants.keys().chain(self.queries.keys()).chain(self.alerts.keys()).map(String::as_str);
        let undefined = rule.undefined(given.chain(GIVEN.iter().copied()).chain(own.iter().copied()));
        faults.extend(undefined.into_iter().map(|fault| of_rule(place, fault)));
    }
}

fn tell(faults: &mut Vec<MicadoFault>, policy: usize, field: String, problem: String) {
    faults.push(MicadoFault { policy, field, problem, rule: None });
}

fn of_rule(policy: usize, fault: RuleFault) -> MicadoFault {
    MicadoFault { policy, field: "scaling_rule".to_owned(), problem: fault.to_string(), rule: Some(fault) }
}

/// Python's int() of a text, not negative.
fn whole(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|fault| format!("`{}` is no number of instances: {fault}", text.trim()))
}
