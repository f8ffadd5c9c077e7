//! Errors as problem documents (RFC 9457). What a caller sees and what the
//! operator sees are two texts: the first is in the document, the second in the log.

mod kind;
mod mapping;

pub(crate) use kind::ProblemKind;

use super::wire::{Conflict, Fault, Problem};
use actix_web::{HttpResponse, ResponseError, body::BoxBody, http::StatusCode, http::header};
use std::{fmt, time::Duration};

/// The media type of problem documents.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// How long a caller waits before trying again, in seconds.
const RETRY_AFTER: u64 = 2;

/// An error of a request. In a box, so that a result of a handler stays small.
#[derive(Debug, Default)]
pub(crate) struct ApiError(Box<Particulars>);

/// What there is to say about an error.
#[derive(Debug, Default)]
struct Particulars {
    kind: ProblemKind,
    detail: String,
    errors: Vec<Fault>,
    conflict: Option<Conflict>,
    allow: Option<String>,
    /// When it may be tried again, in seconds.
    retry_after: Option<u64>,
    /// How a caller proves who it is (RFC 9110, section 11.6.1).
    challenge: Option<&'static str>,
    /// The permission that is missing.
    permission: Option<&'static str>,
    /// What only the operator may read.
    for_operator: Option<String>,
    /// Which request it was, once that is known.
    instance: String,
}

/// What a handler answers.
pub(crate) type Reply = Result<HttpResponse, ApiError>;

impl ApiError {
    /// An error of a kind; `detail` names what is wrong and the remedy.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Particulars { kind, detail: detail.into(), ..Particulars::default() }))
    }

    /// A fault of one field of the request.
    pub(crate) fn field(field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = Fault { pointer: Some(field.to_owned()), detail: detail.clone(), ..Fault::default() };
        Self::new(ProblemKind::Invalid, format!("{field}: {detail}")).with_errors(vec![fault])
    }

    /// With every fault of the body.
    #[must_use]
    pub(crate) fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.0.errors = errors;
        self
    }

    /// With the constraints that can't hold together.
    #[must_use]
    pub(crate) fn with_conflict(mut self, conflict: Conflict) -> Self {
        self.0.conflict = Some(conflict);
        self
    }

    /// With the methods that are possible (RFC 9110, section 15.5.6).
    #[must_use]
    pub(crate) fn with_allow(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// With how a caller proves who it is (RFC 9110, section 11.6.1).
    #[must_use]
    pub(crate) fn with_challenge(mut self, challenge: &'static str) -> Self {
        self.0.challenge = Some(challenge);
        self
    }

    /// With the permission that is missing.
    #[must_use]
    pub(crate) fn with_permission(mut self, permission: &'static str) -> Self {
        self.0.permission = Some(permission);
        self
    }

    /// To be tried again after this time.
    #[must_use]
    pub(crate) fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1));
        self
    }

    /// With a text for the log.
    #[must_use]
    pub(crate) fn for_operator(mut self, text: impl fmt::Display) -> Self {
        self.0.for_operator = Some(text.to_string());
        self
    }

    /// Of this request.
    #[must_use]
    pub(crate) fn at(mut self, instance: &str) -> Self {
        instance.clone_into(&mut self.0.instance);
        self
    }

    /// Every fault of the body that is known.
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.0.errors
    }

    /// The kind.
    pub(crate) const fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    /// The whole story, for the log.
    pub(crate) fn log_text(&self) -> &str {
        self.0.for_operator.as_deref().unwrap_or(&self.0.detail)
    }

    /// The document, for the request of this id.
    pub(crate) fn response(&self, instance: &str) -> HttpResponse {
        let told = &*self.0;
        let problem = Problem {
            problem_type: told.kind.uri(),
            title: told.kind.title().to_owned(),
            status: told.kind.status().as_u16(),
            detail: told.detail.clone(),
            instance: instance.to_owned(),
            errors: told.errors.clone(),
            conflict: told.conflict.clone(),
            permission: told.permission.map(str::to_owned),
        };
        let mut response = HttpResponse::build(told.kind.status());
        if told.kind.is_transient() {
            response.insert_header((header::RETRY_AFTER, told.retry_after.unwrap_or(RETRY_AFTER).to_string()));
        }
        if told.kind == ProblemKind::Unauthenticated {
            response.insert_header((header::WWW_AUTHENTICATE, told.challenge.unwrap_or("Bearer")));
        }
        if let Some(methods) = &told.allow {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        let body = serde_json::to_string(&problem).unwrap_or_default();
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE)).body(body)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response(&self.0.instance)
    }
}
