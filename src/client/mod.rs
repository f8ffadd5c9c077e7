//! The API as the command line sees it: requests are values, and one place sends them.

mod credentials;
mod error;
mod sse;

pub(crate) use credentials::{Credentials, Stored};
pub(crate) use error::ClientError;
pub(crate) use sse::messages;

use crate::http::wire::{Page, Problem};
use hansa_iam::Secret;
use reqwest::{
    Method, Response, Url,
    header::{self, HeaderValue},
};
use serde::de::DeserializeOwned;
use std::{net::IpAddr, path::Path, time::Duration};

/// The path under which tenants' resources lie.
const BASE: &str = "/api/v1";
/// The path under which owners' resources lie.
const ADMIN: &str = "/admin/v1";
/// How long an answer may take to begin.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A broker, reached over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    server: Url,
    http: reqwest::Client,
    roots: Vec<Vec<u8>>,
    identity: Identity,
}

/// Who the client is.
#[derive(Debug, Clone)]
enum Identity {
    /// Nobody: at a broker without login, or for what everybody may ask.
    Nobody,
    /// Whoever has this token.
    Token(Secret),
    /// Whoever has logged in at the server.
    Kept,
}

/// A request, before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    base: &'static str,
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<(String, Vec<u8>)>,
    anonymous: bool,
}

impl Request {
    /// A request to `/api/v1/` and these segments, which may hold any letter.
    pub(crate) fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Self { method, base: BASE, path, query: Vec::new(), headers: Vec::new(), body: None, anonymous: false }
    }

    /// A request to `/admin/v1/` and these segments.
    pub(crate) fn admin(method: Method, path: &[&str]) -> Self {
        Self { base: ADMIN, ..Self::new(method, path) }
    }

    /// A GET.
    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// For what everybody may ask: sent without a token.
    #[must_use]
    pub(crate) fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// With a query parameter.
    #[must_use]
    pub(crate) fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a query parameter, where there is a value.
    #[must_use]
    pub(crate) fn maybe_query(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// With a header.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((content_type.to_owned(), body.into()));
        self
    }

    fn url(&self, server: &Url) -> Result<Url, ClientError> {
        let mut url = server.clone();
        let refuse = || ClientError::Server(server.to_string());
        let mut segments = url.path_segments_mut().map_err(|()| refuse())?;
        segments.pop_if_empty().extend(self.base.split('/').filter(|part| !part.is_empty())).extend(&self.path);
        drop(segments);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// Certificates of further authorities.
fn authorities(ca_file: Option<&Path>) -> Result<Vec<Vec<u8>>, ClientError> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map_err(|error| ClientError::Login(format!("--ca-file: {} can't be read: {error}", path.display())))
    };
    Ok(ca_file.map(read).transpose()?.into_iter().collect())
}

impl Client {
    /// A client of the broker at `server`, such as `http://127.0.0.1:8080`, that is nobody in particular.
    ///
    /// # Errors
    /// When that is no URL of an HTTP server.
    pub(crate) fn new(server: &str) -> Result<Self, ClientError> {
        Self::trusting(server, Vec::new(), Identity::Nobody)
    }

    /// The same for whoever is logged in; `ca_file` has certificates (PEM) of
    /// further authorities.
    ///
    /// # Errors
    /// As [`Self::new`], or when the certificates can't be read.
    pub(crate) fn signed_in(server: &str, ca_file: Option<&Path>) -> Result<Self, ClientError> {
        let roots = authorities(ca_file)?;
        let identity = match credentials::from_environment() {
            Some(token) => Identity::Token(token),
            None => Identity::Kept,
        };
        Self::trusting(server, roots, identity)
    }

    /// How this server is reached, for the agent of a machine: it shows what
    /// nobody has logged in with.
    ///
    /// # Errors
    /// As [`Self::new`]; when the file of authorities can't be read.
    pub(crate) fn plain(server: &str, ca_file: Option<&Path>) -> Result<reqwest::Client, ClientError> {
        Ok(Self::trusting(server, authorities(ca_file)?, Identity::Nobody)?.http)
    }

