//! What a type is with all that it inherits.

use super::{
    Definition, Kind, TypeId,
    constraint::{self, Constraint},
    schema::{Schema, ValueType},
};
use crate::{
    descriptor::node::{Node, Position},
    diagnostic::Code,
    suggestion::shown,
    tosca::{
        grammar::{self, Fields},
        report::Fault,
        world::World,
    },
};
use indexmap::IndexMap;
use std::sync::Arc;

/// Whether it was worked out.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Unknown,
    /// It is being worked out: whoever meets it now is its own ancestor.
    Begun,
    Known(Arc<Flat>),
}

/// A capability of a node type.
#[derive(Debug, Clone)]
pub(crate) struct CapabilityDefinition {
    pub(crate) type_id: Option<TypeId>,
    pub(crate) properties: IndexMap<String, Schema>,
    pub(crate) attributes: IndexMap<String, Schema>,
}

/// A requirement of a node type.
#[derive(Debug, Clone)]
pub(crate) struct RequirementDefinition {
    pub(crate) name: String,
    pub(crate) capability: Option<TypeId>,
    pub(crate) node: Option<TypeId>,
    pub(crate) relationship: Option<TypeId>,
    /// The least and the greatest number; None: unbounded.
    pub(crate) occurrences: (u64, Option<u64>),
}

/// An interface of a type.
#[derive(Debug, Clone, Default)]
pub(crate) struct InterfaceDefinition {
    pub(crate) type_id: Option<TypeId>,
    pub(crate) operations: IndexMap<String, Node>,
    /// Its type isn't known, so it may have any operation.
    pub(crate) open: bool,
}

/// A type with all that it inherits.
#[derive(Debug, Clone)]
pub(crate) struct Flat {
    pub(crate) name: String,
    /// Itself, its parent, its parent's parent …
    pub(crate) line: Vec<TypeId>,
    /// An ancestor isn't known, so that it may have more than this.
    pub(crate) open: bool,
    pub(crate) properties: IndexMap<String, Schema>,
    pub(crate) attributes: IndexMap<String, Schema>,
    pub(crate) capabilities: IndexMap<String, CapabilityDefinition>,
    pub(crate) requirements: Vec<RequirementDefinition>,
    pub(crate) interfaces: IndexMap<String, InterfaceDefinition>,
    pub(crate) artifacts: IndexMap<String, Node>,
    /// Of a data type: what it is derived from in the end.
    pub(crate) primitive: Option<ValueType>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) entry: Option<Box<Schema>>,
    pub(crate) key: Option<Box<Schema>>,
    /// Of a scalar of 2.0: units and what each is worth.
    pub(crate) units: IndexMap<String, f64>,
    /// Of a group type or policy type: whom it may be about.
    pub(crate) targets: Vec<String>,
}

impl Flat {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            line: Vec::new(),
            open: false,
            properties: IndexMap::new(),
            attributes: IndexMap::new(),
            capabilities: IndexMap::new(),
            requirements: Vec::new(),
            interfaces: IndexMap::new(),
            artifacts: IndexMap::new(),
            primitive: None,
            constraints: Vec::new(),
            entry: None,
            key: None,
            units: IndexMap::new(),
            targets: Vec::new(),
        }
    }

    /// A type that nobody knows: it may have anything.
    pub(crate) fn unknown(name: &str) -> Self {
        Self { open: true, ..Self::new(name) }
    }

    pub(crate) fn is(&self, ancestor: TypeId) -> bool {
        self.line.contains(&ancestor)
    }
}

/// How long a line of ancestors may be.
const LONGEST_LINE: usize = 64;

impl World {
    /// The type with all that it inherits. Says, the first time, what is wrong with it.
    pub(crate) fn flat(&mut self, id: TypeId) -> Arc<Flat> {
        let Some(definition) = self.types.definitions.get(id).cloned() else {
            return Arc::new(Flat { open: true, ..Flat::new("") });
        };
        match self.types.flat.get(id) {
            Some(State::Known(flat)) => return Arc::clone(flat),
            Some(State::Begun) => return Arc::new(Flat { open: true, ..Flat::new(&definition.name) }),
            _ => {}
        }
        self.set_state(id, State::Begun);
        let mut flat = self.inherited(&definition);
        flat.name.clone_from(&definition.name);
        flat.line.insert(0, id);
        if definition.node.is_mapping() {
            self.own(&definition, &mut flat);
        } else if !definition.node.is_null() && self.speaks_of(definition.unit) {
            let message = format!("{} must be a map of fields", what(&definition));
            self.report.say(Fault::error(definition.node.at, Code::WrongType, message));
        }
        let flat = Arc::new(flat);
        self.set_state(id, State::Known(Arc::clone(&flat)));
        flat
    }

