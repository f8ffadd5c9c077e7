//! The parts of node types: capabilities, requirements, interfaces.

use super::{
    Definition, Kind,
    flat::{CapabilityDefinition, Flat, InterfaceDefinition, RequirementDefinition, occurrences, what},
};
use crate::{
    descriptor::node::{Entry, Node},
    diagnostic::Code,
    suggestion::shown,
    tosca::{grammar, report::Fault, world::World},
};
use indexmap::IndexMap;

/// Fields of an interface that are no operations.
pub(crate) const NO_OPERATIONS: [&str; 9] = [
    "type",
    "inputs",
    "derived_from",
    "version",
    "description",
    "metadata",
    "notifications",
    "operations",
    "properties",
];

/// How many requirements a node type may have: each template looks through them.
const MAX_REQUIREMENTS: usize = 1_000;

impl World {
    /// The type of a part: named alone, or at `type` or the like.
    fn part_type(&mut self, unit: usize, kind: Kind, node: Option<&Node>) -> Option<usize> {
        let node = node?;
        let name = node.text()?;
        let found = self.resolve(unit, kind, name);
        if found.is_none() {
            // Other readers look at it only when a template needs it.
            let before = std::mem::replace(&mut self.report.unused, true);
            self.unknown_type(unit, kind, name, node.at);
            self.report.unused = before;
        }
        found
    }

    pub(super) fn capabilities(&mut self, definition: &Definition, flat: &mut Flat) {
        let Some(section) = definition.node.given("capabilities") else { return };
        if !section.is_mapping() {
            self.must_be(definition, section, "capabilities", "a map");
            return;
        }
        for Entry { key, value, .. } in section.entries() {
            let named = if value.text().is_some() { Some(value) } else { value.given("type") };
            let before = flat.capabilities.get(key).cloned();
            let type_id = match named {
                Some(_) => self.part_type(definition.unit, Kind::Capability, named),
                None => before.as_ref().and_then(|before| before.type_id),
            };
            if value.is_mapping() && self.speaks_of(definition.unit) {
                let version = self.version_of(definition.unit);
                let what = format!("the capability `{}` of {}", shown(key), what(definition));
                grammar::fields_loosely(&mut self.report, value, grammar::CAPABILITY_DEFINITION, version, &what);
                if type_id.is_none() && named.is_none() {
                    self.report.say(Fault::error(value.at, Code::MissingField, format!("{what} has no `type`")));
                }
            }
            let of_type = type_id.map(|id| self.flat(id));
            let (mut properties, mut attributes) =
                of_type.map(|flat| (flat.properties.clone(), flat.attributes.clone())).unwrap_or_default();
            let owner = format!("{}.{key}", definition.name);
            if let Some(defined) = value.given("properties") {
                self.schemas(definition.unit, defined, "property", &owner, &mut properties);
            }
            if let Some(defined) = value.given("attributes") {
                self.schemas(definition.unit, defined, "attribute", &owner, &mut attributes);
            }
            flat.capabilities.insert(key.clone(), CapabilityDefinition { type_id, properties, attributes });
        }
    }

    fn must_be(&mut self, definition: &Definition, node: &Node, field: &str, wanted: &str) {
        if self.speaks_of(definition.unit) {
            let message = format!("`{field}` of {} must be {wanted}, not {}", what(definition), node.what());
            self.report.say(Fault::error(node.at, Code::WrongType, message));
        }
    }

    pub(super) fn requirements(&mut self, definition: &Definition, flat: &mut Flat) {
        let Some(section) = definition.node.given("requirements") else { return };
        if !section.is_list() {
            self.must_be(definition, section, "requirements", "a list");
            return;
        }
        for Entry { key, value, .. } in section.items().iter().flat_map(Node::entries) {
            if flat.requirements.len() >= MAX_REQUIREMENTS {
                let message = format!("{} has more than {MAX_REQUIREMENTS} requirements", what(definition));
                self.report.say(Fault::error(section.at, Code::TooLarge, message));
                return;
            }
            let found = self.requirement(definition, key, value);
            match flat.requirements.iter_mut().find(|before| before.name == *key) {
                Some(before) => *before = found,
                None => flat.requirements.push(found),
            }
        }
    }

    fn requirement(&mut self, definition: &Definition, name: &str, value: &Node) -> RequirementDefinition {
        let unit = definition.unit;
        let word = format!("the requirement `{}` of {}", shown(name), what(definition));
        if value.is_mapping() && self.speaks_of(unit) {
            let version = self.version_of(unit);
            grammar::fields_loosely(&mut self.report, value, grammar::REQUIREMENT_DEFINITION, version, &word);
        }
        let short = value.text().is_some();
        let capability = if short { Some(value) } else { value.given("capability") };
        let relationship = value.given("relationship");
        let relationship =
            relationship.map(|node| if node.is_mapping() { node.get("type").unwrap_or(node) } else { node });
        let counted = value.given("occurrences").or_else(|| value.given("count_range"));
        let range = counted.and_then(|node| {
            let range = occurrences(node);
            if range.is_none() && self.speaks_of(unit) {
                let message = format!("the occurrences of {word} must be a range such as [0, UNBOUNDED]");
                self.report.say(Fault::error(node.at, Code::EmptyRange, message));
            }
            range
        });
        let default = if self.version_of(unit).is_two() { (0, None) } else { (1, Some(1)) };
        RequirementDefinition {
            name: name.to_owned(),
            capability: self.part_type(unit, Kind::Capability, capability),
            node: self.part_type(unit, Kind::Node, value.given("node")),
            relationship: self.part_type(unit, Kind::Relationship, relationship),
            occurrences: range.unwrap_or(default),
        }
    }

    pub(super) fn interfaces(&mut self, definition: &Definition, flat: &mut Flat) {
        let Some(section) = definition.node.given("interfaces") else { return };
        if !section.is_mapping() {
            self.must_be(definition, section, "interfaces", "a map");
            return;
        }
        for Entry { key, value, .. } in section.entries() {
            let before = flat.interfaces.get(key).cloned().unwrap_or_default();
            let named = if value.text().is_some() { Some(value) } else { value.given("type") };
            let type_id = match named {
                Some(_) => self.part_type(definition.unit, Kind::Interface, named),
                // An interface may be named by its type.
                None => before.type_id.or_else(|| self.resolve(definition.unit, Kind::Interface, key)),
            };
            let mut operations = type_id.map(|id| self.flat(id).artifacts.clone()).unwrap_or_default();
            operations.extend(before.operations);
            operations.extend(operations_in(value));
            let open = type_id.is_none();
            flat.interfaces.insert(key.clone(), InterfaceDefinition { type_id, operations, open });
        }
    }

    /// The operations of an interface type, which stand among its fields or under `operations`.
    pub(super) fn operations_of_type(&self, node: &Node) -> IndexMap<String, Node> {
        operations_in(node)
    }
}

/// The operations of an interface.
pub(crate) fn operations_in(node: &Node) -> IndexMap<String, Node> {
    let among = node.entries().iter().filter(|entry| !NO_OPERATIONS.contains(&entry.key.as_str()));
    let under = ["operations", "notifications"].into_iter().filter_map(|field| node.get(field)).flat_map(Node::entries);
    among.chain(under).map(|entry| (entry.key.clone(), entry.value.clone())).collect()
}
