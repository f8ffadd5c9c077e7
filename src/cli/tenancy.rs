//! `hansa organisation|project|member|quota …`: who shares this broker.

use super::{
    Context, Table, event,
    tenancy_arguments::{Condition, MemberCommand, PlaceCommand, QuotaCommand},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Amount, Member, MemberRemoval, Organisation, Project, QuotaLimits, QuotaReport},
};
use hansa_repository::ambient::{IdSource, RandomIds};
use reqwest::Method;
use serde_json::json;

/// The path of an organisation, or of a project.
fn path(place: &str) -> Vec<&str> {
    match place.split_once('/') {
        Some((organisation, project)) => vec!["projects", organisation, project],
        None => vec!["organisations", place],
    }
}

pub(super) fn within<'a>(place: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut path = path(place);
    path.extend(more);
    path
}

pub(super) fn on(request: Request, condition: &Condition) -> Request {
    let request = match condition.if_version {
        Some(version) => request.header("If-Match", format!("\"{version}\"")),
        None => request,
    };
    if condition.dry_run { request.query("dryRun", true) } else { request }
}

/// Does what is asked of organisations.
pub(super) async fn run_organisation(context: &Context, command: PlaceCommand) -> Result<(), Failure> {
    let text = |of: &Organisation| line(&of.name, &of.title, of.version);
    match command {
        PlaceCommand::List => {
            let found: Vec<Organisation> = context.client.list(Request::get(&["organisations"]), usize::MAX).await?;
            context.output.show(&found, |found| {
                table(found.iter().map(|of| (of.name.clone(), of.title.clone(), event::time(of.created_at))))
            })
        }
        PlaceCommand::Create { name, title, dry_run } => {
            let request = keyed(Request::new(Method::POST, &["organisations"]), dry_run);
            let body = json!({"name": name, "title": title.unwrap_or_else(|| name.clone())}).to_string();
            let made: Organisation = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&made, text)
        }
        PlaceCommand::Show { name } => {
            let found: Organisation = context.client.json(Request::get(&["organisations", &name])).await?;
            context.output.show(&found, text)
        }
        PlaceCommand::Rename { name, title, condition } => {
            let request = on(Request::new(Method::PATCH, &["organisations", &name]), &condition);
            let body = json!({"title": title}).to_string();
            let changed: Organisation = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&changed, text)
        }
        PlaceCommand::Close { name, condition } => close(context, &["organisations", &name], &name, &condition).await,
    }
}

/// Does what is asked of projects.
pub(super) async fn run_project(context: &Context, command: PlaceCommand) -> Result<(), Failure> {
    let text = |of: &Project| line(&of.name, &of.title, of.version);
    match command {
        PlaceCommand::List => {
            let found: Vec<Project> = context.client.list(Request::get(&["projects"]), usize::MAX).await?;
            context.output.show(&found, |found| {
                table(found.iter().map(|of| (of.name.clone(), of.title.clone(), event::time(of.created_at))))
            })
        }
        PlaceCommand::Create { name, title, dry_run } => {
            let (organisation, project) = whole(&name)?;
            let request = Request::new(Method::POST, &["organisations", organisation, "projects"]);
            let body = json!({"name": project, "title": title.unwrap_or_else(|| project.to_owned())}).to_string();
            let made: Project = context.client.json(keyed(request, dry_run).body("application/json", body)).await?;
            context.output.show(&made, text)
        }
        PlaceCommand::Show { name } => {
            let (organisation, project) = whole(&name)?;
            let found: Project = context.client.json(Request::get(&["projects", organisation, project])).await?;
            context.output.show(&found, text)
        }
        PlaceCommand::Rename { name, title, condition } => {
            let (organisation, project) = whole(&name)?;
            let request = on(Request::new(Method::PATCH, &["projects", organisation, project]), &condition);
            let body = json!({"title": title}).to_string();
            let changed: Project = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&changed, text)
        }
        PlaceCommand::Close { name, condition } => {
            let (organisation, project) = whole(&name)?;
            close(context, &["projects", organisation, project], &name, &condition).await
        }
    }
}

fn whole(name: &str) -> Result<(&str, &str), Failure> {
    let wrong = || Failure::input(format!("`{name}` is no project; give organisation/project, such as acme/web"));
    name.split_once('/').ok_or_else(wrong)
}

pub(super) fn keyed(request: Request, dry_run: bool) -> Request {
    let request = request.header("Idempotency-Key", RandomIds.next().to_string());
    if dry_run { request.query("dryRun", true) } else { request }
}

async fn close(context: &Context, path: &[&str], name: &str, condition: &Condition) -> Result<(), Failure> {
    context.client.send(on(Request::new(Method::DELETE, path), condition)).await?;
    let done = if condition.dry_run { "can be closed" } else { "is closed" };
    context.output.show(&json!({"name": name, "closed": !condition.dry_run}), |_| format!("{name} {done}"))
}

