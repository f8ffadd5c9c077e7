//! The types of a service template: where each comes from, by which names it
//! is known in which file, and what it is with all that it inherits.

pub(crate) mod builtin;
pub(crate) mod constraint;
pub(crate) mod flat;
mod parts;
pub(crate) mod schema;

pub(crate) use flat::Flat;
pub(crate) use schema::{Schema, ValueType};

use crate::descriptor::node::Node;
use flat::State;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What kind of thing a type describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Artifact,
    Data,
    Capability,
    Interface,
    Relationship,
    Node,
    Group,
    Policy,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Artifact,
        Self::Data,
        Self::Capability,
        Self::Interface,
        Self::Relationship,
        Self::Node,
        Self::Group,
        Self::Policy,
    ];

    /// Where a file defines them.
    pub(crate) const fn section(self) -> &'static str {
        match self {
            Self::Artifact => "artifact_types",
            Self::Data => "data_types",
            Self::Capability => "capability_types",
            Self::Interface => "interface_types",
            Self::Relationship => "relationship_types",
            Self::Node => "node_types",
            Self::Group => "group_types",
            Self::Policy => "policy_types",
        }
    }

    /// For people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Artifact => "artifact type",
            Self::Data => "data type",
            Self::Capability => "capability type",
            Self::Interface => "interface type",
            Self::Relationship => "relationship type",
            Self::Node => "node type",
            Self::Group => "group type",
            Self::Policy => "policy type",
        }
    }

    /// How the names of the normative types of 1.x begin.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Artifact => "tosca.artifacts.",
            Self::Data => "tosca.datatypes.",
            Self::Capability => "tosca.capabilities.",
            Self::Interface => "tosca.interfaces.",
            Self::Relationship => "tosca.relationships.",
            Self::Node => "tosca.nodes.",
            Self::Group => "tosca.groups.",
            Self::Policy => "tosca.policies.",
        }
    }
}

/// A type, by number.
pub(crate) type TypeId = usize;

/// A definition, as it stands in its file.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The unit whose names it uses.
    pub(crate) unit: usize,
    pub(crate) node: Arc<Node>,
}

/// The names under which types are known somewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(BTreeMap<Kind, HashMap<String, TypeId>>);

impl Scope {
    pub(crate) fn get(&self, kind: Kind, name: &str) -> Option<TypeId> {
        self.0.get(&kind)?.get(name).copied()
    }

    /// The type that had the name before.
    pub(crate) fn set(&mut self, kind: Kind, name: impl Into<String>, id: TypeId) -> Option<TypeId> {
        self.0.entry(kind).or_default().insert(name.into(), id)
    }

    pub(crate) fn names(&self, kind: Kind) -> impl Iterator<Item = (&str, TypeId)> {
        self.0.get(&kind).into_iter().flatten().map(|(name, id)| (name.as_str(), *id))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Kind, &str, TypeId)> {
        self.0.iter().flat_map(|(kind, names)| names.iter().map(|(name, id)| (*kind, name.as_str(), *id)))
    }
}

/// All types, of all files.
#[derive(Debug, Default)]
pub(crate) struct Types {
    pub(crate) definitions: Vec<Definition>,
    /// What each is with all that it inherits, once that was asked for.
    pub(super) flat: Vec<State>,
    /// The normative types of 1.x, by their names and short names.
    pub(crate) base: Scope,
}

impl Types {
    pub(crate) fn add(&mut self, definition: Definition) -> TypeId {
        self.definitions.push(definition);
        self.flat.push(State::Unknown);
        self.definitions.len() - 1
    }

    pub(crate) fn name(&self, id: TypeId) -> &str {
        self.definitions.get(id).map_or("", |definition| &definition.name)
    }

    /// Makes a definition one of the normative ones, under all names that people use for it.
    pub(crate) fn add_base(&mut self, id: TypeId) {
        let Some(Definition { kind, name, .. }) = self.definitions.get(id).cloned() else {
            return;
        };
        for short in short_names(kind, &name) {
            // `Root` of a later version takes the place of that of an earlier one, not that of another type.
            let taken = self.base.get(kind, &short).is_some_and(|other| self.name(other) != name);
            if !taken {
                self.base.set(kind, short, id);
            }
        }
        self.base.set(kind, name, id);
    }
}

/// `tosca.nodes.network.Port` is also `network.Port`, `Port` and `tosca:Port` (1.3, clause 5.2).
fn short_names(kind: Kind, name: &str) -> Vec<String> {
    let Some(short) = name.strip_prefix(kind.prefix()) else {
        return Vec::new();
    };
    let mut names = vec![short.to_owned(), format!("tosca:{short}")];
    let last = short.trim_start_matches("network.").trim_start_matches("Storage.");
    if last != short {
        names.extend([last.to_owned(), format!("tosca:{last}")]);
    }
    if kind == Kind::Capability {
        // 2.0's profile turns `Endpoint.Public` into `PublicEndpoint`.
        if let Some(rest) = short.strip_prefix("Endpoint.") {
            names.push(format!("{rest}Endpoint"));
        }
    }
    names
}
