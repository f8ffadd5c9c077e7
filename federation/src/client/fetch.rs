//! The connection itself: names resolved under the guard's eyes, TLS, bounds.

use super::ClientOptions;
use crate::{AddressGuard, FederationError};
use futures_util::StreamExt as _;
use reqwest::{
    Certificate, Identity, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Duration};
use url::Url;

/// Reads what needs no signature, and carries what has one.
#[derive(Debug, Clone)]
pub struct Fetcher {
    pub(super) http: reqwest::Client,
    pub(super) guard: Arc<AddressGuard>,
}

impl Fetcher {
    /// A fetcher.
    ///
    /// # Errors
    /// [`FederationError::Crypto`] when the certificates in the options can't be used.
    pub fn new(options: &ClientOptions) -> Result<Self, FederationError> {
        let unusable = |what: &'static str| {
            move |error: reqwest::Error| FederationError::Crypto(format!("{what} can't be used: {}", cause(&error)))
        };
        let guard = Arc::new(options.guard.clone());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .pool_max_idle_per_host(2)
            // Shorter than servers keep a connection that is idle (5 s is usual): one that is
            // closed while it is written to leaves nobody knowing whether the request came.
            .pool_idle_timeout(Duration::from_secs(3))
            .dns_resolver(Arc::new(GuardedResolver { guard: Arc::clone(&guard) }));
        if !options.root_certificates.is_empty() {
            let roots =
                Certificate::from_pem_bundle(&options.root_certificates).map_err(unusable("the root certificate"))?;
            if roots.is_empty() {
                return Err(FederationError::Crypto(
                    "the file of root certificates has no certificate in PEM".to_owned(),
                ));
            }
            builder = builder.tls_certs_merge(roots);
        }
        if let Some(identity) = &options.identity {
            builder = builder.identity(Identity::from_pem(identity).map_err(unusable("the client certificate"))?);
        }
        Ok(Self { http: builder.build().map_err(unusable("the TLS settings"))?, guard })
    }

    /// Which addresses may be connected to.
    #[must_use]
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// Reads a URL: 200 and at most `limit` bytes.
    ///
    /// # Errors
    /// [`FederationError::Address`], [`FederationError::Unreachable`], [`FederationError::TooLarge`].
    pub async fn get(&self, url: &Url, limit: usize) -> Result<Vec<u8>, FederationError> {
        self.guard.url_check(url)?;
        let failed = |error: reqwest::Error| self.failure(url, &error);
        let answer = self.http.get(url.clone()).send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            let reason = format!("it answers {}, not 200 (redirects are not followed)", answer.status());
            return Err(FederationError::Unreachable { host: host(url), reason });
        }
        match body(answer, limit).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(FederationError::bytes("answer", limit)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Posts bytes of a media type with further headers, and gives the status
    /// of the answer. Redirects are not followed; what else is answered is not read.
    ///
    /// # Errors
    /// [`FederationError::Address`], [`FederationError::Unreachable`].
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        (media_type, body): (&'static str, Vec<u8>),
    ) -> Result<u16, FederationError> {
        self.guard.url_check(url)?;
        let mut request = self.http.post(url.clone()).header(reqwest::header::CONTENT_TYPE, media_type).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.map_err(|error| self.failure(url, &error))?;
        Ok(answer.status().as_u16())
    }

    fn failure(&self, url: &Url, error: &reqwest::Error) -> FederationError {
        match refused_address(error) {
            Some((host, reason)) => FederationError::Address { host, reason },
            None => FederationError::Unreachable { host: host(url), reason: cause(error) },
        }
    }
}

/// Reads a body to its end, or None when it goes on past `limit`.
pub(super) async fn body(answer: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// Host and port; path and query may hold what isn't for logs.
pub(super) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

/// What is at the bottom of an error, without its URL.
pub(super) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut bottom: &dyn std::error::Error = error;
    while let Some(source) = bottom.source() {
        bottom = source;
    }
    if error.source().is_none() { "the request failed".to_owned() } else { bottom.to_string() }
}

/// The guard's word, when it was the guard that let the connection fail.
pub(super) fn refused_address(error: &reqwest::Error) -> Option<(String, String)> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(FederationError::Address { host, reason }) = source.downcast_ref() {
            return Some((host.clone(), reason.clone()));
        }
        next = source.source();
    }
    None
}

struct GuardedResolver {
    guard: Arc<AddressGuard>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            guard.resolved_check(name.as_str(), &found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
