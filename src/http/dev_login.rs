//! Carries requests to the development login, and its answers back.

use super::{
    Broker,
    problem::{ApiError, ProblemKind, Reply},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use futures_util::StreamExt as _;
use hansa_iam::dev::{self, DevRequest};

/// The largest form that is read, in bytes.
const LARGEST_FORM: usize = 16 * 1024;

/// Its routes, where there is a development login.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource(format!("{}/{{tail:.*}}", dev::PATH)).route(web::route().to(handle)));
}

async fn handle(broker: web::Data<Broker>, request: HttpRequest, mut payload: web::Payload) -> Reply {
    let Some(provider) = &broker.dev_login else {
        return Err(ApiError::new(
            ProblemKind::NotFound,
            "there is no development login here; `hansa serve --dev-login` has one",
        ));
    };
    let mut form = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::new(ProblemKind::Malformed, format!("the form broke off: {error}")))?;
        if form.len() + chunk.len() > LARGEST_FORM {
            return Err(ApiError::new(ProblemKind::TooLarge, "the form is too large"));
        }
        form.extend_from_slice(&chunk);
    }
    let text =
        |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = provider.handle(&DevRequest {
        method: request.method().to_string(),
        path: format!("/{}", request.match_info().query("tail")),
        query: request.query_string().to_owned(),
        form: String::from_utf8_lossy(&form).into_owned(),
        authorization: text(header::AUTHORIZATION),
        origin: text(header::ORIGIN),
    });
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK));
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    Ok(response.body(answer.body))
}
