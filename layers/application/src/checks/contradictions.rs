//! Rules that can't hold together whatever the offers are. What depends on
//! offers is the planner's to say.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::resource_model::{CountRule, EverywhereRule, RatioRule, Rule};
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn contradictions(&mut self) {
        let groups = self.groups();
        for rule in &self.draft.rules {
            match &rule.value {
                Rule::Apart(names) => self.torn(&rule.pointer, &groups, names, names),
                Rule::OneOf(names) => self.torn(&rule.pointer, &groups, names, names),
                Rule::Conflict(conflict) => {
                    self.torn(&rule.pointer, &groups, std::slice::from_ref(&conflict.component), &conflict.with);
                }
                Rule::Alone(names) => self.crowded(&rule.pointer, &groups, names),
                Rule::Everywhere(everywhere) => self.shut_out(&rule.pointer, everywhere),
                Rule::Count(count) => self.countless(&rule.pointer, count),
                Rule::Ratio(ratio) => self.unserved(&rule.pointer, ratio),
                Rule::Together(_) | Rule::Spread(_) => {}
            }
        }
    }

    /// Components that `together`, directly or through others, binds to one machine.
    pub(super) fn groups(&self) -> Vec<BTreeSet<String>> {
        let mut groups: Vec<BTreeSet<String>> = Vec::new();
        for rule in &self.draft.rules {
            let Rule::Together(names) = &rule.value else {
                continue;
            };
            let mut joined: BTreeSet<String> = names.iter().cloned().collect();
            groups.retain(|group| {
                let apart = group.is_disjoint(&joined);
                if !apart {
                    joined.extend(group.iter().cloned());
                }
                apart
            });
            groups.push(joined);
        }
        groups
    }

    /// Whether a rule keeps the two off one machine.
    fn kept_apart(&self, one: &str, other: &str) -> bool {
        let both = |names: &[String]| names.iter().any(|name| name == one) && names.iter().any(|name| name == other);
        self.draft.rules.iter().any(|rule| match &rule.value {
            Rule::Apart(names) | Rule::OneOf(names) => both(names),
            Rule::Alone(names) => names.iter().any(|name| name == one || name == other),
            Rule::Conflict(conflict) => {
                let pair = |a: &str, b: &str| conflict.component == a && conflict.with.iter().any(|name| name == b);
                pair(one, other) || pair(other, one)
            }
            _ => false,
        })
    }

    fn contradiction(&mut self, pointer: &str, message: String, hint: &str) {
        self.faults.push(Finding::value(pointer, Code::Contradiction, message).hint(hint));
    }

    /// Two that must be together are kept apart.
    fn torn(&mut self, pointer: &str, groups: &[BTreeSet<String>], ones: &[String], others: &[String]) {
        for (index, one) in ones.iter().enumerate() {
            let pairs =
                others.iter().enumerate().filter(|(other, _)| ones.as_ptr() != others.as_ptr() || *other > index);
            for (_, other) in pairs.filter(|(_, other)| *other != one) {
                if groups.iter().any(|group| group.contains(one) && group.contains(other)) {
                    let message = format!(
                        "{} keeps `{one}` and `{other}` apart, which `together` binds to one machine",
                        self.subject(pointer)
                    );
                    self.contradiction(pointer, message, "remove one of the two rules");
                }
            }
        }
    }

    /// One that must be alone is bound to others.
    fn crowded(&mut self, pointer: &str, groups: &[BTreeSet<String>], names: &[String]) {
        for name in names {
            if groups.iter().any(|group| group.len() > 1 && group.contains(name)) {
                let message = format!(
                    "{} wants `{name}` alone on its machine, to which `together` binds others",
                    self.subject(pointer)
                );
                self.contradiction(pointer, message, "remove one of the two rules");
            }
        }
    }

    /// One that must be on every machine may not be on those of a component that will be there.
    fn shut_out(&mut self, pointer: &str, rule: &EverywhereRule) {
        for name in self.draft.components.keys() {
            let excepted = *name == rule.component || rule.except.contains(name);
            if !excepted && self.least(name) > 0 && self.kept_apart(&rule.component, name) {
                let message = format!(
                    "{} wants `{}` on every machine, but another rule keeps it off those of `{name}`",
                    self.subject(pointer),
                    rule.component
                );
                self.contradiction(pointer, message, "list the component under `except`");
            }
        }
    }

    /// A bound that the components' own numbers can't meet.
    fn countless(&mut self, pointer: &str, rule: &CountRule) {
        let base = field(pointer, "count");
        let least: u64 = rule.of.iter().map(|name| self.least(name)).sum();
        let most: Option<u64> = rule.of.iter().map(|name| self.most(name)).sum();
        if let Some(min) = rule.min
            && let Some(most) = most
            && most < u64::from(min)
        {
            let message =
                format!("{} asks for at least {min}, but those components have at most {most}", self.subject(&base));
            self.contradiction(&field(&base, "min"), message, "lower it, or raise their `replicas`");
        }
        if let Some(max) = rule.max
            && least > u64::from(max)
        {
            let message =
                format!("{} asks for at most {max}, but those components have at least {least}", self.subject(&base));
            self.contradiction(&field(&base, "max"), message, "raise it, or lower their `replicas`");
        }
    }

    /// Fewer providers than the consumers need, whatever is chosen.
    fn unserved(&mut self, pointer: &str, rule: &RatioRule) {
        let alternative = self.draft.rules.iter().any(|other| match &other.value {
            Rule::OneOf(names) => names.contains(&rule.provider),
            _ => false,
        });
        let Some(most) = self.most(&rule.provider).filter(|_| !alternative) else {
            return;
        };
        let needed = self.least(&rule.consumer).saturating_mul(u64::from(rule.needs));
        let served = most.saturating_mul(u64::from(rule.serves));
        if needed > served {
            let message = format!(
                "{} can't hold: `{}` needs {needed}, but all of `{}` together serve {served}",
                self.subject(&field(pointer, "ratio")),
                rule.consumer,
                rule.provider
            );
            self.contradiction(pointer, message, "allow more replicas of the provider, or fewer of the consumer");
        }
    }

    /// How many instances of a component there must be, for certain.
    fn least(&self, name: &str) -> u64 {
        let alternative = self
            .draft
            .rules
            .iter()
            .any(|rule| matches!(&rule.value, Rule::OneOf(names) if names.iter().any(|n| n == name)));
        let replicas = self.draft.components.get(name).and_then(|part| part.replicas);
        replicas.filter(|_| !alternative && self.draft.rules_complete).map_or(0, |replicas| u64::from(replicas.min()))
    }

    /// How many there can be, if the component itself says so.
    fn most(&self, name: &str) -> Option<u64> {
        Some(u64::from(self.draft.components.get(name)?.replicas?.max()?))
    }
}
