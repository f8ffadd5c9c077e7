//! HTTP to systems that speak it: one client for each, with the trust anchors
//! of its system, time limits, bounded answers, and a bounded number of tries
//! for requests that may be repeated. What goes wrong becomes a [`SystemError`]
//! with the system's own words.

use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{self, HeaderMap, HeaderValue},
};
use serde::de::DeserializeOwned;
use std::{
    error::Error as _,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

/// How long reaching a system may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one answer may take, unless the call says otherwise.
const ANSWER: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The most letters of what a system says that are told on.
const MOST_LETTERS: usize = 600;
/// So often a request that may be repeated is tried.
const TRIES: u32 = 3;
/// The first pause between two tries; it doubles, and a random half of it is added.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a system may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A client of one system. Clones share its connections.
#[derive(Debug, Clone)]
pub struct HttpSystem {
    client: Client,
    system: String,
}

/// A request to a system.
#[derive(Debug, Clone)]
pub struct HttpCall {
    /// What is being done, for people: `create server hansa-1f2e`.
    pub action: String,
    /// The method.
    pub method: Method,
    /// Where. Nothing secret: it may be shown.
    pub url: Url,
    /// Headers; mark what is secret as sensitive.
    pub headers: HeaderMap,
    /// The body, of the media type that the headers name.
    pub body: Option<Vec<u8>>,
    /// How long the answer may take.
    pub timeout: Duration,
    /// Asking twice does no more than asking once: true for GET, HEAD, PUT, DELETE.
    pub may_repeat: bool,
}

impl HttpCall {
    /// A request without a body.
    #[must_use]
    pub fn new(method: Method, url: Url, action: impl Into<String>) -> Self {
        let may_repeat = method.is_idempotent();
        Self { action: action.into(), method, url, headers: HeaderMap::new(), body: None, timeout: ANSWER, may_repeat }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { body: Some(body.to_string().into_bytes()), ..self }
    }

    /// The same with a header that no log shows.
    #[must_use]
    pub fn secret(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }
}

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpSystem {
    /// A client for this system.
    ///
    /// # Errors
    /// `Invalid` when its trust anchors are no certificates.
    pub fn new(connection: &SystemConnection) -> Result<Self, SystemError> {
        let system = connection.system.name.clone();
        let failed = |said: String| SystemError {
            system: system.clone(),
            kind: SystemErrorKind::Invalid,
            action: "prepare a client for it".to_owned(),
            said,
            remedy: "give its trust anchors as PEM certificates".to_owned(),
        };
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &connection.system.trust {
            let anchors = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|e| failed(e.to_string()))?;
            if anchors.is_empty() {
                return Err(failed("there is no certificate in them".to_owned()));
            }
            builder = builder.tls_certs_only(anchors);
        }
        let client = builder.build().map_err(|error| failed(innermost(&error)))?;
        Ok(Self { client, system })
    }

    /// Makes the request, several times where it may be repeated and the
    /// system is not there or busy. Any status is an answer.
    ///
    /// # Errors
    /// `Unreachable`, `TimedOut`; `Failed` when the answer is too large.
    pub async fn send(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let mut tried = 1;
        loop {
            let outcome = self.once(call).await;
            let again = match &outcome {
                Ok(answer) if passing(answer.status) => {
                    Some(asked_pause(&answer.headers).unwrap_or_else(|| pause(tried)))
                }
                Ok(_) => None,
                Err(error) if error.kind.is_passing() => Some(pause(tried)),
                Err(_) => None,
            };
            match again {
                Some(pause) if call.may_repeat && tried < TRIES => tokio::time::sleep(pause).await,
                _ => return outcome,
            }
            tried += 1;
        }
    }

    /// Makes the request and reads the answer as JSON; a status other than 2xx is an error.
    ///
    /// # Errors
    /// As [`Self::send`]; by the status, as [`Self::refusal`]; `Failed` when the answer is no such JSON.
    pub async fn json<T: DeserializeOwned>(&self, call: &HttpCall) -> Result<T, SystemError> {
        let answer = self.ok(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| SystemError {
            kind: SystemErrorKind::Failed,
            said: format!("its answer is not what its API documents: {error}"),
            ..self.error(call, SystemErrorKind::Failed, String::new())
        })
    }

    /// Makes the request; a status other than 2xx is an error.
    ///
    /// # Errors
    /// As [`Self::send`]; by the status, as [`Self::refusal`].
    pub async fn ok(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let answer = self.send(call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(self.refusal(call, &answer)) }
    }

    /// What an answer of an unwished status says.
    #[must_use]
    pub fn refusal(&self, call: &HttpCall, answer: &HttpAnswer) -> SystemError {
        let kind = match answer.status.as_u16() {
            400 | 422 => SystemErrorKind::Invalid,
            401 => SystemErrorKind::Unauthenticated,
            403 => SystemErrorKind::Forbidden,
            404 | 410 => SystemErrorKind::NotFound,
            405 | 406 | 415 | 501 => SystemErrorKind::Unsupported,
            408 | 504 => SystemErrorKind::TimedOut,
            409 | 412 | 423 => SystemErrorKind::Conflict,
            413 | 429 => SystemErrorKind::RateLimited,
            _ => SystemErrorKind::Failed,
        };
        let said = words(&answer.body);
        let said = if said.is_empty() { answer.status.to_string() } else { format!("{}: {said}", answer.status) };
        self.error(call, kind, said)
    }

    /// An error of this system about a call.
    #[must_use]
    pub fn error(&self, call: &HttpCall, kind: SystemErrorKind, said: String) -> SystemError {
        SystemError {
            system: self.system.clone(),
            kind,
            action: call.action.clone(),
            said: bounded(&said),
            remedy: remedy(kind).to_owned(),
        }
    }

    /// An error of this system that is about no single request.
    #[must_use]
    pub fn complaint(
        &self,
        action: impl Into<String>,
        kind: SystemErrorKind,
        said: impl AsRef<str>,
        remedy: &str,
    ) -> SystemError {
        SystemError {
            system: self.system.clone(),
            kind,
            action: action.into(),
            said: bounded(said.as_ref()),
            remedy: remedy.to_owned(),
        }
    }

    async fn once(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone())
            .timeout(call.timeout);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(|error| self.unanswered(call, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(HttpAnswer { status, headers, body: self.body(call, response).await? })
    }

    async fn body(&self, call: &HttpCall, mut response: Response) -> Result<Vec<u8>, SystemError> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unanswered(call, &error))? {
            body.extend_from_slice(&part);
            if body.len() > MOST_BYTES {
                let said = format!("its answer has more than {MOST_BYTES} bytes");
                return Err(self.error(call, SystemErrorKind::Failed, said));
            }
        }
        Ok(body)
    }

    fn unanswered(&self, call: &HttpCall, error: &reqwest::Error) -> SystemError {
        let kind = if error.is_timeout() && !error.is_connect() {
            SystemErrorKind::TimedOut
        } else {
            SystemErrorKind::Unreachable
        };
        let host = call.url.host_str().unwrap_or_default();
        let port = call.url.port_or_known_default().unwrap_or_default();
        self.error(call, kind, format!("{host}:{port}: {}", innermost(error)))
    }
}

