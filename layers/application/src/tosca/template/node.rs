//! Node templates and relationship templates.

use super::{Capability, NodeTemplate, RelationshipTemplate, Topology};
use crate::{
    descriptor::node::{Data, Entry, Node},
    diagnostic::Code,
    suggestion::shown,
    tosca::{
        functions::is_call,
        grammar,
        report::Fault,
        types::{Flat, Kind, Schema},
        world::World,
    },
};
use indexmap::IndexMap;
use std::{collections::HashMap, sync::Arc};

/// Fields of a copy whose entries are taken over one by one.
const MERGED: [&str; 5] = ["properties", "attributes", "capabilities", "interfaces", "artifacts"];

/// How many templates a template may be a copy of, one by way of the other.
const MAX_COPIES: usize = 16;

/// Templates by name.
pub(super) type Index<'n> = HashMap<&'n str, &'n Node>;

pub(super) fn index(section: &Node) -> Index<'_> {
    section.entries().iter().map(|entry| (entry.key.as_str(), &entry.value)).collect()
}

impl World {
    pub(super) fn read_nodes(&mut self, node: &Node, topology: &mut Topology) {
        let section = match node.entry("node_templates") {
            Some(entry) if entry.value.is_null() => {
                let message = "`node_templates` is empty: there is nothing to deploy";
                let hint = "describe at least one node, or leave the section out";
                self.report.say(Fault::error(entry.at, Code::Empty, message).hint(hint));
                return;
            }
            Some(_) => self.section(node, "node_templates"),
            None => None,
        };
        let Some(section) = section else { return };
        let all = index(section);
        for entry in section.entries() {
            match self.node_template(topology.unit, &all, entry) {
                Some(template) => {
                    topology.nodes.insert(entry.key.clone(), template);
                }
                None => {
                    topology.broken.insert(entry.key.clone());
                }
            }
        }
    }

    fn node_template(&mut self, unit: usize, all: &Index<'_>, entry: &Entry) -> Option<NodeTemplate> {
        let what = format!("the node template `{}`", shown(&entry.key));
        let version = self.version_of(unit);
        if !grammar::fields(&mut self.report, &entry.value, grammar::NODE_TEMPLATE, version, &what) {
            return None;
        }
        let node = self.copied(all, entry);
        let (type_id, type_name, flat) = self.template_type(unit, Kind::Node, &node, entry, &what)?;
        let stated = node.get("properties").into_iter().flat_map(Node::entries);
        let stated: IndexMap<_, _> = stated.map(|entry| (entry.key.clone(), entry.at)).collect();
        let mut given = self.values(&node, "properties", &what);
        defaults(&mut given, &flat.properties);
        let capabilities = self.capability_assignments(unit, &node, &flat, &what);
        let interfaces = self.interface_assignments(unit, &node, &flat, &what);
        let artifacts = self.artifact_assignments(unit, &node, &flat, &what);
        let text = |field: &str| node.get(field).and_then(Node::text).map(str::to_owned);
        Some(NodeTemplate {
            at: entry.at,
            type_id,
            type_name,
            given,
            stated,
            properties: IndexMap::new(),
            attributes: self.values(&node, "attributes", &what),
            capabilities,
            // They name other templates, so they are read when all are known.
            requirements: Vec::new(),
            interfaces,
            artifacts,
            directives: self.directives(&node, &what),
            // Of MiCADO's `occurrences` the least counts.
            count: node.given("count").or_else(|| node.given("occurrences")?.items().first()).cloned(),
            description: text("description"),
            filter: node.given("node_filter").cloned(),
            flat,
        })
    }

    /// The type that a template names. None: it names none, which is said.
    pub(super) fn template_type(
        &mut self,
        unit: usize,
        kind: Kind,
        node: &Node,
        entry: &Entry,
        what: &str,
    ) -> Option<(Option<usize>, String, Arc<Flat>)> {
        let Some(named) = node.given("type") else {
            let message = format!("{what} has no `type`");
            self.report.say(Fault::error(entry.at, Code::MissingField, message));
            return None;
        };
        let Some(name) = named.text() else {
            let message = format!("the type of {what} must be a name, not {}", named.what());
            self.report.say(Fault::error(named.at, Code::WrongType, message));
            return None;
        };
        let type_id = self.resolve(unit, kind, name);
        let flat = match type_id {
            Some(id) => self.flat(id),
            None => {
                self.unknown_type(unit, kind, name, named.at);
                Arc::new(Flat::unknown(name))
            }
        };
        Some((type_id, name.to_owned(), flat))
    }

    /// A template with what it copies of another one (1.3, clause 3.8.3).
    fn copied(&mut self, all: &Index<'_>, entry: &Entry) -> Node {
        let mut node = entry.value.clone();
        let mut seen = vec![entry.key.clone()];
        let mut next = node.given("copy").cloned();
        while let Some(named) = next.take() {
            let name = named.scalar().unwrap_or_default().to_owned();
            let Some(other) = all.get(name.as_str()) else {
                let message = format!("there is no node template `{}` to copy", shown(&name));
                self.report.say(Fault::error(named.at, Code::UnknownName, message));
                break;
            };
            if seen.len() > MAX_COPIES {
                let message = format!("`{}` is a copy of more than {MAX_COPIES} others", shown(&entry.key));
                self.report.say(Fault::error(named.at, Code::TooDeep, message));
                break;
            }
            if seen.contains(&name) {
                let message = format!("`{}` is a copy of itself", shown(&entry.key));
                self.report.say(Fault::error(named.at, Code::CircularReference, message));
                break;
            }
            next = other.given("copy").cloned();
            node = merged(&node, other);
            seen.push(name);
        }
        node
    }

