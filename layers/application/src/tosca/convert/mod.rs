//! What becomes of a template here: a resource model, the machines that it
//! names, its policies, and a report of everything that was not carried over.

mod alerts;
mod config;
mod container;
mod deferral;
mod environment;
mod health;
mod init;
mod links;
mod machines;
mod micado;
mod names;
mod placement;
mod policies;
mod ports;
mod quantity;
mod remark;
mod shape;
mod storage;

pub use machines::MachineGroup;
pub use policies::{
    AlertingPolicy, MonitoringPolicy, NetworkPolicy, Place, Policies, Query, ScalingPolicy, SecretPolicy,
};
pub use remark::{Remark, RemarkKind};

use super::{
    reader::ServiceTemplate,
    template::{NodeTemplate, Topology},
    types::Kind,
    world::World,
};
use crate::{
    descriptor::{node::Position, read_descriptor, write_descriptor},
    suggestion::as_name,
};
use hansa_ontology::{
    ResourceModel,
    resource_model::{
        self, Component, Constraints, Link, MovePolicy, Objective, Rule, UpdatePolicy,
        scaling::{MicadoAlert, MicadoPolicy},
    },
};
use indexmap::IndexMap;
use remark::Remarks;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What came of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Converted {
    /// The resource model. None: nothing of the template can run here.
    pub model: Option<ResourceModel>,
    /// The machines that the template names, and what it puts on them.
    pub machines: Vec<MachineGroup>,
    /// The policies, read and checked.
    pub policies: Policies,
    /// What was derived, changed, or not carried over.
    pub report: Vec<Remark>,
}

/// What the conversion of one template knows.
pub(super) struct Conversion<'a> {
    world: &'a mut World,
    topology: &'a Topology,
    remarks: Remarks<'a>,
    /// Node templates and the names of their components.
    names: IndexMap<String, String>,
    components: BTreeMap<String, Component>,
    links: Vec<Link>,
    rules: Vec<Rule>,
    machines: Vec<MachineGroup>,
    /// Those of them that the broker can rent, as the model has them.
    groups: BTreeMap<String, resource_model::MachineGroup>,
    policies: Policies,
    /// Node templates of machines and the names of their groups.
    group_names: BTreeMap<String, String>,
    /// Those of MiCADO that scale, as the model has them.
    micado: Vec<MicadoPolicy>,
    /// What alarms.
    alerts: Vec<MicadoAlert>,
    /// Names by which components are found besides their own: those of pods and services.
    other_names: BTreeMap<String, Vec<String>>,
    /// Node templates of settings that a container reads.
    configs_read: BTreeSet<String>,
}

impl ServiceTemplate {
    /// Makes a resource model of the template. Nothing is lost silently: what
    /// the model can't say stands in the report.
    #[must_use]
    pub fn convert(mut self) -> Converted {
        let empty = Topology::default();
        let topology = self.topology.take().unwrap_or(empty);
        let remarks = Remarks::new(&self.files);
        let mut conversion = Conversion {
            world: &mut self.world,
            topology: &topology,
            remarks,
            names: IndexMap::new(),
            components: BTreeMap::new(),
            links: Vec::new(),
            rules: Vec::new(),
            machines: Vec::new(),
            groups: BTreeMap::new(),
            policies: Policies::default(),
            group_names: BTreeMap::new(),
            micado: Vec::new(),
            alerts: Vec::new(),
            other_names: BTreeMap::new(),
            configs_read: BTreeSet::new(),
        };
        conversion.all();
        conversion.finish(&self.name)
    }
}

