//! What the schema can't say: names that must exist, rules that contradict
//! each other, variables that are not defined. Every check works on what of the
//! descriptor is sound, so that a slip in one field doesn't hide a fault in another.

mod alerts;
mod amounts;
mod bounds;
mod constraints;
mod contradictions;
mod deferral;
mod draft;
mod links;
mod machines;
mod mounts;
mod names;
mod ports;
mod rules;
mod scaling;
mod service_levels;
mod update;
mod variables;

use crate::{
    diagnostic::Code,
    finding::Finding,
    schema::sentence,
    suggestion::{hint, shown},
};
use draft::Draft;
use serde_json::Value;

/// What the checks found.
pub(crate) struct Verdict {
    pub(crate) faults: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
}

/// Checks a descriptor of which the schema has found the given faults.
pub(crate) fn check(value: &Value, found: &[Finding]) -> Verdict {
    let draft = Draft::of(value, found);
    let mut checker = Checker { value, draft: &draft, faults: Vec::new(), warnings: Vec::new() };
    checker.names();
    checker.amounts();
    checker.ports();
    checker.variables();
    checker.constraints();
    checker.machines();
    checker.mounts();
    checker.scaling();
    checker.deferrals();
    checker.service_levels();
    checker.alerts();
    checker.update();
    checker.links();
    checker.rules();
    checker.contradictions();
    checker.bounds();
    Verdict { faults: checker.faults, warnings: checker.warnings }
}

/// The sound parts of a descriptor, and what is found in them.
struct Checker<'a> {
    value: &'a Value,
    draft: &'a Draft,
    faults: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Checker<'_> {
    /// The field as the subject of a sentence.
    fn subject(&self, pointer: &str) -> String {
        sentence::subject(self.value, pointer)
    }

    /// Whether the model has the component that stands at the pointer; a fault if it hasn't.
    fn component_exists(&mut self, pointer: &str, name: &str) -> bool {
        let known = !self.draft.complete || self.draft.components.contains_key(name);
        if !known {
            let message =
                format!("{} names the component `{}`, which doesn't exist", self.subject(pointer), shown(name));
            let advice = hint(name, self.draft.components.keys().map(String::as_str), "the components are");
            self.faults.push(Finding::value(pointer, Code::UnknownComponent, message).maybe_hint(advice));
        }
        known
    }

    /// Whether the component has the port that stands at the pointer; a fault if it hasn't.
    fn port_exists(&mut self, pointer: &str, component: &str, port: &str) -> bool {
        let Some(part) = self.draft.components.get(component) else {
            return false;
        };
        let known = part.ports.contains(port);
        if !known {
            let message = format!(
                "{} names the port `{}`, which the component `{}` doesn't have",
                self.subject(pointer),
                shown(port),
                shown(component)
            );
            let ports = part.ports.iter().map(String::as_str);
            let advice =
                hint(port, ports, "its ports are").or_else(|| Some("it has no ports; add one under `ports`".into()));
            self.faults.push(Finding::value(pointer, Code::UnknownPort, message).maybe_hint(advice));
        }
        known
    }
}
