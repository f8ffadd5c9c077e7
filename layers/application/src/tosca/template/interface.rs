//! Interfaces of templates and their operations.

use super::{Interface, Operation};
use crate::{
    descriptor::node::{Data, Entry, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        grammar,
        report::Fault,
        types::{Flat, Kind, flat::InterfaceDefinition},
        world::World,
    },
};
use indexmap::IndexMap;

/// Fields of an interface that are no operations.
const FIELDS: [&str; 7] = ["type", "inputs", "description", "metadata", "operations", "notifications", "properties"];

impl World {
    pub(super) fn interface_assignments(
        &mut self,
        unit: usize,
        node: &Node,
        flat: &Flat,
        what: &str,
    ) -> IndexMap<String, Interface> {
        let mut found = IndexMap::new();
        let Some(section) = node.given("interfaces") else { return found };
        if !section.is_mapping() {
            let message = format!("`interfaces` of {what} must be a map, not {}", section.what());
            self.report.say(Fault::error(section.at, Code::WrongType, message));
            return found;
        }
        for entry in section.entries() {
            let Some(definition) = self.interface_definition(unit, entry, flat, what) else { continue };
            let word = format!("the interface `{}` of {what}", shown(&entry.key));
            match &entry.value.data {
                Data::Mapping(_) => {
                    found.insert(entry.key.clone(), self.operations(unit, &entry.value, &definition, &word));
                }
                Data::Null => {
                    found.insert(entry.key.clone(), Interface::new());
                }
                _ => {
                    let message = format!("{word} must be a map of operations, not {}", entry.value.what());
                    self.report.say(Fault::error(entry.value.at, Code::WrongType, message));
                }
            }
        }
        found
    }

    /// The definition of an interface. None: the type has none of this name, which is said.
    fn interface_definition(
        &mut self,
        unit: usize,
        entry: &Entry,
        flat: &Flat,
        what: &str,
    ) -> Option<InterfaceDefinition> {
        if let Some(definition) = flat.interfaces.get(&entry.key) {
            return Some(definition.clone());
        }
        // Named by its type, or with a type of its own.
        let own = entry.value.given("type").and_then(Node::text);
        let by_type =
            |definition: &&InterfaceDefinition| definition.type_id.is_some_and(|id| self.types.name(id) == entry.key);
        if let Some(definition) = flat.interfaces.values().find(by_type) {
            return Some(definition.clone());
        }
        if let Some(id) = own.and_then(|name| self.resolve(unit, Kind::Interface, name)) {
            let operations = self.flat(id).artifacts.clone();
            return Some(InterfaceDefinition { type_id: Some(id), operations, open: false });
        }
        if flat.open {
            return Some(InterfaceDefinition { open: true, ..InterfaceDefinition::default() });
        }
        let message = format!("{what} has no interface `{}`", shown(&entry.key));
        let known: Vec<&str> = flat.interfaces.keys().map(String::as_str).take(self.report.room()).collect();
        let hint = hint(&entry.key, known.iter().copied(), "it has");
        self.report.say(Fault::error(entry.at, Code::UnknownName, message).maybe_hint(hint));
        None
    }

    fn operations(&mut self, unit: usize, node: &Node, definition: &InterfaceDefinition, what: &str) -> Interface {
        let among = node.entries().iter().filter(|entry| !FIELDS.contains(&entry.key.as_str()));
        let under =
            ["operations", "notifications"].into_iter().filter_map(|field| node.get(field)).flat_map(Node::entries);
        let entries: Vec<&Entry> = among.chain(under).collect();
        let mut found = Interface::new();
        for entry in entries {
            if !definition.open && !definition.operations.contains_key(&entry.key) {
                let message = format!("{what} has no operation `{}`", shown(&entry.key));
                let known: Vec<&str> =
                    definition.operations.keys().map(String::as_str).take(self.report.room()).collect();
                let hint = hint(&entry.key, known.iter().copied(), "its operations");
                self.report.say(Fault::error(entry.at, Code::UnknownField, message).maybe_hint(hint));
                continue;
            }
            found.insert(entry.key.clone(), self.operation(unit, entry, what));
        }
        found
    }

    fn operation(&mut self, unit: usize, entry: &Entry, what: &str) -> Operation {
        let word = format!("the operation `{}` of {what}", shown(&entry.key));
        let (mut implementation, mut inputs) = (None, Node::null(entry.at));
        match &entry.value.data {
            Data::Mapping(_) => {
                let version = self.version_of(unit);
                grammar::fields(&mut self.report, &entry.value, grammar::OPERATION, version, &word);
                implementation = entry.value.given("implementation").cloned();
                if let Some(given) = entry.value.given("inputs") {
                    if !given.is_mapping() {
                        let message = format!("`inputs` of {word} must be a map, not {}", given.what());
                        self.report.say(Fault::error(given.at, Code::WrongType, message));
                    }
                    inputs = given.clone();
                }
                if let Some(node) = implementation.as_ref().filter(|node| node.is_mapping()) {
                    let word = format!("the implementation of {word}");
                    grammar::fields(&mut self.report, node, grammar::IMPLEMENTATION, version, &word);
                }
            }
            Data::Null => {}
            _ => implementation = Some(entry.value.clone()),
        }
        Operation { at: entry.at, implementation, inputs }
    }
}
