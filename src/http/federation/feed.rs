//! The feed of this broker's signed offers, and the units that are left.

use super::{
    inbound::Signed,
    refusal::{Answer, Refusal},
};
use crate::http::wire::Problem;
use actix_web::{HttpRequest, HttpResponse, get, http::header, web};
use hansa_federation::wire::{FeedPage, ProblemKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

/// After which item.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct After {
    /// The last number that the caller has; 0 where it has none.
    #[serde(default)]
    after: u64,
}

pub(super) fn after(request: &HttpRequest) -> Result<u64, Refusal> {
    let query = web::Query::<After>::from_query(request.query_string());
    query.map(|query| query.after).map_err(|error| Refusal::new(ProblemKind::Invalid, format!("after: {error}")))
}

/// One page of the feed. A full page never changes again.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(After),
    responses((status = 200), (status = 304), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[get("/offers")]
pub(super) async fn offers(request: HttpRequest, message: Signed) -> Answer {
    let page = message.manager.feed_page(&message.peer, after(&request)?).await?;
    answer(&request, &page)
}

/// Only what is offered now, for newcomers; `head` tells where to go on.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    params(After),
    responses((status = 200), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[get("/offers/snapshot")]
pub(super) async fn snapshot(request: HttpRequest, message: Signed) -> Answer {
    let page = message.manager.feed_snapshot(&message.peer, after(&request)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(page))
}

/// The units that are left for the caller, signed.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses((status = 200), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[get("/capacity")]
pub(super) async fn capacity(message: Signed) -> Answer {
    let report = message.manager.capacity_report(&message.peer).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(report))
}

/// A page with its ETag. Private, because what a partner sees is its policy's matter.
fn answer(request: &HttpRequest, page: &FeedPage) -> Answer {
    let body = serde_json::to_vec(page).unwrap_or_default();
    let digest: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{digest}\"");
    let cache = if page.sealed { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, cache));
    if same {
        return Ok(response.finish());
    }
    Ok(response.insert_header((header::CONTENT_TYPE, "application/json")).body(body))
}
