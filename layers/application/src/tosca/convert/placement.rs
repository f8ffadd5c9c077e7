//! Placement policies and pods become rules: together, apart, spread.

use super::{Conversion, shape::POD};
use crate::{
    descriptor::node::Node,
    tosca::{template::Policy, types::Kind},
};
use hansa_ontology::resource_model::{Rule, Scope, SpreadRule};
use std::collections::BTreeSet;

impl Conversion<'_> {
    /// The containers of a pod run on one machine.
    pub(super) fn pods(&mut self) {
        for (name, node) in &self.topology.nodes {
            let pod = self.is(node, POD);
            let holds = node.requirements.iter().any(|requirement| requirement.name == "container");
            if !(pod || holds && self.names.contains_key(name)) {
                continue;
            }
            let mut members: Vec<String> = self.members(node).into_iter().map(|(_, label)| label).collect();
            // A container with others beside it.
            if !pod && let Some(own) = self.names.get(name) {
                members.insert(0, own.clone());
            }
            members.retain(|label| self.components.contains_key(label));
            members.dedup();
            if members.len() > 1 {
                let why = "the containers of a pod run on one machine";
                self.remarks.derived(node.at, format!("the rule `together` for {}", members.join(", ")), why);
                let why = "the containers of a pod share one network, components each have their own: 127.0.0.1 leads a container to itself";
                let remedy = "let them reach each other by their names";
                self.remarks.changed(node.at, format!("the pod `{name}`"), why, remedy);
                self.rules.push(Rule::Together(members));
            } else if pod && members.is_empty() {
                self.remarks.left_out(
                    node.at,
                    format!("the pod `{name}`"),
                    "it holds no container",
                    "name them under `requirements`",
                );
            }
        }
    }

    pub(super) fn place(&mut self) {
        for policy in &self.topology.policies {
            let is = policy.type_id.is_some_and(|id| self.world.is_a(id, Kind::Policy, "tosca.policies.Placement"));
            if is {
                self.placement(policy);
            }
        }
    }

    fn placement(&mut self, policy: &Policy) {
        let what = format!("the placement policy `{}`", policy.name);
        let members = self.placed(policy);
        let kind = policy.type_name.to_ascii_lowercase().replace(['-', '_'], "");
        let apart = ["antiaffinity", "antilocate", "anticolocate", "apart", "exclusive", "separate"]
            .iter()
            .any(|word| kind.contains(word));
        let together = ["affinity", "colocate", "together", "locate"].iter().any(|word| kind.contains(word));
        let over = self.scope(policy);
        match (apart, together, members.as_slice()) {
            (_, _, []) => {
                let why = "none of its targets is a component";
                self.remarks.left_out(policy.at, what, why, "name containers as its targets");
            }
            (true, _, members) => {
                for component in members {
                    self.rules.push(Rule::Spread(SpreadRule { component: component.clone(), over, max: 1 }));
                }
                if members.len() > 1 {
                    self.rules.push(Rule::Apart(members.to_vec()));
                }
                let why = format!("{what} keeps them apart");
                self.remarks.derived(policy.at, format!("rules that keep {} apart", members.join(", ")), why);
            }
            (false, true, [_, _, ..]) => {
                self.rules.push(Rule::Together(members.clone()));
                self.remarks.derived(
                    policy.at,
                    format!("the rule `together` for {}", members.join(", ")),
                    format!("{what} keeps them together"),
                );
            }
            _ => {
                let why = "its type doesn't say whether it keeps things together or apart";
                self.remarks.left_out(policy.at, what, why, "say it by `rules` or `constraints` of the model");
            }
        }
    }

    /// What counts as one place.
    fn scope(&self, policy: &Policy) -> Scope {
        let words = policy.properties.values().filter_map(Node::text).map(str::to_ascii_lowercase);
        let mut found = Scope::Machine;
        for word in words {
            if word.contains("zone") || word.contains("site") || word.contains("region") || word.contains("data_center")
            {
                found = Scope::Site;
            } else if word.contains("provider") {
                found = Scope::Provider;
            }
        }
        found
    }

    /// The components that a policy is about: its targets, members of groups, and what runs on machines.
    fn placed(&self, policy: &Policy) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for target in &policy.targets {
            match self.topology.groups.get(target) {
                Some(group) => names.extend(group.members.iter().cloned()),
                None => names.push(target.clone()),
            }
        }
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for name in names {
            let hosted = self.machines.iter().find(|group| group.name == name).map(|group| group.hosted.clone());
            let own = self.names.get(&name).cloned().into_iter().collect();
            for label in hosted.unwrap_or(own) {
                if self.components.contains_key(&label) && seen.insert(label.clone()) {
                    found.push(label);
                }
            }
        }
        found
    }
}
