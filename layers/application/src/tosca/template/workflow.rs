//! Workflows: they have no meaning here, and what they name must be there all the same.

use super::Topology;
use crate::{
    descriptor::node::{Entry, Node},
    diagnostic::Code,
    suggestion::{hint, shown},
    tosca::{report::Fault, world::World},
};

impl World {
    pub(super) fn read_workflows(&mut self, node: &Node, topology: &mut Topology) {
        let Some(section) = self.section(node, "workflows") else { return };
        for entry in section.entries() {
            topology.workflows.insert(entry.key.clone(), entry.at);
            let message = format!("the workflow `{}` has no meaning here", shown(&entry.key));
            let hint = "this broker finds the order of its steps by itself";
            self.report.say(Fault::note(entry.at, Code::NoMeaning, message).hint(hint));
        }
        for entry in section.entries() {
            let steps = entry.value.given("steps").map(Node::entries).unwrap_or_default();
            for step in steps {
                self.workflow_step(&entry.key, step, steps, topology);
            }
        }
    }

    fn workflow_step(&mut self, workflow: &str, step: &Entry, steps: &[Entry], topology: &Topology) {
        let what = format!("the step `{}` of the workflow `{}`", shown(&step.key), shown(workflow));
        if let Some(target) = step.value.given("target")
            && let Some(name) = target.scalar()
            && !topology.nodes.contains_key(name)
            && !topology.groups.contains_key(name)
            && !topology.broken.contains(name)
        {
            let message = format!("there is no node template `{}`, which {what} names", shown(name));
            let known = topology.nodes.keys().map(String::as_str).take(self.report.room());
            let advice = hint(name, known, "the node templates");
            self.report.say(Fault::warning(target.at, Code::UnknownName, message).maybe_hint(advice));
        }
        let others = ["on_success", "on_failure"].iter().filter_map(|field| step.value.given(field));
        for other in others.flat_map(Node::items) {
            let Some(name) = other.scalar().filter(|name| !steps.iter().any(|step| step.key == *name)) else {
                continue;
            };
            let message = format!("there is no step `{}`, which {what} names", shown(name));
            let known = steps.iter().map(|step| step.key.as_str()).take(self.report.room());
            let advice = hint(name, known, "the steps");
            self.report.say(Fault::warning(other.at, Code::UnknownName, message).maybe_hint(advice));
        }
        let inline = step.value.given("activities").map(Node::items).unwrap_or_default();
        for named in inline.iter().filter_map(|activity| activity.given("inline")) {
            let name = named.scalar().or_else(|| named.given("workflow")?.scalar());
            let Some(name) = name.filter(|name| !topology.workflows.contains_key(*name)) else { continue };
            let message = format!("there is no workflow `{}`, which {what} names", shown(name));
            self.report.say(Fault::warning(named.at, Code::UnknownName, message));
        }
    }
}
