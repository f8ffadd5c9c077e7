//! Scaling: policies that can run, about what is there and can be measured.

use super::Checker;
use crate::{
    descriptor::node::{field, item},
    diagnostic::Code,
    finding::Finding,
    suggestion::{hint, shown},
};
use hansa_ontology::resource_model::{
    Component, Replicas,
    scaling::{MetricSource, MicadoLevel, MicadoPolicy, ResourceUnit, Scaling},
};
use hansa_scaling::micado::PolicySet;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn scaling(&mut self) {
        let draft = self.draft;
        for (name, part) in &draft.components {
            let Some(component) = &part.component else { continue };
            let Some(scaling) = &component.scaling else { continue };
            self.scaled(&part.pointer, "replicas", component.replicas, scaling);
            self.measurable(name, &part.pointer, component, scaling);
        }
        for (name, group) in &draft.groups {
            let Some(group) = group else { continue };
            let Some(scaling) = &group.scaling else { continue };
            let pointer = field("/machines", name);
            self.scaled(&pointer, "count", group.count, scaling);
            if hansa_scaling::sources(scaling).iter().any(|source| matches!(source, MetricSource::Endpoint(_))) {
                let pointer = field(&pointer, "scaling");
                let message = format!("{} measures an `endpoint`, and machines have none", self.subject(&pointer));
                let finding = Finding::key(pointer, Code::Contradiction, message);
                self.faults.push(finding.hint("measure `cpu` or `memory` of the machines, or ask by `promql`"));
            }
        }
        self.micado();
    }

    fn scaled(&mut self, pointer: &str, number: &str, replicas: Replicas, scaling: &Scaling) {
        if matches!(replicas, Replicas::Range { .. }) {
            let pointer = field(pointer, number);
            let message = format!("{} is a range, and `scaling` decides the number", self.subject(&pointer));
            let finding = Finding::key(pointer, Code::Contradiction, message);
            self.faults.push(finding.hint("state the number at the beginning, or leave it out"));
        }
        let pointer = field(pointer, "scaling");
        for fault in hansa_scaling::check(scaling) {
            let at = below(&pointer, &fault.field);
            let message = format!("{} {}", self.subject(&at), fault.problem);
            self.faults.push(Finding::value(at, Code::InvalidScaling, message));
        }
    }

    /// Ports that exist, and resources of which a share can be told.
    fn measurable(&mut self, name: &str, pointer: &str, component: &Component, scaling: &Scaling) {
        let pointer = field(pointer, "scaling");
        for source in hansa_scaling::sources(scaling) {
            let lacking = match &source {
                MetricSource::Endpoint(endpoint) => {
                    self.port_exists(&pointer, name, &endpoint.port);
                    continue;
                }
                MetricSource::Cpu(ResourceUnit::Utilization) if component.resources.cpu.0 == 0 => "cpu",
                MetricSource::Memory(ResourceUnit::Utilization) if component.resources.memory.0 == 0 => "memory",
                _ => continue,
            };
            let message = format!("{} measures the share of `{lacking}` that is used", self.subject(&pointer));
            let finding = Finding::key(pointer.clone(), Code::Contradiction, message);
            self.faults.push(finding.hint(format!("state `resources.{lacking}` of the component")));
        }
    }

    /// MiCADO's policies: those whose rule can't run are told, and their number stays.
    fn micado(&mut self) {
        let Some(policies) = self.draft.micado.as_ref() else { return };
        let mut seen = BTreeSet::new();
        for (place, policy) in policies.iter().enumerate() {
            let pointer = item("/micado", place);
            self.micado_target(&pointer, policy);
            if !seen.insert((policy.level, &policy.target)) {
                let pointer = field(&pointer, "target");
                let message = format!("{} is that of another policy, too", self.subject(&pointer));
                let finding = Finding::value(pointer, Code::Contradiction, message);
                self.faults.push(finding.hint("one policy decides over each target"));
            }
        }
        for fault in PolicySet::compile(policies).1 {
            let pointer = field(&item("/micado", fault.policy), &fault.field);
            let message = format!("{}: {}", self.subject(&pointer), fault.problem);
            let finding = Finding::value(pointer, Code::InvalidScaling, message);
            // As under MiCADO it is taken; but here that is told.
            self.warnings.push(finding.hint("until then its number stays as it is"));
        }
    }

    fn micado_target(&mut self, pointer: &str, policy: &MicadoPolicy) {
        let draft = self.draft;
        let target = field(pointer, "target");
        let own = match policy.level {
            MicadoLevel::Container => {
                if !self.component_exists(&target, &policy.target) {
                    return;
                }
                let part = draft.components.get(&policy.target).and_then(|part| part.component.as_ref());
                part.is_some_and(|component| component.scaling.is_some())
            }
            MicadoLevel::Machine => match draft.groups.get(&policy.target) {
                Some(group) => group.as_ref().is_some_and(|group| group.scaling.is_some()),
                None => {
                    let message = format!(
                        "{} names the machine group `{}`, which doesn't exist",
                        self.subject(&target),
                        shown(&policy.target)
                    );
                    let advice = hint(&policy.target, draft.groups.keys().map(String::as_str), "the groups are");
                    self.faults.push(Finding::value(target, Code::UnknownComponent, message).maybe_hint(advice));
                    return;
                }
            },
        };
        if own {
            let message = format!("{} has a `scaling` of its own, too", self.subject(&target));
            let finding = Finding::value(target, Code::Contradiction, message);
            self.faults.push(finding.hint("keep one of the two"));
        }
    }
}

/// `policies[0].target.value` below a pointer.
fn below(pointer: &str, path: &str) -> String {
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty());
    steps.fold(pointer.to_owned(), |pointer, step| field(&pointer, step))
}
