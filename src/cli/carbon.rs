//! `hansa carbon …`: what a project drew and emitted, and how it would emit less.

use super::{
    Context, Table,
    carbon_arguments::{
        AdviceOptions, CarbonCommand, CarbonLimitCommand, CarbonOptions, CompareOptions, DayOptions, SavingsOptions,
        SciOptions,
    },
    event,
    plan::short,
};
use crate::{
    client::Request,
    failure::Failure,
    http::wire::{
        CarbonAdvice, CarbonComparison, CarbonFigures, CarbonLimit, CarbonMove, CarbonReport, CarbonSaving, Removal,
        Sci,
    },
};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::json;

/// Does what is asked of carbon.
pub(super) async fn run(context: &Context, command: CarbonCommand) -> Result<(), Failure> {
    match command {
        CarbonCommand::List(options) => list(context, &options).await,
        CarbonCommand::Compare(options) => compare(context, &options).await,
        CarbonCommand::Sci(options) => sci(context, &options).await,
        CarbonCommand::Advice(options) => advice(context, &options).await,
        CarbonCommand::Savings(options) if options.moves => moves(context, &options).await,
        CarbonCommand::Savings(options) => savings(context, &options).await,
        CarbonCommand::Limit(command) => limit(context, command).await,
    }
}

fn request(context: &Context, path: &[&str], days: &DayOptions) -> Request {
    Request::get(path)
        .maybe_query("project", context.project.clone())
        .maybe_query("from", days.from)
        .maybe_query("through", days.through)
}

async fn list(context: &Context, options: &CarbonOptions) -> Result<(), Failure> {
    let asked = request(context, &["carbon"], &options.days)
        .maybe_query("application", options.application.clone())
        .query("by", options.by.join(","));
    let report: CarbonReport = context.client.json(asked).await?;
    context.output.show(&report, |report| {
        let numbers = ["KWH", "LOCATION G", "MARKET G", "EMBODIED G", "UNKNOWN"];
        let heads: Vec<String> = options.by.iter().map(|name| name.to_uppercase()).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).chain(numbers).collect();
        let right: Vec<usize> = (options.by.len()..heads.len()).collect();
        let mut table = Table::with_headings("nothing has drawn energy", &heads).right(&right);
        for row in &report.items {
            let of = options.by.iter().map(|name| match (&row.application_name, name.as_str()) {
                (Some(name), "application") => name.clone(),
                _ => row.of.get(name).cloned().unwrap_or_default(),
            });
            table.cells(of.chain(figures(&row.figures)));
        }
        let known = &report.total.known_by;
        format!(
            "{}\n\nkWh before PUE: {} measured, {} modelled at measured use, {} stated, {} at assumed use; days are those of UTC",
            table.text(),
            round(known.measured),
            round(known.utilised),
            round(known.stated),
            round(known.assumed),
        )
    })
}

fn round(value: Decimal) -> String {
    value.round_dp(3).normalize().to_string()
}

/// A figure that isn't known is no zero.
fn figures(figures: &CarbonFigures) -> [String; 5] {
    let carbon = |grams: Decimal, unknown: Decimal| match (grams.is_zero(), unknown.is_zero()) {
        (true, false) => "?".to_owned(),
        (false, false) => format!("{} + ?", round(grams)),
        (_, true) => round(grams),
    };
    let unknown = match figures.energy_unknown_seconds {
        0 => String::new(),
        seconds => format!("{seconds} s"),
    };
    [
        round(figures.energy_kwh),
        carbon(figures.location_grams, figures.location_unknown_kwh),
        carbon(figures.market_grams, figures.market_unknown_kwh),
        if figures.embodied_unknown_seconds == 0 { round(figures.embodied_grams) } else { "?".to_owned() },
        unknown,
    ]
}

async fn compare(context: &Context, options: &CompareOptions) -> Result<(), Failure> {
    let asked = request(context, &["carbon", "compare"], &options.days)
        .maybe_query("application", options.application.clone())
        .query("by", &options.by);
    let all: Vec<CarbonComparison> = context.client.list(asked, usize::MAX).await?;
    context.output.show(&all, |all| {
        let by = options.by.to_uppercase();
        let heads = [by.as_str(), "PROCESSOR H", "KWH", "LOCATION G", "EMBODIED G", "G EACH H"];
        let mut table = Table::new("nothing has drawn energy", heads).right(&[1, 2, 3, 4, 5]);
        for one in all {
            table.row([
                one.application_name.clone().unwrap_or_else(|| one.key.clone()),
                round(one.processor_hours),
                round(one.energy_kwh),
                round(one.location_grams),
                round(one.embodied_grams),
                one.grams_each.map_or_else(|| "?".to_owned(), round),
            ]);
        }
        table.text()
    })
}

async fn sci(context: &Context, options: &SciOptions) -> Result<(), Failure> {
    let asked = request(context, &["carbon", "sci"], &options.days)
        .query("application", &options.application)
        .query("units", options.units)
        .query("unit", &options.unit)
        .maybe_query("assumed", options.assumed);
    let sci: Sci = context.client.json(asked).await?;
    context.output.show(&sci, |sci| {
        format!(
            "{} g for each {}: ({} g operational + {} g embodied) ÷ {}",
            sci.score_grams, sci.unit, sci.operational_grams, sci.embodied_grams, sci.units
        )
    })
}