    fn directives(&mut self, node: &Node, what: &str) -> Vec<String> {
        const KNOWN: [&str; 7] =
            ["create", "select", "substitute", "selectable", "substitutable", "internal", "external"];
        let Some(section) = node.given("directives") else { return Vec::new() };
        let list: Vec<&Node> = if section.is_list() { section.items().iter().collect() } else { vec![section] };
        let mut found = Vec::new();
        for item in list {
            let text = item.scalar().unwrap_or_default().to_owned();
            if !KNOWN.contains(&text.as_str()) {
                let message = format!("the directive `{}` of {what} means nothing here", shown(&text));
                self.report.say(Fault::warning(item.at, Code::NoMeaning, message));
            }
            found.push(text);
        }
        found
    }

    fn capability_assignments(
        &mut self,
        unit: usize,
        node: &Node,
        flat: &Flat,
        what: &str,
    ) -> IndexMap<String, Capability> {
        let mut found: IndexMap<String, Capability> = flat
            .capabilities
            .iter()
            .map(|(name, definition)| {
                let mut given = IndexMap::new();
                defaults(&mut given, &definition.properties);
                (name.clone(), Capability { given, ..Capability::default() })
            })
            .collect();
        let Some(section) = node.given("capabilities") else { return found };
        // Some samples have a list of maps.
        let entries: Vec<&Entry> = match &section.data {
            Data::Sequence(items) => items.iter().flat_map(Node::entries).collect(),
            _ => section.entries().iter().collect(),
        };
        if !section.is_mapping() {
            let message = format!("`capabilities` of {what} must be a map, not {}", section.what());
            self.report.say(Fault::error(section.at, Code::WrongType, message));
        }
        let version = self.version_of(unit);
        for entry in entries {
            if !found.contains_key(&entry.key) {
                if !flat.open {
                    let message = format!("{what} has no capability `{}`", shown(&entry.key));
                    let known: Vec<&str> =
                        flat.capabilities.keys().map(String::as_str).take(self.report.room()).collect();
                    let hint = crate::suggestion::hint(&entry.key, known.iter().copied(), "it has");
                    self.report.say(Fault::error(entry.at, Code::UnknownName, message).maybe_hint(hint));
                }
                continue;
            }
            if entry.value.is_null() {
                continue;
            }
            let what = format!("the capability `{}` of {what}", shown(&entry.key));
            if !grammar::fields(&mut self.report, &entry.value, grammar::CAPABILITY, version, &what) {
                continue;
            }
            let values = self.values(&entry.value, "properties", &what);
            if let Some(capability) = found.get_mut(&entry.key) {
                capability.stated = true;
                for (name, value) in values {
                    capability.given.insert(name, value);
                }
            }
        }
        found
    }

    pub(super) fn read_relationships(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = self.section(node, "relationship_templates") else { return };
        let version = self.version_of(topology.unit);
        let all = index(section);
        for entry in section.entries() {
            let what = format!("the relationship template `{}`", shown(&entry.key));
            let fields = grammar::RELATIONSHIP_TEMPLATE;
            if !grammar::fields(&mut self.report, &entry.value, fields, version, &what) {
                topology.broken.insert(entry.key.clone());
                continue;
            }
            let node = self.copied(&all, entry);
            let found = self.template_type(topology.unit, Kind::Relationship, &node, entry, &what);
            let Some((type_id, type_name, flat)) = found else {
                topology.broken.insert(entry.key.clone());
                continue;
            };
            let mut given = self.values(&node, "properties", &what);
            defaults(&mut given, &flat.properties);
            let template = RelationshipTemplate { type_id, type_name, given };
            topology.relationships.insert(entry.key.clone(), template);
        }
    }
}

/// Adds the defaults of what isn't given.
pub(super) fn defaults(given: &mut IndexMap<String, Node>, schemas: &IndexMap<String, Schema>) {
    for (name, schema) in schemas {
        if let Some(fixed) = &schema.fixed {
            given.entry(name.clone()).or_insert_with(|| fixed.clone());
        } else if let Some(default) = &schema.default {
            given.entry(name.clone()).or_insert_with(|| default.clone());
        }
    }
}

/// The fields of one template, and those of the other that it doesn't have.
fn merged(own: &Node, other: &Node) -> Node {
    let mut entries = own.entries().to_vec();
    for theirs in other.entries() {
        match entries.iter_mut().find(|entry| entry.key == theirs.key) {
            None => entries.push(theirs.clone()),
            Some(mine) if MERGED.contains(&theirs.key.as_str()) => {
                mine.value = merged_value(&mine.value, &theirs.value)
            }
            Some(_) => {}
        }
    }
    Node { at: own.at, data: Data::Mapping(entries) }
}

/// A value with what another one has besides: maps are merged, as deep as they
/// go; of all else the own one holds.
fn merged_value(own: &Node, other: &Node) -> Node {
    if !own.is_mapping() || !other.is_mapping() || is_call(own) || is_call(other) {
        return own.clone();
    }
    let mut entries = own.entries().to_vec();
    for theirs in other.entries() {
        match entries.iter_mut().find(|entry| entry.key == theirs.key) {
            None => entries.push(theirs.clone()),
            Some(mine) => mine.value = merged_value(&mine.value, &theirs.value),
        }
    }
    Node { at: own.at, data: Data::Mapping(entries) }
}
