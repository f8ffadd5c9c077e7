//! One signed request and what came of it.

use super::{Client, Peer, fetch};
use crate::{
    FederationError, json, limits,
    token::{self, Request},
    wire::{Problem, ProblemKind},
};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, Response, StatusCode, header};
use std::time::Duration;
use url::Url;

/// A request that is to be made.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: Method,
    /// Path and query below the peer's endpoint, from the first `/`.
    pub path: String,
    /// Media type and bytes.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// The most bytes of the answer.
    pub limit: usize,
    /// The longest wait, where it differs from the client's.
    pub timeout: Option<Duration>,
}

impl Call {
    /// A request without a body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, limit: limits::ANSWER_BYTES, timeout: None }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Allows an answer of another size.
    #[must_use]
    pub fn limited(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// An answer of 200 to 299.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// What came of a request that wasn't carried out, or may not have been.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// It never reached the partner: it can be sent again.
    #[error("{host} was not reached: {reason}")]
    NotSent {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The partner says no, and did nothing.
    #[error("{host} refuses: {problem}")]
    Refused {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// Its reason. Of a DSP error body, code and reasons.
        problem: Box<Problem>,
        /// When to try again, where it says so.
        retry_after: Option<Duration>,
    },
    /// Whether it was carried out isn't known: read the partner's state before sending again.
    #[error("what came of the request to {host} is not known: {reason}")]
    Unknown {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
}

impl CallError {
    /// The kind of problem that the partner names, where it is one of ours.
    #[must_use]
    pub fn problem_kind(&self) -> Option<ProblemKind> {
        match self {
            Self::Refused { problem, .. } => ProblemKind::of(problem),
            Self::NotSent { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The status of a refusal.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::NotSent { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Whether the same request may do better later: not reached, unknown, 429, 503.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::Unknown { .. } => true,
            Self::Refused { status, .. } => matches!(*status, 429 | 503),
        }
    }
}

impl Client {
    /// Makes a request: signs it, sends it, reads the answer. When the partner
    /// says that the clocks differ, the request is signed once more by its clock
    /// and sent again; that is the only repetition in here.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn send(&self, peer: &Peer, call: &Call) -> Result<Answer, CallError> {
        match self.attempt(peer, call).await {
            Err(error) if error.problem_kind() == Some(ProblemKind::Clock) => {
                tracing::info!(partner = %peer.did, skew = %self.skew(&peer.did), "a partner's clock differs; the request is signed again by its clock");
                self.attempt(peer, call).await
            }
            done => done,
        }
    }

    async fn attempt(&self, peer: &Peer, call: &Call) -> Result<Answer, CallError> {
        let url = target(&peer.endpoint, &call.path);
        let host = fetch::host(&peer.endpoint);
        let not_sent = |error: FederationError| CallError::NotSent { host: host.clone(), reason: error.to_string() };
        let url = url.map_err(not_sent)?;
        self.fetcher.guard().url_check(&url).map_err(not_sent)?;
        let request = self.signed(peer, call, &url).await.map_err(not_sent)?;
        let answer = request.send().await.map_err(|error| lost(&host, &error))?;
        self.skew_learn(peer, &answer);
        read(answer, &host, call.limit).await
    }

    async fn signed(&self, peer: &Peer, call: &Call, url: &Url) -> Result<reqwest::RequestBuilder, FederationError> {
        let path_and_query = path_and_query(url);
        let body = call.body.as_ref().map_or(&[][..], |(_, bytes)| bytes.as_slice());
        let about = Request { method: call.method.as_str(), path_and_query: &path_and_query, body };
        let now = (self.now)();
        let their_now = now.checked_add_signed(self.skew(&peer.did)).unwrap_or(now);
        let token = token::issue_at(self.keys.as_ref(), &peer.did, about, (self.new_id)(), now, their_now).await?;
        let mut request = self.fetcher.http.request(call.method.clone(), url.clone()).bearer_auth(token);
        request = request.header(header::ACCEPT, "application/json, application/problem+json");
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(header::CONTENT_TYPE, *content_type).body(bytes.clone());
        }
        if let Some(timeout) = call.timeout {
            request = request.timeout(timeout);
        }
        Ok(request)
    }

    /// Keeps how far the partner's clock is off, by the answer's Date field (to
    /// the second). Only when it refuses our time: else a few seconds of delay
    /// on the way would be taken for a difference.
    fn skew_learn(&self, peer: &Peer, answer: &Response) {
        if answer.status() != StatusCode::UNAUTHORIZED {
            return;
        }
        let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()) else { return };
        let skew = theirs.with_timezone(&Utc) - (self.now)();
        let most = TimeDelta::from_std(limits::SKEW).unwrap_or(TimeDelta::zero());
        if skew.abs() <= most {
            self.skew_set(&peer.did, skew);
        }
    }
}

/// The URL of a path below an endpoint.
fn target(endpoint: &Url, path: &str) -> Result<Url, FederationError> {
    let base = endpoint.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}{path}")).map_err(|error| FederationError::invalid("endpoint", error.to_string()))
}

/// Path and query as they are sent.
fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A request that got no answer: was it sent?
fn lost(host: &str, error: &reqwest::Error) -> CallError {
    let host = host.to_owned();
    if let Some((address, reason)) = fetch::refused_address(error) {
        return CallError::NotSent { host, reason: format!("{address} is refused: {reason}") };
    }
    let reason = fetch::cause(error);
    if error.is_connect() || error.is_builder() {
        CallError::NotSent { host, reason }
    } else {
        CallError::Unknown { host, reason }
    }
}

async fn read(answer: Response, host: &str, limit: usize) -> Result<Answer, CallError> {
    let status = answer.status();
    let unknown = |reason: String| CallError::Unknown { host: host.to_owned(), reason };
    let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = match fetch::body(answer, limit).await {
        Ok(Some(body)) => body,
        Ok(None) => return Err(unknown(format!("the answer has more than {limit} bytes"))),
        Err(error) => return Err(unknown(fetch::cause(&error))),
    };
    let nothing_done = status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE;
    if status.is_success() {
        Ok(Answer { status: status.as_u16(), body })
    } else if nothing_done && status != StatusCode::REQUEST_TIMEOUT {
        Err(CallError::Refused {
            host: host.to_owned(),
            status: status.as_u16(),
            problem: Box::new(problem(status, &body)),
            retry_after: retry_after.map(Duration::from_secs),
        })
    } else {
        Err(unknown(format!("it answers {status}")))
    }
}

/// The problem in a body: RFC 9457, or a DSP error with code and reasons.
fn problem(status: StatusCode, body: &[u8]) -> Problem {
    let plain = || Problem {
        title: status.canonical_reason().unwrap_or("refused").to_owned(),
        status: status.as_u16(),
        ..Problem::default()
    };
    let Ok(value) = json::value("problem", body, limits::ANSWER_BYTES) else { return plain() };
    if let Some(reasons) = value.get("reason").and_then(serde_json::Value::as_array) {
        let detail: Vec<String> = reasons.iter().map(shown).collect();
        let code = value.get("code").and_then(serde_json::Value::as_str).unwrap_or_default();
        let named = ProblemKind::ALL.into_iter().find(|kind| kind.name() == code);
        let kind = named.map_or_else(|| format!("about:blank#{code}"), ProblemKind::uri);
        return Problem { kind, detail: cut(detail.join("; ")), ..plain() };
    }
    match serde_json::from_value::<Problem>(value) {
        Ok(problem) => {
            Problem { status: status.as_u16(), detail: cut(problem.detail), title: cut(problem.title), ..problem }
        }
        Err(_not_a_problem) => plain(),
    }
}

fn shown(reason: &serde_json::Value) -> String {
    reason.as_str().map_or_else(|| reason.to_string(), str::to_owned)
}

/// A partner's text, cut to what a log and a page can bear.
fn cut(text: String) -> String {
    match text.char_indices().find(|(position, _)| *position >= limits::TEXT_BYTES) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
