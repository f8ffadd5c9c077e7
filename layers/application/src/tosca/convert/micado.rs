//! Scaling policies of MiCADO, as the model has them: each about one component
//! or one group of machines, with the model's own names.

use super::{Conversion, ScalingPolicy};
use hansa_ontology::resource_model::scaling::{MicadoLevel, MicadoPolicy};
use serde_json::Value;

impl Conversion<'_> {
    /// Puts the policies into the model: one for each of their targets.
    pub(super) fn make_micado(&mut self) {
        let all = std::mem::take(&mut self.policies.scaling);
        for policy in all.iter().filter(|policy| policy.micado) {
            for target in &policy.targets {
                for node in self.nodes_of(target) {
                    match self.micado_policy(policy, &node) {
                        Some(made) => self.micado.push(made),
                        None => self.remarks.left_out(
                            policy.at,
                            format!("the policy `{}` for `{node}`", policy.name),
                            "nothing of that name is in the model",
                            "name a container or a machine that the model has",
                        ),
                    }
                }
            }
        }
        self.policies.scaling = all;
    }

    fn micado_policy(&mut self, policy: &ScalingPolicy, node: &str) -> Option<MicadoPolicy> {
        let (level, target, host) = match policy.level {
            MicadoLevel::Machine => (policy.level, self.group_names.get(node)?.clone(), None),
            MicadoLevel::Container => {
                let label = self.names.get(node)?.clone();
                let host = self.components.get(&label)?.machines.first().cloned();
                (policy.level, label, host)
            }
        };
        let mut queries = std::collections::BTreeMap::new();
        for (name, query) in &policy.queries {
            if query.label.is_some() {
                let what = format!("the query `{name}` of the policy `{}`", policy.name);
                let why = "it asks for the values of a label, and here queries give one number";
                self.remarks.left_out(policy.at, what, why, "ask for a number, such as a count");
                continue;
            }
            queries.insert(name.clone(), query.expr.clone());
        }
        let bound = |number: Option<u32>| Value::from(number.unwrap_or(1));
        Some(MicadoPolicy {
            target,
            level,
            host,
            sources: policy.sources.clone(),
            constants: policy.constants.clone(),
            queries,
            alerts: policy.alerts.clone(),
            min_instances: bound(policy.min),
            max_instances: bound(policy.max.or(policy.min)),
            scaling_rule: policy.rule.clone(),
        })
    }
}
