//! Plans: what would run where, at what price and why. Nothing is written.

use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::Reply,
    replay::{self, serialise},
    wire::{Plan, Problem},
};
use actix_web::{post, web};
use hansa_application::{Described, NAMELESS};

/// Plan a resource model.
///
/// As a new application, or as an update of the one that has its name. With
/// `whatIf=true` also over offers that nobody here can deliver. Writes nothing.
#[utoipa::path(
    tag = "plans",
    params(
        ("name" = Option<String>, Query, description = "What it would be called, where it is a template of TOSCA."),
        ("project" = Option<String>, Query, description = "Whose it would be: `organisation/project`. May be left out by who has one project."),
        ("whatIf" = Option<bool>, Query, description = "Plan over offers that nobody here delivers, too.")
    ),
    request_body(content = crate::http::openapi::ResourceModelSchema, content_type = "application/yaml"),
    responses((status = 200, body = Plan), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[post("/plans")]
pub(crate) async fn plan_create(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let project = caller.project()?;
    replay::once(&broker, &call, async {
        let Described { model, warnings } = call.described(NAMELESS)?;
        let mut plan = broker.orchestrator.plan(project, &model, call.what_if).await?;
        plan.notes.extend(warnings.iter().map(ToString::to_string));
        serialise(&Plan::from(plan))
    })
    .await
}
