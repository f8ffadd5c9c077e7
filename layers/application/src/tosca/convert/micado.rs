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
        // What exporters tell is for all policies, and is asked of the first.
        let exporters = self.policies.monitoring.iter().filter(|_| self.micado.is_empty()).flat_map(|it| &it.exporters);
        let sources: Vec<String> = policy.sources.iter().chain(exporters).map(|source| self.source(source)).collect();
        let bound = |number: Option<u32>| Value::from(number.unwrap_or(1));
        Some(MicadoPolicy {
            target,
            level,
            host,
            sources,
            constants: policy.constants.clone(),
            queries: policy.queries.iter().map(|(name, query)| (name.clone(), query.expr.clone())).collect(),
            labels: policy
                .queries
                .iter()
                .filter_map(|(name, query)| Some((name.clone(), query.label.clone()?)))
                .collect(),
            alerts: policy.alerts.clone(),
            min_instances: bound(policy.min),
            max_instances: bound(policy.max.or(policy.min)),
            scaling_rule: policy.rule.clone(),
        })
    }

    /// `NAME:NUMBER` by the name that the model has for the container.
    fn source(&self, source: &str) -> String {
        let Some((name, number)) = source.rsplit_once(':') else { return source.to_owned() };
        self.names.get(name).map_or_else(|| source.to_owned(), |label| format!("{label}:{number}"))
    }
}
