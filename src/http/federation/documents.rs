//! What anybody may read: who this broker is, its keys, which protocol it speaks.

use super::{
    inbound,
    refusal::{Answer, Refusal},
};
use crate::http::wire::Problem;
use actix_web::{HttpRequest, HttpResponse, get, http::header};
use hansa_federation::dsp::VersionResponse;

/// For how long others may keep these documents, in seconds: shorter than a key's overlap.
const KEEP: &str = "public, max-age=60";

/// This broker's DID document (did:web).
#[utoipa::path(
    tag = "federation",
    responses((status = 200, content_type = "application/did+json"), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/.well-known/did.json")]
pub(super) async fn did_document(request: HttpRequest) -> Answer {
    let document = inbound::manager(&request)?.did_document()?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/did+json"))
        .insert_header((header::CACHE_CONTROL, KEEP))
        .body(serde_json::to_string(&document).unwrap_or_default()))
}

/// Which versions of the Dataspace Protocol this broker speaks, and where.
#[utoipa::path(
    tag = "federation",
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/.well-known/dspace-version")]
pub(super) async fn versions(request: HttpRequest) -> Answer {
    let manager = inbound::manager(&request)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, KEEP)).json(VersionResponse::of(manager.did())))
}

/// Every list of this broker's keys, each signed by a key of the one before.
#[utoipa::path(
    tag = "federation",
    responses((status = 200), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
#[get("/keys")]
pub(super) async fn key_lists(request: HttpRequest) -> Answer {
    let lists = inbound::manager(&request)?.key_lists().map_err(Refusal::from)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, KEEP)).json(lists))
}
