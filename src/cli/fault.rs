//! `hansa fault …`: what is wrong, why, and who sees to it.

use super::{
    Context, Table,
    fault_arguments::{FaultCommand, FaultNoteOptions},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{FaultNote, FaultNoteRequest, FaultResolution, FaultSign, FaultTicket},
};
use chrono::{DateTime, SecondsFormat, Utc};
use hansa_repository::ambient::{IdSource as _, RandomIds};
use reqwest::Method;
use serde_json::json;

/// Does what is asked of faults.
pub(super) async fn run(context: &Context, command: FaultCommand) -> Result<(), Failure> {
    match command {
        FaultCommand::List { application, state, kind, severity, broker, limit } => {
            let project = context.project.clone().filter(|_| !broker);
            let request = of(broker, Method::GET, &[])
                .maybe_query("project", project)
                .maybe_query("application", application)
                .maybe_query("state", state)
                .maybe_query("kind", kind)
                .maybe_query("severity", severity);
            let found: Vec<FaultTicket> = context.client.list(request, limit).await?;
            context.output.show(&found, |found| list(found))
        }
        FaultCommand::Show { number, broker } => {
            let request = of(broker, Method::GET, &[&number.to_string()]);
            let found: FaultTicket = context.client.json(request).await?;
            context.output.show(&found, one)
        }
        FaultCommand::Acknowledge(options) => act(context, "acknowledge", options).await,
        FaultCommand::Resolve(options) => act(context, "resolve", options).await,
    }
}

/// A request about faults of projects, or of the broker itself.
fn of(broker: bool, method: Method, rest: &[&str]) -> Request {
    let path = [&["faults"], rest].concat();
    if broker { Request::admin(method, &path) } else { Request::new(method, &path) }
}

async fn act(context: &Context, verb: &str, options: FaultNoteOptions) -> Result<(), Failure> {
    let FaultNoteOptions { number, note, broker, dry_run } = options;
    let request = of(broker, Method::POST, &[&number.to_string(), verb])
        .query("dryRun", dry_run)
        .header("Idempotency-Key", RandomIds.next().to_string())
        .body("application/json", json!(FaultNoteRequest { note }).to_string());
    let found: FaultTicket = context.client.json(request).await?;
    context.output.show(&found, |found| {
        let would = if dry_run { "; nothing was written" } else { "" };
        format!("fault {} is {}{would}", found.number, found.state)
    })
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn who(fault: &FaultTicket) -> String {
    let own = || fault.project.clone().unwrap_or_else(|| "broker".to_owned());
    fault.application_name.clone().unwrap_or_else(own)
}

fn list(found: &[FaultTicket]) -> String {
    let headings = ["NUMBER", "STATE", "SEVERITY", "KIND", "OF", "SINCE", "COUNT", "OPEN (s)", "WHAT", "BECAUSE OF"];
    let mut table = Table::new("nothing is wrong", headings).right(&[0, 6, 7]);
    for fault in found {
        let causes: Vec<String> = fault
            .causes
            .iter()
            .map(|cause| cause.fault.map_or_else(|| cause.kind.clone(), |number| format!("{} {number}", cause.kind)))
            .collect();
        table.row([
            fault.number.to_string(),
            fault.state.clone(),
            fault.severity.clone(),
            fault.kind.clone(),
            who(fault),
            text(fault.since),
            fault.count.to_string(),
            fault.open_seconds.to_string(),
            fault.message.clone(),
            causes.join(", "),
        ]);
    }
    table.text()
}

fn said(note: &FaultNote) -> String {
    let colon = if note.note.is_empty() { "" } else { ": " };
    format!("by {} at {}{colon}{}", note.by, text(note.at), note.note)
}

fn resolution(of: &FaultResolution) -> String {
    match (&of.event, &of.note) {
        (Some(event), _) => format!("at {} by event {} ({}): {}", text(of.at), event.event, event.kind, event.message),
        (None, Some(note)) => said(note),
        (None, None) => format!("at {}: its time is over", text(of.at)),
    }
}

fn one(fault: &FaultTicket) -> String {
    let mut lines = vec![
        format!("fault {} ({}, {}) is {}", fault.number, fault.kind, fault.severity, fault.state),
        fault.message.clone(),
        format!("with {} of {}, since {}", fault.thing, who(fault), text(fault.since)),
        format!("told {} times, open for {} s", fault.count, fault.open_seconds),
    ];
    if fault.reopened > 0 {
        lines.push(format!("came again {} times, last at {}", fault.reopened, text(fault.opened)));
    }
    lines.extend(fault.acknowledged.as_ref().map(|note| format!("seen to {}", said(note))));
    lines.extend(fault.resolved.as_ref().map(|resolved| format!("resolved {}", resolution(resolved))));
    lines.extend(fault.causes.iter().map(|cause| {
        let number = cause.fault.map(|number| format!(" (fault {number}, events {:?})", cause.events));
        format!("because of {}: {}{}", cause.kind, cause.message, number.unwrap_or_default())
    }));
    let sign = |sign: &FaultSign| format!("event {} {} {}: {}", sign.event, text(sign.at), sign.kind, sign.message);
    lines.extend(fault.signs.iter().map(sign));
    lines.join("\n")
}
