//! Inputs and outputs.

use super::{Input, Output, Topology};
use crate::{
    descriptor::node::Node,
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{functions::contains_call, grammar, report::Fault, world::World},
};
use indexmap::IndexMap;

impl World {
    pub(super) fn read_inputs(&mut self, node: &Node, given: &[(String, Node)], topology: &mut Topology) {
        if let Some(section) = self.section(node, "inputs") {
            for entry in section.entries() {
                let what = format!("the input `{}`", shown(&entry.key));
                let schema = self.schema(topology.unit, &entry.value, grammar::INPUT, &what, None);
                let stated = given.iter().find(|(name, _)| *name == entry.key).map(|(_, value)| value.clone());
                let is_given = stated.is_some();
                let value = stated.or_else(|| schema.fixed.clone()).or_else(|| schema.default.clone());
                if let Some(value) = value.as_ref().filter(|value| !contains_call(value)) {
                    let what =
                        if is_given { format!("the value given for {what}") } else { format!("the default of {what}") };
                    self.check_value(value, &schema, &what);
                }
                topology.inputs.insert(entry.key.clone(), Input { at: entry.at, schema, value });
            }
        }
        for (name, value) in given {
            if !topology.inputs.contains_key(name) {
                let message =
                    format!("a value is given for the input `{}`, which the template doesn't have", shown(name));
                let known = topology.inputs.keys().map(String::as_str).take(self.report.room());
                let fault = Fault::error(value.at, Code::UnknownName, message);
                self.report.say(fault.maybe_hint(hint(name, known, "its inputs")));
            }
        }
        let missing: Vec<(String, _)> = topology
            .inputs
            .iter()
            .filter(|(_, input)| input.schema.required && input.value.is_none() && !self.substitute)
            .map(|(name, input)| (name.clone(), input.at))
            .collect();
        for (name, at) in missing {
            let message = format!("the input `{}` has no default, and no value is given", shown(&name));
            let hint = format!("give one with `--input {}=VALUE`", shown(&name));
            self.report.say(Fault::warning(at, Code::MissingField, message).hint(hint));
        }
    }

    pub(super) fn read_outputs(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = self.section(node, "outputs") else { return };
        let version = self.version_of(topology.unit);
        for entry in section.entries() {
            let what = format!("the output `{}`", shown(&entry.key));
            if entry.value.is_null()
                || !grammar::fields(&mut self.report, &entry.value, grammar::OUTPUT, version, &what)
            {
                if entry.value.is_null() {
                    let message = format!("{what} has no `value`");
                    self.report.say(Fault::error(entry.at, Code::MissingField, message));
                }
                continue;
            }
            let value = entry.value.given("value").or_else(|| entry.value.given("default"));
            let Some(value) = value else {
                // 1.3 lets an output be filled by an operation, 2.0 by a mapping.
                if entry.value.given("mapping").is_none() && entry.value.given("type").is_none() {
                    let message = format!("{what} has no `value`");
                    self.report.say(Fault::error(entry.at, Code::MissingField, message));
                }
                continue;
            };
            let output = Output { at: entry.at, value: value.clone() };
            topology.outputs.insert(entry.key.clone(), output);
        }
    }

    /// The values of a section `properties` as they are written.
    pub(super) fn values(&mut self, node: &Node, field: &str, what: &str) -> IndexMap<String, Node> {
        let Some(section) = node.given(field) else { return IndexMap::new() };
        if !section.is_mapping() {
            let message = format!("`{field}` of {what} must be a map, not {}", section.what());
            self.report.say(Fault::error(section.at, Code::WrongType, message));
        }
        section.entries().iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    }
}
