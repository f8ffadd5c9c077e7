//! One Redfish service as requests go to it: who asks (a session, or Basic
//! where there are none), entity tags, and tasks that are waited for a little.

use super::wire::{at, link, text, words};
use crate::connectors::http::{HttpAnswer, HttpCall, HttpSystem};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hansa_repository::system::{SystemConnection, SystemError, SystemErrorKind};
use reqwest::{Method, StatusCode, Url, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fmt, time::Duration};
use tokio::sync::{Mutex, OnceCell};

/// Where every service has its root (DSP0266, 6.1).
const ROOT: &str = "/redfish/v1/";
/// How long one answer may take: controllers are slow, but not that slow.
const ANSWER: Duration = Duration::from_secs(15);
/// So often a resource is read again when somebody changed it in between.
const TRIES: u32 = 3;
/// So often a task is looked at before a later round does; once a second.
const TASK_LOOKS: u32 = 3;

/// A Redfish service.
pub(super) struct Service {
    http: HttpSystem,
    base: Url,
    login: Option<Login>,
    auth: Mutex<Auth>,
    root: OnceCell<Value>,
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

/// How it is shown who asks.
enum Auth {
    /// Not tried yet, or the session has ended.
    Unknown,
    Basic,
    Session {
        token: String,
        /// The session's own resource: deleting it ends the session.
        place: Option<Url>,
    },
}

/// A resource with the tag of its state.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) path: String,
    pub(super) body: Value,
    etag: Option<String>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Drop for Service {
    /// Controllers have few sessions: one that is no longer used is given back.
    fn drop(&mut self) {
        let Auth::Session { token, place: Some(place) } = std::mem::replace(self.auth.get_mut(), Auth::Unknown) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let call = HttpCall::new(Method::DELETE, place, "end the session").secret("x-auth-token", &token);
            let http = self.http.clone();
            runtime.spawn(async move {
                if let Err(error) = http.send(&call).await {
                    tracing::debug!(%error, "a session could not be ended; it ends by itself");
                }
            });
        }
    }
}

impl Service {
    pub(super) fn new(connection: &SystemConnection) -> Result<Self, SystemError> {
        let http = HttpSystem::new(connection)?;
        let invalid =
            |action: &str, said: String, remedy: &str| http.complaint(action, SystemErrorKind::Invalid, said, remedy);
        let remedy = "give its address as a URL such as https://bmc.example";
        let base = Url::parse(&connection.system.address)
            .and_then(|url| url.join(ROOT))
            .map_err(|error| invalid("read its address", error.to_string(), remedy))?;
        let remedy = r#"store the credential as JSON: {"username":"…","password":"…"}"#;
        let login = match &connection.secret {
            None => None,
            // What serde says may show a part of the secret: only where it is wrong is told.
            Some(secret) => Some(serde_json::from_slice::<Login>(secret.reveal()).map_err(|error| {
                invalid("read its credential", format!("no such JSON at column {}", error.column()), remedy)
            })?),
        };
        Ok(Self { http, base, login, auth: Mutex::new(Auth::Unknown), root: OnceCell::new() })
    }

    /// The service root: read once, without a login where the service allows that, as it shall.
    pub(super) async fn root(&self) -> Result<&Value, SystemError> {
        self.root
            .get_or_try_init(|| async {
                let mut call = self.call(Method::GET, self.base.clone(), "read the service root");
                let mut answer = self.http.send(&call).await?;
                if answer.status == StatusCode::UNAUTHORIZED
                    && let Some(login) = &self.login
                {
                    call = call.secret("authorization", &basic(login));
                    answer = self.http.send(&call).await?;
                }
                Ok(self.read(&call, &self.accepted(&call, answer)?)?.0)
            })
            .await
    }

    /// Reads a resource.
    pub(super) async fn get(&self, path: &str) -> Result<Resource, SystemError> {
        let call = self.call(Method::GET, self.url(path)?, format!("read {path}"));
        let answer = self.send(&call).await?;
        let (body, etag) = self.read(&call, &self.accepted(&call, answer)?)?;
        Ok(Resource { path: path.to_owned(), body, etag })
    }

