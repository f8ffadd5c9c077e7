//! Documents: the API's description, the vocabulary, the shapes, the kinds of problem.

use crate::http::{openapi::Documents, problem::ProblemKind};
use actix_web::{HttpResponse, get, http::header, web};
use hansa_ontology::vocabulary::{SHAPES_TTL, VOCABULARY_TTL};
use serde_json::json;

const TURTLE: &str = "text/turtle; charset=utf-8";

/// The description of this API (OpenAPI 3.1).
#[utoipa::path(tag = "documents", responses((status = 200)))]
#[get("/openapi.json")]
pub(crate) async fn openapi(documents: web::Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().json(documents.tenant())
}

/// The description of the owners' API (OpenAPI 3.1).
#[utoipa::path(tag = "documents", responses((status = 200)))]
#[get("/admin/openapi.json")]
pub(crate) async fn admin_openapi(documents: web::Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().json(documents.admin())
}

/// The description of the owners' API to browse.
#[utoipa::path(tag = "documents", responses((status = 303)))]
#[get("/admin/docs")]
pub(crate) async fn admin_docs() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/admin/docs/")).finish()
}

/// The description of this API to browse.
#[utoipa::path(tag = "documents", responses((status = 303)))]
#[get("/docs")]
pub(crate) async fn docs() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The vocabulary (RDF, Turtle).
#[utoipa::path(tag = "documents", responses((status = 200, body = String, content_type = "text/turtle")))]
#[get("/ns")]
pub(crate) async fn vocabulary() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, TURTLE)).body(VOCABULARY_TTL)
}

/// The shapes (SHACL, Turtle).
#[utoipa::path(tag = "documents", responses((status = 200, body = String, content_type = "text/turtle")))]
#[get("/shapes")]
pub(crate) async fn shapes() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, TURTLE)).body(SHAPES_TTL)
}

/// The JSON Schema of resource models (draft 2020-12).
#[utoipa::path(tag = "documents", responses((status = 200)))]
#[get("/model.schema.json")]
pub(crate) async fn model_schema() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/schema+json"))
        .json(hansa_application::json_schema())
}

/// The kinds of problem: type, status and title.
#[utoipa::path(tag = "documents", responses((status = 200)))]
#[get("/problems")]
pub(crate) async fn problems() -> HttpResponse {
    let kinds: Vec<_> = ProblemKind::ALL
        .iter()
        .map(|kind| json!({"type": kind.uri(), "status": kind.status().as_u16(), "title": kind.title()}))
        .collect();
    HttpResponse::Ok().json(json!({ "problems": kinds }))
}
