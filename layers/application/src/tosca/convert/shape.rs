//! What a node template is to the model.

use super::Conversion;
use crate::{
    descriptor::node::Node,
    tosca::template::{Artifact, NodeTemplate},
};

pub(super) const CONTAINER: &str = "tosca.nodes.MiCADO.Container.Application.Docker";
pub(super) const POD: &str = "tosca.nodes.MiCADO.Container.Application.Pod";
pub(super) const VOLUME: &str = "tosca.nodes.MiCADO.Container.Volume";
pub(super) const CONFIG: &str = "tosca.nodes.MiCADO.Container.Config";
const KUBERNETES: &str = "tosca.nodes.MiCADO.Kubernetes";

/// What a node template becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A container that is kept running.
    Container,
    /// One on every machine.
    DaemonSet,
    /// One that runs to its end.
    Job,
    /// One that runs to its end before others begin.
    Init,
    /// An object of Kubernetes.
    Manifest,
    /// Nothing of these.
    None,
}

impl Conversion<'_> {
    pub(super) fn shape(&mut self, node: &NodeTemplate) -> Shape {
        if self.is(node, POD) || self.is(node, VOLUME) || self.is(node, CONFIG) || is_selected(node) {
            return Shape::None;
        }
        if self.is(node, KUBERNETES) {
            return if manifest(node).is_some() { Shape::Manifest } else { Shape::None };
        }
        if self.is(node, CONTAINER) {
            let kind = manifest(node).and_then(|inputs| inputs.get("kind")).and_then(Node::text);
            return match kind {
                Some("DaemonSet") => Shape::DaemonSet,
                Some("Job" | "CronJob") => Shape::Job,
                _ if self.is(node, "tosca.nodes.MiCADO.Container.Application.Docker.DaemonSet") => Shape::DaemonSet,
                _ if self.is(node, "tosca.nodes.MiCADO.Container.Application.Docker.Job") => Shape::Job,
                _ if self.is(node, "tosca.nodes.MiCADO.Container.Application.Docker.Init") => Shape::Init,
                _ => Shape::Container,
            };
        }
        // Whatever has an image of a container is one.
        if image_artifact(node).is_some() { Shape::Container } else { Shape::None }
    }
}

/// Whether it stands for a node that is there already.
pub(super) fn is_selected(node: &NodeTemplate) -> bool {
    node.directives.iter().any(|directive| matches!(directive.as_str(), "select" | "selectable"))
}

/// The inputs of MiCADO's `create` of its container orchestrators.
pub(super) fn manifest(node: &NodeTemplate) -> Option<&Node> {
    let interface = ["Kubernetes", "Swarm"].into_iter().find_map(|name| node.interfaces.get(name))?;
    interface.get("create").map(|operation| &operation.inputs).filter(|inputs| inputs.is_mapping())
}

/// The artifact that is a container image.
pub(super) fn image_artifact(node: &NodeTemplate) -> Option<&Artifact> {
    let is_image = |artifact: &&Artifact| {
        let of_type = artifact.type_name.as_deref().is_some_and(|name| {
            name.contains("Image.Container")
                || name.ends_with("ContainerImage")
                || name.ends_with("DockerImage")
                || name.ends_with("Docker")
        });
        of_type && artifact.file.is_some()
    };
    node.artifacts.values().find(is_image)
}