fn line(name: &str, title: &str, version: i64) -> String {
    format!("{name}\ntitle    {title}\nversion  {version}")
}

fn table(rows: impl Iterator<Item = (String, String, String)>) -> String {
    let mut table = Table::new("there is none that you may see", ["NAME", "TITLE", "SINCE"]);
    for (name, title, since) in rows {
        table.row([name, title, since]);
    }
    table.text()
}

/// Does what is asked of members.
pub(super) async fn run_member(context: &Context, command: MemberCommand) -> Result<(), Failure> {
    match command {
        MemberCommand::List { place } => {
            let request = Request::get(&within(&place, &["members"]));
            let found: Vec<Member> = context.client.list(request, usize::MAX).await?;
            context.output.show(&found, |found| {
                let mut table = Table::new("there is no member", ["MEMBER", "NAME", "ROLES", "SINCE"]);
                for member in found {
                    let since = event::time(member.created_at);
                    table.row([member.handle.clone(), member.name.clone(), member.roles.join(" "), since]);
                }
                table.text()
            })
        }
        MemberCommand::Set { place, member, roles, condition } => {
            let request = on(Request::new(Method::PUT, &within(&place, &["members", &member])), &condition);
            let body = json!({"roles": roles}).to_string();
            let set: Member = context.client.json(request.body("application/json", body)).await?;
            context.output.show(&set, |set| format!("{} has in {place}: {}", set.handle, set.roles.join(", ")))
        }
        MemberCommand::Remove { place, member, condition } => {
            let path = within(&place, &["members", &member]);
            let gone: MemberRemoval = context.client.json(on(Request::new(Method::DELETE, &path), &condition)).await?;
            context.output.show(&gone, |gone| removal_text(gone, &place, condition.dry_run))
        }
    }
}

fn removal_text(gone: &MemberRemoval, place: &str, dry_run: bool) -> String {
    let (has, revoked) = if dry_run { ("would have", "would be") } else { ("has", "are") };
    let mut text = format!("{} {has} no role in {place} any more", gone.handle);
    for left in &gone.service_accounts {
        let made = if left.made { "made by them" } else { "not made by them" };
        text.push_str(&format!(
            "\n{}: {made}; {} tokens that they knew {revoked} revoked",
            left.handle, left.revoked_tokens
        ));
    }
    text
}

/// Does what is asked of quotas.
pub(super) async fn run_quota(context: &Context, command: QuotaCommand) -> Result<(), Failure> {
    let report: QuotaReport = match command {
        QuotaCommand::Show { place } => context.client.json(Request::get(&within(&place, &["quota"]))).await?,
        QuotaCommand::Set { place, applications, instances, cpu, memory, price_per_hour, condition } => {
            let price_per_hour =
                price_per_hour.as_deref().map(|price| amount("--price-per-hour", price)).transpose()?;
            let limits = QuotaLimits { applications, instances, cpu, memory, price_per_hour };
            let request = on(Request::new(Method::PUT, &within(&place, &["quota"])), &condition);
            context.client.json(request.body("application/json", json!(limits).to_string())).await?
        }
    };
    context.output.show(&report, quota_text)
}

/// An amount and its currency, such as `5 EUR`, that an argument gives.
pub(super) fn amount(argument: &str, text: &str) -> Result<Amount, Failure> {
    let wrong = || Failure::input(format!("{argument}: `{text}` is no amount and currency, such as \"5 EUR\""));
    let (amount, currency) = text.trim().split_once(' ').ok_or_else(wrong)?;
    Ok(Amount { amount: amount.to_owned(), currency: currency.trim().to_owned() })
}

fn quota_text(report: &QuotaReport) -> String {
    let (limits, used) = (&report.limits, &report.used);
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".to_owned());
    let prices: Vec<String> = used.price_per_hour.iter().map(ToString::to_string).collect();
    let money = limits.price_per_hour.as_ref().map(|price| format!("{} {}", price.amount, price.currency));
    let cpu = rust_decimal::Decimal::new(i64::try_from(used.cpu_milli).unwrap_or(i64::MAX), 3).normalize();
    let mut table = Table::new("", ["OF", "USED", "LIMIT"]).right(&[1, 2]);
    table.row([
        "applications".to_owned(),
        used.applications.to_string(),
        limit(limits.applications.map(|n| n.to_string())),
    ]);
    table.row(["instances".to_owned(), used.instances.to_string(), limit(limits.instances.map(|n| n.to_string()))]);
    table.row(["processors".to_owned(), cpu.to_string(), limit(limits.cpu.clone())]);
    table.row(["memory".to_owned(), format!("{} MiB", used.memory_mib), limit(limits.memory.clone())]);
    let spent = if prices.is_empty() { "0".to_owned() } else { prices.join(" + ") };
    table.row(["price an hour".to_owned(), spent, limit(money)]);
    table.text()
}
