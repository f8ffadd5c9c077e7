//! A template as it is shown: names, types, values worked out.

use super::{reader::ServiceTemplate, template::Topology, version::Version};
use crate::descriptor::node::Node;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

/// A template, for people and programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateView {
    /// The version of TOSCA that it speaks.
    pub version: String,
    /// What it is, in its author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Inputs and their values, where they have one.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Value>,
    /// The nodes.
    pub nodes: IndexMap<String, NodeView>,
    /// Groups and their members.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub groups: IndexMap<String, Vec<String>>,
    /// The policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyView>,
    /// Outputs; what is only known when it runs stays a function.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Value>,
    /// The node type that the template may stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substitutes: Option<String>,
    /// Workflows, which have no meaning here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its type.
    #[serde(rename = "type")]
    pub node_type: String,
    /// The types that it derives from, the nearest first.
    pub derived_from: Vec<String>,
    /// What it is, in its author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its properties, worked out, defaults included.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, Value>,
    /// The properties of its capabilities.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub capabilities: IndexMap<String, IndexMap<String, Value>>,
    /// What it needs of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementView>,
    /// Its artifacts' files.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub artifacts: IndexMap<String, Value>,
    /// The operations that it has something to say about, by interface.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub interfaces: IndexMap<String, Vec<String>>,
    /// Its directives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directives: Vec<String>,
}

/// What a node needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementView {
    /// Its name.
    pub name: String,
    /// The node that fulfils it, or the type of one that would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The type of the relationship.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub relationship: String,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub policy_type: String,
    /// Whom it is about.
    pub targets: Vec<String>,
    /// Its properties, worked out.
    pub properties: IndexMap<String, Value>,
}

impl ServiceTemplate {
    /// The version of TOSCA that it speaks.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Whether it describes something, rather than defining types alone.
    #[must_use]
    pub const fn describes(&self) -> bool {
        self.topology.is_some()
    }

    /// The template as it is shown.
    #[must_use]
    pub fn view(&self) -> TemplateView {
        let empty = Topology::default();
        let topology = self.topology.as_ref().unwrap_or(&empty);
        let substitutes =
            topology.substitution.as_ref().and_then(|node| node.get("node_type")?.scalar().map(str::to_owned));
        TemplateView {
            version: self.version.to_string(),
            description: topology.description.clone(),
            inputs: topology
                .inputs
                .iter()
                .map(|(name, input)| (name.clone(), input.value.as_ref().map_or(Value::Null, Node::to_value)))
                .collect(),
            nodes: topology
                .nodes
                .keys()
                .filter_map(|name| Some((name.clone(), self.node_view(topology, name)?)))
                .collect(),
            groups: topology.groups.iter().map(|(name, group)| (name.clone(), group.members.clone())).collect(),
            policies: topology
                .policies
                .iter()
                .map(|policy| PolicyView {
                    name: policy.name.clone(),
                    policy_type: policy.type_name.clone(),
                    targets: policy.targets.clone(),
                    properties: values(&policy.properties),
                })
                .collect(),
            outputs: topology.outputs.iter().map(|(name, output)| (name.clone(), output.value.to_value())).collect(),
            substitutes,
            workflows: topology.workflows.keys().cloned().collect(),
        }
    }

    fn node_view(&self, topology: &Topology, name: &str) -> Option<NodeView> {
        let node = topology.nodes.get(name)?;
        let requirements = node.requirements.iter().map(|requirement| RequirementView {
            name: requirement.name.clone(),
            target: requirement.target.clone().or_else(|| requirement.target_type.clone()),
            relationship: requirement.relationship.type_name.clone(),
        });
        let capabilities = node
            .capabilities
            .iter()
            .filter(|(_, capability)| !capability.properties.is_empty())
            .map(|(name, capability)| (name.clone(), values(&capability.properties)));
        Some(NodeView {
            node_type: node.type_name.clone(),
            derived_from: node.flat.line.iter().skip(1).map(|id| self.world.types.name(*id).to_owned()).collect(),
            description: node.description.clone(),
            properties: values(&node.properties),
            capabilities: capabilities.collect(),
            requirements: requirements.collect(),
            artifacts: node
                .artifacts
                .iter()
                .filter_map(|(name, artifact)| Some((name.clone(), artifact.file.as_ref()?.to_value())))
                .collect(),
            interfaces: node
                .interfaces
                .iter()
                .map(|(name, interface)| (name.clone(), interface.keys().cloned().collect()))
                .collect(),
            directives: node.directives.clone(),
        })
    }
}

fn values(values: &IndexMap<String, Node>) -> IndexMap<String, Value> {
    values.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

/// A value, unless its name says that it is a secret.
fn shown(name: &str, value: &Node) -> Value {
    match name {
        "encryption_key" | "ssh_private_key" | "text_secrets" | "file_secrets" => Value::String("(secret)".to_owned()),
        _ => value.to_value(),
    }
}
