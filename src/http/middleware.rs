//! Around every request: an id, a span, a time limit, a measurement, and the
//! promise that every error is a problem document.

use super::{
    Broker, Defence,
    defence::ClientAddress,
    federation::Refusal,
    portal,
    problem::{ApiError, MEDIA_TYPE, ProblemKind},
};
use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use hansa_iam::Via;
use std::time::Instant;
use tracing::Instrument;

/// The header in which the request's id is answered.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Serves one request, with everything that is common to all.
pub(crate) async fn around(
    broker: web::Data<Broker>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = broker.ids.next();
    let instance = format!("urn:uuid:{id}");
    let method = request.method().to_string();
    let span = tracing::info_span!("request", %id, %method, path = request.path());
    let begun = Instant::now();
    let limit = broker.settings.server.request_timeout;
    let proves = Defence::is_proof(&request);
    if let Err(refused) = broker.defence.admit(&request) {
        let _entered = span.enter();
        return Ok(turned_away(&broker, request, &refused, &instance, begun));
    }
    let served = hansa_repository::request::within(id, next.call(request));
    let served = tokio::time::timeout(limit.duration(), served).instrument(span.clone()).await;
    let entered = span.enter();
    let response = match served {
        Ok(Ok(response)) => {
            let response = broker.defence.count_stream(response.map_into_boxed_body(), &instance);
            explained(response, &instance)
        }
        Ok(Err(error)) => return Err(unserved(&broker, &method, begun, error, &instance)),
        Err(_) => {
            let error =
                ApiError::new(ProblemKind::Timeout, format!("the broker did not answer within {limit}; try again"));
            return Err(unserved(&broker, &method, begun, error.into(), &instance));
        }
    };
    drop(entered);
    let response = match response.status() {
        StatusCode::UNAUTHORIZED if proves => refused_proof(&broker, response, id).await,
        _ => response,
    };
    let route = response.request().match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let status = response.status().as_u16();
    broker.metrics.request(&method, &route, status, begun.elapsed());
    let millis = begun.elapsed().as_millis();
    span.in_scope(|| tracing::debug!(%route, status, millis, "served"));
    Ok(identified(&broker, response, &id.to_string()))
}

/// A token or a login was refused: counted, and recorded where nobody else
/// does. Where too many were, the answer says to wait, and nothing is recorded.
async fn refused_proof(
    broker: &Broker,
    response: ServiceResponse<BoxBody>,
    id: uuid::Uuid,
) -> ServiceResponse<BoxBody> {
    let request = response.request();
    if let Err(wait) = broker.defence.after_failures(request) {
        let told = wait.response(&format!("urn:uuid:{id}"));
        return ServiceResponse::new(response.into_parts().0, told);
    }
    broker.defence.failed(request);
    if broker.iam.login_required() && request.headers().contains_key(header::AUTHORIZATION) {
        let origin = ClientAddress::of(request);
        let refused = broker.iam.audit_refused(
            Via::Bearer("?".to_owned()),
            "token.use",
            origin,
            format!("a token that proves who sent {} {:.200}", request.method(), request.path()),
        );
        hansa_repository::request::within(id, refused).await;
    }
    response
}

/// A request that was not let in.
fn turned_away(
    broker: &Broker,
    request: ServiceRequest,
    refused: &ApiError,
    instance: &str,
    begun: Instant,
) -> ServiceResponse<BoxBody> {
    tracing::debug!(reason = refused.log_text(), "turned away");
    let status = refused.kind().status().as_u16();
    broker.metrics.request(request.method().as_str(), "unknown", status, begun.elapsed());
    let response = request.into_response(refused.response(instance));
    identified(broker, response, instance.trim_start_matches("urn:uuid:"))
}

/// A request that no handler answered.
fn unserved(broker: &Broker, method: &str, begun: Instant, error: Error, instance: &str) -> Error {
    let error = match error.as_error::<ApiError>() {
        Some(known) => ApiError::new(known.kind(), known.to_string()),
        None => {
            let status = error.as_response_error().status_code();
            ApiError::new(ProblemKind::of_status(status), error.to_string())
        }
    };
    let status = error.kind().status().as_u16();
    broker.metrics.request(method, "unknown", status, begun.elapsed());
    tracing::warn!(status, error = error.log_text(), "not served");
    error.at(instance).into()
}

/// Turns every error into a problem document that names its request.
fn explained(response: ServiceResponse<BoxBody>, instance: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let refusal = response.response().error().and_then(|error| error.as_error::<Refusal>());
    if let Some(refusal) = refusal {
        if refusal.is_ours() {
            tracing::error!(error = refusal.log_text(), "a partner's message could not be answered");
        } else {
            tracing::info!(error = refusal.log_text(), "a partner's message was refused");
        }
        let told = refusal.response(response.request().path(), instance);
        return ServiceResponse::new(response.into_parts().0, told);
    }
    if portal::is_portal(response.request())
        && let Some(page) = told_in_portal(&response, instance)
    {
        return ServiceResponse::new(response.into_parts().0, page);
    }
    let problem = match response.response().error().map(|error| (error.as_error::<ApiError>(), error.to_string())) {
        Some((Some(known), _)) => {
            log(known);
            Some(known.response(instance))
        }
        Some((None, text)) => Some(ApiError::new(ProblemKind::of_status(status), text).response(instance)),
        None if is_problem(&response) || is_page(&response) => None,
        None => {
            let kind = ProblemKind::of_status(status);
            Some(ApiError::new(kind, kind.title()).response(instance))
        }
    };
    match problem {
        Some(problem) => {
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, problem)
        }
        None => response,
    }
}

/// The page of an error, for those who look with a browser.
fn told_in_portal(response: &ServiceResponse<BoxBody>, instance: &str) -> Option<HttpResponse> {
    let request = response.request();
    match response.response().error().map(|error| (error.as_error::<ApiError>(), error.to_string())) {
        Some((Some(known), _)) => {
            log(known);
            portal::error_page(request, known, instance)
        }
        Some((None, text)) => {
            portal::error_page(request, &ApiError::new(ProblemKind::of_status(response.status()), text), instance)
        }
        // A page of its own with what is to be corrected.
        None if is_page(response) => None,
        None => {
            let kind = ProblemKind::of_status(response.status());
            portal::error_page(request, &ApiError::new(kind, kind.title()), instance)
        }
    }
}

fn is_page(response: &ServiceResponse<BoxBody>) -> bool {
    has_type(response, "text/html")
}

fn is_problem(response: &ServiceResponse<BoxBody>) -> bool {
    has_type(response, MEDIA_TYPE)
}

fn has_type(response: &ServiceResponse<BoxBody>, media_type: &str) -> bool {
    let given = response.headers().get(header::CONTENT_TYPE);
    given.is_some_and(|value| value.as_bytes().starts_with(media_type.as_bytes()))
}

fn log(error: &ApiError) {
    if error.kind() == ProblemKind::Internal || error.kind() == ProblemKind::Full {
        tracing::error!(error = error.log_text(), "a request failed");
    } else {
        tracing::debug!(error = error.log_text(), "a request was refused");
    }
}

fn identified(broker: &Broker, mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    broker.defence.harden(&mut response);
    response
}
