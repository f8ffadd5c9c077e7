//! `hansa system …`: the real systems of a site, over `/admin/v1`.

use super::{
    Context, Table,
    owner::{changing, show, table},
    owner_arguments::OwnerChange,
    read_input,
    system_arguments::{PriceRule, SystemCommand, SystemOptions},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{DerivedOffer, Inventory, Page, Verdict},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PATH: &str = "systems";

/// Does what is asked of systems.
pub(super) async fn run(context: &Context, command: SystemCommand) -> Result<(), Failure> {
    match command {
        SystemCommand::List => {
            let columns = [
                ("NAME", "/name"),
                ("KIND", "/kind"),
                ("SITE", "/site"),
                ("STATE", "/state"),
                ("SOFTWARE", "/software"),
                ("SEEN", "/observedAt"),
            ];
            table(context, Request::admin(Method::GET, &[PATH]), &columns).await
        }
        SystemCommand::Kinds => {
            let kinds: Page<String> = context.client.json(Request::admin(Method::GET, &[PATH, "kinds"])).await?;
            context.output.show(&kinds.items, |kinds| kinds.join("\n"))
        }
        SystemCommand::Show { name } => show(context, Request::admin(Method::GET, &[PATH, &name])).await,
        SystemCommand::Try { system } => {
            let request = changing(Method::POST, &[PATH, "test"], &OwnerChange::default());
            verdict(context, request.body("application/json", body(&system)?)).await
        }
        SystemCommand::Connect { system, change } => {
            let request = changing(Method::POST, &[PATH], &change).body("application/json", body(&system)?);
            show(context, request).await
        }
        SystemCommand::Change { system, change } => {
            let request = changing(Method::PUT, &[PATH, &system.name], &change);
            show(context, request.body("application/json", body(&system)?)).await
        }
        SystemCommand::Disconnect { name, change } => {
            show(context, changing(Method::DELETE, &[PATH, &name], &change)).await
        }
        SystemCommand::Test { name } => {
            verdict(context, changing(Method::POST, &[PATH, &name, "test"], &OwnerChange::default())).await
        }
        SystemCommand::Inventory { name } => {
            let found: Inventory =
                context.client.json(Request::admin(Method::GET, &[PATH, &name, "inventory"])).await?;
            context.output.show(&found, inventory)
        }
        SystemCommand::Offers { name, rule, publish, dry_run } => {
            let change = OwnerChange { dry_run, if_version: None };
            let request = changing(Method::POST, &[PATH, &name, "offers"], &change);
            let request = request.body("application/json", priced(&rule, publish).to_string());
            let made: Page<DerivedOffer> = context.client.json(request).await?;
            context.output.show(&made.items, |made| derived(made))
        }
    }
}

fn body(system: &SystemOptions) -> Result<String, Failure> {
    let mut settings = BTreeMap::new();
    for text in &system.settings {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::input(format!("--set {text}: give NAME=VALUE")));
        };
        settings.insert(name, value);
    }
    let trust = match &system.trust {
        None => None,
        Some(file) => Some(String::from_utf8_lossy(&read_input(file)?).into_owned()),
    };
    let body = json!({
        "name": system.name,
        "kind": system.kind,
        "site": system.site,
        "address": system.address,
        "credential": system.credential,
        "trust": trust,
        "settings": settings,
    });
    Ok(body.to_string())
}

fn priced(rule: &PriceRule, publish: bool) -> Value {
    json!({
        "currency": rule.currency,
        "base": rule.base,
        "perCpu": rule.per_cpu,
        "perGibMemory": rule.per_gib_memory,
        "perGibDisk": rule.per_gib_disk,
        "perGpu": rule.per_gpu,
        "flavours": rule.flavours,
        "capabilities": rule.capabilities,
        "availabilityPercent": rule.availability,
        "publish": publish,
    })
}

/// Shows what came of asking a system; that it can't be used is a failure.
async fn verdict(context: &Context, request: Request) -> Result<(), Failure> {
    let found: Verdict = context.client.json(request).await?;
    if !found.ok {
        return Err(Failure::failed(found.verdict));
    }
    context.output.show(&found, |found| {
        let more = found.inventory.as_ref().map(inventory).unwrap_or_default();
        format!("{}\n{more}", found.verdict)
    })
}

fn inventory(found: &Inventory) -> String {
    let mut hosts =
        Table::with_headings("no hosts", &["HOST", "STATE", "CPU", "MEMORY (MiB)", "OTHERS: CPU", "MEMORY"]);
    for host in &found.hosts {
        let state =
            host.reason.as_ref().map_or_else(|| host.state.clone(), |reason| format!("{}: {reason}", host.state));
        hosts.cells([
            host.name.clone(),
            state,
            cpus(host.capacity.cpu_milli),
            host.capacity.memory_mib.to_string(),
            cpus(host.used_by_others.cpu_milli),
            host.used_by_others.memory_mib.to_string(),
        ]);
    }
    let mut flavours = Table::with_headings("no flavours", &["FLAVOUR", "CPU", "MEMORY (MiB)", "DISK (MiB)", "FREE"]);
    for flavour in &found.flavours {
        flavours.cells([
            flavour.name.clone(),
            cpus(flavour.room.cpu_milli),
            flavour.room.memory_mib.to_string(),
            flavour.room.disk_mib.to_string(),
            flavour.units_free.map_or_else(|| "?".to_owned(), |units| units.to_string()),
        ]);
    }
    let mut text = format!("{}\n{}\n{}", found.software, hosts.text(), flavours.text());
    for quota in &found.quotas {
        let limit = quota.limit.map_or_else(|| "no bound".to_owned(), |limit| limit.to_string());
        text.push_str(&format!("\nquota {}: {} of {limit}", quota.name, quota.used));
    }
    for note in &found.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    text
}

fn cpus(milli: u64) -> String {
    format!("{}.{:03}", milli / 1_000, milli % 1_000)
}

fn derived(made: &[DerivedOffer]) -> String {
    let mut table = Table::with_headings("nothing is offered", &["OFFER", "PRICE/H", "UNITS", "STATE"]);
    for one in made {
        let price = format!("{} {}", one.price_per_hour.amount, one.price_per_hour.currency);
        table.cells([one.offer.clone(), price, one.units.to_string(), one.state.clone()]);
    }
    let lacking = made.iter().filter_map(|one| Some(format!("\n{}: {}", one.offer, one.lacking.as_ref()?)));
    table.text() + &lacking.collect::<String>()
}
