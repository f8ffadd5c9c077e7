//! Onboarding, standing, hints.

use super::{
    inbound::{self, Signed},
    refusal::{Answer, Refusal},
};
use crate::http::wire::Problem;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, web};
use futures_util::future::LocalBoxFuture;

/// A message of somebody who may not be a partner yet.
#[derive(Debug)]
pub(super) struct Unknown(web::Bytes);

impl FromRequest for Unknown {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let manager = inbound::manager(&request)?;
            inbound::read(&manager, &request, payload).await.map(Self)
        })
    }
}

/// Accept an invitation of this broker's owner.
///
/// The token is signed by the newcomer's own key, which its DID document shows.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses(
        (status = 200, description = "Who invited"),
        (status = 401, body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/partners")]
pub(super) async fn partner_accept(request: HttpRequest, message: Unknown) -> Answer {
    let manager = inbound::manager(&request)?;
    let answer = manager.partner_join(&inbound::inbound(&request, &message.0)).await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// How the caller stands with this broker: the heartbeat.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses((status = 200), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[get("/status")]
pub(super) async fn status(message: Signed) -> Answer {
    Ok(HttpResponse::Ok().json(message.manager.peer_status(&message.peer).await?))
}

/// A hint that there is something new; it only wakes the puller.
#[utoipa::path(
    tag = "federation",
    security(("partner" = [])),
    responses((status = 202), (status = 401, body = Problem, content_type = "application/problem+json"))
)]
#[post("/inbox")]
pub(super) async fn inbox(message: Signed) -> Answer {
    message.manager.inbox(&message.peer, message.json()?).await?;
    Ok(HttpResponse::Accepted().finish())
}
