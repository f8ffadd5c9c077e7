//! A partner's message: its exact bytes, and who has proved to have sent it.
//! Read within a limit of its own, before anything of it is believed.

use super::refusal::Refusal;
use crate::http::Broker;
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use futures_util::{StreamExt, future::LocalBoxFuture};
use hansa_federation::{limits::REQUEST_BYTES, wire::ProblemKind};
use hansa_federation_manager::{FederationError, FederationManager, Inbound, Peer};
use serde::de::DeserializeOwned;

/// A message whose sender is proved.
#[derive(Debug)]
pub(super) struct Signed {
    /// What it goes to.
    pub manager: FederationManager,
    /// Who sent it.
    pub peer: Peer,
    /// The bytes that it signed.
    pub body: web::Bytes,
}

impl Signed {
    /// The body as JSON of this shape.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        json(&self.body)
    }
}

/// A body as JSON of this shape.
///
/// # Errors
/// When it is something else.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(ProblemKind::Invalid, format!("the body is not what is expected: {error}")))
}

impl FromRequest for Signed {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let manager = manager(&request)?;
            let body = read(&manager, &request, payload).await?;
            if let (None, Some(peer)) = (request.headers().get(header::AUTHORIZATION), manager.conformance_peer()) {
                return Ok(Self { manager, peer, body });
            }
            let authenticated = manager.authenticate(&inbound(&request, &body)).await;
            let peer = authenticated.map_err(|error| Refusal::from(error).of_message(&body))?;
            Ok(Self { manager, peer, body })
        })
    }
}

/// The Federation Manager; where federation is off there is nothing here.
///
/// # Errors
/// `NotFound` where federation is off.
pub(super) fn manager(request: &HttpRequest) -> Result<FederationManager, Refusal> {
    let broker = request.app_data::<web::Data<Broker>>();
    broker.and_then(|broker| broker.federation.clone()).ok_or_else(|| {
        Refusal::new(ProblemKind::NotFound, "this broker federates with nobody; federation.enabled says so")
    })
}

/// The message as its token is bound to it.
pub(super) fn inbound<'a>(request: &'a HttpRequest, body: &'a [u8]) -> Inbound<'a> {
    Inbound {
        method: request.method().as_str(),
        path_and_query: request.uri().path_and_query().map_or_else(|| request.path(), |path| path.as_str()),
        body,
        authorization: request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()),
    }
}

/// Reads a partner's message, and stops where it is too large. A message that
/// can't be read is told to the audit, as one that is refused.
///
/// # Errors
/// When it is too large, or breaks off.
pub(super) async fn read(
    manager: &FederationManager,
    request: &HttpRequest,
    payload: Payload,
) -> Result<web::Bytes, Refusal> {
    match bytes(payload).await {
        Ok(body) => Ok(body),
        Err(error) => {
            manager.refused(None, &inbound(request, &[]), &error).await;
            Err(error.into())
        }
    }
}

async fn bytes(mut payload: Payload) -> Result<web::Bytes, FederationError> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| FederationError::invalid("body", format!("it broke off: {error}")))?;
        if body.len() + chunk.len() > REQUEST_BYTES {
            return Err(FederationError::TooLarge(format!("the body is larger than {REQUEST_BYTES} bytes; send less")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
