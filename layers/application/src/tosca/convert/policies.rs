//! Policies of MiCADO, read and checked: what scales, measures, alarms, lets
//! through and hides. They are returned beside the model.

use super::{Conversion, remark::RemarkKind};
use crate::{
    descriptor::node::{Node, Position},
    tosca::{template::Policy, types::Kind},
};
use hansa_ontology::resource_model::{
    Replicas,
    scaling::{MicadoAlert, MicadoLevel},
};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The file.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

/// All policies of a template that are known here.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Policies {
    /// What scales.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scaling: Vec<ScalingPolicy>,
    /// What is measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monitoring: Vec<MonitoringPolicy>,
    /// What alarms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerting: Vec<AlertingPolicy>,
    /// What is let through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<NetworkPolicy>,
    /// What is hidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretPolicy>,
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// What it counts.
    pub level: MicadoLevel,
    /// The node templates that it is about.
    pub targets: Vec<String>,
    /// Addresses that measurements are taken from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Constants of its own. Those of all policies hold together; of two of one name the last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Value>,
    /// Queries in PromQL, by the name that the rule has for the result.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, Query>,
    /// Alerts; the rule has each by its name as a truth value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<MicadoAlert>,
    /// At least so many, constants put in. None: not known yet.
    pub min: Option<u32>,
    /// At most so many.
    pub max: Option<u32>,
    /// The rule, in Python. Empty: there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Where the rule's first line stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_position: Option<Place>,
    /// Where the policy stands.
    pub position: Place,
    /// The same, for the report.
    #[serde(skip)]
    pub(super) at: Position,
    /// Whether it is one of MiCADO's, which alone have a rule.
    #[serde(skip)]
    pub(super) micado: bool,
}

/// A query of Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    /// What is asked, in PromQL.
    pub expr: String,
    /// The label whose values are the result; without it the result is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringPolicy {
    /// Its name.
    pub name: String,
    /// Machines are measured.
    pub node_metrics: bool,
    /// Containers are measured.
    pub container_metrics: bool,
    /// Further addresses that measurements are taken from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exporters: Vec<String>,
    /// Where it stands.
    pub position: Place,
}

/// What alarms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertingPolicy {
    /// Its name.
    pub name: String,
    /// Its constants.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Value>,
    /// The alerts.
    pub alerts: Vec<MicadoAlert>,
    /// Where it stands.
    pub position: Place,
}

/// What of the network is let through. Keys and certificates are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub policy_type: String,
    /// The node templates that it is about.
    pub targets: Vec<String>,
    /// The ports that it is about.
    pub ports: Vec<u16>,
    /// With TLS.
    pub encryption: bool,
    /// Where it stands.
    pub position: Place,
}

/// Secrets that are given to components: their names alone.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretPolicy {
    /// Its name.
    pub name: String,
    /// The names of its secrets.
    pub secrets: Vec<String>,
    /// Where it stands.
    pub position: Place,
}

impl fmt::Debug for SecretPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretPolicy").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Settings of a policy that are secrets.
const SECRET: [&str; 2] = ["encryption_key", "encryption_cert"];