/// The system is there and busy.
const fn passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3), as far as it is waited for.
fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

fn pause(tried: u32) -> Duration {
    let base = PAUSE.saturating_mul(1 << tried.min(4).saturating_sub(1));
    // Of the standard library's own randomness: brokers that failed together don't try again together.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    base + base.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0)
}

/// The cause that names the trouble: "connection refused", not "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    let mut next = error.source();
    while let Some(deeper) = next {
        cause = deeper;
        next = deeper.source();
    }
    cause.to_string()
}

/// What a body says, whatever its form: the message of a JSON error, else its text.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(value) => message(&value).unwrap_or_else(|| text.into_owned()),
        Err(_) => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The first text under a key that errors use, however deep.
fn message(value: &serde_json::Value) -> Option<String> {
    const KEYS: [&str; 6] = ["message", "faultstring", "error_message", "detail", "title", "description"];
    match value {
        serde_json::Value::Object(fields) => {
            let named = KEYS.iter().filter_map(|key| fields.get(*key)?.as_str()).find(|text| !text.is_empty());
            // Ironic wraps its error into a text of JSON.
            let inner = named.and_then(|text| message(&serde_json::from_str(text).ok()?));
            inner.or_else(|| named.map(str::to_owned)).or_else(|| fields.values().find_map(message))
        }
        serde_json::Value::Array(items) => items.iter().find_map(message),
        _ => None,
    }
}

fn bounded(text: &str) -> String {
    if text.chars().count() <= MOST_LETTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_LETTERS).chain("…".chars()).collect()
}

/// What a person can do about it.
const fn remedy(kind: SystemErrorKind) -> &'static str {
    match kind {
        SystemErrorKind::Unreachable => "check its address, its certificate and that it runs",
        SystemErrorKind::TimedOut => "it is tried again; look how busy the system is",
        SystemErrorKind::Unauthenticated => "rotate its credential",
        SystemErrorKind::Forbidden => "give its credential's account the right to do this",
        SystemErrorKind::Quota => "raise the quota, or release what is not needed",
        SystemErrorKind::NoRoom => "add capacity, or wait until some is free",
        SystemErrorKind::RateLimited => "it is tried again later",
        SystemErrorKind::Unsupported => "use another system for this, or a newer version of it",
        SystemErrorKind::Invalid => "check the system's settings and the offer's mapping",
        SystemErrorKind::NotFound | SystemErrorKind::Conflict | SystemErrorKind::Failed => "",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_words_are_found() {
        let nova = br#"{"forbidden": {"code": 403, "message": "Quota exceeded for cores: 4 of 4"}}"#;
        assert_eq!(words(nova), "Quota exceeded for cores: 4 of 4");
        let ironic = br#"{"error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Node is locked\"}"}"#;
        assert_eq!(words(ironic), "Node is locked");
        assert_eq!(words(b"<html>\n  Bad   Gateway </html>"), "<html> Bad Gateway </html>");
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        for tried in 1..10 {
            assert!(pause(tried) >= PAUSE && pause(tried) <= Duration::from_millis(2_400), "{:?}", pause(tried));
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
        assert_eq!(asked_pause(&headers), Some(LONGEST_PAUSE));
    }
}
