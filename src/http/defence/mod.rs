//! Defences of the HTTP border: how much one caller gets, which names this
//! server answers to, and what every answer tells browsers.

mod address;
mod headers;
mod rates;
mod streams;

use address::{client_address, refuse_foreign_host};
use headers::Sort;
use rates::Rates;
use streams::Streams;

use super::{
    access::Caller,
    problem::{ApiError, ProblemKind},
};
use crate::config::{LimitSettings, Network};
use actix_web::{
    HttpMessage, HttpRequest,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header,
};
use hansa_iam::Principal;
use std::net::IpAddr;

/// The longest target of a request, in bytes.
const LONGEST_TARGET: usize = 8 << 10;
/// The most bytes of a request's headers. actix takes at most 96 of them.
const LARGEST_HEADERS: usize = 32 << 10;
/// What every stream's answer bears, for proxies that would gather it.
const STREAM: &str = "X-Accel-Buffering";

/// The address that a request came from, behind proxies that are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// That of a request, once it has been let in.
    pub(crate) fn of(request: &HttpRequest) -> Option<IpAddr> {
        request.extensions().get::<Self>().map(|address| address.0)
    }
}

/// The defences of a running broker.
#[derive(Debug)]
pub(crate) struct Defence {
    rates: Rates,
    streams: Streams,
    proxies: Vec<Network>,
    login: bool,
    https: bool,
}

impl Defence {
    /// `login`: whether people have to prove who they are. `https`: whether browsers reach this broker by https.
    pub(crate) fn new(limits: &LimitSettings, login: bool, https: bool) -> Self {
        Self {
            rates: Rates::new(limits),
            streams: Streams::new(limits.streams),
            proxies: limits.trusted_proxies.clone(),
            login,
            https,
        }
    }

    /// Before anybody has proved anything: sizes, names, the address's rate.
    /// Puts the [`ClientAddress`] into the request.
    ///
    /// # Errors
    /// Why it isn't served.
    pub(crate) fn admit(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        let address = client_address(request.request(), &self.proxies);
        if let Some(address) = address {
            request.extensions_mut().insert(ClientAddress(address));
        }
        sizes(request)?;
        if !self.login {
            return refuse_foreign_host(request);
        }
        let Some(address) = address else { return Ok(()) };
        self.rates.address(address)
    }

    /// Of somebody who proved who they are: their rate.
    ///
    /// # Errors
    /// When it is exceeded.
    pub(crate) fn admit_actor(&self, principal: &Principal) -> Result<(), ApiError> {
        if self.login { self.rates.actor(&principal.actor) } else { Ok(()) }
    }

    /// Whether a request brings a proof of who sent it.
    pub(crate) fn is_proof(request: &ServiceRequest) -> bool {
        request.headers().contains_key(header::AUTHORIZATION) || request.path().starts_with("/login")
    }

    /// After a refused proof: whether its address has had too many of them.
    /// What proves who sent it is never kept out for what others did at the
    /// same address, and the rate of the address bounds what looking costs.
    ///
    /// # Errors
    /// When it is to wait.
    pub(crate) fn after_failures(&self, request: &HttpRequest) -> Result<(), ApiError> {
        match ClientAddress::of(request) {
            Some(address) if self.login => self.rates.after_failures(address),
            _ => Ok(()),
        }
    }

    /// The proof that a request brought was refused.
    pub(crate) fn failed(&self, request: &HttpRequest) {
        if let Some(address) = ClientAddress::of(request)
            && self.login
        {
            self.rates.failed(address);
        }
    }

    /// Counts the stream that an answer is, until it ends; refuses it where the caller has too many open.
    pub(crate) fn count_stream(&self, response: ServiceResponse<BoxBody>, instance: &str) -> ServiceResponse<BoxBody> {
        if !response.headers().contains_key(STREAM) {
            return response;
        }
        let caller = Caller::of(response.request()).map(|caller| caller.actor());
        match self.streams.open(&format!("{caller:?}")) {
            Ok(open) => response.map_body(|_, body| open.around(body)),
            Err(refused) => ServiceResponse::new(response.into_parts().0, refused.response(instance)),
        }
    }

    /// Adds the headers that every answer has.
    pub(crate) fn harden(&self, response: &mut ServiceResponse<BoxBody>) {
        let sort = Sort::of(response.request().path());
        headers::harden(response.headers_mut(), sort, self.https);
    }

    /// Forgets callers that haven't been seen for long.
    pub(crate) fn tidy(&self) {
        self.rates.tidy();
    }
}

fn sizes(request: &ServiceRequest) -> Result<(), ApiError> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > LONGEST_TARGET {
        return Err(ApiError::new(
            ProblemKind::UriTooLong,
            format!(
                "the request's target has {target} bytes; at most {LONGEST_TARGET} are read: put what is long into a body"
            ),
        ));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers > LARGEST_HEADERS {
        return Err(ApiError::new(
            ProblemKind::HeadersTooLarge,
            format!(
                "the request's headers have {headers} bytes; at most {LARGEST_HEADERS} are read: send fewer, or clear this site's cookies"
            ),
        ));
    }
    Ok(())
}
