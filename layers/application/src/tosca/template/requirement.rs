//! Requirements: what a node template needs of which other one.

use super::{
    Relationship, Requirement, Topology,
    node::{defaults, index},
};
use crate::{
    descriptor::node::{Data, Entry, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        functions::is_call,
        grammar,
        report::Fault,
        types::{Kind, TypeId, flat},
        world::World,
    },
};

impl World {
    pub(super) fn read_requirements(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = node.get("node_templates") else { return };
        let templates = index(section);
        let names: Vec<String> = topology.nodes.keys().cloned().collect();
        for name in &names {
            let Some(template) = templates.get(name.as_str()) else { continue };
            // A copy has those of the template that it copies, unless it has its own.
            let mut source = *template;
            for _ in 0..8 {
                let copied = source.given("copy").and_then(Node::scalar);
                match (source.given("requirements"), copied.and_then(|name| templates.get(name))) {
                    (None, Some(other)) => source = other,
                    _ => break,
                }
            }
            let found = self.requirements_of(name, source, topology);
            if let Some(template) = topology.nodes.get_mut(name) {
                template.requirements = found;
            }
        }
    }

    fn requirements_of(&mut self, name: &str, node: &Node, topology: &Topology) -> Vec<Requirement> {
        let what = format!("the node template `{}`", shown(name));
        let Some(section) = node.given("requirements") else { return Vec::new() };
        let entries: Vec<&Entry> = match &section.data {
            Data::Sequence(items) => items.iter().flat_map(Node::entries).collect(),
            _ => section.entries().iter().collect(),
        };
        if let Some(bad) = section.items().iter().find(|item| !item.is_mapping()) {
            let message = format!("each requirement of {what} is a map, such as `host: my_server`, not {}", bad.what());
            self.report.say(Fault::error(bad.at, Code::WrongType, message));
        }
        if !section.is_list() {
            let message = format!("`requirements` of {what} must be a list, not {}", section.what());
            let hint = "put `- ` before each of them";
            self.report.say(Fault::error(section.at, Code::WrongType, message).hint(hint));
        }
        entries.into_iter().map(|entry| self.requirement_assignment(name, entry, topology)).collect()
    }

    fn requirement_assignment(&mut self, owner: &str, entry: &Entry, topology: &Topology) -> Requirement {
        let what = format!("the requirement `{}` of `{}`", shown(&entry.key), shown(owner));
        let mut found = Requirement {
            at: entry.at,
            name: entry.key.clone(),
            target: None,
            target_type: None,
            capability: None,
            relationship: Relationship::default(),
            filter: None,
            hosted: entry.key == "host",
        };
        let definition = self.named_definition(owner, entry, topology, &what);
        if let Some(id) = definition {
            found.hosted = self.is_a(id, Kind::Relationship, "tosca.relationships.HostedOn");
            found.relationship.type_id = Some(id);
            self.types.name(id).clone_into(&mut found.relationship.type_name);
        }
        if entry.value.is_mapping() && !is_call(&entry.value) {
            let version = self.version_of(topology.unit);
            grammar::fields(&mut self.report, &entry.value, grammar::REQUIREMENT, version, &what);
            self.requirement_fields(&entry.value, &mut found, topology, &what);
        } else if !entry.value.is_null() {
            self.target(&entry.value, &mut found, topology, &what);
        }
        if let Some(id) = found.relationship.type_id {
            let schemas = self.flat(id).properties.clone();
            defaults(&mut found.relationship.given, &schemas);
        }
        found
    }

    /// The relationship type of the requirement's definition, and whether there is one, is said.
    fn named_definition(&mut self, owner: &str, entry: &Entry, topology: &Topology, what: &str) -> Option<TypeId> {
        let flat = std::sync::Arc::clone(&topology.nodes.get(owner)?.flat);
        if let Some(definition) = flat.requirements.iter().find(|definition| definition.name == entry.key) {
            return definition.relationship;
        }
        if flat.open {
            return None;
        }
        let known: Vec<&str> =
            flat.requirements.iter().map(|definition| definition.name.as_str()).take(self.report.room()).collect();
        let hint = hint(&entry.key, known.iter().copied(), "it has");
        let message = format!("`{}` does not name {what}", shown(&flat.name));
        // The parser that MiCADO relies on takes any name before a map.
        let fault = if entry.value.is_mapping() && !is_call(&entry.value) {
            Fault::warning(entry.at, Code::Lenient, message)
        } else {
            Fault::error(entry.at, Code::UnknownName, message)
        };
        self.report.say(fault.maybe_hint(hint));
        None
    }

