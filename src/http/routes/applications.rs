//! Applications: submit, list, show, update, scale, remove, and what belongs to them.

use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    page_token,
    problem::{ApiError, ProblemKind, Reply},
    query::{Query, page_size},
    wire::{
        Accepted, Application, ApplicationDetail, Endpoint, Page, Plan, Problem, ScaleRequest, Scaling, ServiceLevels,
        Workload,
    },
};
use actix_web::{HttpResponse, delete, get, http::header, patch, post, put, web};
use hansa_application::{Described, Diagnostic, NAMELESS};
use hansa_iam::Action;
use hansa_ontology::{ProjectId, ResourceModel};
use hansa_service_orchestrator::{self as orchestrator, ApplicationFilter};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

/// The list's name in page tokens.
const LIST: &str = "applications";

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct ListQuery {
    /// Also those that are removed.
    #[serde(default)]
    include_removed: bool,
    /// Also partners' orders, which this broker delivers.
    #[serde(default)]
    include_orders: bool,
    /// Only of this project: `organisation/project`.
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    /// Only those whose name begins so.
    name_prefix: Option<String>,
    /// Items in the page: 1 to 500.
    limit: Option<usize>,
    /// The token that the page before gave.
    page_token: Option<String>,
}

/// Submit an application.
///
/// Answers at once with an operation to follow. With `dryRun=true` answers the
/// plan and writes nothing.
#[utoipa::path(
    tag = "applications",
    params(
        ("project" = Option<String>, Query, description = "Whose it is to be: `organisation/project`. May be left out by who has one project."),
        ("dryRun" = Option<bool>, Query, description = "Only plan; write nothing."),
        ("name" = Option<String>, Query, description = "What it is called, where it is a template of TOSCA."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request has one effect.")
    ),
    request_body(content = crate::http::openapi::ResourceModelSchema, content_type = "application/yaml"),
    responses(
        (status = 200, body = Plan, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/applications")]
pub(crate) async fn application_create(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (Described { model, warnings }, project) = (call.described(NAMELESS)?, caller.project()?);
    if call.dry_run {
        return preview(&broker, project, &model, &warnings).await;
    }
    let done = broker.orchestrator.submit(model, call.change(&broker, project, None).await?).await?;
    Ok(accepted_with(done, &warnings))
}

/// List applications.
#[utoipa::path(tag = "applications", params(ListQuery), responses((status = 200, body = Page<Application>)))]
#[get("/applications")]
pub(crate) async fn application_list(broker: web::Data<Broker>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let query = query.0;
    let scope = caller.scope(&broker, Action::ApplicationRead).await?.narrowed(query.project.as_ref());
    let filter = ApplicationFilter {
        scope,
        include_removed: query.include_removed,
        include_orders: query.include_orders,
        name_prefix: query.name_prefix,
    };
    let token = query.page_token.map(|token| page_token::open(LIST, &token)).transpose()?;
    let page = broker.orchestrator.application_list(filter, page_size(query.limit)?, token).await?;
    Ok(HttpResponse::Ok().json(Page {
        items: page.items.iter().map(Application::from).collect(),
        next: page.next.map(|position| page_token::seal(LIST, &position)),
    }))
}

/// Show an application, with its plan, machines and workloads.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id")),
    responses((status = 200, body = ApplicationDetail), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/applications/{reference}")]
pub(crate) async fn application_show(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let detail = broker.orchestrator.detail(caller.application()?).await?;
    Ok(HttpResponse::Ok().insert_header(etag(detail.application.version)).json(ApplicationDetail::from(detail)))
}

/// Put another resource model in an application's place.
///
/// New instances are healthy before old ones go. With `If-Match` only if the
/// application still has that version.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only plan; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body(content = crate::http::openapi::ResourceModelSchema, content_type = "application/yaml"),
    responses(
        (status = 200, body = Plan, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 412, body = Problem, content_type = "application/problem+json")
    )
)]
#[put("/applications/{reference}")]
pub(crate) async fn application_update(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    let name = broker.orchestrator.application(id).await?.name;
    let Described { model, warnings } = call.described(&name)?;
    if call.dry_run {
        return preview(&broker, project, &model, &warnings).await;
    }
    let done = broker.orchestrator.update(id, model, call.change(&broker, project, Some(id)).await?).await?;
    Ok(accepted_with(done, &warnings))
}

/// Change the number of instances of components.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only plan; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    request_body = ScaleRequest,
    responses((status = 200, body = Plan, description = "With dryRun"), (status = 202, body = Accepted))
)]
#[patch("/applications/{reference}")]
pub(crate) async fn application_scale(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    let request: ScaleRequest = call.json()?;
    if call.dry_run {
        let application = broker.orchestrator.application(id).await?;
        return preview(&broker, project, &scaled(application.model, request.replicas)?, &[]).await;
    }
    Ok(accepted(broker.orchestrator.scale(id, request.replicas, call.change(&broker, project, Some(id)).await?).await?))
}

