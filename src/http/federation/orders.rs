//! Holds and orders of partners, and what they used.

use super::{
    inbound::Signed,
    refusal::{Answer, Refusal},
};
use crate::http::wire::Problem;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use hansa_federation::wire::{HoldRequest, OrderPut, ProblemKind};
use hansa_federation_manager::orders::LogRequest;
use hansa_ontology::MachineId;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

/// Lines of a log where the caller names no number.
const TAIL: u32 = 1_000;
/// Lines of a log at most.
const LONGEST_TAIL: u32 = 10_000;

fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Refusal> {
    let read = web::Query::<T>::from_query(request.query_string());
    read.map(web::Query::into_inner).map_err(|error| Refusal::new(ProblemKind::Invalid, format!("query: {error}")))
}

/// What is no id is the id of nothing.
fn id(text: &str) -> Result<MachineId, Refusal> {
    text.parse().map_err(|_no_id| Refusal::new(ProblemKind::NotFound, format!("there is no order `{text}`")))
}

/// Keep one unit until a time.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses(
        (status = 201, description = "It is kept"),
        (status = 200, description = "It was kept already"),
        (status = 409, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/reservations")]
pub(super) async fn hold_place(message: Signed) -> Answer {
    let request: HoldRequest = message.json()?;
    let (answer, new) = message.manager.hold_place(&message.peer, &request).await?;
    Ok(if new { HttpResponse::Created() } else { HttpResponse::Ok() }.json(answer))
}

/// How a hold stands.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/reservations/{id}")]
pub(super) async fn hold_get(message: Signed, path: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.hold_get(&message.peer, id(&path)?).await?))
}

/// Give a hold back.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/reservations/{id}")]
pub(super) async fn hold_release(message: Signed, path: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.hold_release(&message.peer, id(&path)?).await?))
}

/// After which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrderAfter {
    /// The last id of the page before.
    after: Option<String>,
}

/// The caller's orders that are not ended, in the order of their ids.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(OrderAfter),
    responses((status = 200), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[get("/orders")]
pub(super) async fn order_list(request: HttpRequest, message: Signed) -> Answer {
    let after = query::<OrderAfter>(&request)?.after.as_deref().map(id).transpose()?;
    Ok(HttpResponse::Ok().json(message.manager.order_list(&message.peer, after).await?))
}

/// Order, or change what is ordered.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id, chosen by the caller")),
    responses(
        (status = 202, description = "How it stands"),
        (status = 409, body = Problem, content_type = "application/problem+json")
    )
)]
#[put("/orders/{id}")]
pub(super) async fn order_put(message: Signed, path: web::Path<String>) -> Answer {
    let (id, put): (_, OrderPut) = (id(&path)?, message.json()?);
    if put.order.id != id {
        return Err(Refusal::new(ProblemKind::Invalid, "order.id: it is not the id of the path"));
    }
    Ok(HttpResponse::Accepted().json(message.manager.order_receive(&message.peer, put).await?))
}

/// How an order stands.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/orders/{id}")]
pub(super) async fn order_get(message: Signed, path: web::Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.order_get(&message.peer, id(&path)?).await?))
}

/// End an order.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 202, description = "It is ending, or has ended"), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[delete("/orders/{id}")]
pub(super) async fn order_end(message: Signed, path: web::Path<String>) -> Answer {
    Ok(HttpResponse::Accepted().json(message.manager.order_end(&message.peer, id(&path)?).await?))
}

/// Which output.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Output {
    /// The component.
    component: String,
    /// Which of its instances.
    #[serde(default)]
    ordinal: u32,
    /// So many of the last lines: 1,000 where it is absent, 10,000 at most.
    tail: Option<u32>,
}

/// The output of a workload of an order.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id"), Output),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/orders/{id}/logs")]
pub(super) async fn order_logs(request: HttpRequest, message: Signed, path: web::Path<String>) -> Answer {
    let wanted: Output = query(&request)?;
    let tail = wanted.tail.unwrap_or(TAIL).min(LONGEST_TAIL);
    let request = LogRequest { component: wanted.component, ordinal: wanted.ordinal, tail };
    Ok(HttpResponse::Ok().json(message.manager.order_output(&message.peer, id(&path)?, &request).await?))
}

/// From when on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UsageAfter {
    /// Only records that begin later (RFC 3339).
    after: Option<DateTime<Utc>>,
}

/// What an order used, signed, by time.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id"), UsageAfter),
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/orders/{id}/usage")]
pub(super) async fn usage_list(request: HttpRequest, message: Signed, path: web::Path<String>) -> Answer {
    let after = query::<UsageAfter>(&request)?.after;
    Ok(HttpResponse::Ok().json(message.manager.usage_list(&message.peer, id(&path)?, after).await?))
}

/// The caller's signed word on a record: it is right, or it is not.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(("id" = String, Path, description = "The order's id")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[post("/orders/{id}/usage/ack")]
pub(super) async fn usage_acknowledge(message: Signed, path: web::Path<String>) -> Answer {
    message.manager.usage_acknowledge(&message.peer, id(&path)?, &message.json()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
