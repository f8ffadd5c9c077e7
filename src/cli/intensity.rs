//! `hansa intensity …`: series of carbon intensity, of prices and of generation of energy.

use super::{
    Context, Table,
    carbon_arguments::{IntensityCommand, PutOptions, SeriesOptions},
    read_input,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{IntensityInfo, IntensityValue, Page, Removal},
};
use reqwest::Method;
use rust_decimal::Decimal;

/// Does what is asked of series.
pub(super) async fn run(context: &Context, command: IntensityCommand) -> Result<(), Failure> {
    match command {
        IntensityCommand::Put(options) => put(context, &options).await,
        IntensityCommand::List => {
            let asked = Request::admin(Method::GET, &["intensities"]);
            let all: Vec<IntensityInfo> = context.client.list(asked, usize::MAX).await?;
            context.output.show(&all, |all| infos(all))
        }
        IntensityCommand::Show { series, from, to } => {
            let asked = of(&series, Method::GET, &[])
                .maybe_query("from", from.map(|from| from.to_rfc3339()))
                .maybe_query("to", to.map(|to| to.to_rfc3339()));
            values(context, asked).await
        }
        IntensityCommand::Forecast { series, time_zone } => {
            values(context, of(&series, Method::GET, &["forecast"]).maybe_query("timeZone", time_zone)).await
        }
        IntensityCommand::Remove { series, dry_run } => {
            let asked = of(&series, Method::DELETE, &[]).query("dryRun", dry_run);
            let removed: Removal = context.client.json(asked).await?;
            context.output.show(&removed, |removed| format!("{} is removed", removed.removed))
        }
    }
}

fn of(series: &SeriesOptions, method: Method, more: &[&str]) -> Request {
    let path = [&["intensities", series.kind.as_str(), series.zone.as_str()], more].concat();
    Request::admin(method, &path).maybe_query("variant", series.variant.clone())
}

async fn put(context: &Context, options: &PutOptions) -> Result<(), Failure> {
    let asked = Request::admin(Method::PUT, &["intensities"])
        .query("format", &options.format)
        .maybe_query("source", options.source.clone())
        .maybe_query("timeZone", options.time_zone.clone())
        .query("dryRun", options.dry_run)
        .body("text/plain", read_input(&options.file)?);
    let name = options.file.display().to_string();
    let put: Page<IntensityInfo> = context.client.json(asked).await.map_err(|error| error.failure(Some(&name)))?;
    context.output.show(&put.items, |put| infos(put))
}

fn infos(all: &[IntensityInfo]) -> String {
    let heads = ["KIND", "ZONE", "VARIANT", "FROM", "TO", "STEP", "SOURCE"];
    let mut table = Table::new("there is no series", heads).right(&[5]);
    for info in all {
        table.row([
            info.kind.clone(),
            info.zone.clone(),
            info.variant.clone(),
            info.from.format("%Y-%m-%dT%H:%MZ").to_string(),
            info.to.format("%Y-%m-%dT%H:%MZ").to_string(),
            format!("{} s", info.step_seconds),
            info.source.clone(),
        ]);
    }
    table.text()
}

async fn values(context: &Context, asked: Request) -> Result<(), Failure> {
    let all: Vec<IntensityValue> = context.client.list(asked, usize::MAX).await?;
    context.output.show(&all, |all| {
        let mut table = Table::new("nothing is known", ["TIME", "VALUE", "LOW", "HIGH"]).right(&[1, 2, 3]);
        let shown = |value: Option<Decimal>| value.map(|value| value.to_string()).unwrap_or_default();
        for one in all {
            let time = one.time.format("%Y-%m-%dT%H:%MZ").to_string();
            table.row([time, shown(one.value), shown(one.low), shown(one.high)]);
        }
        table.text()
    })
}
