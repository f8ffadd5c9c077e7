//! What a project has drawn and emitted, and how it would emit less.

use super::usage::{application, between, dimensions, names};
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::{ApiError, Reply},
    query::{Limit, Query},
    replay::{self, serialise},
    wire::{
        CarbonAdvice, CarbonComparison, CarbonLimit, CarbonMove, CarbonReport, CarbonSaving, Page, Problem, Removal,
        Sci,
    },
};
use actix_web::{HttpResponse, delete, get, put, web};
use hansa_ontology::{ProjectId, ProjectScope};
use hansa_sustainability::{
    quantity::{Carbon, Intensity},
    service::{self, AdviceQuery, Dimension, SavingsQuery},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which energy and carbon, and put together by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct CarbonQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// From this day of UTC on (`2026-11-01`). By default the first of this month.
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<String>,
    /// Through this day of UTC. By default today.
    #[param(value_type = Option<chrono::NaiveDate>)]
    through: Option<String>,
    /// What has a row of its own, with commas between: `month`, `day`, `application`, `component`, `provider`,
    /// `site`, `offer`, `kind`, `machine`. By default `application`.
    by: Option<String>,
}

/// What is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ComparisonQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// From this day of UTC on. By default the first of this month.
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<String>,
    /// Through this day of UTC. By default today.
    #[param(value_type = Option<chrono::NaiveDate>)]
    through: Option<String>,
    /// What is compared: `application`, `component`, `provider`, `site`, `offer`, `kind`, `machine`, `day` or `month`.
    /// By default `application`.
    by: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Of what a software carbon intensity is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SciQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Of this application: name or id.
    application: String,
    /// From this day of UTC on. By default the first of this month.
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<String>,
    /// Through this day of UTC. By default today.
    #[param(value_type = Option<chrono::NaiveDate>)]
    through: Option<String>,
    /// R: how many functional units it served in that time.
    units: u64,
    /// What the functional unit is. By default `request`.
    unit: Option<String>,
    /// The intensity, in g/kWh, at which energy is taken of which none is known. Without it that is refused.
    assumed: Option<Decimal>,
}

/// About what advice is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct AdviceOptions {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// The least that a move must save in thirty days, in grams. By default 0: anything.
    worth: Option<Decimal>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Of which jobs, or moves, savings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct SavingsOptions {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Only of this application: name or id.
    application: Option<String>,
    /// Begun (of moves: over) from this day of UTC on. By default the first of this month.
    #[param(value_type = Option<chrono::NaiveDate>)]
    from: Option<String>,
    /// Begun (of moves: over) through this day of UTC. By default today.
    #[param(value_type = Option<chrono::NaiveDate>)]
    through: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// Whose limits are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct LimitQuery {
    /// The project: `organisation/project`. Where it is absent: the caller's only one.
    #[param(value_type = Option<String>)]
    #[expect(dead_code, reason = "read by the layer that asks what the caller may")]
    project: Option<String>,
    /// Taken, and without effect: the list comes whole.
    #[serde(rename = "limit")]
    #[param(value_type = Option<usize>)]
    _limit: Option<Limit>,
}

