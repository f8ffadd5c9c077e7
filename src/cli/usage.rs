//! `hansa usage …`: what a project has used, and what that costs.

use super::{
    Context, Table, download,
    usage_arguments::{UsageCommand, UsageOptions},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{CostReport, Forecast, Price, UsageRow},
};
use std::{collections::BTreeMap, path::Path};

/// Rows of one page.
const PAGE: usize = 500;

/// Does what is asked of use and cost.
pub(super) async fn run(context: &Context, command: UsageCommand) -> Result<(), Failure> {
    match command {
        UsageCommand::List(options) => {
            let rows: Vec<UsageRow> = context.client.list(request(context, "usage", &options), usize::MAX).await?;
            context.output.show(&rows, |rows| {
                let rows =
                    rows.iter().map(|row| (of(&row.of, row.application_name.as_ref()), vec![row.quantity.to_string()]));
                text("nothing was used", (&options.by, Some("meter")), &["QUANTITY"], rows)
            })
        }
        UsageCommand::Forecast { application, month } => forecast(context, application, month).await,
        UsageCommand::Export { file, month, format } => export(context, &file, month, format).await,
        UsageCommand::Cost(options) => {
            let report = report(context, &options).await?;
            context.output.show(&report, |report| {
                let money = |price: &Price| format!("{} {}", price.amount, price.currency);
                let rows = report
                    .items
                    .iter()
                    .map(|row| (of(&row.of, row.application_name.as_ref()), vec![money(&row.list), money(&row.net)]));
                let table = text("nothing was used that costs", (&options.by, None), &["LIST", "NET"], rows);
                format!("{table}\n\ntotal {} before tax; days are those of {}", money(&report.total), report.time_zone)
            })
        }
    }
}

async fn forecast(context: &Context, application: Option<String>, month: Option<String>) -> Result<(), Failure> {
    let request = Request::get(&["costs", "forecast"])
        .maybe_query("project", context.project.clone())
        .maybe_query("application", application)
        .maybe_query("month", month);
    let found: Forecast = context.client.json(request).await?;
    context.output.show(&found, |found| {
        let rests = match found.days {
            0 => "by what was charged today".to_owned(),
            days => format!("by the last {days} whole days"),
        };
        format!(
            "{}: {} charged, {} expected ({} to {}), {rests}",
            found.month, found.charged, found.expected, found.low, found.high
        )
    })
}

async fn export(context: &Context, file: &Path, month: Option<String>, format: Option<String>) -> Result<(), Failure> {
    let by_name = || file.extension().is_some_and(|ending| ending == "parquet").then(|| "parquet".to_owned());
    let request = Request::get(&["costs", "export"])
        .maybe_query("project", context.project.clone())
        .maybe_query("month", month)
        .maybe_query("format", format.or_else(by_name));
    download::save(context.client.send(request).await?, file).await
}

/// All pages as one.
async fn report(context: &Context, options: &UsageOptions) -> Result<CostReport, Failure> {
    let asked = request(context, "costs", options).query("limit", PAGE);
    let mut whole: CostReport = context.client.json(asked.clone()).await?;
    while let Some(next) = whole.next.take() {
        let more: CostReport = context.client.json(asked.clone().query("pageToken", next)).await?;
        whole.items.extend(more.items);
        whole.next = more.next;
    }
    Ok(whole)
}

fn request(context: &Context, list: &str, options: &UsageOptions) -> Request {
    Request::get(&[list])
        .maybe_query("project", context.project.clone())
        .maybe_query("application", options.application.clone())
        .maybe_query("from", options.from)
        .maybe_query("through", options.through)
        .query("by", options.by.join(","))
}

/// What a row is about, for people: an application by its name.
fn of(of: &BTreeMap<String, String>, name: Option<&String>) -> BTreeMap<String, String> {
    let mut of = of.clone();
    if let (Some(application), Some(name)) = (of.get_mut("application"), name) {
        application.clone_from(name);
    }
    of
}

/// A column for each dimension, `always` too, and for each number.
fn text(
    empty: &'static str,
    (by, always): (&[String], Option<&str>),
    numbers: &[&str],
    rows: impl Iterator<Item = (BTreeMap<String, String>, Vec<String>)>,
) -> String {
    let always = always.filter(|name| !by.iter().any(|one| one == name));
    let dimensions: Vec<&str> = by.iter().map(String::as_str).chain(always).collect();
    let heads: Vec<String> = dimensions.iter().chain(numbers).map(|name| name.to_uppercase()).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let right: Vec<usize> = (dimensions.len()..heads.len()).collect();
    let mut table = Table::with_headings(empty, &heads).right(&right);
    for (of, numbers) in rows {
        table.cells(dimensions.iter().map(|name| of.get(*name).cloned().unwrap_or_default()).chain(numbers));
    }
    table.text()
}