    /// The same; None where it does not exist or the service has no such part.
    pub(super) async fn find(&self, path: &str) -> Result<Option<Resource>, SystemError> {
        match self.get(path).await {
            Ok(resource) => Ok(Some(resource)),
            Err(error) if matches!(error.kind, SystemErrorKind::NotFound | SystemErrorKind::Unsupported) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes a resource as it was read. `Conflict`: somebody changed it since.
    pub(super) async fn patch(&self, read: &Resource, body: &Value, action: &str) -> Result<(), SystemError> {
        let mut call = self.call(Method::PATCH, self.url(&read.path)?, action).json(body);
        if let Some(tag) = read.etag.as_ref().and_then(|tag| header::HeaderValue::from_str(tag).ok()) {
            call.headers.insert(header::IF_MATCH, tag);
        }
        let answer = self.send(&call).await?;
        let answer = self.accepted(&call, answer)?;
        self.task(&call, &answer).await
    }

    /// Changes a resource whatever its state, reading it again where somebody changed it.
    pub(super) async fn patch_any(&self, path: &str, body: &Value, action: &str) -> Result<(), SystemError> {
        let mut tried = 1;
        loop {
            match self.patch(&self.get(path).await?, body, action).await {
                Err(error) if error.kind == SystemErrorKind::Conflict && tried < TRIES => tried += 1,
                outcome => return outcome,
            }
        }
    }

    /// Calls an action.
    pub(super) async fn post(&self, path: &str, body: &Value, action: &str) -> Result<(), SystemError> {
        let call = self.call(Method::POST, self.url(path)?, action).json(body);
        let answer = self.send(&call).await?;
        let answer = self.accepted(&call, answer)?;
        self.task(&call, &answer).await
    }

    /// An error that is about no single request.
    pub(super) fn complaint(
        &self,
        action: impl Into<String>,
        kind: SystemErrorKind,
        said: impl AsRef<str>,
        remedy: &str,
    ) -> SystemError {
        self.http.complaint(action, kind, said, remedy)
    }

    /// Waits a little for what was accepted and not done (DSP0266, 12.2). What
    /// takes longer is found done, or not done, by a later round.
    async fn task(&self, begun: &HttpCall, answer: &HttpAnswer) -> Result<(), SystemError> {
        let monitor = answer.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
        let (StatusCode::ACCEPTED, Some(monitor)) = (answer.status, monitor) else { return Ok(()) };
        let call = self.call(Method::GET, self.url(monitor)?, begun.action.clone());
        for _ in 0..TASK_LOOKS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let answer = self.send(&call).await?;
            match answer.status {
                StatusCode::ACCEPTED => {}
                // It has ended, and its monitor with it.
                StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(()),
                status if !status.is_success() => return Err(self.refused(&call, &answer)),
                _ => {
                    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                    match text(&body, "/TaskState") {
                        Some(state @ ("Exception" | "Killed" | "Cancelled")) => {
                            let said = words(&body).unwrap_or_else(|| format!("its task ended as {state}"));
                            return Err(self.http.error(&call, SystemErrorKind::Failed, said));
                        }
                        Some("New" | "Starting" | "Running" | "Pending" | "Service") => {}
                        _ => return Ok(()),
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends a request of somebody who is logged in; once more where the session has ended.
    async fn send(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let Some(login) = &self.login else { return self.http.send(call).await };
        let mut token = self.token(login, None).await?;
        let answer = self.http.send(&signed(call, login, token.as_deref())).await?;
        if answer.status != StatusCode::UNAUTHORIZED || token.is_none() {
            return Ok(answer);
        }
        token = self.token(login, token.as_deref()).await?;
        self.http.send(&signed(call, login, token.as_deref())).await
    }

    /// A session's token, other than one that has ended. None: by Basic.
    async fn token(&self, login: &Login, ended: Option<&str>) -> Result<Option<String>, SystemError> {
        let root = self.root().await?;
        let mut auth = self.auth.lock().await;
        match &*auth {
            Auth::Basic => return Ok(None),
            Auth::Session { token, .. } if ended != Some(token.as_str()) => return Ok(Some(token.clone())),
            Auth::Session { .. } | Auth::Unknown => {}
        }
        *auth = match link(root, "/Links/Sessions") {
            None => Auth::Basic,
            Some(sessions) => self.log_in(login, sessions).await?,
        };
        Ok(match &*auth {
            Auth::Session { token, .. } => Some(token.clone()),
            Auth::Basic | Auth::Unknown => None,
        })
    }

    async fn log_in(&self, login: &Login, sessions: &str) -> Result<Auth, SystemError> {
        let body = json!({ "UserName": login.username, "Password": login.password });
        let call = self.call(Method::POST, self.url(sessions)?, "log in").json(&body);
        let answer = self.http.send(&call).await?;
        match (answer.status.as_u16(), answer.headers.get("x-auth-token").and_then(|token| token.to_str().ok())) {
            (200..300, Some(token)) => {
                let place = answer.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
                let place = place.map(|place| self.url(place)).transpose()?;
                Ok(Auth::Session { token: token.to_owned(), place })
            }
            // It has no sessions, has none free, or gives them in another way: Basic is always there (DSP0266, 13.3.4).
            (404 | 405 | 501 | 503, _) | (200..300, None) => Ok(Auth::Basic),
            (400, _) => Err(SystemError { kind: SystemErrorKind::Unauthenticated, ..self.refused(&call, &answer) }),
            _ => Err(self.refused(&call, &answer)),
        }
    }

    fn call(&self, method: Method, url: Url, action: impl Into<String>) -> HttpCall {
        let mut call = HttpCall::new(method, url, action);
        call.timeout = ANSWER;
        call.headers.insert("odata-version", header::HeaderValue::from_static("4.0"));
        call
    }

    /// A reference of the service, and only of this service: the token goes nowhere else.
    fn url(&self, reference: &str) -> Result<Url, SystemError> {
        match self.base.join(reference) {
            Ok(url) if url.origin() == self.base.origin() => Ok(url),
            _ => Err(self.complaint(
                "follow a reference",
                SystemErrorKind::Failed,
                format!("it leads away from the service: {reference}"),
                "connect the service that has the resource",
            )),
        }
    }

    fn accepted(&self, call: &HttpCall, answer: HttpAnswer) -> Result<HttpAnswer, SystemError> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.refused(call, &answer)) }
    }

    fn refused(&self, call: &HttpCall, answer: &HttpAnswer) -> SystemError {
        let refusal = self.http.refusal(call, answer);
        // 428: an If-Match is asked for, so read it again.
        let kind = if answer.status.as_u16() == 428 { SystemErrorKind::Conflict } else { refusal.kind };
        match serde_json::from_slice(&answer.body).ok().and_then(|body: Value| words(&body)) {
            Some(said) => SystemError { kind, ..self.http.error(call, kind, format!("{}: {said}", answer.status)) },
            None => SystemError { kind, ..refusal },
        }
    }

    fn read(&self, call: &HttpCall, answer: &HttpAnswer) -> Result<(Value, Option<String>), SystemError> {
        let body: Value = serde_json::from_slice(&answer.body).map_err(|error| {
            self.http.error(call, SystemErrorKind::Failed, format!("its answer is no JSON: {error}"))
        })?;
        let tag = answer.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let tag = tag.or_else(|| at(&body, "/@odata.etag").and_then(Value::as_str)).map(str::to_owned);
        Ok((body, tag))
    }
}

fn signed(call: &HttpCall, login: &Login, token: Option<&str>) -> HttpCall {
    match token {
        Some(token) => call.clone().secret("x-auth-token", token),
        None => call.clone().secret("authorization", &basic(login)),
    }
}

fn basic(login: &Login) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", login.username, login.password)))
}
