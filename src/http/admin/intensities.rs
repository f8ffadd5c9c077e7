//! Series of carbon intensity by zone, of prices and of generation of energy.

use crate::http::{
    Broker,
    call::Call,
    problem::{ApiError, ProblemKind, Reply},
    query::{Limit, Query},
    replay::{self, serialise},
    routes::sites::WholeQuery,
    wire::{IntensityInfo, IntensityValue, Page, Problem, Removal},
};
use actix_web::{HttpResponse, delete, get, put, web};
use chrono::{DateTime, TimeDelta, Utc};
use hansa_sustainability::service::{Format, SeriesName, ServiceError, time_zone};
use serde::Deserialize;
use utoipa::IntoParams;

/// The variant where none is named: location-based intensity.
const VARIANT: &str = "location";
/// The most letters of the name of a source.
const LONGEST: usize = 200;

/// Which part of which series.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SeriesQuery {
    /// Of intensity `location` (the default) or `market`, and with `-forecast` behind it what a source expects; of
    /// prices the currency. Of generation there is none.
    variant: Option<String>,
    /// From when on. By default a day before.
    from: Option<DateTime<Utc>>,
    /// Until when. By default now.
    to: Option<DateTime<Utc>>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Of what a forecast is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ForecastQuery {
    /// `location` (the default) or `market`; of prices the currency.
    variant: Option<String>,
    /// By whose clock days, working days and weekends go (IANA). By default UTC.
    time_zone: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// List the series there are.
#[utoipa::path(tag = "carbon", params(WholeQuery), responses((status = 200, body = Page<IntensityInfo>)))]
#[get("/intensities")]
pub(crate) async fn series_list(broker: web::Data<Broker>, _query: Query<WholeQuery>) -> Reply {
    let all = broker.sustainability.series_list().await?;
    Ok(HttpResponse::Ok().json(Page::whole(all.into_iter().map(IntensityInfo::from).collect())))
}

/// Put series, or parts of them. Of one step what is put last counts; what was emitted is computed anew by it.
#[utoipa::path(
    tag = "carbon",
    params(
        ("format" = String, Query, description = "`csv`, `json`, `electricity-maps`, `neso`, `carbon-aware-sdk`, `mix`, `neso-mix`, `prices` or `generation` (docs/sustainability.md)"),
        ("source" = Option<String>, Query, description = "Who says so, where the format doesn't tell."),
        ("timeZone" = Option<String>, Query, description = "The time zone (IANA) of times without an offset."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Page<IntensityInfo>), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[put("/intensities")]
pub(crate) async fn series_put(broker: web::Data<Broker>, call: Call) -> Reply {
    let format: Format = match &call.series.format {
        Some(name) => name.parse().map_err(ServiceError::from)?,
        None => return Err(malformed(format!("format: is missing; give one of {}", Format::NAMES.join(", ")))),
    };
    let source = call.series.source.as_deref().unwrap_or("the operator");
    super::limits::text("source", source, 1, LONGEST)?;
    let zone = call.series.time_zone.as_deref().map(time_zone).transpose().map_err(ServiceError::from)?;
    let text = String::from_utf8(call.bytes().to_vec())
        .map_err(|_bytes| malformed("the body is no text in UTF-8; save the file as UTF-8".to_owned()))?;
    replay::once(&broker, &call, async {
        let put = broker.sustainability.series_put(format, (source, zone), text, call.dry_run).await?;
        serialise(&Page::whole(put.into_iter().map(IntensityInfo::from).collect::<Vec<_>>()))
    })
    .await
}

/// Show a part of a series, at most two years.
#[utoipa::path(
    tag = "carbon",
    params(
        ("kind" = String, Path, description = "`intensity`, `price` or `generation`"),
        ("zone" = String, Path, description = "The zone; of generation the site (percent-encoded)"),
        SeriesQuery
    ),
    responses((status = 200, body = Page<IntensityValue>), (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/intensities/{kind}/{zone}")]
pub(crate) async fn series_show(
    broker: web::Data<Broker>,
    path: web::Path<(String, String)>,
    query: Query<SeriesQuery>,
) -> Reply {
    let SeriesQuery { variant, from, to, .. } = query.0;
    let name = named(path.into_inner(), variant);
    let to = to.unwrap_or_else(|| broker.clock.now());
    let from = from.unwrap_or(to - TimeDelta::days(1));
    if to <= from {
        return Err(ApiError::field("to", format!("must be after {from}")));
    }
    let values = broker.sustainability.series(&name, (from, to)).await?;
    let steps = values.series.steps();
    let items = steps.map(|(begin, value)| IntensityValue::new(&name.kind, begin, value, None)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What is expected of a series in the 48 hours from now on.
#[utoipa::path(
    tag = "carbon",
    params(
        ("kind" = String, Path, description = "`intensity`, `price` or `generation`"),
        ("zone" = String, Path, description = "The zone; of generation the site (percent-encoded)"),
        ForecastQuery
    ),
    responses((status = 200, body = Page<IntensityValue>), (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/intensities/{kind}/{zone}/forecast")]
pub(crate) async fn series_forecast(
    broker: web::Data<Broker>,
    path: web::Path<(String, String)>,
    query: Query<ForecastQuery>,
) -> Reply {
    let name = named(path.into_inner(), query.0.variant);
    let zone = time_zone(query.0.time_zone.as_deref().unwrap_or("UTC")).map_err(ServiceError::from)?;
    let expected = broker.sustainability.series_forecast(&name, zone).await?;
    let items = expected
        .iter()
        .map(|one| IntensityValue::new(&name.kind, one.begin, Some(one.value), Some((one.low, one.high))))
        .collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// Forget a series.
#[utoipa::path(
    tag = "carbon",
    params(
        ("kind" = String, Path, description = "`intensity`, `price` or `generation`"),
        ("zone" = String, Path, description = "The zone; of generation the site (percent-encoded)"),
        ("variant" = Option<String>, Query, description = "As it is listed; by default `location`."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/intensities/{kind}/{zone}")]
pub(crate) async fn series_remove(broker: web::Data<Broker>, path: web::Path<(String, String)>, call: Call) -> Reply {
    let name = named(path.into_inner(), call.series.variant.clone());
    replay::once(&broker, &call, async {
        broker.sustainability.series_delete(&name, call.dry_run).await?;
        serialise(&Removal { removed: format!("{}/{}", name.kind, name.zone), dry_run: call.dry_run })
    })
    .await
}

fn named((kind, zone): (String, String), variant: Option<String>) -> SeriesName {
    let usual = if kind == "generation" { "" } else { VARIANT };
    let variant = variant.unwrap_or_else(|| usual.to_owned());
    SeriesName { kind, zone, variant }
}

fn malformed(detail: String) -> ApiError {
    ApiError::new(ProblemKind::Malformed, detail)
}
