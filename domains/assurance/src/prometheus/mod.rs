//! Asks a real Prometheus, or what speaks its HTTP API, such as Mimir and Thanos.

mod access;
mod answer;

pub use access::{Access, Secret, Settings};

use crate::QueryAnswer;
use chrono::{DateTime, Utc};
use reqwest::{Client, Response, StatusCode, header};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    time::Duration,
};
use url::{Url, form_urlencoded};

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(5);
/// The pause before the second try; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a server's `Retry-After` may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Who may ask for which data, in Mimir, Cortex and Loki.
const TENANT: &str = "x-scope-orgid";

/// A client of a Prometheus. It follows no redirect, so that its credential goes nowhere else.
#[derive(Debug, Clone)]
pub struct Prometheus {
    client: Client,
    url: Url,
    settings: Settings,
}

/// Why a Prometheus gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrometheusError {
    /// A setting is wrong.
    #[error("the {field} of Prometheus {wrong}: {remedy}")]
    Settings {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        wrong: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It can't be reached.
    #[error("Prometheus at {place} can't be reached: {said}; check its address and that it runs")]
    Unreachable {
        /// Its host and port.
        place: String,
        /// Why.
        said: String,
    },
    /// It didn't answer in time.
    #[error("Prometheus at {place} didn't answer within {seconds} s: ask for less, or raise the timeout")]
    TimedOut {
        /// Its host and port.
        place: String,
        /// How long it had.
        seconds: u64,
    },
    /// It doesn't know the credential, or the credential may not ask.
    #[error("Prometheus at {place} refuses the credential ({status}): {said}; check user, password or token")]
    Credential {
        /// Its host and port.
        place: String,
        /// The HTTP status, 401 or 403.
        status: u16,
        /// Its words.
        said: String,
    },
    /// It can't answer the query.
    #[error("Prometheus can't answer the query ({kind}): {said}")]
    Query {
        /// Its kind of error: `bad_data`, `execution`, `timeout`, `canceled`.
        kind: String,
        /// Its words.
        said: String,
    },
    /// It, or what stands before it, doesn't work.
    #[error("Prometheus at {place} failed ({status}): {said}; check its address and its log")]
    Failed {
        /// Its host and port.
        place: String,
        /// The HTTP status.
        status: u16,
        /// Its words.
        said: String,
    },
    /// Its answer is none that can be used.
    #[error("the answer of Prometheus can't be used: {0}")]
    Answer(String),
}

impl PrometheusError {
    /// Whether it may go away by itself.
    const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Failed { status, .. } => matches!(*status, 429 | 502 | 503 | 504),
            _ => false,
        }
    }
}

impl Prometheus {
    /// A client with these settings. Asks nothing yet.
    ///
    /// # Errors
    /// [`PrometheusError::Settings`] with the field and the remedy.
    pub fn new(settings: Settings) -> Result<Self, PrometheusError> {
        let url = settings.query_url()?;
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("hansa/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let trust = |wrong: String| PrometheusError::Settings {
            field: "trust anchors",
            wrong,
            remedy: "give certificates in PEM",
        };
        if let Some(pem) = &settings.trust {
            let anchors = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
            let anchors = anchors.map_err(|error| trust(format!("can't be read ({error})")))?;
            if anchors.is_empty() {
                return Err(trust("hold no certificate".to_owned()));
            }
            builder = builder.tls_certs_only(anchors);
        }
        let client = builder.build().map_err(|error| trust(format!("can't be used ({})", innermost(&error))))?;
        Ok(Self { client, url, settings })
    }

    /// Asks a query for a time; `tenant` goes into the header `X-Scope-OrgID`.
    ///
    /// Where the server can't be reached or is busy it is asked again, at most
    /// `tries` times, each with the whole timeout.
    ///
    /// # Errors
    /// [`PrometheusError`], in the server's own words where it said some.
    pub async fn query(
        &self,
        query: &str,
        at: DateTime<Utc>,
        tenant: Option<&str>,
    ) -> Result<QueryAnswer, PrometheusError> {
        let time = format!("{}.{:03}", at.timestamp(), at.timestamp_subsec_millis());
        let timeout = format!("{}ms", self.settings.timeout.as_millis());
        let pairs = [("query", query), ("time", &time), ("timeout", &timeout)];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut tried = 1;
        loop {
            let (outcome, asked) = self.once(&form, tenant).await;
            match outcome {
                Err(error) if error.is_passing() && tried < self.settings.tries => {
                    tokio::time::sleep(asked.unwrap_or_else(|| pause(tried))).await;
                }
                outcome => return outcome,
            }
            tried += 1;
        }
    }

    /// One try, and for how long the server asked to be left alone.
    async fn once(&self, form: &str, tenant: Option<&str>) -> (Result<QueryAnswer, PrometheusError>, Option<Duration>) {
        let mut request = (self.client.post(self.url.clone()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form.to_owned());
        if let Some(tenant) = tenant {
            request = request.header(TENANT, tenant);
        }
        request = match &self.settings.access {
            Access::Open => request,
            Access::Bearer(token) => request.bearer_auth(token.reveal()),
            Access::Basic { user, password } => request.basic_auth(user, Some(password.reveal())),
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return (Err(self.unanswered(&error)), None),
        };
        let (status, asked) = (response.status(), asked_pause(&response));
        let outcome = match self.body(response).await {
            Ok(body) => answer::read(&body, status).unwrap_or_else(|| Err(self.refusal(status, &body))),
            Err(error) => Err(error),
        };
        (outcome, asked)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, PrometheusError> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unanswered(&error))? {
            body.extend_from_slice(&part);
            if body.len() > self.settings.answer_bytes {
                let most = self.settings.answer_bytes;
                return Err(PrometheusError::Answer(format!("it has more than {most} bytes; narrow the query")));
            }
        }
        Ok(body)
    }

    fn place(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    fn unanswered(&self, error: &reqwest::Error) -> PrometheusError {
        let place = self.place();
        if error.is_builder() {
            let wrong = "is no value of an HTTP header".to_owned();
            return PrometheusError::Settings { field: "tenant or credential", wrong, remedy: "use printable ASCII" };
        }
        if error.is_timeout() && !error.is_connect() {
            return PrometheusError::TimedOut { place, seconds: self.settings.timeout.as_secs() };
        }
        PrometheusError::Unreachable { place, said: innermost(error) }
    }

    /// What a status says that comes without an answer of the API.
    fn refusal(&self, status: StatusCode, body: &[u8]) -> PrometheusError {
        let (place, said) = (self.place(), answer::words(&String::from_utf8_lossy(body)));
        match status.as_u16() {
            status @ (401 | 403) => PrometheusError::Credential { place, status, said },
            status if (200..300).contains(&status) => {
                PrometheusError::Answer(format!("it is not what the API documents; is {place} a Prometheus?"))
            }
            status => PrometheusError::Failed { place, status, said },
        }
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3), as far as it is waited for.
fn asked_pause(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

fn pause(tried: u32) -> Duration {
    let base = PAUSE.saturating_mul(1 << tried.clamp(1, 5).saturating_sub(1));
    // Of the standard library's own randomness: brokers that failed together don't try again together.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    base + base.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The cause that names the trouble: "connection refused", not "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
