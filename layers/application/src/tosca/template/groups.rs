//! Groups and policies.

use super::{Group, Policy, Topology, node::defaults};
use crate::{
    descriptor::node::{Data, Entry, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{grammar, report::Fault, types::Kind, world::World},
};
use std::collections::BTreeSet;

impl World {
    pub(super) fn read_groups(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = self.section(node, "groups") else { return };
        let version = self.version_of(topology.unit);
        let names: BTreeSet<&str> = section.entries().iter().map(|entry| entry.key.as_str()).collect();
        for entry in section.entries() {
            let what = format!("the group `{}`", shown(&entry.key));
            if !grammar::fields(&mut self.report, &entry.value, grammar::GROUP, version, &what) {
                topology.broken.insert(entry.key.clone());
                continue;
            }
            let Some((_, _, flat)) = self.template_type(topology.unit, Kind::Group, &entry.value, entry, &what) else {
                topology.broken.insert(entry.key.clone());
                continue;
            };
            let mut properties = self.values(&entry.value, "properties", &what);
            defaults(&mut properties, &flat.properties);
            self.check_properties(&properties, &flat.properties, &flat, (entry.at, &what), None);
            let members =
                self.names_of(entry.value.given("members"), topology, &names, &format!("the members of {what}"));
            topology.groups.insert(entry.key.clone(), Group { members });
        }
    }

    /// A list of names of node templates, or of these others.
    fn names_of(
        &mut self,
        list: Option<&Node>,
        topology: &Topology,
        others: &BTreeSet<&str>,
        what: &str,
    ) -> Vec<String> {
        let Some(list) = list else { return Vec::new() };
        let items: Vec<&Node> = match &list.data {
            Data::Sequence(items) => items.iter().collect(),
            Data::Text(_) => {
                let message = format!("{what} must be a list; one name is taken for one");
                self.report.say(Fault::warning(list.at, Code::Lenient, message));
                vec![list]
            }
            _ => {
                let message = format!("{what} must be a list of names, not {}", list.what());
                self.report.say(Fault::error(list.at, Code::WrongType, message));
                return Vec::new();
            }
        };
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for item in items {
            let Some(name) = item.scalar() else {
                let message = format!("{what} are names, not {}", item.what());
                self.report.say(Fault::error(item.at, Code::WrongType, message));
                continue;
            };
            let known = topology.nodes.contains_key(name) || others.contains(name) || topology.broken.contains(name);
            if !known {
                let message = format!("there is no node template `{}`, which {what} name", shown(name));
                let others = others.iter().copied();
                let names = topology.nodes.keys().map(String::as_str).chain(others).take(self.report.room());
                let names: Vec<&str> = names.collect();
                let hint = hint(name, names.iter().copied(), "there are");
                self.report.say(Fault::error(item.at, Code::UnknownName, message).maybe_hint(hint));
                continue;
            }
            if !seen.insert(name) {
                let message = format!("{what} name `{}` twice", shown(name));
                self.report.say(Fault::error(item.at, Code::DuplicateEntry, message));
                continue;
            }
            found.push(name.to_owned());
        }
        found
    }

    pub(super) fn read_policies(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = node.given("policies") else { return };
        let entries: Vec<&Entry> = match &section.data {
            Data::Sequence(items) => {
                for item in items.iter().filter(|item| !item.is_mapping()) {
                    let message = format!("a policy is a name with its fields, not {}", item.what());
                    self.report.say(Fault::error(item.at, Code::WrongType, message));
                }
                let (slipped, good): (Vec<&Node>, Vec<&Node>) = items.iter().partition(|item| is_slipped(item));
                for item in slipped {
                    let name = item.entries().first().map(|entry| shown(&entry.key)).unwrap_or_default();
                    let message = format!("the fields of the policy `{name}` stand beside its name, not under it");
                    let hint = "indent them further than the name";
                    self.report.say(Fault::error(item.at, Code::WrongType, message).hint(hint));
                }
                good.into_iter().flat_map(Node::entries).collect()
            }
            Data::Mapping(entries) => {
                let message = "`policies` is a list; this map is read as one policy for each name";
                let hint = "put `- ` before each of them";
                self.report.say(Fault::note(section.at, Code::Lenient, message).hint(hint));
                entries.iter().collect()
            }
            _ => {
                let message = format!("`policies` must be a list, not {}", section.what());
                self.report.say(Fault::error(section.at, Code::WrongType, message));
                return;
            }
        };
        for entry in entries {
            if let Some(policy) = self.policy(entry, topology) {
                topology.policies.push(policy);
            }
        }
    }

    fn policy(&mut self, entry: &Entry, topology: &Topology) -> Option<Policy> {
        let what = format!("the policy `{}`", shown(&entry.key));
        let version = self.version_of(topology.unit);
        if !grammar::fields(&mut self.report, &entry.value, grammar::POLICY, version, &what) {
            return None;
        }
        let (type_id, type_name, flat) = self.template_type(topology.unit, Kind::Policy, &entry.value, entry, &what)?;
        let mut given = self.values(&entry.value, "properties", &what);
        defaults(&mut given, &flat.properties);
        let groups: BTreeSet<&str> = topology.groups.keys().map(String::as_str).collect();
        let targets = self.names_of(entry.value.given("targets"), topology, &groups, &format!("the targets of {what}"));
        let triggers = entry.value.given("triggers").cloned();
        if let Some(wrong) = triggers.as_ref().filter(|node| !node.is_mapping() && !node.is_list()) {
            let message = format!("`triggers` of {what} must be a map, not {}", wrong.what());
            self.report.say(Fault::error(wrong.at, Code::WrongType, message));
        }
        Some(Policy {
            at: entry.at,
            name: entry.key.clone(),
            type_id,
            type_name,
            targets,
            given,
            properties: indexmap::IndexMap::new(),
            triggers,
        })
    }
}

/// Whether a policy's fields are indented no further than its name.
fn is_slipped(item: &Node) -> bool {
    item.given("type").is_some_and(|named| named.text().is_some())
}
