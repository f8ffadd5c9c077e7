//! Errors as problem documents (RFC 9457). What a caller sees and what the
//! operator sees are two texts: the first is in the document, the second in the log.

mod kind;
mod mapping;

pub(crate) use kind::ProblemKind;

use super::wire::{Conflict, Fault, Problem};
use actix_web::{HttpResponse, ResponseError, body::BoxBody, http::StatusCode, http::header};
use std::fmt;

/// The media type of problem documents.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";
/// How long a caller waits before trying again, in seconds.
const RETRY_AFTER: &str = "2";

/// An error of a request.
#[derive(Debug, Default)]
pub(crate) struct ApiError {
    kind: ProblemKind,
    detail: String,
    errors: Vec<Fault>,
    conflict: Option<Box<Conflict>>,
    allow: Option<String>,
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
        Self {
            kind,
            detail: detail.into(),
            ..Self::default()
        }
    }

    /// A fault of one field of the request.
    pub(crate) fn field(field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let fault = Fault {
            pointer: Some(field.to_owned()),
            detail: detail.clone(),
            ..Fault::default()
        };
        Self::new(ProblemKind::Invalid, format!("{field}: {detail}")).with_errors(vec![fault])
    }

    /// With every fault of the body.
    #[must_use]
    pub(crate) fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// With the constraints that can't hold together.
    #[must_use]
    pub(crate) fn with_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = Some(Box::new(conflict));
        self
    }

    /// With the methods that are possible (RFC 9110, section 15.5.6).
    #[must_use]
    pub(crate) fn with_allow(mut self, methods: String) -> Self {
        self.allow = Some(methods);
        self
    }

    /// With a text for the log.
    #[must_use]
    pub(crate) fn for_operator(mut self, text: impl fmt::Display) -> Self {
        self.for_operator = Some(text.to_string());
        self
    }

    /// Of this request.
    #[must_use]
    pub(crate) fn at(mut self, instance: &str) -> Self {
        instance.clone_into(&mut self.instance);
        self
    }

    /// The kind.
    pub(crate) const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The whole story, for the log.
    pub(crate) fn log_text(&self) -> &str {
        self.for_operator.as_deref().unwrap_or(&self.detail)
    }

    /// The document, for the request of this id.
    pub(crate) fn response(&self, instance: &str) -> HttpResponse {
        let problem = Problem {
            problem_type: self.kind.uri(),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            instance: instance.to_owned(),
            errors: self.errors.clone(),
            conflict: self.conflict.as_deref().cloned(),
        };
        let mut response = HttpResponse::build(self.kind.status());
        if self.kind.is_transient() {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
        }
        if let Some(methods) = &self.allow {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        let body = serde_json::to_string(&problem).unwrap_or_default();
        response
            .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
            .body(body)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response(&self.instance)
    }
}
