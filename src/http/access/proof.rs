//! How callers prove who they are: a token in the Authorization header for
//! programs, the cookie of a session for browsers, never one for the other.

use super::table::Proof;
use crate::http::{
    Broker,
    portal::Cookies,
    problem::{ApiError, ProblemKind},
};
use actix_web::{HttpRequest, http::header};
use hansa_iam::{Principal, WorkloadTokens};
use hansa_service_orchestrator::{OrchestratorError, Phase};

/// What is answered to those who show nothing (RFC 6750, section 3).
const ASK: &str = "Bearer realm=\"hansa\"";
/// What is answered to those who show what proves nothing (RFC 6750, section 3.1).
const REFUSE: &str = "Bearer realm=\"hansa\", error=\"invalid_token\"";

/// Who sent a request.
///
/// # Errors
/// `Unauthenticated` where that isn't proved.
pub(super) async fn principal(broker: &Broker, request: &HttpRequest, proof: Proof) -> Result<Principal, ApiError> {
    if !broker.iam.login_required() {
        return Ok(Principal::local());
    }
    match proof {
        Proof::Session => session(broker, request).await,
        Proof::Bearer | Proof::Signature | Proof::Machine => bearer(broker, request).await,
    }
}

/// The token that a request shows (RFC 6750, section 2.1); where it shows none, `hint` says what to show.
///
/// # Errors
/// `Unauthenticated`.
pub(crate) fn shown<'a>(request: &'a HttpRequest, hint: &str) -> Result<&'a str, ApiError> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(ApiError::new(ProblemKind::Unauthenticated, hint).with_challenge(ASK));
    };
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token.filter(|token| !token.is_empty()).ok_or_else(|| {
        let text = "Authorization: it is not `Bearer` and a token (RFC 6750)";
        ApiError::new(ProblemKind::Unauthenticated, text).with_challenge(REFUSE)
    })
}

async fn bearer(broker: &Broker, request: &HttpRequest) -> Result<Principal, ApiError> {
    let token = shown(request, "send a token of yours: Authorization: Bearer hansa_pat_…; `hansa login` gets one")?;
    if WorkloadTokens::is_one(token) {
        return workload(broker, token).await.map_err(|error| error.with_challenge(REFUSE));
    }
    broker.iam.authenticate_bearer(token).await.map_err(|error| ApiError::from(error).with_challenge(REFUSE))
}

/// An instance of an application, for as long as both are to be: looked up with
/// each use, so that what is taken away is refused at once.
async fn workload(broker: &Broker, token: &str) -> Result<Principal, ApiError> {
    let gone = || {
        ApiError::new(
            ProblemKind::Unauthenticated,
            "the token was of an instance that is taken away; those that run have one of their own",
        )
    };
    let id = broker.workload_tokens.read(token)?;
    let application = broker.wdm.workload_application(id).await?.ok_or_else(gone)?;
    match broker.orchestrator.application(application).await {
        Ok(found) if !matches!(found.phase, Phase::Removing | Phase::Removed) => {
            Ok(Principal::workload(id, application))
        }
        Ok(_) | Err(OrchestratorError::NotFound(_)) => Err(gone()),
        Err(error) => Err(error.into()),
    }
}

async fn session(broker: &Broker, request: &HttpRequest) -> Result<Principal, ApiError> {
    let signed_out = || ApiError::new(ProblemKind::Unauthenticated, "sign in first").with_challenge(ASK);
    let cookie = request.cookie(&Cookies::of(request).session()).ok_or_else(signed_out)?;
    match broker.iam.session_get(cookie.value()).await {
        Err(error) if error.kind() == hansa_iam::ErrorKind::Unauthenticated => Err(signed_out()),
        other => Ok(other?),
    }
}
