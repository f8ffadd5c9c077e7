//! What a project has used, and what that costs, so far.

use super::events::application_within;
use crate::http::{
    Broker,
    access::Caller,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    wire::{CostReport, CostRow, Forecast, Names, Page, Price, Problem, UsageRow},
};
use actix_web::{HttpResponse, get, http::header, web};
use chrono::{Datelike as _, NaiveDate};
use hansa_accounting::service::{self, Dimension, PageRequest};
use hansa_ontology::{ApplicationId, ProjectId, ProjectScope};
use serde::{Deserialize, de::IntoDeserializer as _};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::IntoParams;

/// The lists' names in page tokens.
const USAGE: &str = "usage";
const COSTS: &str = "costs";
/// Days of these years are asked about.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// Which use, and put together by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct UsageQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// From this day on (`2026-11-01`), in the project's billing time zone. By default the first of this month.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// Through this day. By default today.
    #[param(value_type = Option<NaiveDate>)]
    through: Option<String>,
    /// What has a row of its own, with commas between: `month`, `day`, `application`, `provider`, `offer`, `plan`,
    /// `meter`, `resource`, `thing`, `kind`. By default `application`.
    by: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ForecastQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// The month, in the billing time zone: `2026-11`. By default this month.
    month: Option<String>,
}

/// Which month, and as what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ExportQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// The month, in the billing time zone: `2026-11`. By default this month.
    month: Option<String>,
    /// `csv` or `parquet`. By default `csv`.
    format: Option<String>,
}

/// What a project has used so far.
///
/// Of what runs, through now. A row is never about two meters.
#[utoipa::path(
    tag = "usage",
    params(UsageQuery),
    responses(
        (status = 200, body = Page<UsageRow>),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/usage")]
pub(crate) async fn project_usage(broker: web::Data<Broker>, caller: Caller, query: Query<UsageQuery>) -> Reply {
    let (question, page) = asked(&broker, caller.project()?, &query.0, USAGE).await?;
    let found = broker.accounting.usage(&question, &page).await?;
    let names = names_of(&broker, found.items.iter().map(|row| &row.of)).await?;
    let items = found.items.into_iter().map(|row| UsageRow::new(row, &names)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: found.next.map(|next| page_token::seal(USAGE, &next)) }))
}

