//! Style sheet, script and icon. Their names tell their content: browsers keep them for good.

use crate::{
    http::problem::{ApiError, ProblemKind, Reply},
    portal::assets,
};
use actix_web::{HttpRequest, HttpResponse, http::header};

/// Answers with a file of the portal.
pub(crate) async fn show(request: HttpRequest) -> Reply {
    let Some(asset) = assets::find(request.path()) else {
        return Err(ApiError::new(ProblemKind::NotFound, "there is no such file; reload the page that asked for it"));
    };
    let tag = format!("\"{}\"", asset.path());
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, tag))
        .insert_header((header::CONTENT_TYPE, asset.media_type));
    Ok(if known { response.finish() } else { response.body(asset.content) })
}
