//! Each rule by itself: its components exist, and it says something.

use super::Checker;
use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::Finding,
};
use hansa_ontology::resource_model::{ConflictRule, CountRule, EverywhereRule, RatioRule, Replicas, Rule, SpreadRule};
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn rules(&mut self) {
        for rule in &self.draft.rules {
            let base = |tag: &str| field(&rule.pointer, tag);
            match &rule.value {
                Rule::Together(names) => self.members(&base("together"), names),
                Rule::Apart(names) => self.members(&base("apart"), names),
                Rule::Alone(names) => self.members(&base("alone"), names),
                Rule::OneOf(names) => self.members(&base("oneOf"), names),
                Rule::Conflict(rule) => self.conflict(&base("conflict"), rule),
                Rule::Spread(SpreadRule { component, .. }) => {
                    self.component_exists(&field(&base("spread"), "component"), component);
                }
                Rule::Everywhere(rule) => self.everywhere(&base("everywhere"), rule),
                Rule::Count(rule) => self.count(&base("count"), rule),
                Rule::Ratio(rule) => self.ratio(&base("ratio"), rule),
            }
        }
    }

    /// A list of components: all exist, none stands twice.
    fn members(&mut self, pointer: &str, names: &[String]) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            let entry = item(pointer, index);
            if self.component_exists(&entry, name) && !seen.insert(name) {
                let message = format!("{} lists `{name}` twice", self.subject(pointer));
                self.faults.push(Finding::value(entry, Code::DuplicateEntry, message).hint("remove one of the two"));
            }
        }
    }

    fn itself(&mut self, pointer: &str, name: &str, hint: &str) {
        let message = format!("{} sets `{name}` against itself", self.subject(pointer));
        self.faults.push(Finding::value(pointer, Code::SelfReference, message).hint(hint));
    }

    fn conflict(&mut self, base: &str, rule: &ConflictRule) {
        let with = field(base, "with");
        self.component_exists(&field(base, "component"), &rule.component);
        self.members(&with, &rule.with);
        for (index, _) in rule.with.iter().enumerate().filter(|(_, name)| **name == rule.component) {
            self.itself(&item(&with, index), &rule.component, "to keep its instances apart use `spread`");
        }
    }

    fn everywhere(&mut self, base: &str, rule: &EverywhereRule) {
        let except = field(base, "except");
        let known = self.component_exists(&field(base, "component"), &rule.component);
        self.members(&except, &rule.except);
        for (index, _) in rule.except.iter().enumerate().filter(|(_, name)| **name == rule.component) {
            self.itself(&item(&except, index), &rule.component, "take it off the list");
        }
        let replicas = self.draft.components.get(&rule.component).and_then(|part| part.replicas);
        if let Some(Replicas::Fixed(count)) = replicas.filter(|_| known) {
            let message = format!(
                "{} wants `{}` on every machine, but its number of replicas is fixed to {count}",
                self.subject(base),
                rule.component
            );
            let finding = Finding::value(field(base, "component"), Code::FixedReplicas, message);
            self.faults.push(finding.hint(format!("write `replicas: {{min: 0}}` in `components.{}`", rule.component)));
        }
    }

    fn count(&mut self, base: &str, rule: &CountRule) {
        self.members(&field(base, "of"), &rule.of);
        match (rule.min, rule.max) {
            (None, None) => {
                let message = format!("{} bounds nothing: it has neither `min` nor `max`", self.subject(base));
                self.faults.push(Finding::key(base, Code::MissingField, message).hint("add one of the two"));
            }
            (Some(min), Some(max)) if min > max => {
                let message = format!("{} asks for at least {min} and at most {max}", self.subject(base));
                self.faults.push(Finding::key(base, Code::EmptyRange, message).hint("`min` must not be above `max`"));
            }
            _ => {}
        }
    }

    fn ratio(&mut self, base: &str, rule: &RatioRule) {
        self.component_exists(&field(base, "consumer"), &rule.consumer);
        self.component_exists(&field(base, "provider"), &rule.provider);
        if rule.consumer == rule.provider {
            self.itself(&field(base, "provider"), &rule.provider, "a ratio stands between two components");
        }
    }
}
