//! Who calls, as a handler sees it.

use crate::http::problem::ApiError;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use hansa_iam::Principal;
use hansa_ontology::Actor;
use std::future::{Ready, ready};

/// Who calls: put into the request by the layer around the handlers, which has
/// asked whether the route's action is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who it is.
    pub principal: Principal,
}

impl Caller {
    /// Who sent this request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(|| Self { principal: Principal::local() })
    }

    /// Who it is in events.
    pub(crate) fn actor(&self) -> Actor {
        self.principal.actor.clone()
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