impl Conversion<'_> {
    pub(super) fn read_policies(&mut self) {
        let constants = self.all_constants();
        for policy in &self.topology.policies {
            let Some(id) = policy.type_id else { continue };
            let mut is = |normative: &str| self.world.is_a(id, Kind::Policy, normative);
            let (micado, scaling) = (is("tosca.policies.Scaling.MiCADO"), is("tosca.policies.Scaling"));
            let (monitoring, alerting) = (is("tosca.policies.Monitoring.MiCADO"), is("tosca.policies.Alerting.MiCADO"));
            let (network, secret) = (
                is("tosca.policies.Security.MiCADO.Network"),
                is("tosca.policies.Security.MiCADO.Secret.KubernetesSecretDistribution"),
            );
            // `place` makes rules of the one, `defer` times of the other.
            let elsewhere = is("tosca.policies.Placement") || is(super::deferral::DEFERRAL);
            let passthrough = is("tosca.policies.Security.MiCADO.Network.Passthrough");
            let known = if scaling {
                self.scaling(policy, &constants, micado);
                "it is read and checked; it says within which bounds and not by what, and the plan chooses"
            } else if monitoring {
                self.monitoring(policy);
                "the broker measures containers and machines itself, whatever the policy says"
            } else if alerting {
                self.alerting(policy, &constants);
                continue;
            } else if network {
                self.network(policy);
                match passthrough {
                    true => "nothing filters, as it says",
                    false => "it is read and checked; nothing filters yet",
                }
            } else if secret {
                self.secret(policy);
                "it is read and checked; nothing hands out secrets yet"
            } else if elsewhere {
                continue;
            } else {
                let what = format!("the policy `{}` of type `{}`", policy.name, policy.type_name);
                self.remarks.left_out(
                    policy.at,
                    what,
                    "the broker knows no policy of this type",
                    "say it in the model",
                );
                continue;
            };
            let what = format!("the policy `{}` of type `{}`", policy.name, policy.type_name);
            if !micado {
                let done = monitoring || passthrough;
                let kind = if done { RemarkKind::Changed } else { RemarkKind::NotCarriedOut };
                self.remarks.add(kind, policy.at, what, known, "");
            }
            if let Some(triggers) = &policy.triggers {
                let why = "triggers have no meaning here";
                self.remarks.left_out(
                    triggers.at,
                    format!("the triggers of the policy `{}`", policy.name),
                    why,
                    "write a scaling rule",
                );
            }
        }
    }

    /// The constants of all policies together; of two of one name the last.
    fn all_constants(&self) -> BTreeMap<String, Value> {
        self.topology.policies.iter().flat_map(|policy| values(policy, "constants")).collect()
    }

    pub(super) fn position(&self, at: Position) -> Place {
        let (file, line, column) = self.remarks.place(at);
        Place { file, line, column }
    }

    fn scaling(&mut self, policy: &Policy, constants: &BTreeMap<String, Value>, micado: bool) {
        let machines = policy
            .targets
            .iter()
            .any(|target| self.topology.nodes.get(target).is_some_and(|node| self.is_machine(node)));
        let rule = policy.properties.get("scaling_rule");
        let text = rule.and_then(Node::text).unwrap_or_default().to_owned();
        let min = self.bound(policy, "min_instances", constants);
        let max = self.bound(policy, "max_instances", constants);
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let what = format!("the bounds of the policy `{}`", policy.name);
            self.remarks.left_out(
                policy.at,
                what,
                format!("at least {min} is more than at most {max}"),
                "correct them",
            );
        }
        if micado && text.trim().is_empty() {
            let what = format!("the rule of the policy `{}`", policy.name);
            self.remarks.left_out(policy.at, what, "it is empty: nothing will scale", "write one");
        }
        let alerts = self.alerts(policy);
        let scaling = ScalingPolicy {
            name: policy.name.clone(),
            level: if machines { MicadoLevel::Machine } else { MicadoLevel::Container },
            targets: policy.targets.clone(),
            sources: texts(policy, "sources"),
            constants: values(policy, "constants").collect(),
            queries: values(policy, "queries").map(|(name, value)| (name, query(&value))).collect(),
            alerts,
            min,
            max,
            rule_position: rule.map(|rule| self.position(self.first_line(rule))),
            rule: text,
            position: self.position(policy.at),
            at: policy.at,
            micado,
        };
        self.policies.scaling.push(scaling);
    }

    /// Where the first line of a text stands: of a block, the line behind its `|`.
    fn first_line(&self, node: &Node) -> Position {
        self.remarks.block_begin(node)
    }

    /// A bound with constants put in.
    fn bound(&mut self, policy: &Policy, field: &str, constants: &BTreeMap<String, Value>) -> Option<u32> {
        let node = policy.properties.get(field)?;
        let text = node.scalar()?;
        let mut worked = text.trim().to_owned();
        while let Some((before, rest)) = worked.split_once("{{") {
            let (name, behind) = rest.split_once("}}")?;
            let Some(value) = constants.get(name.trim()) else {
                let what = format!("`{field}` of the policy `{}`", policy.name);
                let why = format!("no policy has a constant `{}`", name.trim());
                self.remarks.left_out(node.at, what, why, "define it under `constants`");
                return None;
            };
            let next = format!("{before}{}{behind}", plain(value));
            if next.len() > 10_000 || next == worked {
                return None;
            }
            worked = next;
        }
        let number = worked.trim().parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number >= 0.0);
        if number.is_none() {
            let what = format!("`{field}` of the policy `{}`", policy.name);
            self.remarks.unbound(node.at, what, format!("`{worked}` is no whole number"));
        }
        number.and_then(|number| format!("{number:.0}").parse::<u32>().ok()).map(|number| number.min(Replicas::MOST))
    }

    fn monitoring(&mut self, policy: &Policy) {
        let truth = |field: &str| {
            let value = policy.properties.get(field).and_then(Node::scalar);
            value.and_then(crate::tosca::value::truth).unwrap_or(false)
        };
        let found = MonitoringPolicy {
            name: policy.name.clone(),
            node_metrics: truth("enable_node_metrics"),
            container_metrics: truth("enable_container_metrics"),
            exporters: texts(policy, "custom_exporters"),
            position: self.position(policy.at),
        };
        self.policies.monitoring.push(found);
    }

    fn network(&mut self, policy: &Policy) {
        let ports = policy.properties.get("target_ports").into_iter().flat_map(Node::items);
        let found = NetworkPolicy {
            name: policy.name.clone(),
            policy_type: policy.type_name.clone(),
            targets: policy.targets.clone(),
            ports: ports.filter_map(super::ports::number_of).collect(),
            encryption: policy.properties.get("encryption").and_then(Node::scalar) == Some("true"),
            position: self.position(policy.at),
        };
        self.policies.network.push(found);
        for name in SECRET {
            if let Some(secret) = policy.properties.get(name) {
                let what = format!("`{name}` of the policy `{}`", policy.name);
                self.remarks.left_out(
                    secret.at,
                    what,
                    "secrets don't go into a model",
                    "keep it out of the template, too",
                );
            }
        }
    }

    fn secret(&mut self, policy: &Policy) {
        let secrets = ["text_secrets", "file_secrets"].iter().filter_map(|field| policy.properties.get(*field));
        let found = SecretPolicy {
            name: policy.name.clone(),
            secrets: secrets.flat_map(Node::entries).map(|entry| entry.key.clone()).collect(),
            position: self.position(policy.at),
        };
        self.policies.secrets.push(found);
    }

    /// The policies that say how many there are of a node template: those that
    /// name it, or a group that it is in.
    pub(super) fn scaling_of(&self, name: &str) -> impl Iterator<Item = &ScalingPolicy> {
        let about = move |policy: &&ScalingPolicy| {
            policy.targets.iter().any(|target| self.nodes_of(target).iter().any(|node| node == name))
        };
        self.policies.scaling.iter().filter(about)
    }

    /// A node template, or the members of a group.
    pub(super) fn nodes_of(&self, target: &str) -> Vec<String> {
        let group = self.topology.groups.get(target).filter(|_| !self.topology.nodes.contains_key(target));
        group.map_or_else(|| vec![target.to_owned()], |group| group.members.clone())
    }

    /// The bounds that a policy sets for a node.
    pub(super) fn scaled(&self, name: &str) -> Option<Replicas> {
        let mut about = self.scaling_of(name);
        let policy = about.find(|policy| policy.level == MicadoLevel::Container)?;
        match (policy.min, policy.max) {
            (Some(min), _) if policy.micado => Some(Replicas::Fixed(min)),
            (Some(min), Some(max)) if min == max => Some(Replicas::Fixed(min)),
            (Some(min), Some(max)) if min < max => Some(Replicas::Range { min, max: Some(max) }),
            (Some(min), None) => Some(Replicas::Fixed(min)),
            _ => None,
        }
    }
}

pub(super) fn values<'a>(policy: &'a Policy, field: &str) -> impl Iterator<Item = (String, Value)> + 'a {
    let entries = policy.properties.get(field).into_iter().flat_map(Node::entries);
    entries.map(|entry| (entry.key.clone(), entry.value.to_value()))
}

fn texts(policy: &Policy, field: &str) -> Vec<String> {
    let items = policy.properties.get(field).into_iter().flat_map(Node::items);
    items.filter_map(|item| item.scalar().map(str::to_owned)).collect()
}

/// A query: its text, or a list of its text and a label.
fn query(value: &Value) -> Query {
    match value.as_array().map(Vec::as_slice) {
        Some([expr, label, ..]) => Query { expr: plain(expr), label: Some(plain(label)) },
        Some([expr]) => Query { expr: plain(expr), label: None },
        _ => Query { expr: plain(value), label: None },
    }
}

/// A constant as it is put into texts.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
