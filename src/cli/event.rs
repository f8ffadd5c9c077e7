//! `hansa event …`: what happened.

use super::{Context, Table, arguments::EventCommand, plan::short};
use crate::{
    client::{ClientError, Request, messages},
    failure::Failure,
    http::wire::{Event, Page},
};
use chrono::{DateTime, Local, Utc};
use futures_util::StreamExt;
use std::time::Duration;

/// Between two tries to reach the broker again.
const RETRY: Duration = Duration::from_secs(1);

/// Does what is asked of events.
pub(super) async fn run(context: &Context, command: EventCommand) -> Result<(), Failure> {
    match command {
        EventCommand::List { filter, limit } => {
            let request = Request::get(&["events"])
                .maybe_query("project", context.project.clone())
                .query("order", "newest")
                .query("limit", limit.clamp(1, 500))
                .maybe_query("application", filter.application)
                .maybe_query("kind", filter.kind);
            let mut page: Page<Event> = context.client.json(request).await?;
            page.items.reverse();
            context.output.show(&page.items, |events| list_text(events))
        }
        EventCommand::Watch { filter } => watch(context, filter.application, filter.kind).await,
    }
}

/// Shows events as they come, over breaks of the connection too, until Ctrl-C.
pub(super) async fn watch(context: &Context, application: Option<String>, kind: Option<String>) -> Result<(), Failure> {
    let request = Request::get(&["events", "stream"])
        .maybe_query("project", context.project.clone())
        .maybe_query("application", application)
        .maybe_query("kind", kind);
    let mut last: Option<String> = None;
    let mut reached = false;
    loop {
        let resumed = match &last {
            Some(id) => request.clone().header("Last-Event-ID", id.clone()),
            None => request.clone(),
        };
        match context.client.send(resumed).await {
            Ok(answer) => {
                reached = true;
                let mut messages = std::pin::pin!(messages(answer));
                while let Some(Ok(message)) = messages.next().await {
                    let event: Event = serde_json::from_str(&message.data).map_err(ClientError::NotUnderstood)?;
                    context.output.show_next(&event, line)?;
                    last = message.id.or(last);
                }
            }
            Err(error) if !reached || error.status().is_some() => return Err(error.into()),
            Err(_) => {}
        }
        tokio::time::sleep(RETRY).await;
    }
}

fn list_text(events: &[Event]) -> String {
    let mut table = Table::new("nothing has happened yet", ["TIME", "KIND", "SUBJECT", "MESSAGE"]);
    for event in events {
        table.row([time(event.at), event.kind.clone(), subject(&event.subject), event.message.clone()]);
    }
    table.text()
}

fn line(event: &Event) -> String {
    format!("{}  {:<24} {}", time(event.at), event.kind, event.message)
}

/// `workload/0190…-abcd` as `workload/…abcd`, which fits a table and tells instances apart.
fn subject(subject: &str) -> String {
    match subject.split_once('/') {
        Some((kind, id)) if id.len() == 36 => format!("{kind}/…{}", id.get(28..).unwrap_or(id)),
        Some((kind, id)) => format!("{kind}/{}", short(id)),
        None => subject.to_owned(),
    }
}

/// A time as people at this machine read it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}
