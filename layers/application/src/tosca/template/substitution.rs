//! Substitution mappings: a template that stands for a node of another one.

use super::Topology;
use crate::{
    descriptor::node::{Entry, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        grammar,
        report::Fault,
        types::{Flat, Kind},
        version::Version,
        world::World,
    },
};

impl World {
    pub(super) fn check_substitution(&mut self, topology: &Topology) {
        let Some(node) = &topology.substitution else { return };
        let version = self.version_of(topology.unit);
        let what = "`substitution_mappings`";
        if !grammar::fields(&mut self.report, node, grammar::SUBSTITUTION, version, what) {
            return;
        }
        let Some(named) = node.given("node_type") else {
            self.report.say(Fault::error(node.at, Code::MissingField, format!("{what} has no `node_type`")));
            return;
        };
        let name = named.scalar().unwrap_or_default();
        let Some(id) = self.resolve(topology.unit, Kind::Node, name) else {
            self.unknown_type(topology.unit, Kind::Node, name, named.at);
            return;
        };
        let flat = self.flat(id);
        for (field, word) in [("capabilities", "capability"), ("requirements", "requirement")] {
            let entries: Vec<&Entry> = node.get(field).map(mapped).unwrap_or_default();
            for entry in entries {
                self.check_mapping(entry, word, &flat, topology);
            }
        }
        let explicit =
            ["properties", "inputs", "attributes", "outputs"].iter().any(|field| node.given(field).is_some());
        if version < Version::V1_3 && !explicit {
            self.check_implicit(node, &flat, topology);
        }
    }

    fn check_mapping(&mut self, entry: &Entry, word: &str, flat: &Flat, topology: &Topology) {
        let known: Vec<&str> = if word == "capability" {
            flat.capabilities.keys().map(String::as_str).collect()
        } else {
            flat.requirements.iter().map(|definition| definition.name.as_str()).collect()
        };
        if !known.contains(&entry.key.as_str()) && !flat.open {
            let message =
                format!("`{}` has no {word} `{}`, which the substitution maps", shown(&flat.name), shown(&entry.key));
            let hint = hint(&entry.key, known.iter().copied(), "it has");
            self.report.say(Fault::warning(entry.at, Code::UnknownName, message).maybe_hint(hint));
        }
        let (target, part) = match entry.value.items() {
            [target, part] => (target, Some(part)),
            [target] => (target, None),
            _ => return,
        };
        let Some(name) = target.text() else { return };
        let Some(template) = topology.nodes.get(name) else {
            if !topology.broken.contains(name) {
                let message = format!("there is no node template `{}`, which the substitution maps", shown(name));
                self.report.say(Fault::error(target.at, Code::UnknownName, message));
            }
            return;
        };
        let Some(part) = part.and_then(|part| Some((part, part.text()?))) else { return };
        let has = template.flat.open
            || template.flat.capabilities.contains_key(part.1)
            || template.flat.requirements.iter().any(|definition| definition.name == part.1)
            || template.requirements.iter().any(|requirement| requirement.name == part.1);
        if !has {
            let message = format!("`{}` has no {word} `{}`, which the substitution maps", shown(name), shown(part.1));
            self.report.say(Fault::error(part.0.at, Code::UnknownName, message));
        }
    }

    /// Before 1.3 the inputs are the properties of the node, and the outputs its attributes.
    fn check_implicit(&mut self, node: &Node, flat: &Flat, topology: &Topology) {
        for (name, schema) in &flat.properties {
            if schema.required && schema.default.is_none() && !topology.inputs.contains_key(name) {
                let message = format!(
                    "the template stands for a `{}` and has no input for its property `{}`",
                    shown(&flat.name),
                    shown(name)
                );
                self.report.say(Fault::error(node.at, Code::UnknownName, message).hint("add an input of this name"));
            }
        }
        for (name, input) in &topology.inputs {
            if !flat.properties.contains_key(name) && input.schema.default.is_none() && !flat.open {
                let message = format!(
                    "the input `{}` is no property of `{}`, so it needs a default",
                    shown(name),
                    shown(&flat.name)
                );
                self.report.say(Fault::error(input.at, Code::MissingField, message));
            }
        }
        for (name, output) in &topology.outputs {
            if !flat.attributes.contains_key(name) && !flat.open {
                let message = format!("the output `{}` is no attribute of `{}`", shown(name), shown(&flat.name));
                self.report.say(Fault::error(output.at, Code::UnknownName, message));
            }
        }
    }
}

/// Mappings are a map, or a list of maps.
fn mapped(node: &Node) -> Vec<&Entry> {
    node.entries().iter().chain(node.items().iter().flat_map(Node::entries)).collect()
}
