//! The machines that a template names, and what it puts on each.

use super::{Conversion, policies::Place, quantity};
use crate::{
    descriptor::node::{Node, Position},
    suggestion::as_name,
    tosca::{
        template::NodeTemplate,
        types::schema::Units,
        value::{is_placeholder, scalar},
    },
};
use hansa_ontology::{
    offer::CpuArch,
    quantity::{CpuMilli, Mebibytes},
    resource_model::{self, Constraints, EverywhereRule, MachineSize, Replicas, Rule},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Machines of one kind, as a template wants them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineGroup {
    /// The node template's name.
    pub name: String,
    /// Its type.
    pub node_type: String,
    /// The cloud that the type names: `ec2`, `nova`, `azure`, `gce`, `oci`, `cloudsigma`, `cloudbroker`, `egi`; `edge` for one that is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
    /// Processors of one machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuMilli>,
    /// Memory of one machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Mebibytes>,
    /// Disk of one machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<Mebibytes>,
    /// The instance type, flavour or size by its name in that cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// The region by its name in that cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Processor architecture, where it is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_arch: Option<CpuArch>,
    /// At least so many.
    pub min: u32,
    /// At most so many.
    pub max: u32,
    /// The components that run on them.
    pub hosted: Vec<String>,
    /// Where it stands.
    pub position: Place,
}

/// Clouds, as the types of MiCADO name them.
const CLOUDS: [(&str, &str); 9] = [
    (".EC2", "ec2"),
    (".Nova", "nova"),
    (".Azure", "azure"),
    (".GCE", "gce"),
    (".OCI", "oci"),
    (".CloudSigma", "cloudsigma"),
    (".CloudBroker", "cloudbroker"),
    (".EGI", "egi"),
    (".Edge", "edge"),
];

const TYPES: [&str; 7] =
    ["instance_type", "flavor_name", "flavor_id", "size", "machine_type", "shape", "instance_type_id"];
const REGIONS: [&str; 5] = ["region_name", "region", "availability_domain", "zone", "availability_zone"];

impl Conversion<'_> {
    pub(super) fn is_machine(&mut self, node: &NodeTemplate) -> bool {
        self.is(node, "tosca.nodes.Compute")
            || self.is(node, "tosca.nodes.Abstract.Compute")
            || self.is(node, "tosca.nodes.MiCADO.Edge")
    }

    pub(super) fn read_machines(&mut self) {
        for (name, node) in &self.topology.nodes {
            if self.is_machine(node) {
                let group = self.machine(name, node);
                self.machines.push(group);
            }
        }
    }

    fn machine(&mut self, name: &str, node: &NodeTemplate) -> MachineGroup {
        let line: Vec<String> = node.flat.line.iter().map(|id| self.world.types.name(*id).to_owned()).collect();
        let cloud =
            CLOUDS.iter().find(|(part, _)| line.iter().any(|name| name.contains("MiCADO") && name.contains(part)));
        let text = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| node.properties.get(*name))
                .and_then(Node::scalar)
                .filter(|text| !is_placeholder(text))
                .map(str::to_owned)
        };
        let host = node.capabilities.get("host");
        let of_host = |name: &str| host.and_then(|host| host.properties.get(name));
        let size = |name: &str| {
            of_host(name)
                .and_then(Node::scalar)
                .and_then(|text| scalar::amount(text, Units::Size))
                .and_then(quantity::bytes)
        };
        // CloudSigma counts MHz and bytes; 2 GHz are a processor.
        let mhz = node.properties.get("num_cpus").and_then(Node::number);
        let cpu = of_host("num_cpus")
            .and_then(Node::number)
            .map(|count| count * 1_000.0)
            .or_else(|| mhz.map(|mhz| mhz / 2.0));
        let cpu = cpu.and_then(|milli| quantity::cpu(&format!("{milli:.0}m")));
        let memory = size("mem_size")
            .or_else(|| node.properties.get("mem_size").and_then(Node::number).and_then(quantity::bytes));
        let architecture =
            node.capabilities.get("os").and_then(|os| os.properties.get("architecture")).and_then(Node::text);
        let (min, max) = self.machine_range(name, node);
        let (file, line_number, column) = self.remarks.place(node.at);
        MachineGroup {
            name: name.to_owned(),
            node_type: node.type_name.clone(),
            cloud: cloud.map(|(_, cloud)| (*cloud).to_owned()),
            cpu,
            memory,
            disk: size("disk_size"),
            instance_type: text(&TYPES),
            region: text(&REGIONS).or_else(|| text(&["endpoint"]).and_then(|url| region_of(&url))),
            cpu_arch: architecture.and_then(architecture_of),
            min,
            max,
            hosted: Vec::new(),
            position: Place { file, line: line_number, column },
        }
    }

    /// How many machines of a kind: what a policy says, or the capability, or one.
    fn machine_range(&self, name: &str, node: &NodeTemplate) -> (u32, u32) {
        if let Some(policy) = self.scaling_of(name).next() {
            return (policy.min.unwrap_or(1), policy.max.unwrap_or(1).max(policy.min.unwrap_or(1)));
        }
        let scalable = node.capabilities.get("scalable").filter(|capability| capability.stated);
        let number = |name: &str| {
            scalable.and_then(|s| s.properties.get(name)).and_then(Node::integer).and_then(|n| u32::try_from(n).ok())
        };
        let count = node.count.as_ref().and_then(Node::integer).and_then(|n| u32::try_from(n).ok());
        let min = count.or_else(|| number("min_instances")).unwrap_or(1).min(Replicas::MOST);
        (min, count.or_else(|| number("max_instances")).unwrap_or(min).clamp(min, Replicas::MOST))
    }

    /// The machine that a node runs on, by way of what it is hosted on.
    fn machine_of(&self, name: &str) -> Option<usize> {
        let mut index = self.topology.nodes.get_index_of(name)?;
        for _ in 0..64 {
            index = self.topology.host_of(index)?;
            let (host, _) = self.topology.nodes.get_index(index)?;
            if let Some(found) = self.machines.iter().position(|group| group.name == *host) {
                return Some(found);
            }
        }
        None
    }

    /// At most how many machines of the kind that a node runs on.
    pub(super) fn machine_count(&self, name: &str) -> u32 {
        self.machine_of(name).and_then(|index| self.machines.get(index)).map_or(1, |group| group.max)
    }

    /// What a node's machine asks of whatever takes its place.
    pub(super) fn machine_constraints(&self, name: &str) -> Constraints {
        let group = self.machine_of(name).and_then(|index| self.machines.get(index));
        Constraints { cpu_arch: group.and_then(|group| group.cpu_arch), ..Constraints::default() }
    }

    /// Which components run on which machines.
    pub(super) fn hosted_components(&mut self) {
        let labelled = |name: &String| Some((name.clone(), self.names.get(name)?.clone()));
        let names: Vec<(String, String)> = self.topology.nodes.keys().filter_map(labelled).collect();
        let mut pods: BTreeMap<String, String> = BTreeMap::new();
        for (pod, node) in &self.topology.nodes {
            for requirement in node.requirements.iter().filter(|requirement| requirement.name == "container") {
                pods.extend(requirement.target.clone().map(|target| (target, pod.clone())));
            }
        }
        for (name, label) in names {
            let direct = self.machine_of(&name);
            // A container of a pod runs where the pod does.
            let pod = || self.machine_of(pods.get(&name)?);
            let found = direct.or_else(pod);
            if let Some(group) = found.and_then(|index| self.machines.get_mut(index)) {
                group.hosted.push(label);
            }
        }
        self.tell_machines();
    }

    /// What the model can't say of the machines.
    fn tell_machines(&mut self) {
        for group in &self.machines {
            let Some(node) = self.topology.nodes.get(&group.name) else { continue };
            let asked: Vec<String> = [
                group.cpu.map(|cpu| format!("{cpu} CPU")),
                group.memory.map(|memory| format!("{memory} of memory")),
                group.instance_type.as_ref().map(|name| format!("instance type {name}")),
                group.cloud.as_ref().map(|cloud| format!("cloud {cloud}")),
                group.region.as_ref().map(|region| format!("region {region}")),
            ]
            .into_iter()
            .flatten()
            .collect();
            let asked = if asked.is_empty() { "any machine".to_owned() } else { asked.join(", ") };
            let hosted = match group.hosted.len() {
                0 => "nothing".to_owned(),
                1..=10 => group.hosted.join(", "),
                many => format!("{many} components"),
            };
            let why = if group.cloud.as_deref() == Some("edge") {
                format!("it is there already, and the broker rents machines of offers; it holds {hosted}")
            } else {
                format!("it is a machine group that any offer may give; it asks for {asked}, for {hosted}")
            };
            let remedy = if group.cloud.as_deref() == Some("edge") {
                "let its owner connect it as a system of a site, or let its components run anywhere"
            } else {
                "bind what must hold, such as a provider or a location, by the group's `constraints`"
            };
            self.remarks.changed(node.at, format!("the machine `{}`", group.name), why, remedy);
            let settings = node.stated.keys().filter(|name| {
                let name = name.as_str();
                !TYPES.contains(&name)
                    && !REGIONS.contains(&name)
                    && !matches!(name, "num_cpus" | "mem_size" | "endpoint")
            });
            let settings: Vec<String> = settings.map(|name| format!("`{name}`")).collect();
            if !settings.is_empty() {
                let why = "they are settings of the machine's own cloud";
                let remedy = "the broker's owner sets images, networks and keys; put first-boot steps into the images";
                self.remarks.left_out(
                    node.at,
                    format!("{} of the machine `{}`", settings.join(", "), group.name),
                    why,
                    remedy,
                );
            }
        }
    }

    /// The machine groups of the model, and which components run in each.
    pub(super) fn make_groups(&mut self) {
        for group in self.machines.iter().filter(|group| group.cloud.as_deref() != Some("edge")) {
            let wanted = as_name(&group.name).unwrap_or_else(|| "machines".to_owned());
            let taken = |name: &String| self.components.contains_key(name) || self.groups.contains_key(name);
            let others = (2..).map(|number| format!("{}-{number}", wanted.chars().take(58).collect::<String>()));
            let Some(name) = std::iter::once(wanted.clone()).chain(others).find(|name| !taken(name)) else { continue };
            let count = if group.min == group.max || self.scaling_of(&group.name).any(|policy| policy.micado) {
                Replicas::Fixed(group.min)
            } else {
                Replicas::Range { min: group.min, max: Some(group.max) }
            };
            let resources = MachineSize { cpu: group.cpu, memory: group.memory, disk: group.disk, gpus: None };
            let constraints = Constraints { cpu_arch: group.cpu_arch, ..Constraints::default() };
            for label in &group.hosted {
                if let Some(component) = self.components.get_mut(label) {
                    component.machines.insert(name.clone());
                }
            }
            self.group_names.insert(group.name.clone(), name.clone());
            self.groups.insert(name, resource_model::MachineGroup { count, scaling: None, resources, constraints });
        }
    }

    /// What names no machine runs on any of them, as under MiCADO.
    pub(super) fn anywhere(&mut self) {
        let all: BTreeSet<String> = self.groups.keys().cloned().collect();
        let homeless = |(node, label): &(&String, &String)| {
            let component = self.components.get(*label);
            component.is_some_and(|component| component.machines.is_empty()) && self.machine_of(node).is_none()
        };
        let found: Vec<(String, String)> =
            self.names.iter().filter(homeless).map(|(node, label)| (node.clone(), label.clone())).collect();
        for (node, label) in found.iter().filter(|_| !all.is_empty()) {
            let Some(component) = self.components.get_mut(label) else { continue };
            component.machines.clone_from(&all);
            let at = self.topology.nodes.get(node).map_or(Position::START, |node| node.at);
            let what = format!("the machines of `{label}`: {}", all.iter().cloned().collect::<Vec<_>>().join(", "));
            self.remarks.derived(at, what, "it names none, and so it runs on any that the template has");
        }
    }

    /// One of a daemon set on each machine of its kind.
    pub(super) fn everywhere(&mut self) {
        for (name, node) in &self.topology.nodes {
            if self.shape(node) != super::shape::Shape::DaemonSet {
                continue;
            }
            let Some(label) = self.names.get(name).cloned() else { continue };
            let group = self.machine_of(name).and_then(|index| self.machines.get(index));
            let same: BTreeSet<String> = group.map(|group| group.hosted.iter().cloned().collect()).unwrap_or_default();
            let except = match group {
                Some(_) => {
                    self.components.keys().filter(|other| **other != label && !same.contains(*other)).cloned().collect()
                }
                None => Vec::new(),
            };
            self.rules.push(Rule::Everywhere(EverywhereRule { component: label.clone(), except }));
            self.remarks.derived(
                node.at,
                format!("the rule `everywhere` for `{label}`"),
                "a daemon set has one on each machine",
            );
        }
    }
}

/// The region in the address of a cloud: `https://zrh.cloudsigma.com/…`.
fn region_of(url: &str) -> Option<String> {
    let host = url.split_once("://")?.1.split(['/', ':']).next()?;
    let labels: Vec<&str> = host.split('.').collect();
    (labels.len() > 2).then(|| labels.first().map(|label| (*label).to_owned())).flatten()
}

fn architecture_of(text: &str) -> Option<CpuArch> {
    match text.to_ascii_lowercase().as_str() {
        "x86_64" | "amd64" | "x86-64" => Some(CpuArch::Amd64),
        "arm64" | "aarch64" => Some(CpuArch::Arm64),
        "riscv64" => Some(CpuArch::Riscv64),
        _ => None,
    }
}
