//! Policies of the type `hansa.policies.Deferral`, which a template defines for
//! itself, say when its jobs may run.

use super::Conversion;
use crate::tosca::{template::Policy, types::Kind};
use hansa_ontology::resource_model::Deferral;
use serde_json::{Map, Value};

/// The type that such a policy is of, or derives from.
pub(super) const DEFERRAL: &str = "hansa.policies.Deferral";

impl Conversion<'_> {
    pub(super) fn defer(&mut self) {
        for policy in &self.topology.policies {
            let is = policy.type_id.is_some_and(|id| self.world.is_a(id, Kind::Policy, DEFERRAL));
            if is {
                self.deferral(policy);
            }
        }
    }

    fn deferral(&mut self, policy: &Policy) {
        let what = format!("the policy `{}` of type `{}`", policy.name, policy.type_name);
        let stated = policy.properties.iter().filter(|(_, value)| !value.is_null());
        let fields: Map<String, Value> = stated.map(|(name, value)| (name.clone(), value.to_value())).collect();
        let deferral: Deferral = match serde_json::from_value(Value::Object(fields)) {
            Ok(deferral) => deferral,
            Err(error) => {
                let why = format!("its properties say no times for jobs: {error}");
                let remedy = "state `deadline` and `duration` as in `defer` of the model, such as 24h and 2h";
                return self.remarks.left_out(policy.at, what, why, remedy);
            }
        };
        let labels = policy.targets.iter().filter_map(|target| self.names.get(target).cloned());
        let mut jobs = Vec::new();
        for label in labels {
            if let Some(component) = self.components.get_mut(&label).filter(|component| !component.run.is_service()) {
                component.defer = Some(deferral.clone());
                jobs.push(label);
            }
        }
        if jobs.is_empty() {
            let why = "none of its targets is a job";
            return self.remarks.left_out(policy.at, what, why, "name containers that run once as its targets");
        }
        self.remarks.derived(policy.at, format!("`defer` of {}", jobs.join(", ")), format!("{what} says so"));
    }
}
