//! What a project has used, and what that costs, so far.

use crate::http::{
    Broker,
    access::Caller,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    wire::{CostReport, CostRow, Names, Page, Price, Problem, UsageRow},
};
use actix_web::{HttpResponse, get, web};
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
    let names = names(&broker, found.items.iter().map(|row| &row.of)).await?;
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
    let names = names(&broker, report.rows.items.iter().map(|row| &row.of)).await?;
    let items = report.rows.items.into_iter().map(|row| CostRow::new(row, &names, report.currency)).collect();
    Ok(HttpResponse::Ok().json(CostReport {
        time_zone: report.zone.0.name().to_owned(),
        total: Price::new(report.total_micros, report.currency),
        items,
        next: report.rows.next.map(|next| page_token::seal(COSTS, &next)),
    }))
}

async fn asked(
    broker: &Broker,
    project: &ProjectId,
    query: &UsageQuery,
    list: &str,
) -> Result<(service::Query, PageRequest), ApiError> {
    let application = match &query.application {
        None => None,
        Some(reference) => Some(match reference.parse::<ApplicationId>() {
            Ok(id) => id,
            Err(_) => broker.orchestrator.find(&ProjectScope::Only([project.clone()].into()), reference).await?.id,
        }),
    };
    let today = broker.clock.now().date_naive();
    let through = day("through", query.through.as_deref())?.unwrap_or(today);
    let first = || today.min(through).with_day(1).unwrap_or(through);
    let from = day("from", query.from.as_deref())?.unwrap_or_else(first);
    let by = query.by.as_deref().unwrap_or("application").split(',').map(dimension).collect::<Result<_, _>>()?;
    let token = query.page_token.as_deref().map(|token| page_token::open(list, token)).transpose()?;
    let question = service::Query { project: project.clone(), application, from, through, by };
    Ok((question, PageRequest { limit: page_size(query.limit)?, token }))
}

/// What people call the applications of rows; of removed ones too.
async fn names(broker: &Broker, rows: impl Iterator<Item = &BTreeMap<Dimension, String>>) -> Result<Names, ApiError> {
    let ids: BTreeSet<&String> = rows.filter_map(|of| of.get(&Dimension::Application)).collect();
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

fn dimension(name: &str) -> Result<Dimension, ApiError> {
    let read: Result<Dimension, serde::de::value::Error> = Dimension::deserialize(name.trim().into_deserializer());
    read.map_err(|error| ApiError::new(ProblemKind::Malformed, format!("by: {error}")))
}
