//! Plans: what would run where, at what price and why. Nothing is written.

use crate::http::{
    Broker,
    call::Call,
    problem::Reply,
    replay::{self, serialise},
    wire::{Plan, Problem},
};
use actix_web::{post, web};

/// Plan a resource model.
///
/// As a new application, or as an update of the one that has its name. With
/// `whatIf=true` also over offers that nobody here can deliver. Writes nothing.
#[utoipa::path(
    tag = "plans",
    params(("whatIf" = Option<bool>, Query, description = "Plan over offers that nobody here delivers, too.")),
    request_body(content = crate::http::openapi::ResourceModelSchema, content_type = "application/yaml"),
    responses((status = 200, body = Plan), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
#[post("/plans")]
pub(crate) async fn plan_create(broker: web::Data<Broker>, call: Call) -> Reply {
    replay::once(&broker, &call, async {
        let plan = broker.orchestrator.plan(&call.model()?, call.what_if).await?;
        serialise(&Plan::from(plan))
    })
    .await
}
