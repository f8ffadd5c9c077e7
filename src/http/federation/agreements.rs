//! Agreements beyond the Dataspace Protocol: the second signature, and the end.

use super::{inbound::Signed, refusal::Answer};
use crate::http::wire::Problem;
use actix_web::{HttpResponse, post, web};

/// The agreement's bytes with the caller's signature; the answer has this side's.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/agreements/{id}/signature")]
pub(super) async fn signature(message: Signed, id: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.agreement_countersign(&message.peer, &id, message.json()?).await?))
}

/// The caller tells that it retires the agreement, or that it was breached.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/agreements/{id}/events")]
pub(super) async fn event(message: Signed, id: web::Path<String>) -> Answer {
    message.manager.agreement_event(&message.peer, &id, message.json()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
