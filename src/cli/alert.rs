//! `hansa alert …`: what people want to be warned of.

use super::{Context, Table, alert_arguments::AlertCommand};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Alert, AlertRequest, AlertTrial, Removal},
};
use hansa_repository::ambient::{IdSource as _, RandomIds};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

/// Does what is asked of alert rules.
pub(super) async fn run(context: &Context, command: AlertCommand) -> Result<(), Failure> {
    match command {
        AlertCommand::List { broker } => {
            let found: Vec<Alert> = context.client.list(of(context, broker, Method::GET, &[]), usize::MAX).await?;
            context.output.show(&found, |found| list(found))
        }
        AlertCommand::Show { name, broker } => {
            let found: Alert = context.client.json(of(context, broker, Method::GET, &[&name])).await?;
            context.output.show(&found, shown)
        }
        AlertCommand::Set { name, expr, hold, severity, summary, off, broker, change } => {
            let asked = AlertRequest { expr, hold, severity: Some(severity), summary, enabled: !off };
            let mut request = changing(context, broker, Method::PUT, &[&name]).query("dryRun", change.dry_run);
            if let Some(version) = change.if_version {
                request = request.header("If-Match", format!("\"{version}\""));
            }
            let set: Alert = context.client.json(request.body("application/json", json!(asked).to_string())).await?;
            context.output.show(&set, |set| list(std::slice::from_ref(set)))
        }
        AlertCommand::Test { name, broker } => {
            let request = changing(context, broker, Method::POST, &[&name, "test"]);
            let trial: AlertTrial = context.client.json(request).await?;
            context.output.show(&trial, tried)
        }
        AlertCommand::Remove { name, broker, dry_run } => {
            let request = changing(context, broker, Method::DELETE, &[&name]).query("dryRun", dry_run);
            let removed: Removal = context.client.json(request).await?;
            context.output.show(&removed, |removed| match removed.dry_run {
                true => format!("{} would be removed", removed.removed),
                false => format!("{} is removed", removed.removed),
            })
        }
    }
}

/// A request about rules of the chosen project, or about the broker itself.
fn of(context: &Context, broker: bool, method: Method, rest: &[&str]) -> Request {
    let path = [&["alerts"], rest].concat();
    if broker {
        Request::admin(method, &path)
    } else {
        Request::new(method, &path).maybe_query("project", context.project.clone())
    }
}

fn changing(context: &Context, broker: bool, method: Method, rest: &[&str]) -> Request {
    of(context, broker, method, rest).header("Idempotency-Key", RandomIds.next().to_string())
}

fn list(found: &[Alert]) -> String {
    let headings = ["NAME", "PROJECT", "STATE", "FIRES", "SEVERITY", "FOR", "EXPRESSION", "WHY UNKNOWN"];
    let mut table = Table::new("there is no alert rule", headings).right(&[3]);
    for one in found {
        let state = if one.enabled { one.state.clone() } else { "off".to_owned() };
        table.row([
            one.name.clone(),
            one.project.clone().unwrap_or_else(|| "broker".to_owned()),
            state,
            one.sets.iter().filter(|set| set.firing_since.is_some()).count().to_string(),
            one.severity.clone(),
            one.hold.clone(),
            one.expr.clone(),
            one.reason.clone().unwrap_or_default(),
        ]);
    }
    table.text()
}

fn shown(one: &Alert) -> String {
    let mut table = Table::new("it holds for nothing", ["LABELS", "VALUE", "SINCE", "FIRES SINCE"]).right(&[1]);
    for set in &one.sets {
        let fires = set.firing_since.map(|at| at.to_rfc3339()).unwrap_or_default();
        table.row([labels(&set.labels), value(set.value), set.since.to_rfc3339(), fires]);
    }
    format!("{}\n\n{}", list(std::slice::from_ref(one)), table.text())
}

fn tried(trial: &AlertTrial) -> String {
    let mut table = Table::new("it holds for nothing", ["LABELS", "VALUE"]).right(&[1]);
    for one in &trial.holds {
        table.row([labels(&one.labels), value(one.value)]);
    }
    match &trial.lacking {
        Some(why) => format!("{}\n\nthat may not be all: {why}", table.text()),
        None => table.text(),
    }
}

fn labels(labels: &BTreeMap<String, String>) -> String {
    let each: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    each.join(", ")
}

fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "not finite".to_owned(), |value| value.to_string())
}
