//! The Dataspace Protocol 2025-1, HTTPS binding: catalogue and negotiation, in
//! both roles. Its errors have bodies of its own.

use super::{
    feed::after,
    inbound::{self, Signed},
    refusal::{Answer, Refusal},
};
use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web};
use hansa_federation::{
    dsp::{BASE, MessageKind, validate},
    wire::ProblemKind,
};
use hansa_federation_manager::{FederationError, contracts::ConformanceTrigger};

/// One page of the catalogue; a header Link (RFC 8288) leads to the next.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses((status = 200, description = "dcat:Catalog"), (status = 400, description = "CatalogError"), (status = 401, description = "CatalogError"))
)]
#[post("/catalog/request")]
pub(super) async fn catalog(request: HttpRequest, message: Signed) -> Answer {
    let body = serde_json::from_slice(&message.body)
        .map_err(|error| Refusal::new(ProblemKind::Invalid, format!("the body is no JSON: {error}")))?;
    validate(MessageKind::CatalogRequest, &body).map_err(FederationError::from)?;
    let page = message.manager.dsp_catalog(&message.peer, after(&request)?).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = page.next {
        let endpoint = message.manager.options().endpoint.as_str().trim_end_matches('/');
        let link = format!("<{endpoint}{BASE}/catalog/request?after={next}>; rel=\"next\"");
        response.insert_header((header::LINK, link));
    }
    Ok(response.json(page.catalog))
}

/// One dataset: one offer.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The dataset's id (percent-encoded)")),
    responses((status = 200, description = "dcat:Dataset"), (status = 404, description = "CatalogError"))
)]
// An id is an IRI: it may come with its slashes as they are.
#[get("/catalog/datasets/{id:.+}")]
pub(super) async fn dataset(message: Signed, id: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.dsp_dataset(&message.peer, &id).await?))
}

/// Begin a negotiation, as consumer, with this broker as provider.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses(
        (status = 201, description = "ContractNegotiation"),
        (status = 200, description = "The same message again"),
        (status = 400, description = "ContractNegotiationError")
    )
)]
#[post("/negotiations/request")]
pub(super) async fn negotiation_request(message: Signed) -> Answer {
    let begun = message.manager.negotiation_request(&message.peer, &message.body).await;
    let (negotiation, new) = begun.map_err(|error| of(error, &message))?;
    Ok(if new { HttpResponse::Created() } else { HttpResponse::Ok() }.json(negotiation))
}

/// How a negotiation stands.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "Either side's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 404, description = "ContractNegotiationError"))
)]
#[get("/negotiations/{pid}")]
pub(super) async fn negotiation_get(message: Signed, pid: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.negotiation_get(&message.peer, &pid).await?))
}

fn of(error: FederationError, message: &Signed) -> Refusal {
    Refusal::from(error).of_message(&message.body)
}

async fn step(message: &Signed, pid: &str, tail: &str) -> Answer {
    let moved = message.manager.negotiation_message(&message.peer, pid, tail, &message.body).await;
    Ok(HttpResponse::Ok().json(moved.map_err(|error| of(error, message))?))
}

/// A consumer's counter-offer.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The provider's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/request")]
pub(super) async fn negotiation_request_again(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "request").await
}

/// A provider begins with an offer, with this broker as consumer.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses((status = 201, description = "ContractNegotiation"), (status = 403, description = "ContractNegotiationError"))
)]
#[post("/negotiations/offers")]
pub(super) async fn negotiation_offer_first(message: Signed) -> Answer {
    let begun = message.manager.negotiation_offered(&message.peer, &message.body).await;
    let (negotiation, new) = begun.map_err(|error| of(error, &message))?;
    Ok(if new { HttpResponse::Created() } else { HttpResponse::Ok() }.json(negotiation))
}

/// A provider's counter-offer.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The consumer's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/offers")]
pub(super) async fn negotiation_offer(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "offers").await
}

/// A provider's agreement.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The consumer's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/agreement")]
pub(super) async fn negotiation_agreement(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "agreement").await
}

/// A consumer's verification of the agreement.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The provider's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/agreement/verification")]
pub(super) async fn negotiation_verification(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "agreement/verification").await
}

/// The consumer accepts, or the provider finalizes.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The receiver's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/events")]
pub(super) async fn negotiation_event(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "events").await
}

/// Either side ends the negotiation.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("pid" = String, Path, description = "The receiver's id of the negotiation")),
    responses((status = 200, description = "ContractNegotiation"), (status = 400, description = "ContractNegotiationError"))
)]
#[post("/negotiations/{pid}/termination")]
pub(super) async fn negotiation_termination(message: Signed, pid: web::Path<String>) -> Answer {
    step(&message, &pid, "termination").await
}

/// Where the protocol's conformance suite has this broker begin a negotiation as
/// consumer. There only with `federation.conformance`, and no part of the API.
pub(super) async fn conformance(request: HttpRequest, trigger: web::Json<ConformanceTrigger>) -> Answer {
    let pid = inbound::manager(&request)?.conformance_request(trigger.into_inner()).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "consumerPid": pid })))
}