/// What a project's use costs so far, before tax.
///
/// What is billed as it was billed, the rest as it stands now.
#[utoipa::path(
    tag = "usage",
    params(UsageQuery),
    responses(
        (status = 200, body = CostReport),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "A price or a rate is missing"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/costs")]
pub(crate) async fn project_costs(broker: web::Data<Broker>, caller: Caller, query: Query<UsageQuery>) -> Reply {
    let (question, page) = asked(&broker, caller.project()?, &query.0, COSTS).await?;
    let report = broker.accounting.cost(&question, &page).await?;
    let names = names_of(&broker, report.rows.items.iter().map(|row| &row.of)).await?;
    let items = report.rows.items.into_iter().map(|row| CostRow::new(row, &names, report.currency)).collect();
    Ok(HttpResponse::Ok().json(CostReport {
        time_zone: report.zone.0.name().to_owned(),
        total: Price::new(report.total_micros, report.currency),
        items,
        next: report.rows.next.map(|next| page_token::seal(COSTS, &next)),
    }))
}

/// What a month will have cost at its end, before tax.
#[utoipa::path(
    tag = "usage",
    params(ForecastQuery),
    responses(
        (status = 200, body = Forecast),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "A price or a rate is missing"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/costs/forecast")]
pub(crate) async fn project_forecast(broker: web::Data<Broker>, caller: Caller, query: Query<ForecastQuery>) -> Reply {
    let project = caller.project()?;
    let application = application(&broker, project, query.0.application.as_deref()).await?;
    let month = month(&broker, project, query.0.month).await?;
    let found = broker.accounting.forecast(project, application, &month).await?;
    let (account, _) = broker.accounting.account(project).await?;
    let price = |micros| Price::new(micros, account.account.currency);
    Ok(HttpResponse::Ok().json(Forecast {
        month,
        charged: price(found.known_micros),
        expected: price(found.expected_micros),
        low: price(found.low_micros),
        high: price(found.high_micros),
        days: found.days as u64,
    }))
}

/// Export a project's month as FOCUS 1.2, the FinOps Open Cost and Usage Specification.
///
/// With taxes and rounding once it is billed, until then what it has cost through today.
#[utoipa::path(
    tag = "usage",
    params(ExportQuery),
    responses(
        (status = 200, content((String = "text/csv"), (Vec<u8> = "application/vnd.apache.parquet"))),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The seller, a price or a rate is not stated"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/costs/export")]
pub(crate) async fn project_export(broker: web::Data<Broker>, caller: Caller, query: Query<ExportQuery>) -> Reply {
    exported(&broker, caller.project()?, query.0.month, query.0.format.as_deref()).await
}

/// A project's month as FOCUS; this month and as CSV where nothing else is said.
pub(crate) async fn exported(
    broker: &Broker,
    project: &ProjectId,
    given: Option<String>,
    format: Option<&str>,
) -> Reply {
    let (parquet, kind, ending) = match format {
        None | Some("csv") => (false, "text/csv; charset=utf-8; header=present", "csv"),
        Some("parquet") => (true, "application/vnd.apache.parquet", "parquet"),
        Some(other) => {
            let told = format!("format: `{other}` is unknown; write csv or parquet");
            return Err(ApiError::new(ProblemKind::Malformed, told));
        }
    };
    let month = month(broker, project, given).await?;
    let export = broker.accounting.focus_export(project, &month).await?;
    let written = web::block(move || {
        let mut bytes = Vec::new();
        if parquet { export.parquet(&mut bytes) } else { export.csv(&mut bytes) }.map(|()| bytes)
    });
    let failed = |error| ApiError::default().for_operator(error);
    let bytes = written.await.map_err(failed)?.map_err(service::ServiceError::from)?;
    let name = format!("attachment; filename=\"focus-{}-{month}.{ending}\"", project.as_str().replace('/', "-"));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}

async fn asked(
    broker: &Broker,
    project: &ProjectId,
    query: &UsageQuery,
    list: &str,
) -> Result<(service::Query, PageRequest), ApiError> {
    let application = application(broker, project, query.application.as_deref()).await?;
    let (from, through) = between(broker, query.from.as_deref(), query.through.as_deref())?;
    let by = dimensions(query.by.as_deref().unwrap_or("application"))?;
    let token = query.page_token.as_deref().map(|token| page_token::open(list, token)).transpose()?;
    let question = service::Query { project: project.clone(), application, from, through, by };
    Ok((question, PageRequest { limit: page_size(query.limit)?, token }))
}

/// This month where none is given.
pub(super) async fn month(broker: &Broker, project: &ProjectId, given: Option<String>) -> Result<String, ApiError> {
    match given {
        Some(month) => Ok(month),
        None => Ok(broker.accounting.month_now(project).await?),
    }
}

/// The application of a project that is asked about, by its name or its id; of removed ones the id alone.
pub(super) async fn application(
    broker: &Broker,
    project: &ProjectId,
    wanted: Option<&str>,
) -> Result<Option<ApplicationId>, ApiError> {
    application_within(broker, &ProjectScope::Only([project.clone()].into()), wanted).await
}

/// From which day on, and through which: by default this month, until today.
pub(super) fn between(
    broker: &Broker,
    from: Option<&str>,
    through: Option<&str>,
) -> Result<(NaiveDate, NaiveDate), ApiError> {
    let today = broker.clock.now().date_naive();
    let through = day("through", through)?.unwrap_or(today);
    let first = || today.min(through).with_day(1).unwrap_or(through);
    Ok((day("from", from)?.unwrap_or_else(first), through))
}

/// What people call the applications of rows; of removed ones too.
async fn names_of(
    broker: &Broker,
    rows: impl Iterator<Item = &BTreeMap<Dimension, String>>,
) -> Result<Names, ApiError> {
    names(broker, rows.filter_map(|of| of.get(&Dimension::Application))).await
}

/// What people call applications; removed ones too.
pub(crate) async fn names(broker: &Broker, ids: impl Iterator<Item = &String>) -> Result<Names, ApiError> {
    let ids: BTreeSet<&String> = ids.collect();
    let mut names = Names::new();
    for id in ids {
        if let Ok(known) = id.parse::<ApplicationId>() {
            names.insert(id.clone(), broker.orchestrator.application(known).await?.name);
        }
    }
    Ok(names)
}

fn day(field: &str, given: Option<&str>) -> Result<Option<NaiveDate>, ApiError> {
    let refuse = |given: &str| {
        ApiError::new(ProblemKind::Malformed, format!("{field}: `{given}` is no day; write one as 2026-11-01"))
    };
    let read = |given: &str| {
        let day: Option<NaiveDate> = given.parse().ok();
        day.filter(|day| YEARS.contains(&day.year())).ok_or_else(|| refuse(given))
    };
    given.map(read).transpose()
}

/// What has a row of its own: names with commas between.
pub(super) fn dimensions<D: for<'de> Deserialize<'de>>(names: &str) -> Result<Vec<D>, ApiError> {
    let read = |name: &str| -> Result<D, serde::de::value::Error> { D::deserialize(name.trim().into_deserializer()) };
    let one = |name| read(name).map_err(|error| ApiError::new(ProblemKind::Malformed, format!("by: {error}")));
    names.split(',').map(one).collect()
}
