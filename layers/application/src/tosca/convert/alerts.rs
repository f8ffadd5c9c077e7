//! Alerts of scaling policies, and those that are told to people.

use super::{AlertingPolicy, Conversion, policies::values};
use crate::{descriptor::node::Node, tosca::template::Policy};
use hansa_assurance::{Query, QueryError};
use hansa_ontology::resource_model::scaling::MicadoAlert;
use hansa_scaling::micado::{fill, span};
use serde_json::Value;
use std::collections::BTreeMap;

impl Conversion<'_> {
    pub(super) fn alerts(&mut self, policy: &Policy) -> Vec<MicadoAlert> {
        let mut found = Vec::new();
        for item in policy.properties.get("alerts").into_iter().flat_map(Node::items) {
            let text = |field: &str| item.given(field).and_then(Node::scalar).map(str::to_owned);
            let (Some(alert), Some(expr)) = (text("alert"), text("expr")) else {
                let what = format!("an alert of the policy `{}`", policy.name);
                self.remarks.left_out(item.at, what, "it needs `alert` and `expr`", "state both");
                continue;
            };
            let duration = text("for");
            if let Some(wrong) = duration.as_deref().filter(|text| !text.contains("{{") && span(text).is_none()) {
                let what = format!("`for` of the alert `{alert}`");
                self.remarks.left_out(
                    item.at,
                    what,
                    format!("`{wrong}` is no time span"),
                    "write it such as 30s or 1m",
                );
            }
            found.push(MicadoAlert { alert, expr, duration });
        }
        found
    }

    /// A policy of alerts: the model has them.
    pub(super) fn alerting(&mut self, policy: &Policy, constants: &BTreeMap<String, Value>) {
        let alerts = self.alerts(policy);
        for alert in &alerts {
            match self.told(alert, constants) {
                Ok(alert) => self.alerts.push(alert),
                Err(why) => {
                    let what = format!("the alert `{}` of the policy `{}`", alert.alert, policy.name);
                    self.remarks.left_out(policy.at, what, why, "correct it in the policy");
                }
            }
        }
        let found = AlertingPolicy {
            name: policy.name.clone(),
            constants: values(policy, "constants").collect(),
            alerts,
            position: self.position(policy.at),
        };
        self.policies.alerting.push(found);
        let what = format!("the policy `{}` of type `{}`", policy.name, policy.type_name);
        let why = "its alerts are told in the event log, as `alert.firing` and `alert.resolved`, and call nobody";
        self.remarks.changed(policy.at, what, why, "let somebody follow the log");
    }

    /// An alert as the model has it; else why it can't.
    fn told(&self, alert: &MicadoAlert, constants: &BTreeMap<String, Value>) -> Result<MicadoAlert, String> {
        if self.alerts.iter().any(|known| known.alert == alert.alert) {
            return Err("there is another one of its name".to_owned());
        }
        let expr = fill(&alert.expr, constants)?;
        if let Err(error @ (QueryError::Syntax(_) | QueryError::Kind(_))) = Query::parse(&expr) {
            return Err(error.to_string());
        }
        let duration = alert.duration.as_deref().map(|text| fill(text, constants)).transpose()?;
        match duration.as_deref().filter(|text| span(text).is_none()) {
            Some(wrong) => Err(format!("`{wrong}` is no time span")),
            None => Ok(MicadoAlert { alert: alert.alert.clone(), expr, duration }),
        }
    }
}
