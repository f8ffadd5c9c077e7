//! Functions that look something up: inputs, properties, attributes, artifacts.

use super::{
    Call, is_call, pure,
    walk::{Context, Evaluator, Key},
};
use crate::{
    descriptor::node::{Data, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{
        report::Fault,
        template::Relationship,
        types::{Kind, ValueType},
    },
};

/// What the first argument names.
enum Entity {
    Node(usize),
    /// Something whose properties aren't looked into: a relationship, a group.
    Other,
    /// Nothing, which was said.
    Nothing,
}

/// What a path leads to.
enum Found {
    Value(Node),
    /// It is there, and has no value yet.
    Symbol,
    Nothing,
}

impl Evaluator<'_> {
    pub(super) fn get_input(&mut self, node: &Node, call: &Call<'_>) -> Option<Node> {
        let [name, path @ ..] = call.arguments.as_slice() else {
            self.wrong(node.at, "`get_input` takes the name of an input");
            return None;
        };
        let Some(name) = name.scalar() else {
            if !is_call(name) {
                self.wrong(name.at, format!("`get_input` takes the name of an input, not {}", name.what()));
            }
            return None;
        };
        let Some(input) = self.topology.inputs.get(name) else {
            let message = format!("there is no input `{}`", shown(name));
            let known = self.topology.inputs.keys().map(String::as_str).take(self.world.report.room());
            let hint = hint(name, known, "the inputs").or_else(|| Some("define it under `inputs`".to_owned()));
            self.say(Fault::error(node.at, Code::UnknownName, message).maybe_hint(hint));
            return None;
        };
        let scalar = !matches!(
            input.schema.value_type,
            ValueType::List | ValueType::Map | ValueType::Data(_) | ValueType::Unknown | ValueType::Range
        );
        if scalar && !path.is_empty() {
            self.wrong(node.at, format!("the input `{}` is one value and has no parts", shown(name)));
            return None;
        }
        let value = input.value.clone()?;
        self.inside_of(node, value, path, &format!("the input `{}`", shown(name)))
    }

    /// The part of a value that a path names. None: it isn't known, or that was said.
    fn inside_of(&mut self, node: &Node, value: Node, path: &[&Node], what: &str) -> Option<Node> {
        let mut value = value;
        for step in path {
            // `INDEX` stands for the number of the instance (1.3, clause 4.4.1).
            let runtime = step.text().is_some_and(|text| matches!(text, "INDEX" | "$node_index")) && value.is_list();
            if runtime || is_call(step) || is_call(&value) {
                return None;
            }
            match pure::part(&value, step) {
                Some(part) => value = part.clone(),
                None => {
                    let step = shown(step.scalar().unwrap_or_default());
                    self.wrong(node.at, format!("{what} has no part `{step}`"));
                    return None;
                }
            }
        }
        Some(value)
    }

    fn entity(&mut self, node: &Node, name: &Node, context: Context, function: &str) -> Entity {
        let Some(text) = name.scalar() else {
            if !is_call(name) {
                self.wrong(
                    name.at,
                    format!("`{function}` takes the name of a node template first, not {}", name.what()),
                );
            }
            return if is_call(name) { Entity::Other } else { Entity::Nothing };
        };
        let here = |node: Option<usize>| node.map_or(Entity::Other, Entity::Node);
        match text {
            "SELF" if context.relationship || context.node.is_none() => {
                if context.node.is_none() && !context.relationship {
                    self.wrong(node.at, format!("`SELF` of `{function}` means a template, and here is none"));
                    return Entity::Nothing;
                }
                Entity::Other
            }
            "SELF" => here(context.node),
            "HOST" if context.node.is_none() => {
                self.wrong(node.at, format!("`HOST` of `{function}` can't be used here: only in node templates"));
                Entity::Nothing
            }
            "HOST" => here(context.node),
            "SOURCE" | "TARGET" if !context.relationship => {
                self.wrong(node.at, format!("`{text}` of `{function}` can only be used in relationships"));
                Entity::Nothing
            }
            "SOURCE" => here(context.node),
            "TARGET" => here(context.target),
            "ORCHESTRATOR" => Entity::Other,
            _ => self.named(node, text),
        }
    }

    fn named(&mut self, node: &Node, name: &str) -> Entity {
        if let Some(index) = self.topology.nodes.get_index_of(name) {
            return Entity::Node(index);
        }
        let other = self.topology.relationships.contains_key(name)
            || self.topology.groups.contains_key(name)
            || self.topology.broken.contains(name);
        if !other {
            let message = format!("there is no node template `{}`", shown(name));
            let known: Vec<&str> =
                self.topology.nodes.keys().map(String::as_str).take(self.world.report.room()).collect();
            let hint = hint(name, known.iter().copied(), "the node templates");
            self.say(Fault::error(node.at, Code::UnknownName, message).maybe_hint(hint));
            return Entity::Nothing;
        }
        Entity::Other
    }

    /// The node template that a call names, and the path below it.
    fn addressed<'c>(
        &mut self,
        node: &Node,
        call: &'c Call<'_>,
        context: Context,
        (function, what): (&str, &str),
    ) -> Option<(usize, &'c [&'c Node])> {
        let Some((entity, path)) = call.arguments.split_first().filter(|(_, path)| !path.is_empty()) else {
            self.wrong(node.at, format!("`{function}` takes a node template and {what}"));
            return None;
        };
        let host = entity.text() == Some("HOST");
        let Entity::Node(index) = self.entity(node, entity, context, function) else { return None };
        Some((if host { self.host(node, index, path)? } else { index }, path))
    }

    pub(super) fn get_property(&mut self, node: &Node, call: &Call<'_>, context: Context) -> Option<Node> {
        let (index, path) = self.addressed(node, call, context, ("get_property", "the name of a property"))?;
        match self.follow(node, index, path, false) {
            Found::Value(value) => Some(value),
            Found::Symbol => None,
            Found::Nothing => {
                self.no_such(node, index, path, "property");
                None
            }
        }
    }

    pub(super) fn get_attribute(&mut self, node: &Node, call: &Call<'_>, context: Context) -> Option<Node> {
        let (index, path) = self.addressed(node, call, context, ("get_attribute", "the name of an attribute"))?;
        match self.follow(node, index, path, true) {
            Found::Nothing => self.no_such(node, index, path, "attribute"),
            _ => self.attribute_path(node, index, path),
        }
        None
    }

    fn no_such(&mut self, node: &Node, index: usize, path: &[&Node], word: &str) {
        let Some((name, template)) = self.topology.nodes.get_index(index) else { return };
        if template.flat.open {
            return;
        }
        let path: Vec<&str> = path.iter().filter_map(|step| step.scalar()).collect();
        let message = format!("the node template `{}` has no {word} `{}`", shown(name), shown(&path.join(".")));
        let known: Vec<&str> = match word {
            "property" => template.flat.properties.keys().map(String::as_str).take(self.world.report.room()).collect(),
            _ => template
                .flat
                .attributes
                .keys()
                .chain(template.flat.properties.keys())
                .map(String::as_str)
                .take(self.world.report.room())
                .collect(),
        };
        let hint = hint(path.first().unwrap_or(&""), known.iter().copied(), "it has");
        // Inside of other functions no other reader looks at it.
        let fault = if word == "attribute" && self.is_inner() {
            Fault::warning(node.at, Code::UnknownName, message)
        } else {
            Fault::error(node.at, Code::UnknownName, message)
        };
        self.say(fault.maybe_hint(hint));
    }

    /// What lies inside of an attribute, as far as its type tells.
    fn attribute_path(&mut self, node: &Node, index: usize, path: &[&Node]) {
        let Some((_, template)) = self.topology.nodes.get_index(index) else { return };
        let [name, rest @ ..] = path else { return };
        let Some(schema) = name.scalar().and_then(|name| template.flat.attributes.get(name)) else { return };
        let mut schema = schema.clone();
        for step in rest {
            let text = shown(step.scalar().unwrap_or_default());
            match schema.value_type {
                ValueType::List if step.integer().is_none() => {
                    self.wrong(
                        node.at,
                        format!("`get_attribute` takes the number of an entry of a list, not `{text}`"),
                    );
                    return;
                }
                ValueType::List | ValueType::Map => match schema.entry {
                    Some(entry) => schema = *entry,
                    None => return,
                },
                ValueType::Data(id) => {
                    let flat = self.world.flat(id);
                    match flat.properties.get(&text) {
                        Some(inner) => schema = inner.clone(),
                        None if flat.open || flat.primitive.is_some() => return,
                        None => {
                            self.wrong(node.at, format!("`{}` has no field `{text}`", shown(&flat.name)));
                            return;
                        }
                    }
                }
                ValueType::Unknown => return,
                _ => {
                    self.wrong(
                        node.at,
                        format!("`get_attribute` asks for the part `{text}` of {}", schema.value_type.what()),
                    );
                    return;
                }
            }
        }
    }

    /// The host that has what a path begins with. None: that isn't known, or was said.
    fn host(&mut self, node: &Node, from: usize, path: &[&Node]) -> Option<usize> {
        let found = self.host_with(from, path);
        let template = self.topology.nodes.get_index(from)?.1;
        let hosted = template.requirements.iter().any(|requirement| requirement.hosted && requirement.target.is_none());
        if found.is_none() && !hosted && !template.flat.open {
            let name = shown(path.first().and_then(|step| step.scalar()).unwrap_or_default());
            self.wrong(node.at, format!("`HOST` leads to no node that has `{name}`"));
        }
        found
    }

    /// The nearest host, host of the host and so on that has what the path begins with.
    fn host_with(&mut self, from: usize, path: &[&Node]) -> Option<usize> {
        let name = path.first()?.scalar()?;
        let mut index = from;
        for _ in 0..64 {
            index = self.topology.host_of(index)?;
            let (_, template) = self.topology.nodes.get_index(index)?;
            let flat = &template.flat;
            let has = flat.properties.contains_key(name)
                || flat.attributes.contains_key(name)
                || flat.capabilities.contains_key(name);
            if has {
                return Some(index);
            }
        }
        None
    }

    /// Follows a path from a node template (1.3, clauses 4.4.2 and 4.5.1; 2.0, clause 10.2.2).
    fn follow(&mut self, node: &Node, index: usize, path: &[&Node], attributes: bool) -> Found {
        let Some((template_name, template)) = self.topology.nodes.get_index(index) else { return Found::Symbol };
        let [first, rest @ ..] = path else { return Found::Nothing };
        let Some(name) = first.scalar() else { return Found::Symbol };
        match name {
            "CAPABILITY" => return self.in_capability(node, index, rest, attributes),
            "RELATIONSHIP" => return self.over_relationship(node, index, rest, attributes),
            _ => {}
        }
        if template.given.contains_key(name) || template.flat.properties.contains_key(name) {
            return match self.property(index, None, name) {
                _ if attributes => Found::Symbol,
                Some(value) => {
                    self.rest(node, value, rest, &format!("`{}` of `{}`", shown(name), shown(template_name)))
                }
                None => {
                    let message = format!("the property `{}` of `{}` has no value", shown(name), shown(template_name));
                    self.say(Fault::warning(node.at, Code::UnknownName, message));
                    Found::Symbol
                }
            };
        }
        if attributes && (template.flat.attributes.contains_key(name) || template.attributes.contains_key(name)) {
            return Found::Symbol;
        }
        if rest.is_empty() {
            return if template.flat.open { Found::Symbol } else { Found::Nothing };
        }
        let required = template.requirements.iter().find(|requirement| requirement.name == name);
        if let Some(requirement) = required {
            let Some(target) = requirement.target.as_deref().and_then(|t| self.topology.nodes.get_index_of(t)) else {
                return Found::Symbol;
            };
            let found = self.in_target(node, target, name, requirement.capability.clone(), rest, attributes);
            return match found {
                Found::Nothing => self.of_relationship(node, &requirement.relationship, rest, attributes),
                found => found,
            };
        }
        self.in_capability(node, index, path, attributes)
    }

    /// The property of a capability of a requirement's target, or of the target itself.
    fn in_target(
        &mut self,
        node: &Node,
        target: usize,
        requirement: &str,
        capability: Option<String>,
        path: &[&Node],
        attributes: bool,
    ) -> Found {
        let Some((_, template)) = self.topology.nodes.get_index(target) else { return Found::Symbol };
        let Some(name) = path.first().and_then(|step| step.scalar()) else { return Found::Symbol };
        let has = |capability: &&String| {
            template.flat.capabilities.get(*capability).is_some_and(|definition| {
                definition.properties.contains_key(name) || attributes && definition.attributes.contains_key(name)
            })
        };
        let named = requirement.to_owned();
        let candidates = [capability.as_ref(), Some(&named)];
        let chosen = candidates.into_iter().flatten().find(has).cloned();
        let chosen = chosen.or_else(|| template.flat.capabilities.keys().find(has).cloned());
        match chosen {
            Some(chosen) => {
                let step = Node::of_text(node.at, chosen);
                let whole: Vec<&Node> = std::iter::once(&step).chain(path.iter().copied()).collect();
                self.in_capability(node, target, &whole, attributes)
            }
            None => self.follow(node, target, path, attributes),
        }
    }

    /// The property of the relationship itself that fulfils a requirement.
    fn of_relationship(&mut self, node: &Node, relationship: &Relationship, path: &[&Node], attributes: bool) -> Found {
        let [property, rest @ ..] = path else { return Found::Nothing };
        let Some(name) = property.scalar() else { return Found::Symbol };
        match relationship.given.get(name) {
            Some(_) if attributes => Found::Symbol,
            Some(value) if is_call(value) => Found::Symbol,
            Some(value) => self.rest(node, value.clone(), rest, &format!("`{}` of the relationship", shown(name))),
            None => {
                let flat = relationship.type_id.map(|id| self.world.flat(id));
                let known = flat.is_none_or(|flat| {
                    flat.open || flat.properties.contains_key(name) || attributes && flat.attributes.contains_key(name)
                });
                if known { Found::Symbol } else { Found::Nothing }
            }
        }
    }

    fn in_capability(&mut self, node: &Node, index: usize, path: &[&Node], attributes: bool) -> Found {
        let Some((_, template)) = self.topology.nodes.get_index(index) else { return Found::Symbol };
        let [capability, property, rest @ ..] = path else { return Found::Nothing };
        let (Some(capability), Some(property)) = (capability.scalar(), property.scalar()) else { return Found::Symbol };
        let Some(definition) = template.flat.capabilities.get(capability) else {
            return if template.flat.open { Found::Symbol } else { Found::Nothing };
        };
        if attributes && definition.attributes.contains_key(property) {
            return Found::Symbol;
        }
        if !definition.properties.contains_key(property) {
            return if definition.type_id.is_none() { Found::Symbol } else { Found::Nothing };
        }
        match self.property(index, Some(capability), property) {
            _ if attributes => Found::Symbol,
            Some(value) => self.rest(node, value, rest, &format!("`{}` of `{}`", shown(property), shown(capability))),
            None => Found::Symbol,
        }
    }

    /// `RELATIONSHIP, NAME, [NUMBER,] TARGET, …`
    fn over_relationship(&mut self, node: &Node, index: usize, path: &[&Node], attributes: bool) -> Found {
        let Some((_, template)) = self.topology.nodes.get_index(index) else { return Found::Symbol };
        let [name, rest @ ..] = path else { return Found::Nothing };
        let (number, rest) = match rest {
            [step, after @ ..] if step.integer().is_some() => (step.integer().unwrap_or(0), after),
            _ => (0, rest),
        };
        let [keyword, rest @ ..] = rest else { return Found::Symbol };
        if keyword.text() != Some("TARGET") {
            return Found::Symbol;
        }
        let wanted = name.scalar().unwrap_or_default();
        let mut all = template.requirements.iter().filter(|requirement| requirement.name == wanted);
        let found = usize::try_from(number).ok().and_then(|number| all.nth(number));
        match found.and_then(|found| self.topology.nodes.get_index_of(found.target.as_deref()?)) {
            Some(target) => self.follow(node, target, rest, attributes),
            None => Found::Symbol,
        }
    }

    fn rest(&mut self, node: &Node, value: Node, path: &[&Node], what: &str) -> Found {
        self.inside_of(node, value, path, what).map_or(Found::Symbol, Found::Value)
    }

    /// A property with its calls worked out. None: it has no value.
    pub(crate) fn property(&mut self, index: usize, capability: Option<&str>, name: &str) -> Option<Node> {
        let key = Key { node: index, capability: capability.map(str::to_owned), name: name.to_owned() };
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        let (template_name, template) = self.topology.nodes.get_index(index)?;
        let raw = match capability {
            Some(capability) => template.capabilities.get(capability)?.given.get(name)?,
            None => template.given.get(name)?,
        };
        if !self.begun.insert(key.clone()) {
            let message = format!("`{}` of `{}` stands for itself", shown(name), shown(template_name));
            let hint = "one of the values in this circle must be written out";
            self.say(Fault::error(raw.at, Code::CircularReference, message).hint(hint));
            return Some(raw.clone());
        }
        let context = Context { node: Some(index), ..Context::default() };
        let value = self.value(raw, context);
        self.begun.remove(&key);
        self.known.insert(key, value.clone());
        Some(value)
    }

    pub(super) fn get_operation_output(&mut self, node: &Node, call: &Call<'_>) -> Option<Node> {
        if call.arguments.len() < 4 {
            self.wrong(node.at, "`get_operation_output` takes a template, an interface, an operation and an output");
        }
        None
    }

    pub(super) fn get_nodes_of_type(&mut self, node: &Node, call: &Call<'_>) -> Option<Node> {
        let [name] = call.arguments.as_slice() else {
            self.wrong(node.at, "`get_nodes_of_type` takes the name of a node type");
            return None;
        };
        let text = name.text()?;
        let Some(id) = self.world.resolve(self.topology.unit, Kind::Node, text) else {
            self.world.unknown_type(self.topology.unit, Kind::Node, text, name.at);
            return None;
        };
        let of_type = self.topology.nodes.iter().filter(|(_, template)| template.flat.is(id));
        let names = of_type.map(|(name, _)| Node::of_text(node.at, name.clone())).collect();
        Some(Node { at: node.at, data: Data::Sequence(names) })
    }

    pub(super) fn get_artifact(&mut self, node: &Node, call: &Call<'_>, context: Context) -> Option<Node> {
        let [entity, name, ..] = call.arguments.as_slice() else {
            self.wrong(node.at, "`get_artifact` takes a node template and the name of an artifact");
            return None;
        };
        let Entity::Node(index) = self.entity(node, entity, context, "get_artifact") else { return None };
        let (template_name, template) = self.topology.nodes.get_index(index)?;
        let name = name.scalar()?;
        if let Some(artifact) = template.artifacts.get(name) {
            return artifact.file.clone().filter(|file| !is_call(file));
        }
        if !template.flat.open {
            let message = format!("the node template `{}` has no artifact `{}`", shown(template_name), shown(name));
            self.say(Fault::error(node.at, Code::UnknownName, message));
        }
        None
    }
}