/// Take an application away, with everything that belongs to it.
///
/// With `dryRun=true` answers what would go.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only show what would go."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw.")
    ),
    responses((status = 200, body = ApplicationDetail, description = "With dryRun"), (status = 202, body = Accepted))
)]
#[delete("/applications/{reference}")]
pub(crate) async fn application_remove(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    if call.dry_run {
        let detail = broker.orchestrator.detail(id).await?;
        return Ok(HttpResponse::Ok().json(ApplicationDetail::from(detail)));
    }
    Ok(accepted(broker.orchestrator.remove(id, call.change_unlimited(project)).await?))
}

/// The plan in force of an application.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id")),
    responses((status = 200, body = Plan), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/applications/{reference}/plan")]
pub(crate) async fn application_plan(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let detail = broker.orchestrator.detail(caller.application()?).await?;
    match detail.plan {
        Some((_, plan)) => Ok(HttpResponse::Ok().json(Plan::from(plan))),
        None => Err(ApiError::new(
            ProblemKind::NotFound,
            format!(
                "the application `{}` has no plan in force; it is {}",
                detail.application.name,
                detail.application.phase.name()
            ),
        )),
    }
}

/// The workloads of an application.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id")),
    responses((status = 200, body = Page<Workload>))
)]
#[get("/applications/{reference}/workloads")]
pub(crate) async fn application_workloads(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let detail = broker.orchestrator.detail(caller.application()?).await?;
    Ok(HttpResponse::Ok().json(Page::whole(detail.workloads.into_iter().map(Workload::from).collect())))
}

/// Which endpoints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct EndpointQuery {
    /// Only of this component.
    component: Option<String>,
}

/// What the scaling policies of an application last decided, and why.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id")),
    responses((status = 200, body = Scaling), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/applications/{reference}/scaling")]
pub(crate) async fn application_scaling(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let view = broker.orchestrator.scaling(caller.application()?).await?;
    Ok(HttpResponse::Ok().json(Scaling::from(view)))
}

/// How the service levels of an application stand against their targets.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id")),
    responses((status = 200, body = ServiceLevels), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/applications/{reference}/service-levels")]
pub(crate) async fn application_service_levels(broker: web::Data<Broker>, caller: Caller) -> Reply {
    let views = broker.orchestrator.service_levels(caller.application()?).await?;
    Ok(HttpResponse::Ok().json(ServiceLevels::from(views)))
}

/// Where an application's workloads are reached now: discovery.
#[utoipa::path(
    tag = "applications",
    params(("reference" = String, Path, description = "Name or id"), EndpointQuery),
    responses((status = 200, body = Page<Endpoint>))
)]
#[get("/applications/{reference}/endpoints")]
pub(crate) async fn application_endpoints(
    broker: web::Data<Broker>,
    caller: Caller,
    query: Query<EndpointQuery>,
) -> Reply {
    let detail = broker.orchestrator.detail(caller.application()?).await?;
    let wanted = query.0.component;
    let model = &detail.application.model;
    // A partner's order calls components that run elsewhere; where, it says itself.
    let elsewhere = model.delivery.as_ref().map(|delivery| &delivery.peers);
    let known = |name: &String| {
        model.components.contains_key(name)
            || model.delivery.is_some() && model.links.iter().any(|link| link.to == *name)
    };
    if let Some(name) = wanted.as_ref().filter(|name| !known(name)) {
        return Err(ApiError::field("component", format!("the application has no component `{name}`")));
    }
    let of_wanted = |component: &str| wanted.as_ref().is_none_or(|name| name == component);
    // Nobody is led to a revision that stands beside another.
    let serves = |workload: &&hansa_mco::model::Workload| !workload.beside && of_wanted(&workload.component);
    let here = detail.workloads.iter().filter(serves).flat_map(Endpoint::of);
    let peers = elsewhere.into_iter().flatten().filter(|(component, _)| of_wanted(component));
    let endpoints = here.chain(peers.flat_map(|(component, peers)| Endpoint::elsewhere(component, peers)));
    Ok(HttpResponse::Ok().json(Page::whole(endpoints.collect())))
}

pub(super) async fn preview(
    broker: &Broker,
    project: &ProjectId,
    model: &ResourceModel,
    warnings: &[Diagnostic],
) -> Reply {
    let mut plan = broker.orchestrator.plan(project, model, false).await?;
    plan.notes.extend(warnings.iter().map(ToString::to_string));
    Ok(HttpResponse::Ok().json(Plan::from(plan)))
}

/// The model with other numbers of instances, for a dry run.
fn scaled(mut model: ResourceModel, replicas: BTreeMap<String, u32>) -> Result<ResourceModel, ApiError> {
    orchestrator::replicas_set(&mut model, replicas)?;
    Ok(model)
}

pub(super) fn accepted(accepted: orchestrator::Accepted) -> HttpResponse {
    accepted_with(accepted, &[])
}

fn accepted_with(accepted: orchestrator::Accepted, warnings: &[Diagnostic]) -> HttpResponse {
    let warnings = warnings.iter().map(ToString::to_string).collect();
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, format!("/api/v1/operations/{}", accepted.operation)))
        .insert_header(etag(accepted.version))
        .json(Accepted { warnings, ..Accepted::from(accepted) })
}

fn etag(version: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}
