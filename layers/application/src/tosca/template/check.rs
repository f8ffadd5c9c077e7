//! Checks what was worked out against the types.

use super::{Artifact, NodeTemplate, Policy, Requirement, Topology};
use crate::{
    descriptor::node::{Node, Position},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        csar::Package,
        functions::{contains_call, is_call},
        report::{Fault, block_begin},
        source::beside,
        types::{Flat, Schema, builtin, flat::CapabilityDefinition},
        world::World,
    },
};
use hansa_scaling::rule::Rule;
use indexmap::IndexMap;

type Stated<'a> = Option<&'a IndexMap<String, Position>>;

impl World {
    pub(super) fn check_topology(&mut self, topology: &Topology, package: Option<(&Package, &str)>) {
        for (name, template) in &topology.nodes {
            let what = format!("the node template `{}`", shown(name));
            let place = (template.at, what.as_str());
            let flat = &template.flat;
            self.check_properties(&template.properties, &flat.properties, flat, place, Some(&template.stated));
            self.check_capabilities(template, &what);
            for requirement in &template.requirements {
                self.check_requirement(name, requirement, topology);
            }
            self.check_occurrences(template, &what);
            if let Some((package, main)) = package {
                self.check_files(template, package, main, &what);
            }
        }
        for policy in &topology.policies {
            let Some(flat) = policy.type_id.map(|id| self.flat(id)) else { continue };
            let what = format!("the policy `{}`", shown(&policy.name));
            self.soft = true;
            self.check_properties(&policy.properties, &flat.properties, &flat, (policy.at, &what), None);
            self.soft = false;
            self.check_rule(policy);
        }
        self.check_substitution(topology);
    }

    /// A rule that can't run, such as one in Python 2, would never scale.
    fn check_rule(&mut self, policy: &Policy) {
        let Some(rule) = policy.properties.get("scaling_rule") else { return };
        let Some(source) = rule.text() else { return };
        let begin = self.report.text(rule.at.file).map_or(rule.at, |text| block_begin(&text, rule));
        for fault in Rule::parse(source).err().unwrap_or_default() {
            let [line, column] = [fault.line, fault.column].map(|from_1| usize::try_from(from_1).unwrap_or(1) - 1);
            let at = Position { line: begin.line + line, column: begin.column + column, ..begin };
            let message = format!("the rule of the policy `{}` can't work: {}", shown(&policy.name), fault.message);
            self.report.say(Fault::warning(at, Code::NoEffect, message).maybe_hint(fault.hint));
        }
    }

    /// Unknown, missing and wrong properties.
    pub(super) fn check_properties(
        &mut self,
        values: &IndexMap<String, Node>,
        schemas: &IndexMap<String, Schema>,
        flat: &Flat,
        (at, what): (Position, &str),
        stated: Stated<'_>,
    ) {
        for (name, value) in values {
            match schemas.get(name) {
                Some(schema) => self.check_property(name, value, schema, what),
                None if flat.open => {}
                None => {
                    let message = format!("{what} has no property `{}`", shown(name));
                    let known: Vec<&str> = schemas.keys().map(String::as_str).take(self.report.room()).collect();
                    let at = stated.and_then(|stated| stated.get(name)).copied().unwrap_or(value.at);
                    let hint = hint(name, known.iter().copied(), "it has");
                    self.report.say(Fault::error(at, Code::UnknownField, message).maybe_hint(hint));
                }
            }
        }
        let missing: Vec<String> = schemas
            .iter()
            .filter(|(name, schema)| schema.required && !values.contains_key(*name))
            .map(|(name, _)| format!("`{}`", shown(name)))
            .collect();
        if !missing.is_empty() {
            let word = if missing.len() == 1 { "property" } else { "properties" };
            let message = format!("{what} needs the {word} {}", missing.join(", "));
            let hint = format!("`{}` has no default for it", shown(&flat.name));
            self.report.say(Fault::error(at, Code::MissingField, message).hint(hint));
        }
    }

    fn check_property(&mut self, name: &str, value: &Node, schema: &Schema, what: &str) {
        // A default of a type that comes with this program is what its own type asks for.
        if value.at.file >= builtin::FIRST {
            return;
        }
        let what = format!("`{}` of {what}", shown(name));
        if schema.deprecated {
            let message = format!("{what} belongs to an older version of its type");
            self.report.say(Fault::note(value.at, Code::Lenient, message));
        }
        // A type whose author chose the wrong type for a default is used all the same.
        let by_default = schema.default.as_ref().is_some_and(|default| default.at == value.at);
        let before = self.soft;
        self.soft |= by_default;
        self.check_value(value, schema, &what);
        self.soft = before;
    }

    fn check_capabilities(&mut self, template: &NodeTemplate, what: &str) {
        for (name, capability) in &template.capabilities {
            let Some(definition) = template.flat.capabilities.get(name).filter(|_| capability.stated) else { continue };
            let what = format!("the capability `{}` of {what}", shown(name));
            let flat = self.capability_flat(definition);
            self.check_properties(&capability.properties, &definition.properties, &flat, (template.at, &what), None);
            let number = |name: &str| capability.properties.get(name).and_then(Node::integer);
            let (low, high) = (number("min_instances"), number("max_instances"));
            if let (Some(low), Some(high), Some(at)) = (low, high, capability.properties.get("max_instances"))
                && low > high
            {
                let message = format!("`min_instances` of {what} is greater than `max_instances`");
                self.report.say(Fault::error(at.at, Code::EmptyRange, message));
            }
            if let (Some(low), Some(high), Some(default), Some(node)) =
                (low, high, number("default_instances"), capability.properties.get("default_instances"))
                && !(low..=high).contains(&default)
            {
                let message = format!("`default_instances` of {what} lies outside {low} to {high}");
                self.report.say(Fault::error(node.at, Code::OutOfRange, message));
            }
        }
    }

