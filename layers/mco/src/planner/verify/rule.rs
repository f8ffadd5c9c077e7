//! The rules between components.

use super::{Examination, count};
use crate::model::PlannedMachine;
use hansa_ontology::resource_model::{EverywhereRule, RatioRule, Rule, Scope, SpreadRule};
use std::collections::BTreeMap;

impl Examination<'_> {
    pub(super) fn rules(&mut self) {
        for (place, rule) in self.model.rules.iter().enumerate() {
            let holds = match rule {
                Rule::Together(names) => self.all(|machine| {
                    let there = names.iter().filter(|name| count(machine, name) > 0).count();
                    let wanted: std::collections::BTreeSet<&String> = names.iter().collect();
                    there == 0 || wanted.iter().all(|name| count(machine, name) > 0)
                }),
                Rule::Apart(names) => self.all(|machine| {
                    let there: std::collections::BTreeSet<&String> =
                        names.iter().filter(|name| count(machine, name) > 0).collect();
                    there.len() <= 1
                }),
                Rule::Conflict(rule) => self.all(|machine| {
                    count(machine, &rule.component) == 0
                        || rule
                            .with
                            .iter()
                            .filter(|name| **name != rule.component)
                            .all(|name| count(machine, name) == 0)
                }),
                Rule::Alone(names) => self.all(|machine| {
                    let lonely = names.iter().find(|name| count(machine, name) > 0);
                    let own = |name: &str| self.model.machines.contains_key(name);
                    let alone =
                        |name: &String| machine.instances.iter().all(|it| it.component == *name || own(&it.component));
                    lonely.is_none_or(alone)
                }),
                Rule::Spread(rule) => self.spread(rule),
                Rule::OneOf(names) => self.one_of(names),
                Rule::Everywhere(rule) => self.everywhere(rule),
                Rule::Count(rule) => {
                    let sum: u64 = rule.of.iter().map(|name| self.total(name)).sum();
                    rule.min.is_none_or(|min| sum >= u64::from(min)) && rule.max.is_none_or(|max| sum <= u64::from(max))
                }
                Rule::Ratio(rule) => self.ratio(rule),
            };
            self.require(holds, || format!("rule {place} is broken"));
        }
    }

    fn all(&self, holds: impl Fn(&PlannedMachine) -> bool) -> bool {
        self.plan.machines.iter().all(holds)
    }

    /// Whether the component is one of several alternatives.
    pub(super) fn is_alternative(&self, name: &str) -> bool {
        self.model
            .rules
            .iter()
            .any(|rule| matches!(rule, Rule::OneOf(names) if names.iter().any(|other| other == name)))
    }

    /// Whether the component is an alternative that was not taken.
    fn not_taken(&self, name: &str) -> bool {
        self.is_alternative(name) && self.total(name) == 0
    }

    fn one_of(&self, names: &[String]) -> bool {
        let names: std::collections::BTreeSet<&String> = names.iter().collect();
        let taken = names.iter().filter(|name| self.total(name) > 0).count();
        let may_be_none =
            names.iter().any(|name| self.model.components.get(*name).is_some_and(|c| c.replicas.min() == 0));
        taken == 1 || (taken == 0 && may_be_none)
    }

    fn spread(&self, rule: &SpreadRule) -> bool {
        let mut places: BTreeMap<&str, u64> = BTreeMap::new();
        for machine in &self.plan.machines {
            let own = count(machine, &rule.component);
            match rule.over {
                Scope::Machine if own > u64::from(rule.max) => return false,
                Scope::Machine => {}
                Scope::Site => *places.entry(machine.site.as_str()).or_default() += own,
                Scope::Provider => *places.entry(machine.provider.as_str()).or_default() += own,
            }
        }
        places.values().all(|own| *own <= u64::from(rule.max))
    }

    fn everywhere(&self, rule: &EverywhereRule) -> bool {
        self.not_taken(&rule.component)
            || self.all(|machine| {
                count(machine, &rule.component) > 0 || rule.except.iter().any(|name| count(machine, name) > 0)
            })
    }

    fn ratio(&self, rule: &RatioRule) -> bool {
        let needed = self.total(&rule.consumer) * u64::from(rule.needs);
        let providers = self.total(&rule.provider);
        if self.not_taken(&rule.provider) {
            return true;
        }
        let enough = needed <= providers * u64::from(rule.serves);
        enough && (!rule.exact || providers == needed.div_ceil(u64::from(rule.serves)))
    }
}
