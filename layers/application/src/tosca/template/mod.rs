//! What a template describes: its parts as they are written, then with all
//! calls worked out, and checked against their types.

mod artifact;
mod check;
mod groups;
mod inputs;
mod interface;
mod node;
mod occurrences;
mod requirement;
mod substitution;
mod workflow;

use super::{
    csar::Package,
    functions::{Context, Evaluator},
    grammar,
    report::Fault,
    types::{Flat, Schema, TypeId},
    world::World,
};
use crate::{
    descriptor::node::{Node, Position},
    diagnostic::Code,
};
use indexmap::IndexMap;
use std::{collections::BTreeSet, sync::Arc};

/// An input.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) at: Position,
    pub(crate) schema: Schema,
    /// What was given for it, or its default.
    pub(crate) value: Option<Node>,
}

/// A capability of a node template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Capability {
    pub(crate) given: IndexMap<String, Node>,
    pub(crate) properties: IndexMap<String, Node>,
    /// The template says something about it.
    pub(crate) stated: bool,
}

/// The relationship of a requirement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relationship {
    pub(crate) type_id: Option<TypeId>,
    pub(crate) type_name: String,
    pub(crate) given: IndexMap<String, Node>,
    pub(crate) properties: IndexMap<String, Node>,
    /// The template says something about it itself.
    pub(crate) stated: bool,
    pub(crate) interfaces: IndexMap<String, Interface>,
}

/// A requirement of a node template.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) at: Position,
    pub(crate) name: String,
    /// The node template that fulfils it.
    pub(crate) target: Option<String>,
    /// The type of node that would fulfil it, where no template is named.
    pub(crate) target_type: Option<String>,
    /// The name of the target's capability.
    pub(crate) capability: Option<String>,
    pub(crate) relationship: Relationship,
    pub(crate) filter: Option<Node>,
    /// What it says is that one runs on the other.
    pub(crate) hosted: bool,
}

/// An operation as a template has it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) at: Position,
    pub(crate) implementation: Option<Node>,
    pub(crate) inputs: Node,
}

/// The operations of an interface.
pub(crate) type Interface = IndexMap<String, Operation>;

/// An artifact.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) type_name: Option<String>,
    pub(crate) file: Option<Node>,
    pub(crate) repository: Option<String>,
}

/// A node template.
#[derive(Debug, Clone)]
pub(crate) struct NodeTemplate {
    /// Where its name stands.
    pub(crate) at: Position,
    pub(crate) type_id: Option<TypeId>,
    pub(crate) type_name: String,
    pub(crate) flat: Arc<Flat>,
    /// Properties as written, and the defaults of those that aren't.
    pub(crate) given: IndexMap<String, Node>,
    /// Properties that the template itself gives, and where their names stand.
    pub(crate) stated: IndexMap<String, Position>,
    /// Properties with their calls worked out.
    pub(crate) properties: IndexMap<String, Node>,
    pub(crate) attributes: IndexMap<String, Node>,
    pub(crate) capabilities: IndexMap<String, Capability>,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) interfaces: IndexMap<String, Interface>,
    pub(crate) artifacts: IndexMap<String, Artifact>,
    pub(crate) directives: Vec<String>,
    pub(crate) count: Option<Node>,
    pub(crate) description: Option<String>,
    /// It says itself which nodes it may stand for.
    pub(crate) filter: Option<Node>,
}

/// A relationship template.
#[derive(Debug, Clone)]
pub(crate) struct RelationshipTemplate {
    pub(crate) type_id: Option<TypeId>,
    pub(crate) type_name: String,
    pub(crate) given: IndexMap<String, Node>,
}

/// A group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) members: Vec<String>,
}

/// A policy.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) at: Position,
    pub(crate) name: String,
    pub(crate) type_id: Option<TypeId>,
    pub(crate) type_name: String,
    pub(crate) targets: Vec<String>,
    pub(crate) given: IndexMap<String, Node>,
    pub(crate) properties: IndexMap<String, Node>,
    pub(crate) triggers: Option<Node>,
}

/// An output.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) at: Position,
    pub(crate) value: Node,
}

/// What a template describes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Topology {
    pub(crate) unit: usize,
    pub(crate) description: Option<String>,
    pub(crate) inputs: IndexMap<String, Input>,
    pub(crate) nodes: IndexMap<String, NodeTemplate>,
    pub(crate) relationships: IndexMap<String, RelationshipTemplate>,
    pub(crate) groups: IndexMap<String, Group>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) outputs: IndexMap<String, Output>,
    pub(crate) substitution: Option<Node>,
    pub(crate) workflows: IndexMap<String, Position>,
    /// Templates that can't be made sense of, which was said.
    pub(crate) broken: BTreeSet<String>,
}

impl Topology {
    /// The node that a node runs on.
    pub(crate) fn host_of(&self, index: usize) -> Option<usize> {
        let (_, template) = self.nodes.get_index(index)?;
        let hosted = template.requirements.iter().find(|requirement| requirement.hosted)?;
        self.nodes.get_index_of(hosted.target.as_deref()?)
    }
}

