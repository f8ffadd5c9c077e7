//! Errors as pages in the portal's design, for those who look with a browser.

use super::{Asked, visit::encoded};
use crate::{
    http::{
        Broker,
        access::Caller,
        problem::{ApiError, ProblemKind},
    },
    portal::{Place, pages::problem::ProblemPage},
};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, http::header, web};

/// What belongs to programs, whatever they accept.
const PROGRAMS: [&str; 10] = [
    "/api",
    "/admin",
    "/federation",
    "/.well-known",
    "/docs",
    "/metrics",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/dsp",
];

/// What a browser said, if it is a browser that asks for a page of the portal.
pub(crate) fn is_portal(request: &HttpRequest) -> bool {
    let path = request.path();
    let program = PROGRAMS
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !program && accepts.contains("text/html")
}

/// The page that tells of an error. Who isn't signed in is led to do so, and
/// then back. None: it can't be shown, and the problem document will do.
pub(crate) fn error_page(request: &HttpRequest, error: &ApiError, instance: &str) -> Option<HttpResponse> {
    let broker = request.app_data::<web::Data<Broker>>()?;
    let asked = Asked::of(request);
    if error.kind() == ProblemKind::Unauthenticated {
        let back = if request.method().is_safe() { asked.path.as_str() } else { "/" };
        let to = format!("/login?return={}", encoded(back));
        return Some(
            HttpResponse::SeeOther()
                .insert_header((header::LOCATION, to))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .finish(),
        );
    }
    let caller = request.extensions().get::<Caller>().cloned();
    let status = error.kind().status();
    let (told, instance) = (error.to_string(), instance.to_owned());
    let page =
        asked.render(broker, status, caller.as_ref().map(|caller| &caller.principal), Place::None, move |frame| {
            ProblemPage { frame, status: status.as_u16(), told, instance }
        });
    page.ok()
}
