//! `hansa account|site|node|flavour|credential|maintenance …`, `hansa offer draft …`:
//! what owners of infrastructure do, over `/admin/v1`.

use super::{
    Context, Table,
    owner_arguments::{AccountCommand, CredentialCommand, DraftCommand, MaintenanceCommand, OwnerChange, ThingCommand},
    read_input,
};
use crate::{
    client::Request,
    config::{to_yaml, yaml_to_json},
    failure::Failure,
    http::wire::Maintenance,
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// Between two looks at a node that is being drained.
const LOOK: Duration = Duration::from_secs(1);

/// Does what is asked of things that a file describes, under this path. A
/// change of a node is a patch; others are replaced.
pub(super) async fn run_things(
    context: &Context,
    path: &'static str,
    command: ThingCommand,
    replace: Method,
) -> Result<(), Failure> {
    match command {
        ThingCommand::List => {
            let columns =
                [("NAME", "/name"), ("KIND", "/kind"), ("CPU (1/1000)", "/cpuMilli"), ("MEMORY (MiB)", "/memoryMib")];
            table(context, Request::admin(Method::GET, &[path]), &columns).await
        }
        ThingCommand::Show { name } => show(context, Request::admin(Method::GET, &[path, &name])).await,
        ThingCommand::Add { file, change } => {
            let request = changing(Method::POST, &[path], &change).body("application/json", described(&file)?);
            named(context, request, &file).await
        }
        ThingCommand::Change { name, file, change } => {
            let request = changing(replace, &[path, &name], &change).body("application/json", described(&file)?);
            named(context, request, &file).await
        }
        ThingCommand::Remove { name, change } => show(context, changing(Method::DELETE, &[path, &name], &change)).await,
    }
}

/// Does what is asked of drafts.
pub(super) async fn run_drafts(context: &Context, command: DraftCommand) -> Result<(), Failure> {
    let post = |offer: &str, verb: &str, change: &OwnerChange| changing(Method::POST, &["offers", offer, verb], change);
    match command {
        DraftCommand::List { state } => {
            let columns =
                [("OFFER", "/offer/id"), ("TITLE", "/offer/title"), ("STATE", "/state"), ("VERSION", "/version")];
            table(context, Request::admin(Method::GET, &["offers"]).maybe_query("state", state), &columns).await
        }
        DraftCommand::Show { offer } => show(context, Request::admin(Method::GET, &["offers", &offer])).await,
        DraftCommand::History { offer } => {
            list(context, Request::admin(Method::GET, &["offers", &offer, "history"])).await
        }
        DraftCommand::Add { file, change } => {
            let request = changing(Method::POST, &["offers"], &change).body("application/json", described(&file)?);
            named(context, request, &file).await
        }
        DraftCommand::Change { offer, file, change } => {
            let request =
                changing(Method::PUT, &["offers", &offer], &change).body("application/json", described(&file)?);
            named(context, request, &file).await
        }
        DraftCommand::Publish { offer, change } => show(context, post(&offer, "publish", &change)).await,
        DraftCommand::Price { offer, amount, currency, from, change } => {
            let body = json!({ "pricePerHour": { "amount": amount, "currency": currency }, "validFrom": from });
            show(context, post(&offer, "prices", &change).body("application/json", body.to_string())).await
        }
        DraftCommand::Units { offer, units, change } => {
            let request = changing(Method::PUT, &["offers", &offer, "capacity"], &change);
            show(context, request.body("application/json", json!({ "units": units }).to_string())).await
        }
        DraftCommand::Remove { offer, change } => {
            show(context, changing(Method::DELETE, &["offers", &offer], &change)).await
        }
    }
}

/// Does what is asked of accounts.
pub(super) async fn run_accounts(context: &Context, command: AccountCommand) -> Result<(), Failure> {
    const PATH: &str = "accounts";
    let ending = |account: &str, what: &str, dry_run: bool| {
        let change = OwnerChange { dry_run, if_version: None };
        changing(Method::DELETE, &[PATH, account, what], &change)
    };
    match command {
        AccountCommand::List { text } => {
            let columns =
                [("HANDLE", "/handle"), ("KIND", "/kind"), ("NAME", "/name"), ("STATE", "/state"), ("SEEN", "/seenAt")];
            table(context, Request::admin(Method::GET, &[PATH]).maybe_query("text", text), &columns).await
        }
        AccountCommand::Show { account } => show(context, Request::admin(Method::GET, &[PATH, &account])).await,
        AccountCommand::Lock { account, reason, change } => {
            let request = changing(Method::POST, &[PATH, &account, "lock"], &change);
            show(context, request.body("application/json", json!({ "reason": reason }).to_string())).await
        }
        AccountCommand::Unlock { account, change } => {
            show(context, changing(Method::POST, &[PATH, &account, "unlock"], &change)).await
        }
        AccountCommand::EndSessions { account, dry_run } => show(context, ending(&account, "sessions", dry_run)).await,
        AccountCommand::RevokeTokens { account, dry_run } => show(context, ending(&account, "tokens", dry_run)).await,
    }
}

/// Does what is asked of credentials. A secret is read from a file, never from the command line.
pub(super) async fn run_credentials(context: &Context, command: CredentialCommand) -> Result<(), Failure> {
    const PATH: &str = "credentials";
    match command {
        CredentialCommand::List => {
            let columns =
                [("NAME", "/name"), ("KIND", "/kind"), ("FINGERPRINT", "/fingerprint"), ("ROTATED", "/rotatedAt")];
            table(context, Request::admin(Method::GET, &[PATH]), &columns).await
        }
        CredentialCommand::Show { name } => show(context, Request::admin(Method::GET, &[PATH, &name])).await,
        CredentialCommand::Add { name, kind, secret, change } => {
            let body = json!({ "name": name, "kind": kind, "secret": secret_of(&secret)? }).to_string();
            show(context, changing(Method::POST, &[PATH], &change).body("application/json", body)).await
        }
        CredentialCommand::Rotate { name, secret, change } => {
            let body = json!({ "secret": secret_of(&secret)? }).to_string();
            let request = changing(Method::PUT, &[PATH, &name, "secret"], &change);
            show(context, request.body("application/json", body)).await
        }
        CredentialCommand::Remove { name, change } => {
            show(context, changing(Method::DELETE, &[PATH, &name], &change)).await
        }
    }
}

/// Does what is asked of maintenance.
pub(super) async fn run_maintenance(context: &Context, command: MaintenanceCommand) -> Result<(), Failure> {
    const PATH: &str = "maintenance";
    const ANNOUNCEMENTS: &str = "announcements";
    match command {
        MaintenanceCommand::List => {
            let found: Vec<Maintenance> = context.client.list(Request::admin(Method::GET, &[PATH]), usize::MAX).await?;
            context.output.show(&found, |found| {
                let texts: Vec<String> = found.iter().map(text).collect();
                if texts.is_empty() { "nothing is under maintenance".to_owned() } else { texts.join("\n") }
            })
        }
        MaintenanceCommand::Show { id } => {
            let found: Maintenance = context.client.json(Request::admin(Method::GET, &[PATH, &id])).await?;
            context.output.show(&found, text)
        }
        MaintenanceCommand::Drain { target, reason, deadline, leave_volumes, dry_run, wait } => {
            let Some((kind @ ("node" | "site"), name)) = target.split_once('/') else {
                return Err(Failure::input(format!("`{target}` is neither node/NAME nor site/NAME")));
            };
            let body = json!({ kind: name, "reason": reason, "deadline": deadline, "leaveVolumes": leave_volumes });
            let change = OwnerChange { dry_run, if_version: None };
            let request = changing(Method::POST, &[PATH], &change).body("application/json", body.to_string());
            let mut begun: Maintenance = context.client.json(request).await?;
            while wait && !dry_run && begun.state == "draining" {
                tokio::time::sleep(LOOK).await;
                begun = context.client.json(Request::admin(Method::GET, &[PATH, &begun.id])).await?;
                eprintln!("{} of {} machines are left", begun.machines, begun.machines_at_begin);
            }
            context.output.show(&begun, text)
        }
        MaintenanceCommand::Announce { site, offer, from, until, reason, dry_run } => {
            let body = json!({ "site": site, "offer": offer, "from": from, "until": until, "reason": reason });
            let change = OwnerChange { dry_run, if_version: None };
            let request = changing(Method::POST, &[ANNOUNCEMENTS], &change);
            show(context, request.body("application/json", body.to_string())).await
        }
        MaintenanceCommand::Announced => {
            let columns =
                [("ID", "/id"), ("SITE", "/site"), ("FROM", "/from"), ("UNTIL", "/until"), ("REASON", "/reason")];
            table(context, Request::admin(Method::GET, &[ANNOUNCEMENTS]), &columns).await
        }
        MaintenanceCommand::Withdraw { id, dry_run } => {
            let change = OwnerChange { dry_run, if_version: None };
            show(context, changing(Method::DELETE, &[ANNOUNCEMENTS, &id], &change)).await
        }
        MaintenanceCommand::Resume { id, change } => {
            let ended: Maintenance = context.client.json(changing(Method::DELETE, &[PATH, &id], &change)).await?;
            context.output.show(&ended, |ended| format!("{} may be used again", ended.target))
        }
    }
}

fn text(maintenance: &Maintenance) -> String {
    let would = if maintenance.dry_run { " (nothing was done)" } else { "" };
    let mut text = format!(
        "{}  {}  {}: {} of {} machines are left{would}\n",
        maintenance.id, maintenance.target, maintenance.state, maintenance.machines, maintenance.machines_at_begin
    );
    for one in &maintenance.moves {
        let what = if one.instances.is_empty() { String::new() } else { format!(" ({})", one.instances.join(", ")) };
        let end = match one.reason.as_deref() {
            Some(reason) => format!(": {reason}"),
            None if one.to.is_empty() => String::new(),
            None => format!(" to {}", one.to.join(", ")),
        };
        text.push_str(&format!("  {}{what} on {} {}{end}\n", one.name, one.node, one.outcome));
    }
    text
}

pub(super) fn changing(method: Method, path: &[&str], change: &OwnerChange) -> Request {
    let request = Request::admin(method, path)
        .query("dryRun", change.dry_run)
        .header("Idempotency-Key", RandomIds.next().to_string());
    match change.if_version {
        Some(version) => request.header("If-Match", format!("\"{version}\"")),
        None => request,
    }
}

/// The file's YAML or JSON as JSON.
pub(super) fn described(file: &Path) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&read_input(file)?).into_owned();
    let value = yaml_to_json(&text).map_err(|fault| Failure::input(format!("{}: {fault}", file.display())))?;
    Ok(value.to_string())
}