impl World {
    /// Reads what the file of a unit describes. None: it defines types and describes nothing.
    pub(crate) fn topology(
        &mut self,
        unit: usize,
        given: &[(String, Node)],
        package: Option<(&Package, &str)>,
    ) -> Option<Topology> {
        let root = Arc::clone(&self.unit(unit)?.root);
        let version = self.version_of(unit);
        let field = if version.is_two() { "service_template" } else { "topology_template" };
        let entry = root.entry(field)?;
        let node = &entry.value;
        if node.is_empty() || node.entries().iter().all(|entry| entry.value.is_null()) {
            let place = node.entry("node_templates").map_or(entry.at, |entry| entry.at);
            let message = if node.is_empty() {
                format!("`{field}` is empty")
            } else {
                "`node_templates` is empty: there is nothing to deploy".to_owned()
            };
            let hint = "describe at least one node under `node_templates`, or leave the section out in a file of types";
            self.report.say(Fault::error(place, Code::Empty, message).hint(hint));
            return None;
        }
        if !grammar::fields(&mut self.report, node, grammar::TOPOLOGY, version, &format!("`{field}`")) {
            return None;
        }
        let description = root.get("description").or_else(|| node.get("description"));
        let mut topology = Topology {
            unit,
            description: description.and_then(Node::text).map(|text| text.trim().to_owned()),
            substitution: node.given("substitution_mappings").cloned(),
            ..Topology::default()
        };
        self.read_inputs(node, given, &mut topology);
        let spread = self.spread(node, &topology);
        let node = spread.as_ref();
        self.read_nodes(node, &mut topology);
        self.read_relationships(node, &mut topology);
        self.read_requirements(node, &mut topology);
        self.read_groups(node, &mut topology);
        self.read_policies(node, &mut topology);
        self.read_outputs(node, &mut topology);
        self.read_workflows(node, &mut topology);
        self.work_out(&mut topology);
        self.check_topology(&topology, package);
        Some(topology)
    }

    /// A section that must be a map; None where it isn't there, or isn't one, which is said.
    fn section<'n>(&mut self, node: &'n Node, field: &str) -> Option<&'n Node> {
        let section = node.given(field)?;
        if section.is_mapping() {
            return Some(section);
        }
        let message = format!("`{field}` must be a map, not {}", section.what());
        self.report.say(Fault::error(section.at, Code::WrongType, message));
        None
    }

    /// Works out all calls.
    fn work_out(&mut self, topology: &mut Topology) {
        let worked = {
            let mut evaluator = Evaluator::new(self, topology);
            Worked::of(&mut evaluator)
        };
        worked.put(topology);
    }
}

type Values = IndexMap<String, Node>;

/// The values of a topology with their calls worked out.
struct Worked {
    nodes: Vec<WorkedNode>,
    policies: Vec<Values>,
    outputs: Vec<Node>,
}

struct WorkedNode {
    properties: Values,
    capabilities: Vec<Values>,
    relationships: Vec<Values>,
    interfaces: Vec<Vec<Node>>,
    artifacts: Vec<Option<Node>>,
    count: Option<Node>,
}

impl Worked {
    fn of(evaluator: &mut Evaluator<'_>) -> Self {
        let topology = evaluator.topology;
        let nodes =
            topology.nodes.values().enumerate().map(|(index, node)| WorkedNode::of(evaluator, index, node)).collect();
        let nowhere = Context::default();
        let mut all = |values: &Values| -> Values {
            values.iter().map(|(name, value)| (name.clone(), evaluator.value(value, nowhere))).collect()
        };
        let policies = topology.policies.iter().map(|policy| all(&policy.given)).collect();
        let outputs = topology.outputs.values().map(|output| evaluator.value(&output.value, nowhere)).collect();
        Self { nodes, policies, outputs }
    }

    fn put(self, topology: &mut Topology) {
        for (node, worked) in topology.nodes.values_mut().zip(self.nodes) {
            node.properties = worked.properties;
            node.count = worked.count;
            for (capability, values) in node.capabilities.values_mut().zip(worked.capabilities) {
                capability.properties = values;
            }
            for (requirement, values) in node.requirements.iter_mut().zip(worked.relationships) {
                requirement.relationship.properties = values;
            }
            for (interface, inputs) in node.interfaces.values_mut().zip(worked.interfaces) {
                for (operation, inputs) in interface.values_mut().zip(inputs) {
                    operation.inputs = inputs;
                }
            }
            for (artifact, file) in node.artifacts.values_mut().zip(worked.artifacts) {
                artifact.file = file;
            }
        }
        for (policy, values) in topology.policies.iter_mut().zip(self.policies) {
            policy.properties = values;
        }
        for (output, value) in topology.outputs.values_mut().zip(self.outputs) {
            output.value = value;
        }
    }
}

impl WorkedNode {
    fn of(evaluator: &mut Evaluator<'_>, index: usize, node: &NodeTemplate) -> Self {
        let here = Context { node: Some(index), ..Context::default() };
        let property = |evaluator: &mut Evaluator<'_>, capability: Option<&str>, name: &String| {
            evaluator.property(index, capability, name).map(|value| (name.clone(), value))
        };
        let properties = node.given.keys().filter_map(|name| property(evaluator, None, name)).collect();
        let capabilities = node
            .capabilities
            .iter()
            .map(|(capability, found)| {
                found.given.keys().filter_map(|name| property(evaluator, Some(capability), name)).collect()
            })
            .collect();
        let relationships = node
            .requirements
            .iter()
            .map(|requirement| {
                let target = requirement.target.as_deref().and_then(|t| evaluator.topology.nodes.get_index_of(t));
                let there = Context { target, relationship: true, ..here };
                let given = &requirement.relationship.given;
                given.iter().map(|(name, value)| (name.clone(), evaluator.value(value, there))).collect()
            })
            .collect();
        let interfaces = node
            .interfaces
            .values()
            .map(|interface| interface.values().map(|operation| evaluator.value(&operation.inputs, here)).collect())
            .collect();
        let artifacts = node
            .artifacts
            .values()
            .map(|artifact| artifact.file.as_ref().map(|file| evaluator.value(file, here)))
            .collect();
        let count = node.count.as_ref().map(|count| evaluator.value(count, here));
        Self { properties, capabilities, relationships, interfaces, artifacts, count }
    }
}
