//! `hansa sla …`: what was promised of rented machines, and how it is kept.

use super::{Context, Table, sla_arguments::SlaCommand};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{SlaBreach, SlaObjective, SlaStanding},
};
use chrono::{DateTime, SecondsFormat, Utc};

/// Does what is asked of promises.
pub(super) async fn run(context: &Context, command: SlaCommand) -> Result<(), Failure> {
    match command {
        SlaCommand::List { application, provider, from, until, missed, limit } => {
            let request = Request::get(&["sla"])
                .maybe_query("project", context.project.clone())
                .maybe_query("application", application)
                .maybe_query("provider", provider)
                .maybe_query("from", from.map(text))
                .maybe_query("until", until.map(text))
                .query("missed", missed);
            let found: Vec<SlaStanding> = context.client.list(request, limit).await?;
            context.output.show(&found, |found| standings(found))
        }
        SlaCommand::Breaches { application, limit } => {
            let request = Request::get(&["sla", "breaches"])
                .maybe_query("project", context.project.clone())
                .maybe_query("application", application);
            let found: Vec<SlaBreach> = context.client.list(request, limit).await?;
            context.output.show(&found, |found| breaches(found))
        }
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn promised(of: &SlaObjective) -> String {
    format!("{} {} {} / {}", of.metric, of.target, of.unit, of.window)
}

fn who(application: Option<&String>, project: &str) -> String {
    application.map_or_else(|| project.to_owned(), Clone::clone)
}

fn standings(found: &[SlaStanding]) -> String {
    let headings = [
        "APPLICATION",
        "MACHINE",
        "PROMISED",
        "FROM",
        "UNTIL",
        "STATE",
        "MEASURED",
        "DOWN (s)",
        "REPORTED (s)",
        "LEFT (s)",
        "CREDIT",
    ];
    let mut table = Table::new("nothing was promised of any machine", headings).right(&[6, 7, 9, 10]);
    for one in found {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let state = if one.judged { one.state.clone() } else { format!("{} so far", one.state) };
        table.row([
            who(one.application_name.as_ref(), &one.project),
            one.machine.clone(),
            promised(&one.objective),
            text(one.from),
            text(one.until),
            state,
            number(one.measured),
            one.down_seconds.to_string(),
            one.reported.as_ref().map(|one| format!("{} {}", one.down_seconds, one.agreement)).unwrap_or_default(),
            one.budget_left_seconds.map(|left| left.to_string()).unwrap_or_default(),
            one.credit_percent.map(|percent| format!("{percent} %")).unwrap_or_default(),
        ]);
    }
    table.text()
}

fn breaches(found: &[SlaBreach]) -> String {
    let headings = ["EVENT", "APPLICATION", "MACHINE", "PARTNER", "PROMISED", "MEASURED", "FROM", "UNTIL", "CREDIT"];
    let mut table = Table::new("every promise was kept so far", headings).right(&[0, 5, 8]);
    for one in found {
        table.row([
            one.event.to_string(),
            who(one.application_name.as_ref(), &one.project),
            one.machine.clone(),
            one.partner.clone().unwrap_or_default(),
            promised(&one.objective),
            one.measured.to_string(),
            text(one.from),
            text(one.until),
            format!("{} %", one.credit_percent),
        ]);
    }
    table.text()
}
