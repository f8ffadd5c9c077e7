//! Artifacts of templates.

use super::Artifact;
use crate::{
    descriptor::node::{Data, Node},
    diagnostic::Code,
    suggestion::shown,
    tosca::{
        grammar,
        report::Fault,
        types::{Flat, Kind},
        world::World,
    },
};
use indexmap::IndexMap;

impl World {
    /// The artifacts of a template, and those that its type has for all.
    pub(super) fn artifact_assignments(
        &mut self,
        unit: usize,
        node: &Node,
        flat: &Flat,
        what: &str,
    ) -> IndexMap<String, Artifact> {
        let mut found = IndexMap::new();
        for (name, node) in &flat.artifacts {
            found.extend(self.artifact(unit, node, what).map(|artifact| (name.clone(), artifact)));
        }
        let Some(section) = node.given("artifacts") else { return found };
        let entries: Vec<_> = match &section.data {
            Data::Mapping(entries) => entries.iter().collect(),
            // Samples of 1.0 have a list of maps.
            Data::Sequence(items) => items.iter().flat_map(Node::entries).collect(),
            _ => {
                let message = format!("`artifacts` of {what} must be a map, not {}", section.what());
                self.report.say(Fault::error(section.at, Code::WrongType, message));
                return found;
            }
        };
        for entry in entries {
            let word = format!("the artifact `{}` of {what}", shown(&entry.key));
            if let Some(artifact) = self.artifact(unit, &entry.value, &word) {
                found.insert(entry.key.clone(), artifact);
            }
        }
        found
    }

    fn artifact(&mut self, unit: usize, node: &Node, what: &str) -> Option<Artifact> {
        if node.text().is_some() {
            return Some(Artifact { type_name: None, file: Some(node.clone()), repository: None });
        }
        let ours = node.at.file < crate::tosca::types::builtin::FIRST;
        if ours {
            let version = self.version_of(unit);
            if !node.is_mapping() {
                let message = format!("{what} must be a path or a map, not {}", node.what());
                self.report.say(Fault::error(node.at, Code::WrongType, message));
                return None;
            }
            grammar::fields(&mut self.report, node, grammar::ARTIFACT, version, what);
        }
        let text = |field: &str| node.given(field).and_then(Node::text).map(str::to_owned);
        if let Some(name) = text("type").filter(|_| ours)
            && self.resolve(unit, Kind::Artifact, &name).is_none()
            && !self.missing_imports(unit, &name)
        {
            // The parser that MiCADO relies on takes no notice of it.
            let message = format!("there is no artifact type `{}`, which {what} names", shown(&name));
            let at = node.get("type").map_or(node.at, |node| node.at);
            self.report.say(Fault::warning(at, Code::UnknownType, message));
        }
        let (file, type_name) = (node.given("file").cloned(), text("type"));
        if ours && file.is_none() && type_name.is_some() {
            let message = format!("{what} has no `file`");
            self.report.say(Fault::warning(node.at, Code::MissingField, message));
        }
        if ours
            && let Some(repository) = text("repository")
            && self.unit(unit).is_some_and(|unit| !unit.repositories.contains_key(&repository))
        {
            let message = format!("there is no repository `{}`, which {what} names", shown(&repository));
            let at = node.get("repository").map_or(node.at, |node| node.at);
            let hint = "define it under `repositories`";
            self.report.say(Fault::warning(at, Code::UnknownName, message).hint(hint));
        }
        Some(Artifact { type_name, file, repository: text("repository") })
    }
}
