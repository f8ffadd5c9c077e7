//! A stream ends with what let it in: when its token or session is revoked or
//! has expired, when its owner is locked, when rights of theirs are taken away.
//! Whoever still may comes again at once, with the rights they have then.

use super::{
    Caller, proof,
    table::{Need, Route},
};
use crate::http::Broker;
use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    web::{self, Bytes},
};
use futures_util::future::LocalBoxFuture;
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// Between two looks whether the reader still may.
const LOOK: Duration = Duration::from_millis(700);

/// Ends the answer's body, where that is a stream, when its reader may no longer read it.
pub(super) fn over(
    broker: &web::Data<Broker>,
    route: &'static Route,
    response: ServiceResponse<BoxBody>,
) -> ServiceResponse<BoxBody> {
    let caller = Caller::of(response.request());
    let is_stream = response.response().body().size() == BodySize::Stream;
    let Some(caller) = caller.filter(|_| is_stream && broker.iam.login_required()) else {
        return response;
    };
    let ended = Box::pin(lost(broker.clone(), route, response.request().clone(), caller));
    response.map_body(|_, body| BoxBody::new(Watched { body, ended }))
}

/// Comes back when the caller may no longer do what the route is for.
async fn lost(broker: web::Data<Broker>, route: &'static Route, request: HttpRequest, caller: Caller) {
    loop {
        tokio::time::sleep(LOOK).await;
        match proof::principal(&broker, &request, route.proof).await {
            Ok(now) => {
                // A list is cut down to what was seen at its beginning.
                let same = now.grants == caller.principal.grants && now.limits == caller.principal.limits;
                let may = match (route.need, &caller.resource) {
                    (Need::May(action, _), Some(resource)) => broker.iam.decide(&now, action, resource).allowed,
                    _ => true,
                };
                if !(same && may) {
                    tracing::debug!("a stream ends: its reader's rights have changed");
                    return;
                }
            }
            Err(error) if error.kind().status().is_client_error() => {
                tracing::debug!(reason = error.log_text(), "a stream ends with what let it in");
                return;
            }
            Err(error) => {
                tracing::debug!(error = error.log_text(), "whether a stream's reader still may can't be seen now")
            }
        }
    }
}

/// A body that ends before its time.
struct Watched {
    body: BoxBody,
    ended: LocalBoxFuture<'static, ()>,
}

impl MessageBody for Watched {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_next(context)
    }
}
