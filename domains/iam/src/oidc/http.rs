//! The one place that talks to issuers: https alone (plain HTTP to loopback),
//! with time limits, a size limit, no redirects, and a bounded number of tries.

use crate::IamError;
use futures_util::StreamExt as _;
use openidconnect::http::{Method, Request, Response};
use std::{net::IpAddr, time::Duration};
use url::{Host, Url};

/// How long an issuer may take to answer, with all tries.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to be reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const MOST_BYTES: usize = 1 << 20;
/// How often a question is asked before an issuer counts as unreachable.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles, and up to as much is added by chance.
const PAUSE: Duration = Duration::from_millis(150);

/// Why an issuer gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFailure {
    /// It may not be asked.
    #[error("{0} is not https, and plain HTTP is for loopback alone")]
    Insecure(String),
    /// It doesn't answer.
    #[error("no answer: {0}")]
    Transport(String),
    /// It answers at too great a length.
    #[error("the answer is larger than {MOST_BYTES} bytes")]
    TooLarge,
    /// The answer has no form.
    #[error("the answer can't be read: {0}")]
    Malformed(#[from] openidconnect::http::Error),
}

/// A client for issuers.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    /// For issuers elsewhere: as the environment's proxy says.
    outside: reqwest::Client,
    /// For issuers on this machine: never through a proxy.
    loopback: reqwest::Client,
}

impl Http {
    /// A client that also trusts the authorities of `roots` (PEM).
    pub(crate) fn new(roots: &[Vec<u8>]) -> Result<Self, IamError> {
        let wrong = |error: reqwest::Error| IamError::Internal(format!("no client for issuers can be made: {error}"));
        let build = || -> Result<reqwest::ClientBuilder, IamError> {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_WITHIN)
                .timeout(ANSWER_WITHIN);
            for root in roots {
                for certificate in reqwest::Certificate::from_pem_bundle(root).map_err(wrong)? {
                    builder = builder.add_root_certificate(certificate);
                }
            }
            Ok(builder)
        };
        let outside = build()?.build().map_err(wrong)?;
        let loopback = build()?.no_proxy().build().map_err(wrong)?;
        Ok(Self { outside, loopback })
    }

    /// Sends one request, once.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpFailure> {
        let (parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        let url = Url::parse(&address).map_err(|_no_url| HttpFailure::Insecure(address.clone()))?;
        if !is_secure(&url) {
            return Err(HttpFailure::Insecure(origin(&url)));
        }
        let client = if is_loopback(&url) { &self.loopback } else { &self.outside };
        let sent = client.request(parts.method, url).headers(parts.headers).body(body).send().await;
        let answer = sent.map_err(|error| HttpFailure::Transport(reason(error)))?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut read = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| HttpFailure::Transport(reason(error)))?;
            if read.len() + chunk.len() > MOST_BYTES {
                return Err(HttpFailure::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        Ok(response.body(read)?)
    }

    /// Reads a JSON document, with further tries where the issuer doesn't answer or is overloaded.
    pub(crate) async fn json(&self, url: &str, bearer: Option<&str>) -> Result<serde_json::Value, String> {
        let late = |_| {
            let seconds = ANSWER_WITHIN.as_secs();
            Err(format!("{}: no answer within {seconds} seconds", without_query(url)))
        };
        tokio::time::timeout(ANSWER_WITHIN, self.tries(url, bearer)).await.unwrap_or_else(late)
    }

    async fn tries(&self, url: &str, bearer: Option<&str>) -> Result<serde_json::Value, String> {
        let mut last = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(pause(attempt)).await;
            }
            let mut request = Request::builder().method(Method::GET).uri(url).header("accept", "application/json");
            if let Some(bearer) = bearer {
                request = request.header("authorization", format!("Bearer {bearer}"));
            }
            let request = request.body(Vec::new()).map_err(|error| error.to_string())?;
            match self.send(request).await {
                Ok(answer) if answer.status().is_success() => {
                    return serde_json::from_slice(answer.body())
                        .map_err(|error| format!("{} answers no JSON: {error}", without_query(url)));
                }
                Ok(answer) if answer.status().is_server_error() || answer.status().as_u16() == 429 => {
                    last = format!("{} answers {}", without_query(url), answer.status());
                }
                Ok(answer) => return Err(format!("{} answers {}", without_query(url), answer.status())),
                Err(failure @ HttpFailure::Transport(_)) => last = format!("{}: {failure}", without_query(url)),
                Err(failure) => return Err(format!("{}: {failure}", without_query(url))),
            }
        }
        Err(last)
    }
}

/// Whether a URL may be asked or be sent to: https, or loopback.
pub(crate) fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The innermost cause, without the URL, which may hold a code.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn pause(attempt: u32) -> Duration {
    let mut byte = [0_u8; 1];
    // Without chance the pause is merely even.
    let chance = aws_lc_rs::rand::fill(&mut byte).map_or(0, |()| u32::from(byte[0]));
    let base = PAUSE * 2_u32.saturating_pow(attempt.saturating_sub(1));
    base + base * chance / 255
}