    /// The same for whoever has this token.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn with_token(server: &str, token: Secret) -> Result<Self, ClientError> {
        Self::trusting(server, Vec::new(), Identity::Token(token))
    }

    fn trusting(server: &str, roots: Vec<Vec<u8>>, identity: Identity) -> Result<Self, ClientError> {
        let refuse = |_| ClientError::Server(server.to_owned());
        let url = Url::parse(server).map_err(refuse)?;
        if !["http", "https"].contains(&url.scheme()) || url.cannot_be_a_base() {
            return Err(ClientError::Server(server.to_owned()));
        }
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5));
        for root in &roots {
            for certificate in reqwest::Certificate::from_pem_bundle(root).map_err(ClientError::Transport)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(ClientError::Transport)?;
        Ok(Self { server: url, http, roots, identity })
    }

    /// The broker.
    pub(crate) const fn server(&self) -> &Url {
        &self.server
    }

    /// Certificates of further authorities (PEM).
    pub(crate) fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// The token to send. None: nobody is logged in.
    async fn token(&self) -> Result<Option<Secret>, ClientError> {
        let token = match &self.identity {
            Identity::Nobody => None,
            Identity::Token(token) => Some(token.clone()),
            Identity::Kept => match Credentials::of(&self.server) {
                Some(kept) => kept.token(&self.roots).await?,
                None => None,
            },
        };
        if token.is_some() && self.server.scheme() == "http" && !is_loopback(&self.server) {
            return Err(ClientError::Login(format!(
                "a token is not sent to {} over plain HTTP, where anybody could read it; use https",
                self.server
            )));
        }
        Ok(token)
    }

    /// Sends a request and gives the answer, when it is a success.
    ///
    /// # Errors
    /// When the broker can't be reached, or answers with a problem.
    pub(crate) async fn send(&self, request: Request) -> Result<Response, ClientError> {
        let mut call = self.http.request(request.method.clone(), request.url(&self.server)?);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        if !request.anonymous
            && let Some(token) = self.token().await?
        {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|_no_header| ClientError::Login("the token holds letters that no token has".to_owned()))?;
            value.set_sensitive(true);
            call = call.header(header::AUTHORIZATION, value);
        }
        if let Some((content_type, body)) = request.body {
            call = call.header(header::CONTENT_TYPE, content_type).body(body);
        }
        let answer = match tokio::time::timeout(ANSWER_WITHIN, call.send()).await {
            Ok(answer) => answer.map_err(|source| ClientError::unreachable(&self.server, source))?,
            Err(_) => {
                return Err(ClientError::TooSlow { server: self.server.to_string(), seconds: ANSWER_WITHIN.as_secs() });
            }
        };
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer).await) }
    }

    /// Sends a request and reads the answer's JSON.
    ///
    /// # Errors
    /// As [`Self::send`], or when the answer is not understood.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, ClientError> {
        let answer = self.send(request).await?;
        let bytes = answer.bytes().await.map_err(ClientError::Transport)?;
        serde_json::from_slice(&bytes).map_err(ClientError::NotUnderstood)
    }

    /// Sends a request and reads the answer's text.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn text(&self, request: Request) -> Result<String, ClientError> {
        self.send(request).await?.text().await.map_err(ClientError::Transport)
    }

    /// Every item of a list, page after page, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let size = limit.saturating_sub(items.len()).min(500);
            let page: Page<T> =
                self.json(request.clone().query("limit", size).maybe_query("pageToken", token.take())).await?;
            items.extend(page.items);
            match page.next {
                Some(next) if items.len() < limit => token = Some(next),
                _ => return Ok(items),
            }
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn refused(answer: Response) -> ClientError {
    let status = answer.status().as_u16();
    match answer.bytes().await {
        Ok(body) => match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::Problem(Box::new(problem)),
            Err(_) => ClientError::Status { status, body: String::from_utf8_lossy(&body).chars().take(300).collect() },
        },
        Err(error) => ClientError::Transport(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_with_any_letter_stays_one_segment() {
        let server = Url::parse("http://127.0.0.1:8080").unwrap();
        let url = Request::get(&["offers", "https://a.example/o?x#1"]).query("whatIf", true).url(&server).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8080/api/v1/offers/https:%2F%2Fa.example%2Fo%3Fx%231?whatIf=true");
    }

    #[test]
    fn only_an_http_server_will_do() {
        for bad in ["", "127.0.0.1:8080", "ftp://a.example", "mailto:x"] {
            assert!(Client::new(bad).is_err(), "{bad}");
        }
    }
}
