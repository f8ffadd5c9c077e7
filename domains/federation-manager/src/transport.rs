//! How a call reaches a partner. The client of `hansa-federation` does it over
//! HTTPS; tests hand the bytes to another broker in the same process, and drop,
//! delay, repeat and reorder them.

use async_trait::async_trait;
use hansa_federation::{CallError, Client, Did, client, limits};
use std::{fmt, time::Duration};
use url::Url;

/// Carries calls to partners. Signing the call with this broker's key is its work too.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Makes the call and waits for the answer, once: repeating is the caller's decision.
    ///
    /// # Errors
    /// As [`TransportError`] says. An answer with a status of 400 or more is `Refused`.
    async fn call(&self, call: &Call) -> Result<Answer, TransportError>;

    /// The DID document that is served for a DID now, as its bytes.
    ///
    /// # Errors
    /// `NotSent` when the DID names an address that may not be asked, or nobody answers there.
    async fn did_document(&self, did: &Did) -> Result<Vec<u8>, TransportError>;
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Do, with an id of the caller's choice.
    Post,
    /// Make it so.
    Put,
    /// End it.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A call to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The partner's DID: the audience of the token.
    pub partner: String,
    /// Its base URL, without a slash at the end.
    pub endpoint: String,
    /// The method.
    pub method: Method,
    /// What follows the base URL, with the query: `/federation/v1/offers?after=100`.
    pub path: String,
    /// The body, JSON. Empty: none.
    pub body: Vec<u8>,
    /// How long it may take in all.
    pub timeout: Duration,
    /// The most bytes that the answer may have.
    pub limit: usize,
}

/// What a partner answered, with a status below 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer to go by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// It certainly didn't reach the partner: it may be sent again.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The partner said no.
    #[error("refused with status {status}: {detail}")]
    Refused {
        /// The status, 400 or more.
        status: u16,
        /// The problem's type (RFC 9457), or `about:blank`.
        kind: String,
        /// The problem's detail or title, cut to a length for people.
        detail: String,
        /// When it may be tried again, where the partner says so.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether the partner did it: read its state before sending it again.
    #[error("no answer: {0}")]
    Unknown(String),
}

#[async_trait]
impl Transport for Client {
    async fn call(&self, call: &Call) -> Result<Answer, TransportError> {
        let not_sent = |error: &dyn fmt::Display| TransportError::NotSent(error.to_string());
        let peer = client::Peer {
            did: Did::new(call.partner.as_str()).map_err(|error| not_sent(&error))?,
            endpoint: Url::parse(&call.endpoint).map_err(|error| not_sent(&error))?,
        };
        let method = call.method.as_str().parse().map_err(|error| TransportError::NotSent(format!("{error}")));
        let mut request = client::Call::new(method?, call.path.as_str()).limited(call.limit);
        request.body = (!call.body.is_empty()).then(|| ("application/json", call.body.clone()));
        request.timeout = Some(call.timeout);
        let answer = self.send(&peer, &request).await?;
        Ok(Answer { status: answer.status, body: answer.body })
    }

    async fn did_document(&self, did: &Did) -> Result<Vec<u8>, TransportError> {
        let fetch = async {
            let url = did.document_url(self.fetcher().guard())?;
            self.fetcher().get(&url, limits::DID_DOCUMENT_BYTES).await
        };
        fetch.await.map_err(|error: hansa_federation::FederationError| TransportError::NotSent(error.to_string()))
    }
}

impl From<CallError> for TransportError {
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        match error {
            CallError::NotSent { .. } => Self::NotSent(text),
            CallError::Unknown { .. } => Self::Unknown(text),
            CallError::Refused { status, problem, retry_after, .. } => {
                let detail = if problem.detail.is_empty() { problem.title } else { problem.detail };
                Self::Refused { status, kind: problem.kind, detail, retry_after }
            }
        }
    }
}

impl TransportError {
    /// Whether the same call may succeed later without anyone's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Unknown(_) => true,
            Self::Refused { status, .. } => *status >= 500 || matches!(*status, 408 | 425 | 429),
        }
    }
}