    fn requirement_fields(&mut self, node: &Node, found: &mut Requirement, topology: &Topology, what: &str) {
        if let Some(target) = node.given("node") {
            self.target(target, found, topology, what);
        }
        found.filter = node.given("node_filter").cloned();
        if let Some(range) = node.given("occurrences")
            && flat::occurrences(range).is_none()
            && !is_call(range)
        {
            let message = format!("the occurrences of {what} must be a range such as [1, UNBOUNDED]");
            self.report.say(Fault::error(range.at, Code::EmptyRange, message));
        }
        if let Some(capability) = node.given("capability") {
            found.capability = capability.scalar().map(str::to_owned);
            self.capability_of(capability, found, topology, what);
        }
        let Some(relationship) = node.given("relationship") else { return };
        found.relationship.stated = true;
        match &relationship.data {
            Data::Text(name) => self.relationship_named(relationship, name, found, topology, what),
            Data::Mapping(_) => self.relationship_written(relationship, found, topology, what),
            _ => {
                let message = format!("the relationship of {what} must be a name or a map");
                self.report.say(Fault::error(relationship.at, Code::WrongType, message));
            }
        }
    }

    /// A capability is named, or its type is.
    fn capability_of(&mut self, node: &Node, found: &Requirement, topology: &Topology, what: &str) {
        let Some(name) = node.text() else { return };
        let Some(target) = found.target.as_ref().and_then(|target| topology.nodes.get(target)) else { return };
        let known = target.flat.open
            || target.flat.capabilities.contains_key(name)
            || self.resolve(topology.unit, Kind::Capability, name).is_some();
        if !known {
            let message = format!("{what} names the capability `{}`, which its target doesn't have", shown(name));
            let names: Vec<&str> =
                target.flat.capabilities.keys().map(String::as_str).take(self.report.room()).collect();
            let hint = hint(name, names.iter().copied(), "it has");
            self.report.say(Fault::error(node.at, Code::UnknownName, message).maybe_hint(hint));
        }
    }

    fn relationship_named(
        &mut self,
        node: &Node,
        name: &str,
        found: &mut Requirement,
        topology: &Topology,
        what: &str,
    ) {
        if let Some(template) = topology.relationships.get(name) {
            found.relationship.type_id = template.type_id;
            found.relationship.type_name.clone_from(&template.type_name);
            found.relationship.given.clone_from(&template.given);
        } else if !topology.broken.contains(name) {
            self.relationship_type(node, name, found, topology, what);
        }
        if let Some(id) = found.relationship.type_id {
            found.hosted = self.is_a(id, Kind::Relationship, "tosca.relationships.HostedOn");
        }
    }

    fn relationship_type(&mut self, node: &Node, name: &str, found: &mut Requirement, topology: &Topology, what: &str) {
        match self.resolve(topology.unit, Kind::Relationship, name) {
            Some(id) => {
                found.relationship.type_id = Some(id);
                name.clone_into(&mut found.relationship.type_name);
            }
            None if self.missing_imports(topology.unit, name) => {}
            None => {
                // The parser that MiCADO relies on takes no notice of it.
                let message =
                    format!("there is no relationship type or template `{}`, which {what} names", shown(name));
                let known: Vec<&str> =
                    self.types.base.names(Kind::Relationship).map(|(name, _)| name).take(self.report.room()).collect();
                let hint = crate::suggestion::closest(name, known).map(|name| format!("did you mean `{name}`?"));
                self.report.say(Fault::warning(node.at, Code::UnknownType, message).maybe_hint(hint));
            }
        }
    }

    fn relationship_written(&mut self, node: &Node, found: &mut Requirement, topology: &Topology, what: &str) {
        let version = self.version_of(topology.unit);
        let word = format!("the relationship of {what}");
        grammar::fields(&mut self.report, node, grammar::RELATIONSHIP, version, &word);
        match node.given("type").and_then(|named| Some((named, named.text()?))) {
            Some((named, name)) => self.relationship_named(named, name, found, topology, what),
            None if found.relationship.type_id.is_some() => {}
            None => {
                self.report.say(Fault::error(node.at, Code::MissingField, format!("{word} has no `type`")));
            }
        }
        for (name, value) in self.values(node, "properties", &word) {
            found.relationship.given.insert(name, value);
        }
        if let Some(id) = found.relationship.type_id {
            let flat = self.flat(id);
            found.relationship.interfaces = self.interface_assignments(topology.unit, node, &flat, &word);
        }
    }

    fn target(&mut self, node: &Node, found: &mut Requirement, topology: &Topology, what: &str) {
        let Some(name) = node.text() else {
            let said = if is_call(node) { "a function" } else { node.what() };
            let message = format!("{what} must name a node template, not {said}");
            self.report.say(Fault::error(node.at, Code::WrongType, message).hint("write the name itself"));
            return;
        };
        if topology.nodes.contains_key(name) || topology.broken.contains(name) {
            found.target = Some(name.to_owned());
            return;
        }
        if self.resolve(topology.unit, Kind::Node, name).is_some() {
            found.target_type = Some(name.to_owned());
            return;
        }
        if self.missing_imports(topology.unit, name) && name.contains(['.', ':']) {
            return;
        }
        let message = format!("there is no node template `{}`, which {what} names", shown(name));
        let known: Vec<&str> = topology.nodes.keys().map(String::as_str).take(self.report.room()).collect();
        let hint = hint(name, known.iter().copied(), "the node templates");
        self.report.say(Fault::error(node.at, Code::UnknownName, message).maybe_hint(hint));
    }
}
