//! How a new revision takes the place of the old: there is time for it, and something that can.

use super::Checker;
use crate::{descriptor::node::field, diagnostic::Code, finding::Finding};
use hansa_ontology::resource_model::alone_because;
use serde_json::Value;

/// Where it stands.
const POINTER: &str = "/update";

impl Checker<'_> {
    pub(super) fn update(&mut self) {
        let Some(update) = self.draft.update else { return };
        if !update.is_blue_green() {
            self.update_unused();
            return;
        }
        if update.deadline <= update.settle {
            let pointer = field(POINTER, "deadline");
            let message = format!(
                "{} leaves no time: all of the new must be healthy for {} before",
                self.subject(&pointer),
                update.settle
            );
            let fault = Finding::value(pointer, Code::InvalidUpdate, message);
            self.faults.push(fault.hint("set it later, or `settle` shorter"));
        }
        let components = &self.draft.components;
        let mut known = components.values().filter_map(|part| part.component.as_ref());
        let sound = components.values().all(|part| part.component.is_some());
        if sound && !components.is_empty() && known.all(|component| alone_because(component).is_some()) {
            let pointer = field(POINTER, "strategy");
            let message = format!("{} has no effect: no component can stand beside itself", self.subject(&pointer));
            let why = "a volume, a port number or host name of its own, or objects of Kubernetes keep it from that";
            self.warnings.push(Finding::value(pointer, Code::NoEffect, message).hint(why));
        }
    }

    /// What only a blue-green update asks for.
    fn update_unused(&mut self) {
        let given = self.value.get("update").and_then(Value::as_object);
        let names: Vec<&String> = given.into_iter().flat_map(|given| given.keys()).collect();
        for name in names.into_iter().filter(|name| *name != "strategy") {
            let pointer = field(POINTER, name);
            let message = format!("{} has no effect: the update is rolling", self.subject(&pointer));
            self.warnings.push(Finding::key(pointer, Code::NoEffect, message).hint("add `strategy: blue-green`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    /// What is found in a model with this: faults, and warnings.
    fn found(update: Value, volumes: Value) -> (Vec<String>, Vec<String>) {
        let model = json!({
            "hansa": 1, "name": "shop", "update": update,
            "components": { "web": { "package": { "process": { "command": ["web"] } }, "volumes": volumes } }
        });
        let verdict = crate::checks::check(&model, &[]);
        let told = |all: &[crate::finding::Finding]| all.iter().map(|one| one.message.clone()).collect();
        (told(&verdict.faults), told(&verdict.warnings))
    }

    #[test]
    fn there_must_be_time_and_something_that_can() {
        let none = || (Vec::<String>::new(), Vec::<String>::new());
        assert_eq!(found(json!({ "strategy": "blue-green", "settle": "1m", "deadline": "61s" }), json!({})), none());
        assert_eq!(found(json!({}), json!({})), none());
        assert_eq!(found(json!({ "strategy": "rolling" }), json!({ "data": { "size": "1Mi" } })), none());
        let (faults, _) = found(json!({ "strategy": "blue-green", "settle": "1m", "deadline": "1m" }), json!({}));
        assert!(faults[0].contains("leaves no time"), "{faults:?}");
        let (_, warnings) = found(json!({ "promote": "manual" }), json!({}));
        assert!(warnings[0].contains("`update.promote` has no effect"), "{warnings:?}");
        let (faults, warnings) = found(json!({ "strategy": "blue-green" }), json!({ "data": { "size": "1Mi" } }));
        assert!(faults.is_empty() && warnings[0].contains("no component can stand"), "{faults:?} {warnings:?}");
    }
}