    fn set_state(&mut self, id: TypeId, state: State) {
        if let Some(slot) = self.types.flat.get_mut(id) {
            *slot = state;
        }
    }

    /// What the parent gives.
    fn inherited(&mut self, definition: &Definition) -> Flat {
        let empty = Flat::new(&definition.name);
        // 1.0's own parser has `type` for the primitive of a data type.
        let named = definition.node.given("derived_from").or_else(|| match definition.kind {
            Kind::Data => definition.node.given("type"),
            _ => None,
        });
        let Some(parent) = named else { return empty };
        let Some(name) = parent.text() else {
            let message = format!("`derived_from` of {} must be the name of a type", what(definition));
            self.report.say(Fault::error(parent.at, Code::WrongType, message));
            return Flat { open: true, ..empty };
        };
        if definition.kind == Kind::Data
            && let Some(primitive) = ValueType::primitive(name)
        {
            return Flat { primitive: Some(primitive), ..empty };
        }
        let Some(id) = self.resolve(definition.unit, definition.kind, name) else {
            self.unknown_type(definition.unit, definition.kind, name, parent.at);
            return Flat { open: true, ..empty };
        };
        if matches!(self.types.flat.get(id), Some(State::Begun)) {
            let message = format!("`{}` derives from itself, by way of `{}`", shown(&definition.name), shown(name));
            let hint = "one of the types in this circle must derive from another one";
            self.report.say(Fault::error(parent.at, Code::DerivationCycle, message).hint(hint));
            return Flat { open: true, ..empty };
        }
        if self.depth >= LONGEST_LINE {
            let message = format!("`{}` has more than {LONGEST_LINE} ancestors", shown(&definition.name));
            self.report.say(Fault::error(parent.at, Code::TooDeep, message));
            return Flat { open: true, ..empty };
        }
        self.depth += 1;
        let flat = self.flat(id);
        self.depth -= 1;
        if flat.line.len() >= LONGEST_LINE {
            let message = format!("`{}` has more than {LONGEST_LINE} ancestors", shown(&definition.name));
            self.report.say(Fault::error(parent.at, Code::TooDeep, message));
            return Flat { open: true, ..empty };
        }
        (*flat).clone()
    }

    /// Adds what the definition says itself.
    fn own(&mut self, definition: &Definition, flat: &mut Flat) {
        let (unit, node) = (definition.unit, Arc::clone(&definition.node));
        self.type_fields(definition);
        for (field, word) in [("properties", "property"), ("attributes", "attribute")] {
            let Some(defined) = node.given(field) else { continue };
            let mut schemas =
                std::mem::take(if field == "properties" { &mut flat.properties } else { &mut flat.attributes });
            self.schemas(unit, defined, word, &definition.name, &mut schemas);
            if field == "properties" { flat.properties = schemas } else { flat.attributes = schemas }
        }
        match definition.kind {
            Kind::Node => {
                self.capabilities(definition, flat);
                self.requirements(definition, flat);
                self.interfaces(definition, flat);
                for artifact in node.get("artifacts").into_iter().flat_map(Node::entries) {
                    flat.artifacts.insert(artifact.key.clone(), artifact.value.clone());
                }
            }
            Kind::Relationship | Kind::Group => self.interfaces(definition, flat),
            Kind::Interface => {
                for operation in self.operations_of_type(&node) {
                    flat.artifacts.insert(operation.0, operation.1);
                }
            }
            Kind::Data => self.data(unit, &node, flat),
            Kind::Artifact | Kind::Capability | Kind::Policy => {}
        }
        let field = if definition.kind == Kind::Group { "members" } else { "targets" };
        if matches!(definition.kind, Kind::Group | Kind::Policy) && node.given(field).is_some() {
            let names = node.get(field).into_iter().flat_map(Node::items).filter_map(Node::text);
            flat.targets = names.map(str::to_owned).collect();
        }
    }

