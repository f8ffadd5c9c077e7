//! Volumes and settings that are attached to containers.

use super::{
    Conversion,
    config::place,
    container::Settings,
    quantity,
    shape::{VOLUME, manifest},
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
    resource_model::{Volume, contract::volume_variable, is_mount},
};
use std::collections::{BTreeMap, BTreeSet};

/// Room for a volume that states no size.
const DEFAULT: Mebibytes = Mebibytes(1_024);

/// Where MiCADO puts volumes of which the template doesn't say where.
const PLACE: &str = "/etc/micado/volumes";

/// Volumes that are places which this broker doesn't have, and what they are there.
const ELSEWHERE: [(&str, &str); 4] = [
    ("HostPath", "a directory of a machine of the template's own"),
    ("Local", "a directory of one machine of the template's own"),
    ("NFS", "a directory of a file server"),
    ("GlusterFS", "a directory of a file server"),
];

/// What a machine's system keeps there is of no use in an empty directory.
const OF_SYSTEM: [&str; 18] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/log",
    "/var/run",
];

impl Conversion<'_> {
    pub(super) fn volumes(&mut self, settings: &Settings<'_>) -> BTreeMap<String, Volume> {
        let mut found: BTreeMap<String, Volume> = BTreeMap::new();
        for requirement in &settings.node.requirements {
            let Some(name) = requirement.target.as_deref() else { continue };
            let Some(node) = self.topology.nodes.get(name) else { continue };
            let kinds = [VOLUME, "tosca.nodes.BlockStorage", "tosca.nodes.Storage.BlockStorage"];
            if kinds.iter().any(|kind| self.is(node, kind)) {
                let taken = found.values().filter_map(|volume| volume.mount.clone()).collect();
                found.extend(self.volume(settings.name, (name, node), requirement, &taken));
            }
        }
        found
    }

    fn volume(
        &mut self,
        owner: &str,
        (name, node): (&str, &NodeTemplate),
        requirement: &Requirement,
        taken: &BTreeSet<String>,
    ) -> Option<(String, Volume)> {
        let what = format!("the volume `{name}` of `{owner}`");
        let elsewhere = self.elsewhere(node);
        let path = path_of(node);
        if let Some(("HostPath" | "Local", kind)) = elsewhere
            && path.is_none_or(is_of_system)
        {
            let why = format!("it is {kind}, with what the system has there");
            let remedy = "put the files into the image, or use a volume of the model";
            self.remarks.left_out(requirement.at, what, why, remedy);
            return None;
        }
        let label = as_name(name)?;
        let size = node.properties.get("size").and_then(Node::scalar);
        let size = size.and_then(|text| {
            scalar::amount(text, Units::Size).and_then(quantity::bytes).or_else(|| quantity::memory(text))
        });
        let own = self.is(node, VOLUME).then_some(PLACE);
        let place = place(node, requirement).or(own);
        let mount = place.filter(|place| is_mount(place) && !taken.contains(*place)).map(str::to_owned);
        if let Some((_, kind)) = elsewhere {
            let why = format!(
                "it is {kind}; here each instance has a volume of its own, empty at first, shared with no other"
            );
            let remedy = "fill it when the program starts, or let the program itself reach what it shares";
            self.remarks.changed(requirement.at, what.clone(), why, remedy);
        }
        if mount.is_none() {
            let variable = volume_variable(&label);
            let why = match place {
                Some(place) => format!("its directory is told in `{variable}`, and is not `{place}`"),
                None => format!("its directory is told in `{variable}`"),
            };
            self.remarks.changed(requirement.at, what.clone(), why, "let the program use that variable");
        }
        if size.is_none() {
            self.remarks.derived(node.at, format!("{DEFAULT} for {what}"), "it states no size");
        }
        Some((label, Volume { size: size.unwrap_or(DEFAULT), variable: None, mount }))
    }

    /// What it is, where it is no volume of the container's own: by its type,
    /// or by what the inputs of `create` say.
    fn elsewhere(&mut self, node: &NodeTemplate) -> Option<(&'static str, &'static str)> {
        let of_type = ELSEWHERE.into_iter().find(|(kind, _)| self.is(node, &format!("{VOLUME}.{kind}")));
        let by_inputs = || {
            let field = manifest(node)?.given("spec")?.entries().first()?.key.to_ascii_lowercase();
            ELSEWHERE.into_iter().find(|(kind, _)| kind.to_ascii_lowercase() == field)
        };
        of_type.or_else(by_inputs)
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

/// The directory that a volume is elsewhere.
fn path_of(node: &NodeTemplate) -> Option<&str> {
    let by_inputs = || manifest(node)?.given("spec")?.entries().first()?.value.given("path")?.text();
    node.properties.get("path").and_then(Node::text).or_else(by_inputs)
}

/// Whether it is, or lies in, a directory that a machine's system fills; or is no directory at all.
fn is_of_system(path: &str) -> bool {
    let within = |of: &&str| path.strip_prefix(*of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.trim_end_matches('/').is_empty() || path.ends_with(".sock") || OF_SYSTEM.iter().any(within)
}
