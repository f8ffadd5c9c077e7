//! What brokers owe each other: claims of partners, and statements that they propose.

use super::{inbound::Signed, refusal::Answer};
use crate::http::wire::Problem;
use actix_web::{HttpResponse, post, put, web};

/// A claim of the caller for what was promised and missed; the answer is this side's signed word.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("claim" = String, Path, description = "The claim's id, which follows from its content")
    ),
    responses(
        (status = 200, description = "A signed word: accepted, or disputed"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json")
    )
)]
#[put("/agreements/{id}/claims/{claim}")]
pub(super) async fn claim_put(message: Signed, path: web::Path<(String, String)>) -> Answer {
    let (agreement, claim) = path.into_inner();
    let word = message.manager.claim_receive(&message.peer, &agreement, &claim, message.json()?).await?;
    Ok(HttpResponse::Ok().json(word))
}

/// The caller takes a claim back.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(
        ("id" = String, Path, description = "The agreement's id"),
        ("claim" = String, Path, description = "The claim's id")
    ),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/agreements/{id}/claims/{claim}/withdrawal")]
pub(super) async fn claim_withdraw(message: Signed, path: web::Path<(String, String)>) -> Answer {
    let (_, claim) = path.into_inner();
    message.manager.claim_withdrawn(&message.peer, &claim, message.json()?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller asks for a statement that this side proposes.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses(
        (status = 202, description = "It will be proposed"),
        (status = 409, description = "It is the caller who proposes", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/statements")]
pub(super) async fn statement_ask(message: Signed) -> Answer {
    message.manager.statement_asked(&message.peer, message.json()?).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// A statement that the caller proposes; the answer is this side's signature, or its signed dispute.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The statement's id, which follows from parties, period and currency")),
    responses((status = 200), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
#[put("/statements/{id}")]
pub(super) async fn statement_put(message: Signed, id: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.statement_receive(&message.peer, &id, message.json()?).await?))
}
