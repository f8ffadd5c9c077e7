//! `hansa notify …`: who is told of what, by webhook or mail.

use super::{Context, Table, notify_arguments::NotifyCommand};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Notification, NotificationDelivery, NotificationRequest, NotificationTrial, Removal},
};
use chrono::{DateTime, SecondsFormat, Utc};
use hansa_repository::ambient::{IdSource as _, RandomIds};
use reqwest::Method;
use serde_json::json;

/// Does what is asked of notifications.
pub(super) async fn run(context: &Context, command: NotifyCommand) -> Result<(), Failure> {
    match command {
        NotifyCommand::Add { name, to, kinds, severity, broker, dry_run } => {
            let (url, address) = if to.contains("://") { (Some(to), None) } else { (None, Some(to)) };
            let wanted = NotificationRequest { name, url, address, kinds, severity };
            let request = changing(context, broker, Method::POST, &[])
                .query("dryRun", dry_run)
                .body("application/json", json!(wanted).to_string());
            let made: Notification = context.client.json(request).await?;
            context.output.show(&made, |made| match &made.secret {
                Some(secret) => {
                    format!("{} is told; messages are signed by {secret}, which is not shown again", made.name)
                }
                None if dry_run => format!("{} would be told", made.name),
                None => format!("{} is told by mail to {}", made.name, made.host),
            })
        }
        NotifyCommand::List { broker } => {
            let found: Vec<Notification> =
                context.client.list(of(context, broker, Method::GET, &[]), usize::MAX).await?;
            context.output.show(&found, |found| list(found))
        }
        NotifyCommand::Test { name, broker } => {
            let request = changing(context, broker, Method::POST, &[&name, "test"]);
            let trial: NotificationTrial = context.client.json(request).await?;
            context.output.show(&trial, |trial| match &trial.said {
                None => format!("{name} has taken it ({})", trial.delivery),
                Some(said) => format!("{name} has not taken it: {said}"),
            })?;
            if trial.arrived { Ok(()) } else { Err(Failure::failed("the test did not arrive")) }
        }
        NotifyCommand::Deliveries { name, broker, limit } => {
            let request = of(context, broker, Method::GET, &[&name, "deliveries"]);
            let found: Vec<NotificationDelivery> = context.client.list(request, limit).await?;
            context.output.show(&found, |found| deliveries(found))
        }
        NotifyCommand::Remove { name, broker, dry_run } => {
            let request = changing(context, broker, Method::DELETE, &[&name]).query("dryRun", dry_run);
            let removed: Removal = context.client.json(request).await?;
            context.output.show(&removed, |removed| match removed.dry_run {
                true => format!("{} would be removed", removed.removed),
                false => format!("{} is removed", removed.removed),
            })
        }
    }
}

/// A request about notifications of the chosen project, or of the broker itself.
fn of(context: &Context, broker: bool, method: Method, rest: &[&str]) -> Request {
    let path = [&["notifications"], rest].concat();
    if broker {
        Request::admin(method, &path)
    } else {
        Request::new(method, &path).maybe_query("project", context.project.clone())
    }
}

fn changing(context: &Context, broker: bool, method: Method, rest: &[&str]) -> Request {
    of(context, broker, method, rest).header("Idempotency-Key", RandomIds.next().to_string())
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn list(found: &[Notification]) -> String {
    let headings = ["NAME", "PROJECT", "TO", "KINDS", "SEVERITY", "DELIVERED", "GIVEN UP", "TROUBLE"];
    let mut table = Table::new("nobody is told of anything", headings).right(&[5, 6]);
    for one in found {
        let trouble = one.trouble.as_ref().map(|trouble| {
            format!(
                "event {} tried {} times, again at {}: {}",
                trouble.event,
                trouble.attempts,
                text(trouble.next),
                trouble.said
            )
        });
        table.row([
            one.name.clone(),
            one.project.clone().unwrap_or_else(|| "broker".to_owned()),
            one.host.clone(),
            one.kinds.join(", "),
            one.severity.clone().unwrap_or_default(),
            one.delivered.to_string(),
            one.given_up.to_string(),
            trouble.unwrap_or_default(),
        ]);
    }
    table.text()
}

fn deliveries(found: &[NotificationDelivery]) -> String {
    let mut table =
        Table::new("nothing was sent yet", ["EVENT", "KIND", "STATE", "ATTEMPTS", "AT", "SAID"]).right(&[0, 3]);
    for one in found {
        table.row([
            one.event.to_string(),
            one.kind.clone(),
            one.state.clone(),
            one.attempts.to_string(),
            text(one.at),
            one.said.clone().unwrap_or_default(),
        ]);
    }
    table.text()
}