/// What a project has drawn and emitted, until now.
///
/// Location-based and market-based carbon are two figures that are never mixed. What isn't known is a figure of its
/// own, and in no other. Carbon is computed anew each time, by what is now known of the intensities of then.
#[utoipa::path(
    tag = "carbon",
    params(CarbonQuery),
    responses(
        (status = 200, body = CarbonReport),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/carbon")]
pub(crate) async fn project_carbon(broker: web::Data<Broker>, caller: Caller, query: Query<CarbonQuery>) -> Reply {
    let CarbonQuery { application: wanted, from, through, by, .. } = query.0;
    let by = dimensions(by.as_deref().unwrap_or("application"))?;
    let asked = asked(&broker, caller.project()?, wanted.as_deref(), (from, through), by).await?;
    let report = broker.sustainability.carbon(&asked).await?;
    let ids = report.rows.iter().filter_map(|row| row.of.get(&Dimension::Application));
    let names = names(&broker, ids).await?;
    Ok(HttpResponse::Ok().json(CarbonReport::new(report, &names)))
}

/// Applications, sites or hardware beside each other: what they emitted for each hour of a virtual processor that
/// components reserved, the least first.
///
/// Location-based and embodied. What nobody reserved of a machine counts in carbon and not in hours: who rents more
/// than is used is dearer. Of what nothing can be said comes last.
#[utoipa::path(
    tag = "carbon",
    params(ComparisonQuery),
    responses(
        (status = 200, body = Page<CarbonComparison>),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/carbon/compare")]
pub(crate) async fn project_comparison(
    broker: web::Data<Broker>,
    caller: Caller,
    query: Query<ComparisonQuery>,
) -> Reply {
    let ComparisonQuery { application: wanted, from, through, by, .. } = query.0;
    let by = dimensions(by.as_deref().unwrap_or("application"))?;
    let asked = asked(&broker, caller.project()?, wanted.as_deref(), (from, through), by).await?;
    let compared = broker.sustainability.compare(&asked).await?;
    let names = names(&broker, compared.iter().map(|one| &one.key)).await?;
    let items = compared.into_iter().map(|one| CarbonComparison::new(one, &names)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// The software carbon intensity of an application (ISO/IEC 21031).
#[utoipa::path(
    tag = "carbon",
    params(SciQuery),
    responses(
        (status = 200, body = Sci),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Something isn't known that it needs"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/carbon/sci")]
pub(crate) async fn application_sci(broker: web::Data<Broker>, caller: Caller, query: Query<SciQuery>) -> Reply {
    let SciQuery { application: wanted, from, through, units, unit, assumed, .. } = query.0;
    let asked = asked(&broker, caller.project()?, Some(&wanted), (from, through), Vec::new()).await?;
    let assumed = assumed.map(Intensity::of_grams).transpose().map_err(service::ServiceError::from)?;
    let unit = unit.as_deref().unwrap_or("request");
    let (sci, report) = broker.sustainability.sci(&asked, (units, unit), assumed).await?;
    Ok(HttpResponse::Ok().json(Sci::new(sci, &report)))
}

/// Moves of running applications that would save carbon, the most saving first.
///
/// What each drew at each site in the last seven days, held against other sites with offers that are as large. Whether
/// its model allows the site isn't looked at: a plan tells.
#[utoipa::path(tag = "carbon", params(AdviceOptions), responses((status = 200, body = Page<CarbonAdvice>)))]
#[get("/carbon/advice")]
pub(crate) async fn project_advice(broker: web::Data<Broker>, caller: Caller, query: Query<AdviceOptions>) -> Reply {
    let project = caller.project()?;
    let application = application(&broker, project, query.0.application.as_deref()).await?;
    let worth = Carbon::of_grams(query.0.worth.unwrap_or_default()).map_err(service::ServiceError::from)?;
    let asked = AdviceQuery { project: project.clone(), application, worth };
    let advice = broker.sustainability.advice(&asked).await?;
    let ids: Vec<String> = advice.iter().map(|one| one.application.to_string()).collect();
    let names = names(&broker, ids.iter()).await?;
    let items = advice.into_iter().map(|one| CarbonAdvice::new(one, &names)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What jobs saved that waited for better hours: expected and achieved, the latest first.
///
/// Against beginning at once where it would have run then: the same energy as was drawn, hour by hour, laid there and
/// then, at the intensities that were stated for those hours. Nothing is left out because it is below 0.
#[utoipa::path(
    tag = "carbon",
    params(SavingsOptions),
    responses(
        (status = 200, body = Page<CarbonSaving>),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/carbon/savings")]
pub(crate) async fn project_savings(broker: web::Data<Broker>, caller: Caller, query: Query<SavingsOptions>) -> Reply {
    let SavingsOptions { application: wanted, from, through, .. } = query.0;
    let project = caller.project()?;
    let application = application(&broker, project, wanted.as_deref()).await?;
    let (from, through) = between(&broker, from.as_deref(), through.as_deref())?;
    let asked = SavingsQuery { project: project.clone(), application, from, through };
    let savings = broker.sustainability.savings(&asked).await?;
    let ids: Vec<String> = savings.iter().map(|one| one.application.to_string()).collect();
    let names = names(&broker, ids.iter()).await?;
    let items = savings.into_iter().map(|one| CarbonSaving::new(one, &names)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What moves of applications to other sites saved, the latest first.
///
/// Held against staying: as much energy in each full hour since as before, at what the old places emitted in these.
/// Nothing is left out because it is below 0.
#[utoipa::path(
    tag = "carbon",
    params(SavingsOptions),
    responses(
        (status = 200, body = Page<CarbonMove>),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[get("/carbon/savings/moves")]
pub(crate) async fn project_move_savings(
    broker: web::Data<Broker>,
    caller: Caller,
    query: Query<SavingsOptions>,
) -> Reply {
    let SavingsOptions { application: wanted, from, through, .. } = query.0;
    let project = caller.project()?;
    let application = application(&broker, project, wanted.as_deref()).await?;
    let (from, through) = between(&broker, from.as_deref(), through.as_deref())?;
    let asked = SavingsQuery { project: project.clone(), application, from, through };
    let savings = broker.sustainability.move_savings(&asked).await?;
    let ids: Vec<String> = savings.iter().map(|one| one.application.to_string()).collect();
    let names = names(&broker, ids.iter()).await?;
    let items = savings.into_iter().map(|one| CarbonMove::new(one, &names)).collect();
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// What months of a project shall emit at most.
#[utoipa::path(
    tag = "carbon",
    params(LimitQuery),
    responses((status = 200, body = Page<CarbonLimit>))
)]
#[get("/carbon/limits")]
pub(crate) async fn carbon_limit_list(broker: web::Data<Broker>, caller: Caller, _query: Query<LimitQuery>) -> Reply {
    let scope = ProjectScope::Only([caller.project()?.clone()].into());
    let all = broker.sustainability.limit_list(&scope).await?;
    Ok(HttpResponse::Ok().json(Page::whole(all.into_iter().map(CarbonLimit::from).collect())))
}

/// State what a month shall emit at most: when it is reached, an event `carbon.threshold-reached` tells it, once a month.
#[utoipa::path(
    tag = "carbon",
    params(
        ("limit" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    request_body = CarbonLimit,
    responses((status = 200, body = CarbonLimit), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[put("/carbon/limits/{limit}")]
pub(crate) async fn carbon_limit_set(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    let project = caller.project()?.clone();
    replay::once(&broker, &call, async {
        let wanted = CarbonLimit { name: name.into_inner(), ..call.json()? };
        let application = application(&broker, &project, wanted.application.as_deref()).await?;
        let limit = wanted.of(project, application).map_err(service::ServiceError::from)?;
        broker.sustainability.limit_put(limit.clone(), call.dry_run).await?;
        serialise(&CarbonLimit::from(limit))
    })
    .await
}

/// Forget what a month shall emit at most.
#[utoipa::path(
    tag = "carbon",
    params(
        ("limit" = String, Path, description = "Its name"),
        ("project" = Option<String>, Query, description = "The project; absent: the caller's only one."),
        ("dryRun" = Option<bool>, Query, description = "Only check; write nothing.")
    ),
    responses((status = 200, body = Removal), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/carbon/limits/{limit}")]
pub(crate) async fn carbon_limit_remove(
    broker: web::Data<Broker>,
    caller: Caller,
    name: web::Path<String>,
    call: Call,
) -> Reply {
    let project = caller.project()?.clone();
    replay::once(&broker, &call, async {
        broker.sustainability.limit_delete(&project, &name, call.dry_run).await?;
        serialise(&Removal { removed: format!("carbon-limit/{name}"), dry_run: call.dry_run })
    })
    .await
}

async fn asked(
    broker: &Broker,
    project: &ProjectId,
    wanted: Option<&str>,
    days: (Option<String>, Option<String>),
    by: Vec<Dimension>,
) -> Result<service::Query, ApiError> {
    let application = application(broker, project, wanted).await?;
    let (from, through) = between(broker, days.0.as_deref(), days.1.as_deref())?;
    Ok(service::Query { project: Some(project.clone()), application, from, through, by })
}
