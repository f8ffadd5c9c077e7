//! Init containers of MiCADO become steps of the component that they belong to.

use super::{
    Conversion,
    container::Settings,
    shape::{POD, Shape},
};
use crate::tosca::template::NodeTemplate;
use hansa_ontology::resource_model::InitStep;
use std::collections::BTreeSet;

impl Conversion<'_> {
    /// What runs before a container, in the order of the template: the init containers that it
    /// names under `container`, and those of its pod where it is the first of that.
    pub(super) fn steps(&mut self, settings: &Settings<'_>) -> Vec<InitStep> {
        let mut found = self.init_of(settings.node);
        let topology = self.topology;
        for pod in topology.nodes.values() {
            if self.is(pod, POD) && self.first_of(pod) == Some(settings.name) {
                found.extend(self.init_of(pod));
            }
        }
        found.dedup();
        found.into_iter().filter_map(|name| self.step(name)).collect()
    }

    /// Whether something names an init container, so that it becomes a step.
    pub(super) fn is_step(&mut self, name: &str) -> bool {
        let topology = self.topology;
        let containers =
            topology.nodes.values().filter(|node| node.requirements.iter().any(|it| it.name == "container"));
        containers.into_iter().any(|node| {
            let to = node.requirements.iter().filter(|it| it.name == "container");
            to.into_iter().any(|it| it.target.as_deref() == Some(name))
        })
    }

    fn init_of<'t>(&mut self, node: &'t NodeTemplate) -> Vec<&'t str> {
        let named = node.requirements.iter().filter(|requirement| requirement.name == "container");
        let targets = named.filter_map(|requirement| requirement.target.as_deref());
        targets.filter(|name| self.shape_of(name) == Shape::Init).collect()
    }

    fn first_of<'t>(&mut self, pod: &'t NodeTemplate) -> Option<&'t str> {
        let named = pod.requirements.iter().filter(|requirement| requirement.name == "container");
        let mut targets = named.filter_map(|requirement| requirement.target.as_deref());
        targets.find(|name| !matches!(self.shape_of(name), Shape::Init | Shape::None))
    }

    fn shape_of(&mut self, name: &str) -> Shape {
        let topology = self.topology;
        topology.nodes.get(name).map_or(Shape::None, |node| self.shape(node))
    }

    fn step(&mut self, name: &str) -> Option<InitStep> {
        let topology = self.topology;
        let (name, node) = topology.nodes.get_key_value(name)?;
        let mut settings = Settings { name, node, used: BTreeSet::new() };
        let image = self.image(&mut settings)?;
        let (command, arguments) = self.program(&mut settings);
        let environment = self.environment(&mut settings);
        self.unsaid(&settings, Shape::Init);
        Some(InitStep { image: Some(image), command, arguments, environment })
    }
}