    /// The schemas of a section of a definition, over those that are there.
    pub(crate) fn schemas(
        &mut self,
        unit: usize,
        defined: &Node,
        word: &str,
        owner: &str,
        schemas: &mut IndexMap<String, Schema>,
    ) {
        if !defined.is_mapping() {
            if self.speaks_of(unit) {
                let message = format!("the {word} definitions of `{}` must be a map", shown(owner));
                self.report.say(Fault::error(defined.at, Code::WrongType, message));
            }
            return;
        }
        for entry in defined.entries() {
            let what = format!("the {word} `{}` of `{}`", shown(&entry.key), shown(owner));
            let before = schemas.get(&entry.key).cloned();
            let mut schema = self.schema(unit, &entry.value, grammar::SCHEMA, &what, before.as_ref());
            if let Some(before) = before {
                refine(&mut schema, &before, &entry.value);
            }
            schemas.insert(entry.key.clone(), schema);
        }
    }

    fn data(&mut self, unit: usize, node: &Node, flat: &mut Flat) {
        let of = flat.primitive.unwrap_or(ValueType::Unknown);
        let mut schema = Schema::plain(node.at, "", of);
        let what = format!("the data type `{}`", shown(&flat.name));
        schema.constraints = constraint::read(self, unit, node, &schema, &what);
        flat.constraints.append(&mut schema.constraints);
        if let Some(entry) = node.given("entry_schema") {
            flat.entry = Some(Box::new(self.schema(unit, entry, grammar::SCHEMA, &what, None)));
        }
        if let Some(key) = node.given("key_schema") {
            flat.key = Some(Box::new(self.schema(unit, key, grammar::SCHEMA, &what, None)));
        }
        for unit in node.get("units").into_iter().flat_map(Node::entries) {
            if let Some(worth) = unit.value.number() {
                flat.units.insert(unit.key.clone(), worth);
            }
        }
        let only = flat.units.keys().next().filter(|_| flat.units.len() == 1).cloned();
        let canonical = node.get("canonical_unit").and_then(Node::text).map(str::to_owned).or(only);
        let prefixes: Vec<(String, f64)> = node
            .get("prefixes")
            .into_iter()
            .flat_map(Node::entries)
            .filter_map(|entry| Some((entry.key.clone(), entry.value.number()?)))
            .collect();
        if let Some(canonical) = canonical {
            let unit = *flat.units.entry(canonical.clone()).or_insert(1.0);
            for (prefix, worth) in prefixes {
                flat.units.insert(format!("{prefix}{canonical}"), worth * unit);
            }
        }
    }

    fn type_fields(&mut self, definition: &Definition) {
        if !self.speaks_of(definition.unit) {
            return;
        }
        let fields: Fields = match definition.kind {
            Kind::Artifact => grammar::ARTIFACT_TYPE,
            Kind::Data => grammar::DATA_TYPE,
            Kind::Capability => grammar::CAPABILITY_TYPE,
            Kind::Relationship => grammar::RELATIONSHIP_TYPE,
            Kind::Node => grammar::NODE_TYPE,
            Kind::Group => grammar::GROUP_TYPE,
            Kind::Policy => grammar::POLICY_TYPE,
            // Its operations stand among its fields.
            Kind::Interface => return,
        };
        let version = self.version_of(definition.unit);
        grammar::fields(&mut self.report, &definition.node, fields, version, &what(definition));
    }
}

/// What a refinement keeps of the one before: it may say less.
fn refine(schema: &mut Schema, before: &Schema, node: &Node) {
    if node.given("default").is_none() && node.given("type").is_some() {
        // A new type makes the old default unfit.
        if schema.type_name != before.type_name {
            schema.default = None;
            let own = |at: Position| at.file == node.at.file && at >= node.at;
            schema.constraints.retain(|constraint| own(constraint.at));
        }
    }
    if node.given("required").is_none() && node.given("type").is_some() {
        schema.required = true;
    }
}

/// A definition, for people.
pub(super) fn what(definition: &Definition) -> String {
    format!("the {} `{}`", definition.kind.word(), shown(&definition.name))
}

/// `[1, UNBOUNDED]`.
pub(crate) fn occurrences(node: &Node) -> Option<(u64, Option<u64>)> {
    let [low, high] = node.items() else { return None };
    let low = u64::try_from(low.integer()?).ok()?;
    match high.scalar() {
        Some("UNBOUNDED" | "unbounded") => Some((low, None)),
        _ => {
            let high = u64::try_from(high.integer()?).ok()?;
            (low <= high && high > 0).then_some((low, Some(high)))
        }
    }
}
