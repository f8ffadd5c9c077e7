//! `hansa usage …`: what a project has used, and what that costs.

use super::{
    Context, Table,
    usage_arguments::{UsageCommand, UsageOptions},
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{CostReport, Price, UsageRow},
};
use std::collections::BTreeMap;

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
