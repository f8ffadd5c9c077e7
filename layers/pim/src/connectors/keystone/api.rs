//! One service of an OpenStack: where it is, who asks, and which microversion
//! both sides know.

use super::{Keystone, Microversion, catalogue};
use crate::connectors::http::{HttpAnswer, HttpCall, HttpSystem};
use hansa_repository::system::{SystemError, SystemErrorKind};
use reqwest::{
    Method, Url,
    header::{HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A service that speaks REST as OpenStack's do.
#[derive(Debug)]
pub struct OpenStackApi {
    door: Door,
    base: Url,
    microversion: Option<(HeaderName, HeaderValue)>,
    calls: Arc<AtomicU64>,
}

/// Who asks.
#[derive(Debug)]
enum Door {
    /// Nobody in particular: the service runs without Keystone.
    Open(HttpSystem),
    /// An account.
    Keystone(Arc<Keystone>),
}

impl OpenStackApi {
    /// A service that asks nobody who they are (`auth_strategy = noauth`).
    ///
    /// # Errors
    /// `Invalid` when the address is no URL.
    pub fn open(http: HttpSystem, address: &str) -> Result<Self, SystemError> {
        let base = catalogue::base(address).map_err(|said| {
            let remedy = "give the address of the service, such as https://ironic.example:6385";
            http.complaint("read its address", SystemErrorKind::Invalid, said, remedy)
        })?;
        Ok(Self { door: Door::Open(http), base, microversion: None, calls: Arc::default() })
    }

    /// A service of the catalogue, by the first of these types that there is;
    /// None where the cloud has none. `version` (`v2.1`) is what the paths of
    /// its API begin with, where the catalogue may leave it out.
    ///
    /// # Errors
    /// As [`Keystone::endpoint`].
    pub async fn of(
        keystone: &Arc<Keystone>,
        types: &[&str],
        version: Option<&str>,
    ) -> Result<Option<Self>, SystemError> {
        let Some(base) = keystone.endpoint(types).await? else { return Ok(None) };
        let api = Self { door: Door::Keystone(Arc::clone(keystone)), base, microversion: None, calls: Arc::default() };
        api.versioned(version).map(Some)
    }

    /// The same below a version, where its address has none yet.
    ///
    /// # Errors
    /// `Invalid` when that makes no URL.
    pub fn versioned(mut self, version: Option<&str>) -> Result<Self, SystemError> {
        let major = |segment: &str| {
            let digits = segment.strip_prefix('v').unwrap_or_default();
            !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
        };
        if let Some(version) = version.filter(|_| !self.base.path().split('/').any(major)) {
            self.base = self.base.join(&format!("{version}/")).map_err(|error| {
                self.http().complaint("read its address", SystemErrorKind::Invalid, error.to_string(), "")
            })?;
        }
        Ok(self)
    }

    /// The same, with a count of its requests that is kept together with others.
    #[must_use]
    pub fn counted(self, calls: &Arc<AtomicU64>) -> Self {
        Self { calls: Arc::clone(calls), ..self }
    }

    /// The same, asking for this microversion from now on.
    #[must_use]
    pub fn at(mut self, header: &'static str, value: &str) -> Self {
        self.microversion = HeaderValue::from_str(value).ok().map(|value| (HeaderName::from_static(header), value));
        self
    }

    /// The client below.
    #[must_use]
    pub fn http(&self) -> &HttpSystem {
        match &self.door {
            Door::Open(http) => http,
            Door::Keystone(keystone) => keystone.http(),
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// A request to `segments` below the service, each of them escaped.
    #[must_use]
    pub fn call(&self, method: Method, segments: &[&str], action: impl Into<String>) -> HttpCall {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let mut call = HttpCall::new(method, url, action);
        if let Some((name, value)) = &self.microversion {
            call.headers.insert(name.clone(), value.clone());
        }
        call
    }

    /// A GET with a query.
    #[must_use]
    pub fn get(&self, segments: &[&str], query: &[(&str, &str)], action: impl Into<String>) -> HttpCall {
        let mut call = self.call(Method::GET, segments, action);
        if !query.is_empty() {
            call.url.query_pairs_mut().extend_pairs(query);
        }
        call
    }

    /// Makes the request. Any status is an answer.
    ///
    /// # Errors
    /// As [`HttpSystem::send`] and [`Keystone::send`].
    pub async fn send(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match &self.door {
            Door::Open(http) => http.send(call).await,
            Door::Keystone(keystone) => keystone.send(call).await,
        }
    }

    /// Makes the request; a status other than 2xx is an error.
    ///
    /// # Errors
    /// As [`Self::send`]; by the status, as [`HttpSystem::refusal`], but for
    /// quotas and hosts without room, which OpenStack tells by its words alone.
    pub async fn ok(&self, call: &HttpCall) -> Result<HttpAnswer, SystemError> {
        let answer = self.send(call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(self.refusal(call, &answer)) }
    }

    /// Makes the request and reads the answer as JSON.
    ///
    /// # Errors
    /// As [`Self::ok`]; `Failed` when the answer is no such JSON.
    pub async fn json<T: DeserializeOwned>(&self, call: &HttpCall) -> Result<T, SystemError> {
        let answer = self.ok(call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| {
            let said = format!("its answer is not what its API documents: {error}");
            self.http().error(call, SystemErrorKind::Failed, said)
        })
    }

    /// The same; None when there is no such thing.
    ///
    /// # Errors
    /// As [`Self::json`], but for `NotFound`.
    pub async fn maybe<T: DeserializeOwned>(&self, call: &HttpCall) -> Result<Option<T>, SystemError> {
        match self.json(call).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes; whether there was something. Gone already is success.
    ///
    /// # Errors
    /// As [`Self::ok`], but for `NotFound`.
    pub async fn delete(&self, segments: &[&str], action: impl Into<String>) -> Result<bool, SystemError> {
        match self.ok(&self.call(Method::DELETE, segments, action)).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What an answer of an unwished status says.
    #[must_use]
    pub fn refusal(&self, call: &HttpCall, answer: &HttpAnswer) -> SystemError {
        let error = self.http().refusal(call, answer);
        match kind_of_words(&error.said) {
            Some(kind) if kind != error.kind => self.http().error(call, kind, error.said),
            _ => error,
        }
    }

    /// The microversions that the service offers at its root, lowest and highest.
    ///
    /// # Errors
    /// As [`Self::json`]; `Failed` when it does not tell.
    pub async fn offered(&self, action: &str) -> Result<(Microversion, Microversion), SystemError> {
        let call = self.get(&[""], &[], action);
        let root: Value = self.json(&call).await?;
        let version = root.get("version").or_else(|| root.pointer("/versions/0")).unwrap_or(&Value::Null);
        let text = |keys: [&str; 2]| keys.iter().find_map(|key| version.get(*key)?.as_str()).unwrap_or_default();
        let read = |text: &str| {
            text.parse::<Microversion>().map_err(|said| self.http().error(&call, SystemErrorKind::Failed, said))
        };
        Ok((read(text(["min_version", "min_version"]))?, read(text(["version", "max_version"]))?))
    }
}

/// What OpenStack tells by words and not by a status: a full quota is a 403, a
/// 409 or a 413, depending on the service.
#[must_use]
pub fn kind_of_words(said: &str) -> Option<SystemErrorKind> {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["quota exceeded", "exceeds allowed", "quota_exceeded", "overlimit", "over quota", "exceeded for quota"]) {
        return Some(SystemErrorKind::Quota);
    }
    has(&["no valid host", "no hosts found", "not enough hosts", "no more ip addresses", "ipaddressgenerationfailure"])
        .then_some(SystemErrorKind::NoRoom)
}