async fn advice(context: &Context, options: &AdviceOptions) -> Result<(), Failure> {
    let asked = Request::get(&["carbon", "advice"])
        .maybe_query("project", context.project.clone())
        .maybe_query("application", options.application.clone())
        .maybe_query("worth", options.worth);
    let all: Vec<CarbonAdvice> = context.client.list(asked, usize::MAX).await?;
    context.output.show(&all, |all| {
        let heads = ["APPLICATION", "FROM", "TO", "G IN 30 DAYS", "SAVES G", "AT LEAST", "AT MOST"];
        let mut table = Table::new("no move would save carbon", heads).right(&[3, 4, 5, 6]);
        for one in all {
            table.row([
                one.application_name.clone().unwrap_or_else(|| one.application.clone()),
                one.from.clone(),
                one.to.clone(),
                round(one.stays_grams),
                round(one.saves_grams),
                round(one.least_grams),
                round(one.most_grams),
            ]);
        }
        table.text()
    })
}

async fn savings(context: &Context, options: &SavingsOptions) -> Result<(), Failure> {
    let asked =
        request(context, &["carbon", "savings"], &options.days).maybe_query("application", options.application.clone());
    let all: Vec<CarbonSaving> = context.client.list(asked, usize::MAX).await?;
    context.output.show(&all, |all| {
        let heads = [
            "APPLICATION",
            "JOB",
            "READY",
            "BEGUN",
            "DONE",
            "KWH",
            "EMITTED G",
            "AT ONCE G",
            "EXPECTED G",
            "ACHIEVED G",
        ];
        let mut table = Table::new("no job was begun that may wait", heads).right(&[5, 6, 7, 8, 9]);
        let known = |grams: Option<Decimal>| grams.map_or_else(|| "?".to_owned(), round);
        for one in all {
            table.row([
                one.application_name.clone().unwrap_or_else(|| one.application.clone()),
                one.component.clone(),
                event::time(one.ready),
                event::time(one.begun),
                one.done.map_or_else(|| "not yet".to_owned(), event::time),
                round(one.energy_kwh),
                known(one.emitted_grams),
                known(one.at_once_grams),
                known(one.expected_grams),
                known(one.achieved_grams),
            ]);
        }
        table.text()
    })
}

async fn moves(context: &Context, options: &SavingsOptions) -> Result<(), Failure> {
    let asked = request(context, &["carbon", "savings", "moves"], &options.days)
        .maybe_query("application", options.application.clone());
    let all: Vec<CarbonMove> = context.client.list(asked, usize::MAX).await?;
    context.output.show(&all, |all| {
        let heads = [
            "APPLICATION",
            "MOVE",
            "ARRIVED",
            "FROM",
            "TO",
            "HOURS",
            "HAD IT STAYED G",
            "EMITTED G",
            "EXPECTED G",
            "ACHIEVED G",
        ];
        let mut table = Table::new("nothing moved to another site", heads).right(&[5, 6, 7, 8, 9]);
        let known = |grams: Option<Decimal>| grams.map_or_else(|| "?".to_owned(), round);
        let sites = |all: &[String]| all.iter().map(|site| short(site)).collect::<Vec<_>>().join(" ");
        for one in all {
            table.row([
                one.application_name.clone().unwrap_or_else(|| one.application.clone()),
                one.kind.clone(),
                event::time(one.arrived),
                sites(&one.from),
                sites(&one.to),
                one.hours.to_string(),
                known(one.without_grams),
                known(one.emitted_grams),
                known(one.expected_grams),
                known(one.achieved_grams),
            ]);
        }
        table.text()
    })
}

async fn limit(context: &Context, command: CarbonLimitCommand) -> Result<(), Failure> {
    let to = |method: Method, name: &str, dry_run: bool| {
        Request::new(method, &["carbon", "limits", name])
            .maybe_query("project", context.project.clone())
            .query("dryRun", dry_run)
    };
    match command {
        CarbonLimitCommand::List => {
            let asked = Request::get(&["carbon", "limits"]).maybe_query("project", context.project.clone());
            let all: Vec<CarbonLimit> = context.client.list(asked, usize::MAX).await?;
            context.output.show(&all, |all| {
                let mut table = Table::new("no limit is stated", ["NAME", "APPLICATION", "GRAMS A MONTH"]).right(&[2]);
                for limit in all {
                    let application = limit.application.clone().unwrap_or_default();
                    table.row([limit.name.clone(), application, limit.grams.to_string()]);
                }
                table.text()
            })
        }
        CarbonLimitCommand::Set { name, grams, application, dry_run } => {
            let body = json!({ "grams": grams, "application": application });
            let asked = to(Method::PUT, &name, dry_run).body("application/json", body.to_string());
            let limit: CarbonLimit = context.client.json(asked).await?;
            context.output.show(&limit, |limit| format!("{}: {} g a month", limit.name, limit.grams))
        }
        CarbonLimitCommand::Remove { name, dry_run } => {
            let removed: Removal = context.client.json(to(Method::DELETE, &name, dry_run)).await?;
            context.output.show(&removed, |removed| format!("{} is removed", removed.removed))
        }
    }
}
