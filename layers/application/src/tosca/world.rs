//! What the reader knows while it reads: files, types, and what is to be said.

use super::{
    report::Report,
    types::{Kind, Scope, TypeId, Types},
    version::Version,
};
use crate::descriptor::node::{Node, Position};
use std::{collections::BTreeMap, sync::Arc};

/// A file of definitions: the one that is read, one that it imports, or one built in.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) version: Version,
    pub(crate) root: Arc<Node>,
    /// The types that it may name.
    pub(crate) scope: Scope,
    /// It comes with this program, so nothing is said about it.
    pub(crate) builtin: bool,
    /// An import of it, or of one that it imports, couldn't be had.
    pub(crate) incomplete: bool,
    /// Where its repositories are.
    pub(crate) repositories: BTreeMap<String, String>,
    /// It imports the profile with the normative types: with which prefix, and where.
    pub(crate) wants_base: Vec<(String, Position)>,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) report: Report,
    pub(crate) types: Types,
    pub(crate) units: Vec<Unit>,
    /// Shapes that would be errors are warnings: policies, which nobody checked so far.
    pub(crate) soft: bool,
    /// A template is read that stands for a node of another one, which gives it its inputs.
    pub(crate) substitute: bool,
    /// How many types wait for their ancestors.
    pub(crate) depth: usize,
}

impl World {
    pub(crate) fn unit(&self, unit: usize) -> Option<&Unit> {
        self.units.get(unit)
    }

    pub(crate) fn version_of(&self, unit: usize) -> Version {
        self.unit(unit).map_or(Version::V1_3, |unit| unit.version)
    }

    /// Whether faults of a unit are told: not those of what comes with this program.
    pub(crate) fn speaks_of(&self, unit: usize) -> bool {
        self.unit(unit).is_some_and(|unit| !unit.builtin)
    }

    /// Whether a name may come from an import that couldn't be had, which was said once.
    pub(crate) fn missing_imports(&self, unit: usize, name: &str) -> bool {
        let normative = name.starts_with("tosca.") && !name.contains("MiCADO") && !name.contains(".nfv.");
        self.unit(unit).is_some_and(|unit| unit.incomplete) && !normative
    }

    /// The type that a name stands for in a file.
    pub(crate) fn resolve(&self, unit: usize, kind: Kind, name: &str) -> Option<TypeId> {
        let unit = self.unit(unit)?;
        // What a later version has of the same name takes the place of what an earlier one had.
        let newest = self.types.base.get(kind, name).filter(|_| unit.builtin);
        if let Some(id) = newest.or_else(|| unit.scope.get(kind, name)) {
            return Some(id);
        }
        if unit.version.is_two() && !unit.builtin {
            return None;
        }
        // 1.x has one space of names: what the main file imports is known everywhere.
        let everywhere = || self.units.iter().filter(|unit| !unit.builtin).find_map(|unit| unit.scope.get(kind, name));
        self.types.base.get(kind, name).or_else(everywhere)
    }

    /// Whether a type is, or derives from, the one of a normative name.
    pub(crate) fn is_a(&mut self, id: TypeId, kind: Kind, normative: &str) -> bool {
        let flat = self.flat(id);
        let wanted = self.types.base.get(kind, normative);
        wanted.is_some_and(|wanted| flat.is(wanted))
            || flat.line.iter().any(|ancestor| self.types.name(*ancestor) == normative)
    }
}