fn secret_of(file: &Path) -> Result<String, Failure> {
    let bytes = read_input(file)?;
    let text = String::from_utf8(bytes).map_err(|fault| {
        Failure::input(format!("{}: a secret is text (UTF-8), and this is not: {}", file.display(), fault.utf8_error()))
    })?;
    Ok(text.trim_end_matches('\n').to_owned())
}

async fn list(context: &Context, request: Request) -> Result<(), Failure> {
    let found: Vec<Value> = context.client.list(request, usize::MAX).await?;
    context.output.show(&Value::Array(found), |found| match found {
        Value::Array(items) if items.is_empty() => "there is none".to_owned(),
        found => to_yaml(found),
    })
}

/// As [`list`], as a table: each column's heading, and where its value stands (a JSON Pointer).
pub(super) async fn table(context: &Context, request: Request, columns: &[(&str, &str)]) -> Result<(), Failure> {
    let found: Vec<Value> = context.client.list(request, usize::MAX).await?;
    context.output.show(&found, |found| {
        let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
        let mut table = Table::with_headings("there is none", &headings);
        for one in found {
            table.cells(columns.iter().map(|(_, pointer)| match one.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            }));
        }
        table.text()
    })
}

pub(super) async fn show(context: &Context, request: Request) -> Result<(), Failure> {
    let found: Value = context.client.json(request).await?;
    context.output.show(&found, to_yaml)
}

/// As [`show`], of a request whose faults are those of a file.
pub(super) async fn named(context: &Context, request: Request, file: &Path) -> Result<(), Failure> {
    let name = file.display().to_string();
    let found: Value = context.client.json(request).await.map_err(|error| error.failure(Some(&name)))?;
    context.output.show(&found, to_yaml)
}
