//! Names: the model's are labels of RFC 1123, a template's are any text.

use super::{
    Conversion,
    shape::{POD, Shape},
};
use crate::{descriptor::node::Node, suggestion::as_name};
use std::collections::HashSet;

impl Conversion<'_> {
    /// Gives every node that becomes a component its name.
    pub(super) fn name_components(&mut self) {
        let mut taken = HashSet::new();
        // Names that are good as they are stay with those that have them.
        let good = self.topology.nodes.iter().filter(|(name, _)| as_name(name).as_deref() == Some(name.as_str()));
        let others = self.topology.nodes.iter().filter(|(name, _)| as_name(name).as_deref() != Some(name.as_str()));
        for (name, node) in good.chain(others) {
            if matches!(self.shape(node), Shape::None) {
                continue;
            }
            let wanted = as_name(name).unwrap_or_else(|| "component".to_owned());
            let free = (2..).map(|number| format!("{}-{number}", wanted.chars().take(58).collect::<String>()));
            let label =
                std::iter::once(wanted.clone()).chain(free).find(|label| !taken.contains(label)).unwrap_or(wanted);
            taken.insert(label.clone());
            if label != *name {
                let why = "names of the model have lower-case letters, digits and hyphens";
                let remedy = "what reaches it by its old name must use the new one";
                self.remarks.changed(node.at, format!("`{name}` is the component `{label}`"), why, remedy);
            }
            self.names.insert(name.clone(), label);
        }
        for (name, node) in &self.topology.nodes {
            let label = self.names.get(name).cloned();
            if let Some(label) = label {
                for property in ["name", "container_name"] {
                    if let Some(other) = node.properties.get(property).and_then(Node::text) {
                        self.other_names.entry(other.to_owned()).or_default().push(label.clone());
                    }
                }
                for port in node.properties.get("ports").into_iter().flat_map(Node::items) {
                    if let Some(service) = port.get("metadata").and_then(|meta| meta.get("name")).and_then(Node::text) {
                        self.other_names.entry(service.to_owned()).or_default().push(label.clone());
                    }
                }
            } else if self.is(node, POD) {
                let members: Vec<String> = self.members(node).into_iter().map(|(_, label)| label).collect();
                self.other_names.entry(name.clone()).or_default().extend(members);
            }
        }
    }
}