impl Conversion<'_> {
    fn all(&mut self) {
        self.name_components();
        self.read_policies();
        self.read_machines();
        self.make_components();
        self.hosted_components();
        self.make_groups();
        self.anywhere();
        self.make_micado();
        self.pods();
        self.everywhere();
        self.find_links();
        self.place();
        self.defer();
        self.rest();
    }

    /// Whether a node template is of a normative or well-known type.
    fn is(&mut self, node: &NodeTemplate, normative: &str) -> bool {
        node.type_id.is_some_and(|id| self.world.is_a(id, Kind::Node, normative))
    }

    fn make_components(&mut self) {
        for (name, node) in &self.topology.nodes {
            if !self.names.contains_key(name) {
                continue;
            }
            if let Some(component) = self.component(name, node) {
                let label = self.names.get(name).cloned().unwrap_or_default();
                self.components.insert(label, component);
            }
        }
        let made = &self.components;
        self.names.retain(|_, label| made.contains_key(label));
    }

    /// What has no place in the model.
    fn rest(&mut self) {
        for (name, node) in &self.topology.nodes {
            if self.names.contains_key(name) || self.is_read_elsewhere(node) {
                continue;
            }
            let what = format!("the node `{name}` of type `{}`", node.type_name);
            let (why, remedy) = self.why_not(node);
            self.remarks.left_out(node.at, what, why, remedy);
        }
        let attached: BTreeSet<&str> = self
            .topology
            .nodes
            .values()
            .flat_map(|node| &node.requirements)
            .filter_map(|r| r.target.as_deref())
            .collect();
        for (name, node) in &self.topology.nodes {
            let storage = self.is(node, shape::VOLUME) || self.is(node, shape::CONFIG);
            if storage && !attached.contains(name.as_str()) && !self.configs_read.contains(name) {
                let why = "no container has it attached";
                self.remarks.left_out(
                    node.at,
                    format!("the volume `{name}`"),
                    why,
                    "name it under `requirements` of a container",
                );
            }
        }
        for (name, node) in &self.topology.nodes {
            let filters = node.requirements.iter().filter_map(|requirement| requirement.filter.as_ref());
            for filter in node.filter.iter().chain(filters) {
                let remedy = "state what machines must fulfil by `constraints` of the components";
                self.remarks.left_out(
                    filter.at,
                    format!("a `node_filter` of `{name}`"),
                    "nodes are not chosen by filters here",
                    remedy,
                );
            }
        }
        for (name, output) in &self.topology.outputs {
            let why = "the broker shows the addresses of what runs itself";
            self.remarks.left_out(
                output.at,
                format!("the output `{name}`"),
                why,
                "look at the application's endpoints",
            );
        }
        for (name, at) in &self.topology.workflows {
            let why = "the broker finds the order of its steps by itself";
            self.remarks.left_out(*at, format!("the workflow `{name}`"), why, "leave it out");
        }
        if let Some(node) = &self.topology.substitution {
            let why = "the template is deployed by itself, in no other one's place";
            self.remarks.left_out(node.at, "the substitution mapping", why, "leave it out");
        }
    }

    fn is_read_elsewhere(&mut self, node: &NodeTemplate) -> bool {
        [
            "tosca.nodes.Compute",
            "tosca.nodes.Abstract.Compute",
            "tosca.nodes.MiCADO.Edge",
            shape::POD,
            shape::VOLUME,
            shape::CONFIG,
        ]
        .iter()
        .any(|normative| self.is(node, normative))
    }

    fn why_not(&mut self, node: &NodeTemplate) -> (&'static str, &'static str) {
        if shape::is_selected(node) {
            return ("it stands for something that is there already", "tell the program where that is");
        }
        if self.is(node, "tosca.nodes.network.Network")
            || self.is(node, "tosca.nodes.network.Port")
            || self.is(node, "tosca.nodes.network.FloatingIP")
        {
            return (
                "components of one application reach each other without networks of their own",
                "state `links` and `public` ports",
            );
        }
        if self.is(node, "tosca.nodes.LoadBalancer") {
            return (
                "the model has no load balancers",
                "add a component that spreads requests, or give a port a `host`",
            );
        }
        if self.is(node, "tosca.nodes.SoftwareComponent")
            || self.is(node, "tosca.nodes.WebApplication")
            || self.is(node, "tosca.nodes.Database")
        {
            return (
                "scripts that install software on a machine have no meaning here",
                "give it an artifact with a container image",
            );
        }
        (
            "the model has nothing like it",
            "give it an artifact with a container image, or make what it stands for yourself",
        )
    }

    fn finish(mut self, name: &str) -> Converted {
        let model = self.model(name);
        let model = model.and_then(|model| match read_descriptor(&write_descriptor(&model)) {
            Ok(_) => Some(model),
            Err(faults) => {
                for fault in faults.list {
                    self.remarks.left_out(
                        Position::START,
                        format!("the model itself: {}", fault.message),
                        "no valid model comes of the template as it is",
                        fault.hint.unwrap_or_else(|| "change the template there".to_owned()),
                    );
                }
                None
            }
        });
        if model.is_none() && self.components.is_empty() {
            let why = "none of its nodes is a container or has a container image";
            self.remarks.left_out(
                Position::START,
                "the whole template",
                why,
                "give nodes an `image`, or an artifact with one",
            );
        }
        Converted { model, machines: self.machines, policies: self.policies, report: self.remarks.finish() }
    }

    fn model(&self, name: &str) -> Option<ResourceModel> {
        if self.components.is_empty() {
            return None;
        }
        Some(ResourceModel {
            hansa: 1,
            name: as_name(name).unwrap_or_else(|| "application".to_owned()),
            description: self.topology.description.clone().filter(|text| !text.is_empty()),
            currency: None,
            components: self.components.clone(),
            machines: self.groups.clone(),
            micado: self.micado.clone(),
            links: self.links.clone(),
            constraints: Constraints::default(),
            rules: self.rules.clone(),
            service_levels: BTreeMap::new(),
            alerts: self.alerts.clone(),
            objective: Objective::default(),
            moves: MovePolicy::default(),
            update: UpdatePolicy::default(),
            delivery: None,
        })
    }
}
