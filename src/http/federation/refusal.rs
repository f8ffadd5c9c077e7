//! What a partner is told when its message is refused: a problem document (RFC
//! 9457) whose types are the protocol's, and under `/dsp` the error bodies of
//! the Dataspace Protocol 2025-1. What the operator reads stands in the log.

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{StatusCode, header},
};
use hansa_federation::{
    dsp::{self, CatalogError, Context, ContractNegotiationError},
    wire::{Problem, ProblemKind},
};
use hansa_federation_manager::FederationError;
use serde_json::Value;
use std::{fmt, time::Duration};

/// What the partner is told of a fault that is ours.
const OUR_FAULT: &str = "something went wrong inside this broker; nothing was done; try again";
/// When to try again where nobody says so, in seconds.
const RETRY_AFTER: u64 = 2;

/// A refused message.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Particulars>);

#[derive(Debug)]
struct Particulars {
    kind: ProblemKind,
    detail: String,
    retry_after: Option<Duration>,
    for_operator: String,
    /// The message, where its ids are to be told back (DSP).
    message: Option<Value>,
}

/// What a handler of partners' messages answers.
pub(crate) type Answer = Result<HttpResponse, Refusal>;

impl Refusal {
    /// A refusal of this kind; `detail` names what is wrong and the remedy.
    pub(crate) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let for_operator = detail.clone();
        Self(Box::new(Particulars { kind, detail, retry_after: None, for_operator, message: None }))
    }

    /// Of this message, whose ids the answer names.
    #[must_use]
    pub(crate) fn of_message(mut self, body: &[u8]) -> Self {
        self.0.message = serde_json::from_slice(body).ok();
        self
    }

    /// The whole story, for the log.
    pub(crate) fn log_text(&self) -> &str {
        &self.0.for_operator
    }

    /// Whether it is this broker's own fault.
    pub(crate) fn is_ours(&self) -> bool {
        self.0.kind == ProblemKind::Unavailable
    }

    /// The answer to a request of this path, with the request's id.
    pub(crate) fn response(&self, path: &str, instance: &str) -> HttpResponse {
        let told = &*self.0;
        let status = StatusCode::from_u16(told.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if matches!(told.kind, ProblemKind::Busy | ProblemKind::Unavailable) {
            let seconds = told.retry_after.map_or(RETRY_AFTER, |after| after.as_secs_f64().ceil().max(1.0) as u64);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        match path.strip_prefix(dsp::BASE) {
            Some(rest) if rest.starts_with("/catalog") => response.json(CatalogError {
                context: Context::default(),
                code: Some(told.kind.name().to_owned()),
                reason: vec![told.detail.clone().into()],
            }),
            Some(rest) => response.json(self.negotiation_error(rest)),
            None => {
                let mut problem =
                    serde_json::to_value(Problem::new(told.kind, told.detail.clone())).unwrap_or_default();
                if let Some(problem) = problem.as_object_mut() {
                    problem.insert("instance".to_owned(), instance.into());
                }
                let media_type = crate::http::problem::MEDIA_TYPE;
                response.insert_header((header::CONTENT_TYPE, media_type)).body(problem.to_string())
            }
        }
    }

    /// Names both ids of the negotiation as far as anybody knows them: by the message, or by the path.
    fn negotiation_error(&self, rest: &str) -> ContractNegotiationError {
        let of_path = rest.split('/').nth(2).filter(|part| *part != "request").unwrap_or("unknown");
        let pid = |name: &str| {
            let told = self.0.message.as_ref().and_then(|message| message.get(name)).and_then(Value::as_str);
            told.unwrap_or(of_path).to_owned()
        };
        ContractNegotiationError {
            context: Context::default(),
            provider_pid: pid("providerPid"),
            consumer_pid: pid("consumerPid"),
            code: Some(self.0.kind.name().to_owned()),
            reason: vec![self.0.detail.clone().into()],
        }
    }
}

impl From<FederationError> for Refusal {
    fn from(error: FederationError) -> Self {
        let kind = error.problem();
        let detail = if kind == ProblemKind::Unavailable { OUR_FAULT.to_owned() } else { error.to_string() };
        let retry_after = match &error {
            FederationError::TooMany { retry_after, .. } => Some(*retry_after),
            _ => None,
        };
        let for_operator = error.to_string();
        Self(Box::new(Particulars { kind, detail, retry_after, for_operator, message: None }))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response("", "")
    }
}
