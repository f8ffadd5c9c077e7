//! Replicas without an upper bound of their own: some rule must bound them, or
//! no search for a plan would end.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::resource_model::{CountRule, EverywhereRule, RatioRule, Rule};
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn bounds(&mut self) {
        if !self.draft.rules_complete {
            return;
        }
        let mut bounded: BTreeSet<&str> = BTreeSet::new();
        for (name, part) in &self.draft.components {
            if part.replicas.is_none_or(|replicas| replicas.max().is_some()) {
                bounded.insert(name);
            }
        }
        // Bounds spread along ratios, so it goes on until nothing is added.
        loop {
            let before = bounded.len();
            for rule in &self.draft.rules {
                spread(&rule.value, &self.draft.components.keys().map(String::as_str).collect(), &mut bounded);
            }
            if bounded.len() == before {
                break;
            }
        }
        for (name, part) in &self.draft.components {
            if !bounded.contains(name.as_str()) {
                let pointer = field(&part.pointer, "replicas");
                let message = format!("{} has no `max`, and no rule bounds it", self.subject(&pointer));
                let finding = Finding::key(pointer, Code::UnboundedReplicas, message);
                self.faults
                    .push(finding.hint("add `max`, or a rule: `count` with `max`, an `exact` `ratio`, `everywhere`"));
            }
        }
    }
}

/// What a rule bounds, given what is bounded.
fn spread<'a>(rule: &'a Rule, all: &BTreeSet<&'a str>, bounded: &mut BTreeSet<&'a str>) {
    match rule {
        Rule::Count(CountRule { of, max: Some(_), .. }) => bounded.extend(of.iter().map(String::as_str)),
        // needs × consumers ≤ serves × providers
        Rule::Ratio(RatioRule { consumer, provider, exact, .. }) => {
            if bounded.contains(provider.as_str()) {
                bounded.insert(consumer);
            }
            if *exact && bounded.contains(consumer.as_str()) {
                bounded.insert(provider);
            }
        }
        // As many as there are machines, which the others' instances bound.
        Rule::Everywhere(EverywhereRule { component, .. })
            if all.iter().all(|name| *name == component || bounded.contains(name)) =>
        {
            bounded.insert(component);
        }
        _ => {}
    }
}
