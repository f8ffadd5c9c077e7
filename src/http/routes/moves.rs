//! Moving what runs.

use super::applications::accepted;
use crate::http::{
    Broker,
    access::Caller,
    call::Call,
    problem::Reply,
    wire::{Accepted, MovePreview, MoveRequest, Problem},
};
use actix_web::{HttpResponse, post, web};

/// Move instances of an application elsewhere.
///
/// Their replacements work before they go, but for those that can't run twice
/// side by side (a volume, a port number of their own): with `dryRun=true` it
/// is said who goes where, who is away meanwhile, and what it costs. All else
/// stays where it is. Where nothing takes them they stay, and the reason is told.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only say what would move; write nothing."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request has one effect.")
    ),
    request_body = MoveRequest,
    responses(
        (status = 200, body = MovePreview, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/applications/{reference}/move")]
pub(crate) async fn application_move(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    let request = call.json::<MoveRequest>()?.into();
    if call.dry_run {
        let preview = broker.orchestrator.move_preview(id, &request).await?;
        return Ok(HttpResponse::Ok().json(MovePreview::from(preview)));
    }
    Ok(accepted(
        broker.orchestrator.move_instances(id, &request, call.change(&broker, project, Some(id)).await?).await?,
    ))
}

/// Empty the least used machine of an application into the others, and give it back.
///
/// Where the others have no room under every constraint nothing moves, and the
/// reason is told. What keeps data, and jobs, stay where they are.
#[utoipa::path(
    tag = "applications",
    params(
        ("reference" = String, Path, description = "Name or id"),
        ("dryRun" = Option<bool>, Query, description = "Only say what would move, and what that saves."),
        ("If-Match" = Option<String>, Header, description = "The ETag that the caller saw."),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request has one effect.")
    ),
    responses(
        (status = 200, body = MovePreview, description = "With dryRun"),
        (status = 202, body = Accepted),
        (status = 422, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/applications/{reference}/consolidate")]
pub(crate) async fn application_consolidate(broker: web::Data<Broker>, caller: Caller, call: Call) -> Reply {
    let (id, project) = (caller.application()?, caller.project()?);
    if call.dry_run {
        let preview = broker.orchestrator.consolidation_preview(id).await?;
        return Ok(HttpResponse::Ok().json(MovePreview::from(preview)));
    }
    Ok(accepted(broker.orchestrator.consolidate(id, call.change(&broker, project, Some(id)).await?).await?))
}
