//! `hansa site …`, `hansa provider …`: where resources are, and whose.

use super::{
    Context, Table,
    arguments::{ProviderCommand, SiteCommand, ThingCommand},
    green, owner,
    plan::short,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{Provider, Site},
};
use reqwest::Method;

/// Does what is asked of sites.
pub(super) async fn run(context: &Context, command: SiteCommand) -> Result<(), Failure> {
    match command {
        SiteCommand::List => {
            let sites: Vec<Site> = context.client.list(Request::get(&["sites"]), usize::MAX).await?;
            context.output.show(&sites, |sites| list_text(sites))
        }
        SiteCommand::Show { site } => {
            let site: Site = context.client.json(Request::get(&["sites", &site])).await?;
            context.output.show(&site, site_text)
        }
        SiteCommand::Add { file, change } => things(context, ThingCommand::Add { file, change }).await,
        SiteCommand::Change { site: name, file, change } => {
            things(context, ThingCommand::Change { name, file, change }).await
        }
        SiteCommand::Green(options) => green::run(context, "sites", options).await,
        SiteCommand::Remove { site: name, change } => things(context, ThingCommand::Remove { name, change }).await,
    }
}

async fn things(context: &Context, command: ThingCommand) -> Result<(), Failure> {
    owner::run_things(context, "sites", command, Method::PUT).await
}

/// Does what is asked of providers.
pub(super) async fn run_provider(context: &Context, command: ProviderCommand) -> Result<(), Failure> {
    let ProviderCommand::List = command;
    let providers: Vec<Provider> = context.client.list(Request::get(&["providers"]), usize::MAX).await?;
    context.output.show(&providers, |providers| {
        let mut table = Table::new("there is no provider", ["PROVIDER", "NAME", "COUNTRY"]);
        for provider in providers {
            table.row([provider.id.clone(), provider.name.clone(), provider.country.clone()]);
        }
        table.text()
    })
}

fn list_text(sites: &[Site]) -> String {
    let mut table =
        Table::new("there is no site", ["SITE", "NAME", "COUNTRY", "PROVIDER", "gCO2e/kWh", "PUE"]).right(&[4, 5]);
    for site in sites {
        let energy = site.energy.as_ref();
        table.row([
            short(&site.id),
            site.name.clone(),
            site.country.clone(),
            short(&site.provider),
            energy.map_or_else(|| "-".to_owned(), |energy| energy.carbon_intensity.clone()),
            energy.map_or_else(|| "-".to_owned(), |energy| energy.pue.clone()),
        ]);
    }
    table.text()
}

fn site_text(site: &Site) -> String {
    let mut text = format!(
        "site          {}\nname          {}\nprovider      {}\ncountry       {}\njurisdictions {}\n",
        site.id,
        site.name,
        site.provider,
        site.country,
        site.jurisdictions.join(" ")
    );
    if let Some(point) = &site.coordinates {
        text.push_str(&format!("coordinates   {} north, {} east\n", point.latitude, point.longitude));
    }
    if let Some(energy) = &site.energy {
        text.push_str(&format!("energy        {} g CO2e/kWh, PUE {}\n", energy.carbon_intensity, energy.pue));
    }
    for (other, micros) in &site.latencies_micros {
        let millis = rust_decimal::Decimal::new((*micros).into(), 3).normalize();
        text.push_str(&format!("latency       {millis} ms to {}\n", short(other)));
    }
    text
}
