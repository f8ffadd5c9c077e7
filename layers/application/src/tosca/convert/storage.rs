//! Volumes and settings that are attached to containers.

use super::{
    Conversion,
    container::Settings,
    quantity,
    shape::{CONFIG, VOLUME},
};
use crate::{
    descriptor::node::Node,
    suggestion::as_name,
    tosca::{
        template::{NodeTemplate, Requirement},
        types::schema::Units,
        value::scalar,
    },
};
use hansa_ontology::{
    quantity::Mebibytes,
    resource_model::{Volume, contract::volume_variable},
};
use std::collections::BTreeMap;

/// Room for a volume that states no size.
const DEFAULT: Mebibytes = Mebibytes(1_024);

/// Volumes that are places which this broker doesn't have.
const ELSEWHERE: [(&str, &str, &str); 4] = [
    (
        "HostPath",
        "it is a directory of a machine of the template's own, which is not there",
        "put the files into the image, or use a volume of the model",
    ),
    (
        "Local",
        "it is a directory of one machine of the template's own, which is not there",
        "use a volume of the model",
    ),
    (
        "NFS",
        "the model has no volumes of file servers",
        "let the program itself reach the server, or use a volume of the model",
    ),
    (
        "GlusterFS",
        "the model has no volumes of file servers",
        "let the program itself reach the server, or use a volume of the model",
    ),
];

impl Conversion<'_> {
    pub(super) fn volumes(&mut self, settings: &mut Settings<'_>) -> BTreeMap<String, Volume> {
        let mut found = BTreeMap::new();
        for requirement in &settings.node.requirements {
            let Some(name) = requirement.target.as_deref() else { continue };
            let Some(node) = self.topology.nodes.get(name) else { continue };
            if self.is(node, CONFIG) {
                self.config(settings.name, name, node, requirement);
                continue;
            }
            let kinds = [VOLUME, "tosca.nodes.BlockStorage", "tosca.nodes.Storage.BlockStorage"];
            if kinds.iter().any(|kind| self.is(node, kind)) {
                found.extend(self.volume(settings.name, name, node, requirement));
            }
        }
        found
    }

    fn volume(
        &mut self,
        owner: &str,
        name: &str,
        node: &NodeTemplate,
        requirement: &Requirement,
    ) -> Option<(String, Volume)> {
        let what = format!("the volume `{name}` of `{owner}`");
        let of_type = ELSEWHERE.into_iter().find(|(kind, ..)| self.is(node, &format!("{VOLUME}.{kind}")));
        // A plain volume says in the inputs of `create` what it is.
        let by_inputs = || {
            let spec = node.interfaces.get("Kubernetes")?.get("create")?.inputs.given("spec")?;
            let field = spec.entries().first()?.key.to_ascii_lowercase();
            ELSEWHERE.into_iter().find(|(kind, ..)| kind.to_ascii_lowercase() == field)
        };
        if let Some((_, why, remedy)) = of_type.or_else(by_inputs) {
            self.remarks.left_out(requirement.at, what, why, remedy);
            return None;
        }
        let label = as_name(name)?;
        let size = node.properties.get("size").and_then(Node::scalar);
        let size = size.and_then(|text| {
            scalar::amount(text, Units::Size).and_then(quantity::bytes).or_else(|| quantity::memory(text))
        });
        let location = requirement
            .relationship
            .properties
            .get("location")
            .or_else(|| node.properties.get("path"))
            .and_then(Node::text);
        let variable = volume_variable(&label);
        let why = match location {
            Some(location) => format!("its directory is told in `{variable}`, and is not `{location}`"),
            None => format!("its directory is told in `{variable}`"),
        };
        self.remarks.changed(requirement.at, what.clone(), why, "let the program use that variable");
        if size.is_none() {
            self.remarks.derived(node.at, format!("{DEFAULT} for {what}"), "it states no size");
        }
        Some((label, Volume { size: size.unwrap_or(DEFAULT), variable: None }))
    }

    fn config(&mut self, owner: &str, name: &str, node: &NodeTemplate, requirement: &Requirement) {
        let files: Vec<String> = ["data", "binaryData"]
            .iter()
            .filter_map(|field| node.properties.get(*field))
            .flat_map(Node::entries)
            .map(|entry| format!("`{}`", entry.key))
            .collect();
        let files = if files.is_empty() { "no files".to_owned() } else { files.join(", ") };
        let why = format!("the model has no files of settings (here: {files})");
        self.remarks.left_out(
            requirement.at,
            format!("the settings `{name}` of `{owner}`"),
            why,
            "put the files into the image",
        );
    }

    /// The members of a pod: the containers that it holds.
    pub(super) fn members(&mut self, node: &NodeTemplate) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for requirement in node.requirements.iter().filter(|requirement| requirement.name == "container") {
            let Some(target) = requirement.target.clone() else { continue };
            let label = self.names.get(&target).cloned().or_else(|| as_name(&target));
            if let Some(label) = label {
                found.push((target, label));
            }
        }
        found
    }
}