    fn capability_flat(&mut self, definition: &CapabilityDefinition) -> std::sync::Arc<Flat> {
        match definition.type_id {
            Some(id) => self.flat(id),
            None => std::sync::Arc::new(Flat::unknown("")),
        }
    }

    /// More of a requirement than its type allows.
    fn check_occurrences(&mut self, template: &NodeTemplate, what: &str) {
        for definition in &template.flat.requirements {
            let mut given = template.requirements.iter().filter(|requirement| requirement.name == definition.name);
            let most = definition.occurrences.1.and_then(|most| usize::try_from(most).ok());
            if let Some(surplus) = most.and_then(|most| given.nth(most)) {
                let message = format!(
                    "{what} has more of the requirement `{}` than `{}` allows",
                    shown(&definition.name),
                    shown(&template.flat.name)
                );
                self.report.say(Fault::warning(surplus.at, Code::Lenient, message));
            }
        }
    }

    fn check_requirement(&mut self, owner: &str, requirement: &Requirement, topology: &Topology) {
        let what = format!("the requirement `{}` of `{}`", shown(&requirement.name), shown(owner));
        self.check_relationship(requirement, &what);
        let Some(template) = topology.nodes.get(owner) else { return };
        let definition = template.flat.requirements.iter().find(|definition| definition.name == requirement.name);
        let (Some(definition), Some(target)) = (definition.cloned(), requirement.target.as_deref()) else { return };
        let Some(target_template) = topology.nodes.get(target).filter(|target| !target.flat.open) else { return };
        let by_node = definition.node.is_none_or(|id| target_template.flat.is(id));
        let capabilities: Vec<usize> = target_template.flat.capabilities.values().filter_map(|c| c.type_id).collect();
        let by_capability = match definition.capability {
            Some(wanted) => capabilities.into_iter().any(|id| self.flat(id).is(wanted)),
            None => by_node,
        };
        if !by_node && !by_capability {
            let wanted = [definition.node, definition.capability].into_iter().flatten().next();
            let wanted = wanted.map(|id| self.types.name(id).to_owned()).unwrap_or_default();
            let message = format!(
                "{what} asks for `{}`, and `{}` is a `{}`",
                shown(&wanted),
                shown(target),
                shown(&target_template.type_name)
            );
            let hint = "name a node template that has what is asked for";
            self.report.say(Fault::warning(requirement.at, Code::Lenient, message).hint(hint));
        }
    }

    /// The properties of a relationship, which other readers don't look at.
    fn check_relationship(&mut self, requirement: &Requirement, what: &str) {
        let Some(id) = requirement.relationship.type_id.filter(|_| requirement.relationship.stated) else { return };
        let flat = self.flat(id);
        let values = &requirement.relationship.properties;
        for (name, value) in values {
            match flat.properties.get(name) {
                Some(schema) => self.check_property(name, value, schema, &format!("the relationship of {what}")),
                None if flat.open => {}
                None => {
                    let message = format!("`{}` has no property `{}`, in {what}", shown(&flat.name), shown(name));
                    self.report.say(Fault::warning(value.at, Code::UnknownField, message));
                }
            }
        }
        for (name, schema) in &flat.properties {
            if schema.required && !values.contains_key(name) {
                let message = format!("the relationship of {what} has no `{}`", shown(name));
                self.report.say(Fault::warning(requirement.at, Code::MissingField, message));
            }
        }
    }

    /// Files that a template in a package names must be in the package.
    fn check_files(&mut self, template: &NodeTemplate, package: &Package, main: &str, what: &str) {
        let image = |artifact: &&Artifact| artifact.type_name.as_deref().is_some_and(|name| name.contains("Image"));
        let artifacts =
            template.artifacts.values().filter(|artifact| artifact.repository.is_none() && !image(artifact));
        let plain: Vec<&Node> = artifacts.filter_map(|artifact| artifact.file.as_ref()).collect();
        let scripts = template.interfaces.values().flat_map(IndexMap::values).filter_map(|o| o.implementation.as_ref());
        let scripts: Vec<&Node> = scripts.map(|node| node.given("primary").unwrap_or(node)).collect();
        for (node, script) in plain.iter().map(|node| (*node, false)).chain(scripts.iter().map(|node| (*node, true))) {
            let Some(path) = node.text().filter(|_| !is_call(node) && !contains_call(node)) else { continue };
            if path.contains("://") || script && template.artifacts.contains_key(path) || !script && path.contains(':')
            {
                continue;
            }
            if package.file(&beside(main, path)).is_none() {
                let message = format!("{what} names the file `{}`, which is not in the package", shown(path));
                let hint = "put it into the package, relative to the template that names it";
                self.report.say(Fault::error(node.at, Code::ImportMissing, message).hint(hint));
            }
        }
    }
}
